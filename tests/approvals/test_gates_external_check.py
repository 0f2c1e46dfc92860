import pytest

from approvals.gates import GATES
from registry.models import Version
from tests import factories
from tests.approvals.judging import promotion_with_gate, run_of


@pytest.mark.parametrize(("reporters", "who"), [([], "a service account"), (["ci", "dana"], "ci, dana")])
def test_it_waits_for_the_report_and_says_of_whom(version: Version, reporters: list[str], who: str) -> None:
    promotion = promotion_with_gate(version, "external_check", what="Load test", reporters=reporters)
    factories.run_gates(promotion)
    run = run_of(promotion)
    assert (run.outcome, run.summary) == ("waiting", f"Load test: to be reported by {who}")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({}, "what is missing"), ({"what": 7}, "what must be text"), ({"what": "x", "reporters": "ci"}, "reporters")],
)
def test_wrong_parameters_are_refused_by_name(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        GATES["external_check"].read_parameters(wrong)
