from typing import Any

import pytest

from registry.models import Model
from tests import factories
from tests.approvals.judging import judge


def test_pinned_code_data_and_environment_pass(loan: Model) -> None:
    assert judge(factories.version_of(loan), "lineage_complete").outcome == "passed"


@pytest.mark.parametrize(
    ("facts", "named"),
    [
        ({"code_commit": ""}, "code"),
        ({"code_repository": ""}, "code"),
        ({"trained_on": []}, "data"),
        ({"environment": {}}, "environment"),
        ({"environment": {"python": "3.11"}}, "environment"),
        ({"environment": {"packages": {"numpy": "2"}}}, "environment"),
    ],
)
def test_what_is_not_known_fails_by_name(loan: Model, facts: dict[str, Any], named: str) -> None:
    run = judge(factories.version_of(loan, **facts), "lineage_complete")
    assert run.outcome == "failed"
    assert [missing.split()[0] for missing in run.details["missing"]] == [named]
    assert "register a new one" in run.summary
