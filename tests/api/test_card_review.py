"""Standing by a card through the API, so that a gate that asks for a reviewed card can be satisfied by program."""

import pytest

from approvals.models import Outcome
from registry.queries import newest_card
from tests import factories
from tests.api.caller import Caller, ok, problem_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def riley(people) -> Caller:
    return Caller(people.riley, "review")


def address_of(version) -> str:
    return f"/models/{version.model.name}/versions/{version.number}/card/review"


def test_a_reviewed_card_lets_the_gate_that_asks_for_it_pass(people, riley):
    policy = {**factories.PRODUCTION_POLICY, "gates": [{"key": "card", "kind": "card_reviewed"}]}
    factories.policies(production=policy)
    promotion = factories.run_gates(factories.promotion_in("checking"))
    assert promotion.state == "blocked"
    card = newest_card(promotion.version)
    answer = ok(riley.post(address_of(promotion.version), {"digest": card.digest}))
    assert answer["card"]["reviewed"] is True
    promotion = factories.run_gates(promotion)
    assert promotion.state == "in_review"
    assert promotion.gate_runs.get(key="card", is_current=True).outcome == Outcome.PASSED


def test_another_wording_than_the_one_that_was_read_is_not_stood_by(people, riley):
    version = factories.version_of(factories.model_named())
    problem_of(riley.post(address_of(version), {"digest": "0" * 64}), 409, "card_moved")
    assert newest_card(version).reviewed_at is None


def test_a_version_without_a_card_says_so(people, riley):
    version = factories.version_of(factories.model_named(), card="")
    problem_of(riley.post(address_of(version), {"digest": ""}), 404, "no_card")
