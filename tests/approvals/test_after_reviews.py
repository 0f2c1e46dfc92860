"""A look afterwards at what was done without asking: by somebody else, once, with words where something must follow."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actions import create_person, grant_role
from accounts.models import User
from accounts.reasons import Conflict, Forbidden, Invalid, Refusal
from accounts.roles import Role
from approvals.actions import decide_after_review, roll_back
from approvals.models import AfterReview
from audit.models import AuditEvent
from registry.models import Model
from tests import factories
from tests.approvals import snapshots
from tests.approvals.operating import put_live
from tests.factories import persona


@pytest.fixture
def rollback(loan: Model) -> AfterReview:
    """Omar rolled back, and nobody has looked at it yet."""
    put_live(loan)
    put_live(loan)
    roll_back(loan, actor=persona("omar"), reason="Scores drifted.")
    return AfterReview.objects.get()


def refused(after_review: AfterReview, who: User, **given: Any) -> Refusal:
    before = snapshots.rows()
    with pytest.raises(Refusal) as caught:
        decide_after_review(after_review, **{"actor": who, "verdict": "accepted", **given})
    assert snapshots.rows() == before
    return caught.value


@pytest.mark.parametrize(("verdict", "comment"), [("accepted", ""), ("follow_up", "Add a gate on drift.")])
def test_a_reviewer_says_whether_it_was_right(rollback: AfterReview, verdict: str, comment: str) -> None:
    decide_after_review(rollback, actor=persona("riley"), verdict=verdict, comment=comment)
    rollback.refresh_from_db()
    assert (rollback.verdict, rollback.comment, rollback.decided_by) == (verdict, comment, persona("riley"))
    assert rollback.decided_at is not None
    event = AuditEvent.objects.get(verb="after_review.decided")
    assert (event.actor, event.after, event.reason) == ("riley", {"verdict": verdict}, comment)


def test_never_the_one_whose_act_it_was_even_as_a_reviewer(rollback: AfterReview) -> None:
    grant_role(Role.APPROVER, to=persona("omar"), actor=None)
    refusal = refused(rollback, persona("omar"))
    assert (type(refusal), refusal.reason.code) == (Forbidden, "own_act")
    assert "Riley Chen" in refusal.reason.remedy
    assert "Omar" not in refusal.reason.remedy


@pytest.mark.parametrize("who", ["dana", "ana", "admin"])
def test_only_somebody_who_reviews_the_model(rollback: AfterReview, who: str) -> None:
    refusal = refused(rollback, persona(who))
    assert (type(refusal), refusal.reason.code) == (Forbidden, "not_reviewer")


def test_a_reviewer_of_another_model_does_not(rollback: AfterReview) -> None:
    other = factories.person("Ray Elsewhere", Role.REVIEWER, model=factories.model_named("other"))
    assert refused(rollback, other).reason.code == "not_reviewer"


def test_no_program_does(rollback: AfterReview) -> None:
    assert refused(rollback, create_person("pipeline", actor=None, is_service=True)).reason.code == "not_reviewer"


def test_it_is_decided_once(rollback: AfterReview) -> None:
    decide_after_review(rollback, actor=persona("riley"), verdict="accepted")
    refusal = refused(rollback, persona("sam"), verdict="follow_up", comment="No!")
    assert (type(refusal), str(refusal)) == (Conflict, "Riley Chen decided it already.")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"verdict": "fine"}, "unknown_verdict"),
        ({"verdict": ""}, "unknown_verdict"),
        ({"verdict": "follow_up"}, "no_reason"),
        ({"verdict": "follow_up", "comment": " \n"}, "no_reason"),
    ],
)
def test_a_verdict_is_one_of_two_and_a_follow_up_says_what(
    rollback: AfterReview, given: dict[str, str], code: str
) -> None:
    refusal = refused(rollback, persona("riley"), **given)
    assert (type(refusal), refusal.reason.code) == (Invalid, code)


def test_the_database_refuses_half_a_decision_and_one_s_own(rollback: AfterReview) -> None:
    rows = AfterReview.objects.filter(pk=rollback.pk)
    whole = {"verdict": "accepted", "decided_at": timezone.now(), "decided_by": persona("riley")}
    for fields, named in (
        ({**whole, "decided_by": None}, "after_review_decided_whole"),
        ({**whole, "decided_at": None}, "after_review_decided_whole"),
        ({**whole, "verdict": ""}, "after_review_decided_whole"),
        ({**whole, "decided_by": persona("omar")}, "after_review_four_eyes"),
        ({**whole, "verdict": "follow_up"}, "follow_up_says_what"),
    ):
        with pytest.raises(IntegrityError, match=named), transaction.atomic():
            rows.update(**fields)
    assert rows.update(**whole) == 1
