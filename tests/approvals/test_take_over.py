"""A requester leaves and somebody steps in; neither of them ever decides on it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.actions import create_person, edit_person, grant_role, revoke_role
from accounts.models import User
from accounts.reasons import Conflict, Forbidden, Invalid, Refusal
from accounts.roles import Role
from approvals.actions import (
    open_promotion,
    review_promotion,
    take_over_promotion,
    tick_item,
    waive_gate,
    withdraw_promotion,
)
from approvals.models import Promotion, TakeOver
from approvals.standing import responsible
from audit.models import AuditEvent
from registry.models import Stage, Version
from tests import factories
from tests.approvals import snapshots
from tests.approvals.deciding import approve, refusal_of, standing, ticked
from tests.approvals.excepting import blocked, waive
from tests.factories import persona


@pytest.fixture
def chris(in_review: Promotion) -> User:
    """Another contributor, who is also an approver."""
    return factories.person("Chris Contributor", Role.CONTRIBUTOR, Role.APPROVER)


def let(person: User, *, active: bool) -> None:
    person.is_active = active
    edit_person(person, actor=None)


def take_over(promotion: Promotion, who: User, reason: str = "Dana left.") -> Promotion:
    take_over_promotion(promotion, actor=who, reason=reason)
    promotion.refresh_from_db()
    return promotion


def refused(promotion: Promotion, who: User, reason: str = "Dana left.") -> Refusal:
    before = snapshots.rows()
    with pytest.raises(Refusal) as caught:
        take_over(promotion, who, reason)
    assert snapshots.rows() == before
    return caught.value


def test_a_promotion_whose_requester_left_lives_on_under_another(in_review: Promotion, chris: User) -> None:
    let(persona("dana"), active=False)
    assert take_over(in_review, chris).state == "in_review"
    assert [person.username for person in responsible(in_review)] == [chris.username]
    event = AuditEvent.objects.get(verb="promotion.taken_over")
    assert (event.actor, event.before, event.reason) == (chris.username, {"requester": "dana"}, "Dana left.")
    assert in_review.requested_by == persona("dana")


def test_both_stay_barred_even_when_the_requester_comes_back(in_review: Promotion, chris: User) -> None:
    let(persona("dana"), active=False)
    take_over(in_review, chris)
    let(persona("dana"), active=True)
    grant_role(Role.APPROVER, to=persona("dana"), actor=None)
    assert "you took this promotion over" in str(refusal_of(in_review, chris, "risk"))
    assert "you requested this promotion" in str(refusal_of(in_review, persona("dana"), "risk"))


def test_who_took_it_over_can_withdraw_and_waives_nothing(version: Version) -> None:
    chris = factories.person("Chris Contributor", Role.CONTRIBUTOR, Role.APPROVER)
    promotion = blocked(version)
    let(persona("dana"), active=False)
    take_over(promotion, chris)
    digest = promotion.gate_runs.get(key="lineage").digest
    with pytest.raises(Forbidden, match="took this promotion over"):
        waive_gate(promotion, "lineage", actor=chris, reason="Fine.", digest=digest)
    withdraw_promotion(promotion, actor=chris, reason="Nobody needs it.")
    promotion.refresh_from_db()
    assert promotion.state == "withdrawn"


# --- What they said before --------------------------------------------------------------------------------


def test_an_approval_and_ticks_given_before_count_no_more(in_review: Promotion, chris: User) -> None:
    approve(in_review, persona("riley"), "model")
    tick_item(in_review, "cost", actor=chris, seal=in_review.seal)
    let(persona("dana"), active=False)
    take_over(in_review, chris)
    assert (standing(in_review), ticked(in_review)) == (["riley"], {"keeper", "rollback"})


def test_an_approved_promotion_is_reviewed_again_by_another(version: Version) -> None:
    chris = factories.person("Chris Contributor", Role.CONTRIBUTOR, Role.APPROVER)
    when = timezone.now() + timedelta(hours=1)
    promotion = open_promotion(version, to_stage=Stage.PRODUCTION, actor=persona("dana"), not_before=when)
    factories.finish_gates(promotion)
    approve(promotion, persona("riley"), "model")
    approve(promotion, chris, "risk")
    promotion.refresh_from_db()
    assert promotion.state == "approved"
    let(persona("dana"), active=False)
    assert take_over(promotion, chris).state == "in_review"
    assert standing(promotion) == ["riley"]
    approve(promotion, persona("sam"), "risk")
    promotion.refresh_from_db()
    assert promotion.state == "approved"


def test_an_own_exception_goes_with_the_take_over(version: Version) -> None:
    chris = factories.person("Chris Contributor", Role.CONTRIBUTOR, Role.APPROVER)
    promotion = waive(blocked(version, "lineage", "card"), chris)
    promotion = waive(promotion, persona("sam"), "card")
    assert promotion.state == "in_review"
    let(persona("dana"), active=False)
    assert take_over(promotion, chris).state == "blocked"
    assert AuditEvent.objects.get(verb="gate.waiver_voided").after == {"gate": "lineage", "given_by": chris.username}


def test_an_own_acknowledgement_goes_with_the_take_over(version: Version) -> None:
    chris = factories.person("Chris Contributor", Role.CONTRIBUTOR, Role.APPROVER)
    promotion = factories.promotion_in("checking", version=version)
    factories.finish_gates(promotion, no_loss="inconclusive")
    approve(promotion, chris, "risk", acknowledgements={"no-loss": "Small."})
    let(persona("dana"), active=False)
    take_over(promotion, chris)
    assert refusal_of(promotion, persona("riley")).reason.code == "not_acknowledged"
    approve(promotion, persona("riley"), "model", acknowledgements={"no-loss": "Small indeed."})
    assert standing(promotion) == ["riley"]


# --- When it can be -----------------------------------------------------------------------------------------


def test_not_while_the_requester_is_there(in_review: Promotion, chris: User) -> None:
    refusal = refused(in_review, chris)
    assert (type(refusal), refusal.reason.code) == (Conflict, "requester_there")
    assert "Dana Ortiz still sees to this promotion" in str(refusal)


def test_a_requester_who_contributes_no_more_has_left_too(in_review: Promotion, chris: User) -> None:
    revoke_role(persona("dana").role_grants.get(), actor=None)
    assert [person.username for person in responsible(take_over(in_review, chris))] == [chris.username]


def test_not_while_the_person_it_was_asked_for_is_there(version: Version) -> None:
    chris = factories.person("Chris Contributor", Role.CONTRIBUTOR)
    program = create_person("pipeline", actor=None, is_service=True)
    grant_role(Role.CONTRIBUTOR, to=program, actor=None)
    behind = factories.person("Bea Behind", Role.CONTRIBUTOR)
    promotion = open_promotion(version, to_stage=Stage.PRODUCTION, actor=program, on_behalf_of=behind)
    assert "Bea Behind still sees to this promotion" in str(refused(promotion, chris))
    let(behind, active=False)  # the program is active all along
    take_over(promotion, chris)
    assert [person.username for person in responsible(promotion)][:1] == [chris.username]


def test_only_a_contributor_and_no_program_and_with_a_reason(in_review: Promotion, chris: User) -> None:
    let(persona("dana"), active=False)
    program = create_person("pipeline", actor=None, is_service=True)
    grant_role(Role.CONTRIBUTOR, to=program, actor=None)
    for who, reason, kind, code in (
        (persona("riley"), "Dana left.", Forbidden, "not_permitted"),
        (persona("admin"), "Dana left.", Forbidden, "not_permitted"),
        (program, "Dana left.", Forbidden, "service"),
        (chris, " \n", Invalid, "no_reason"),
    ):
        refusal = refused(in_review, who, reason)
        assert (type(refusal), refusal.reason.code) == (kind, code)


def test_a_closed_promotion_needs_nobody(in_review: Promotion, chris: User) -> None:
    review_promotion(in_review, actor=persona("riley"), verdict="reject", comment="No.", seal=in_review.seal)
    let(persona("dana"), active=False)
    assert refused(in_review, chris).reason.code == "closed"


def test_one_after_the_other_and_back_to_the_first(in_review: Promotion, chris: User) -> None:
    erin = factories.person("Erin Next", Role.CONTRIBUTOR)
    let(persona("dana"), active=False)
    take_over(in_review, chris)
    assert refused(in_review, erin).reason.code == "requester_there"
    let(chris, active=False)
    take_over(in_review, erin, "Chris left too.")
    let(erin, active=False)
    let(chris, active=True)
    take_over(in_review, chris, "I am back.")
    assert [person.username for person in responsible(in_review)] == [chris.username]
    assert refused(in_review, factories.person("Fay Fourth", Role.CONTRIBUTOR)).reason.code == "requester_there"
    assert TakeOver.objects.count() == 2
