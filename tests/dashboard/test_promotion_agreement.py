"""Rows without labels on the promotion page: how much would change, never whether for the better."""

import pytest

from approvals.models import GateRun
from tests.approvals.judging import judge
from tests.approvals.sampled_versions import SAMPLE, predicting
from tests.dashboard.browsing import client_of
from tests.factories import model_named, persona, personas, policies

pytestmark = pytest.mark.django_db
YES, NO = 0.9, 0.1


@pytest.fixture
def run() -> GateRun:
    """Of the gate agreement, the only one of the policy's that names a dataset: ten of a thousand rows differ."""
    personas()
    policies()
    loan = model_named()
    predicting(loan, [YES, NO] * 500, is_live=True)
    candidate = predicting(loan, [NO, YES] * 5 + [YES, NO] * 495)
    return judge(candidate, "agreement", at_least=0.95, dataset=SAMPLE)


def page_of(run: GateRun) -> str:
    answer = client_of(persona("riley")).get(f"/promotions/{run.promotion_id}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_says_how_much_would_change_and_leads_to_the_rest(run: GateRun) -> None:
    page = page_of(run)
    assert "decides 99.00% of 1,000 rows as v1 does; about 10 would be decided differently." in page
    assert "No label is looked at" in page
    assert 'href="/models/loan/versions/2/evidence/recent@1/?against=1"' in page


def test_nothing_is_said_of_a_comparison_that_can_not_be(run: GateRun) -> None:
    page = page_of(run)
    assert "was not compared" not in page
    assert "none of this policy" not in page
