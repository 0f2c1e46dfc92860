"""Rows that have no value in a segment column are a group, too, and called the same on every page."""

import pytest

from evidence.actions import compare_evaluations
from tests import factories
from tests.dashboard.browsing import page_of, section
from tests.dashboard.test_compare import words
from tests.factories import persona

pytestmark = pytest.mark.django_db


@pytest.fixture
def _compared() -> None:
    factories.personas()
    factories.holdout(groups=["", "south"])
    model = factories.model_named()
    before, after = factories.version_of(model), factories.version_of(model)
    baseline = factories.evidence_of(before, strength=0.6, seed=1)
    compare_evaluations(factories.evidence_of(after, strength=0.6, seed=2), baseline)


@pytest.mark.usefixtures("_compared")
@pytest.mark.parametrize(
    ("address", "part"),
    [
        ("/models/loan/compare/?versions=1,2", "groups"),
        ("/models/loan/versions/2/evidence/loan-holdout@1/", "groups"),
        ("/models/loan/versions/2/evidence/loan-holdout@1/", "fairness"),
        ("/models/loan/cases/?version=2&against=1&dataset=loan-holdout@1", "counts"),
        ("/models/loan/cases/?version=2&against=1&dataset=loan-holdout@1&outcome=broken&segment=region:", "rows"),
    ],
)
def test_every_page_calls_it_the_same(address: str, part: str) -> None:
    told = words(section(page_of(persona("riley"), address), part))
    assert "no value" in told
    assert "(empty)" not in told


@pytest.mark.usefixtures("_compared")
def test_the_rows_of_the_group_can_be_asked_for() -> None:
    page = page_of(persona("riley"), "/models/loan/cases/?version=2&against=1&dataset=loan-holdout@1&outcome=broken")
    assert '<option value="region:">region:no value</option>' in section(page, "rows")
