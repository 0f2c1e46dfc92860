"""As many questions to the database for a long story as for a short one."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actions import issue_token
from accounts.roles import Role
from approvals.actions import comment_on_promotion, publish_policy, rerun_gate
from approvals.models import Promotion
from approvals.queries import promotions
from approvals.standing import marks_of, marks_of_many
from registry.models import Model, Stage
from tests import factories


def queries(act: object) -> int:
    with CaptureQueriesContext(
        connection,
    ) as caught:
        act()  # type: ignore[operator]
    return len(caught)


def story(model: Model, times: int) -> Promotion:
    """A promotion with so many gates, slots, items, reviews and ticks."""
    gates = [{"key": f"card-{n}", "kind": "card_complete"} for n in range(times)]
    slots = [{"key": f"slot-{n}", "role": "approver", "count": 2} for n in range(times)]
    checklist = [{"key": f"item-{n}", "text": f"Item {n}"} for n in range(times)]
    document = {"gates": gates, "slots": slots, "checklist": checklist}
    publish_policy("Own", document, actor=None, target_stage=Stage.PRODUCTION, model=model)
    version = factories.version_of(model)
    promotion = factories.run_gates(factories.promotion_in("checking", version=version))
    for number in range(times):
        reviewer = factories.person(f"Approver {number}", Role.APPROVER)
        factories.approve(promotion, reviewer, slot=f"slot-{number}")
        comment_on_promotion(promotion, actor=reviewer, comment="Seen.")
    rerun_gate(promotion, "card-0", actor=factories.persona("dana"), reason="Once more.")
    return promotion


@pytest.fixture
def short_and_long(loan: Model) -> tuple[Promotion, Promotion]:
    return story(loan, 1), story(loan, 6)


def test_marks_are_read_in_as_many_queries_for_a_long_story(short_and_long: tuple[Promotion, Promotion]) -> None:
    short, long = (promotions().get(pk=promotion.pk) for promotion in short_and_long)
    assert len(marks_of(long).approvals) == 6
    assert queries(lambda: marks_of(short)) == queries(lambda: marks_of(long)) <= 6


def test_marks_of_many_promotions_take_no_more_queries_than_of_one(
    short_and_long: tuple[Promotion, Promotion],
) -> None:
    both = list(promotions().filter(pk__in=[promotion.pk for promotion in short_and_long]))
    assert queries(lambda: marks_of_many(both)) == queries(lambda: marks_of_many(both[:1]))


@pytest.mark.parametrize("path", ["/api/v1/promotions/{pk}", "/api/v1/promotions?model=loan"])
def test_the_api_answers_a_long_story_with_as_many_queries(
    short_and_long: tuple[Promotion, Promotion], path: str
) -> None:
    _, text = issue_token(factories.persona("ana"), actor=None, scopes=["read"])
    client = Client(headers={"Authorization": f"Bearer {text}"})
    counts = []
    for promotion in short_and_long:
        address = path.format(pk=promotion.pk)
        assert client.get(address).status_code == 200
        counts.append(queries(lambda address=address: client.get(address)))
    assert counts[0] == counts[1]
