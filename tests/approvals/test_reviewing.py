"""People's verdicts: who may give them, what they rest on, when they fall, and what completes a promotion."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.actions import change_groups, create_person, edit_person, grant_role, issue_token, revoke_role
from accounts.models import RoleGrant, User
from accounts.reasons import Forbidden, Invalid, NotFound, PromotionMoved, Refusal
from accounts.roles import Role
from approvals.actions import (
    acknowledge_gate,
    open_promotion,
    publish_policy,
    rerun_gate,
    resubmit_promotion,
    review_promotion,
    tick_item,
)
from approvals.intake import revise_card
from approvals.models import Promotion, Review, State
from registry.models import Model, Stage, Version
from tests import factories
from tests.approvals import snapshots
from tests.factories import CARD, persona

#: What the shared Production policy asks of each slot.
TICKS = {"model": ["keeper", "rollback"], "risk": ["cost", "rollback"]}


def approve(promotion: Promotion, who: User, slot: str = "", **given: Any) -> Promotion:
    promotion.refresh_from_db()
    asked = {item["key"] for item in promotion.policy_revision.document.get("checklist", [])}
    given = {"seal": promotion.seal, "ticks": [key for key in TICKS.get(slot, []) if key in asked], **given}
    return review_promotion(promotion, actor=who, verdict="approve", slot=slot, **given)


def refusal_of(promotion: Promotion, who: User, slot: str = "model", **given: Any) -> Refusal:
    before = snapshots.rows()
    with pytest.raises(Refusal) as refused:
        approve(promotion, who, slot, **given)
    assert snapshots.rows() == before
    return refused.value


def standing(promotion: Promotion) -> list[str]:
    """Usernames of those whose approval stands."""
    reviews = promotion.reviews.filter(verdict="approve", fell_at=None).order_by("pk")
    return [review.reviewer.username for review in reviews]


def ticked(promotion: Promotion) -> set[str]:
    return set(promotion.ticks.filter(fell_at=None).values_list("item", flat=True))


def with_policy(model: Model, version: Version, **document: Any) -> Promotion:
    """A promotion in review under a policy of its own."""
    publish_policy("Own", document, actor=None, target_stage=Stage.PRODUCTION, model=model)
    return factories.promotion_in(State.IN_REVIEW, version=version)


# --- Separation of duties ----------------------------------------------------------------------------


def test_requester_cannot_approve_own_promotion_whatever_roles_they_hold(in_review: Promotion) -> None:
    dana = persona("dana")
    grant_role(Role.APPROVER, to=dana, actor=None)
    refusal = refusal_of(in_review, dana)
    assert isinstance(refusal, Forbidden)
    assert refusal.reason.code == "requester"
    assert "you requested" in str(refusal) or "you registered" in str(refusal)


def test_registrant_cannot_approve_a_promotion_that_somebody_else_requested(loan: Model) -> None:
    registrant = factories.person("Rick Registrant", Role.CONTRIBUTOR, Role.APPROVER)
    version = factories.version_of(loan, by=registrant)
    factories.evidence_of(version)
    promotion = factories.promotion_in(State.IN_REVIEW, version=version)
    assert promotion.requested_by != registrant
    assert refusal_of(promotion, registrant).reason.text == "You can't decide: you registered this version."


@pytest.mark.parametrize("of", ["version", "promotion"])
def test_the_person_a_service_acted_for_cannot_approve(loan: Model, of: str) -> None:
    behind = factories.person("Bea Behind", Role.APPROVER, Role.CONTRIBUTOR)
    service = create_person("pipeline", actor=None, is_service=True)
    grant_role(Role.CONTRIBUTOR, to=service, actor=None)
    version = factories.version_of(loan)
    factories.evidence_of(version)
    if of == "version":
        Version.objects.filter(pk=version.pk).update(on_behalf_of=behind)
    promotion = open_promotion(
        version,
        to_stage=Stage.PRODUCTION,
        actor=service if of == "promotion" else persona("dana"),
        on_behalf_of=behind if of == "promotion" else None,
    )
    factories.finish_gates(promotion)
    refusal = refusal_of(promotion, behind)
    assert refusal.reason.code == "requester"
    assert "on your behalf" in refusal.reason.text


def test_a_service_account_cannot_approve_even_with_a_grant_that_slipped_in(in_review: Promotion) -> None:
    service = create_person("robot", actor=None)
    grant_role(Role.APPROVER, to=service, actor=None)
    User.objects.filter(pk=service.pk).update(is_service=True)
    assert refusal_of(in_review, service).reason.code == "service"


def test_a_superuser_gets_no_approval_by_being_one(in_review: Promotion) -> None:
    assert refusal_of(in_review, persona("admin")).reason.code == "not_reviewer"


def test_a_role_granted_to_oneself_fills_no_slot(in_review: Promotion) -> None:
    selma = factories.person("Selma Made")
    grant = grant_role(Role.APPROVER, to=selma, actor=selma)
    assert refusal_of(in_review, selma, "risk").reason.code == "self_granted"
    revoke_role(grant, actor=None)
    grant_role(Role.APPROVER, to=selma, actor=persona("admin"))
    assert approve(in_review, selma, "risk").state == "in_review"


def test_a_role_that_one_granted_to_one_s_own_group_fills_no_slot(in_review: Promotion) -> None:
    selma, group = factories.person("Selma Made"), Group.objects.create(name="insiders")
    change_groups(selma, [group], actor=persona("admin"))
    grant_role(Role.APPROVER, to=group, actor=selma)
    assert isinstance(refusal_of(in_review, selma, "risk"), Forbidden)
    other = factories.person("Ola Other")
    change_groups(other, [group], actor=persona("admin"))
    assert standing(approve(in_review, other, "risk")) == [other.username]


def test_a_reviewer_of_another_model_cannot_approve(in_review: Promotion) -> None:
    elsewhere = factories.person("Ed Elsewhere", Role.APPROVER, model=factories.model_named("other"))
    assert refusal_of(in_review, elsewhere).reason.code == "not_reviewer"


def test_a_reviewer_cannot_fill_the_approver_s_slot(in_review: Promotion) -> None:
    refusal = refusal_of(in_review, persona("riley"), "risk", ticks=[])
    assert isinstance(refusal, NotFound)
    assert "Yours: model" in refusal.reason.remedy


def test_a_group_slot_wants_a_member_who_also_holds_the_role(loan: Model, version: Version) -> None:
    slots = [{"key": "legal", "role": "approver", "group": "legal"}]
    promotion = with_policy(loan, version, slots=slots)
    group = Group.objects.create(name="legal")
    member = factories.person("Mo Member")
    change_groups(member, [group], actor=None)
    assert refusal_of(promotion, persona("sam"), "legal").reason.code == "no_slot"  # holds the role, not the group
    assert refusal_of(promotion, member, "legal").reason.code == "not_reviewer"  # the group, not the role
    grant_role(Role.APPROVER, to=group, actor=None)
    assert approve(promotion, member, "legal").state == "completed"


def test_the_refusal_names_who_decides(in_review: Promotion) -> None:
    assert refusal_of(in_review, persona("ana")).reason.remedy == "Riley Chen or Sam Okafor decide next."


# --- Slots and seats -----------------------------------------------------------------------------------


def test_two_slots_take_two_people(in_review: Promotion) -> None:
    sam = persona("sam")
    approve(in_review, sam, "model")
    refusal = refusal_of(in_review, sam, "risk", seal="0" * 64)
    assert refusal.reason.code == "approved_already"
    in_review.refresh_from_db()
    assert in_review.state == "in_review"
    assert approve(in_review, factories.person("Abe Other", Role.APPROVER), "risk").state == "completed"


def test_one_slot_for_two_wants_two_different_people(loan: Model, version: Version) -> None:
    promotion = with_policy(loan, version, slots=[{"key": "risk", "role": "approver", "count": 2}])
    approve(promotion, persona("sam"), "risk")
    approve(promotion, persona("sam"), "risk")
    promotion.refresh_from_db()
    assert promotion.state == "in_review"
    assert approve(promotion, factories.person("Abe Other", Role.APPROVER), "risk").state == "completed"
    assert sorted(promotion.reviews.values_list("seat", flat=True)) == [0, 1]


def test_the_same_approval_again_is_one_approval(in_review: Promotion) -> None:
    approve(in_review, persona("riley"), "model")
    before = snapshots.rows()
    approve(in_review, persona("riley"), "model")
    assert snapshots.rows() == before


def test_the_last_approval_again_finds_it_completed_and_changes_nothing(in_review: Promotion) -> None:
    seal = in_review.seal
    approve(in_review, persona("riley"), "model")
    approve(in_review, persona("sam"), "risk")
    before = snapshots.rows()
    assert approve(in_review, persona("sam"), "risk", seal=seal).state == "completed"
    assert snapshots.rows() == before


def test_a_filled_slot_is_too_late_not_forbidden_and_names_who_was_faster(in_review: Promotion) -> None:
    approve(in_review, persona("riley"), "model")
    late = refusal_of(in_review, factories.person("Lou Late", Role.REVIEWER))
    assert isinstance(late, PromotionMoved)
    assert late.reason.code == "slots_filled"
    assert "Riley Chen approved it meanwhile" in late.reason.text


# --- The seal ---------------------------------------------------------------------------------------------


def reworded(promotion: Promotion) -> Promotion:
    """After a card revision whose gate has passed again."""
    revise_card(promotion.version, text=CARD + "\nChecked by a second pair of eyes.\n", actor=persona("dana"))
    return factories.run_gates(promotion)


def test_a_seal_from_before_a_card_revision_is_refused_naming_the_card_and_nothing_is_recorded(
    in_review: Promotion,
) -> None:
    seen = in_review.seal
    reworded(in_review)
    for verdict in ("approve", "reject", "request_changes"):
        before = snapshots.rows()
        with pytest.raises(PromotionMoved) as moved:
            review_promotion(
                in_review,
                actor=persona("riley"),
                verdict=verdict,
                seal=seen,
                slot="model",
                comment="My words.",
                ticks=TICKS["model"],
            )
        assert moved.value.reason.code == "promotion_moved"
        assert moved.value.details["moved"] == ["the model card", "the gate “Model card complete”"]
        assert "the model card" in moved.value.reason.text
        assert snapshots.rows() == before


def test_a_seal_that_was_never_made_is_refused(in_review: Promotion) -> None:
    for seal in ("", "0" * 64, in_review.seal.upper()):
        assert refusal_of(in_review, persona("riley"), seal=seal).reason.code == "promotion_moved"


def test_a_tick_from_a_stale_page_is_refused(in_review: Promotion) -> None:
    seen = in_review.seal
    reworded(in_review)
    with pytest.raises(PromotionMoved):
        tick_item(in_review, "keeper", actor=persona("riley"), seal=seen)
    assert ticked(in_review) == set()


def test_a_card_revision_drops_marks_that_rest_on_the_card_and_leaves_the_others(loan: Model, version: Version) -> None:
    slots = [
        {"key": "words", "role": "reviewer", "rests_on": ["card"]},
        {"key": "numbers", "role": "approver", "rests_on": ["artifact", "evidence", "baseline"]},
    ]
    checklist = [
        {"key": "read", "text": "Card is read", "rests_on": ["card"]},
        {"key": "numbers", "text": "Numbers are read", "rests_on": ["evidence"]},
        {"key": "way-back", "text": "There is a way back", "rests_on": ["baseline"]},
        {"key": "later", "text": "Done by whoever is last", "slot": "words"},
    ]
    gates = factories.PRODUCTION_POLICY["gates"]
    promotion = with_policy(loan, version, gates=gates, slots=slots, checklist=checklist)
    approve(promotion, persona("sam"), "numbers", ticks=["read", "numbers", "way-back"])
    promotion = reworded(promotion)
    assert standing(promotion) == ["sam"]
    assert ticked(promotion) == {"numbers", "way-back"}
    approve(promotion, persona("riley"), "words", ticks=["read", "later"])
    promotion.refresh_from_db()
    assert promotion.state == "completed"


def test_an_approval_that_fell_says_why_and_the_slot_is_open_again(in_review: Promotion) -> None:
    approve(in_review, persona("riley"), "model")
    promotion = reworded(in_review)
    fallen = promotion.reviews.get()
    assert fallen.fell_at is not None
    assert "the model card" in fallen.fell_because
    assert "promotion.marks_fell" in snapshots.verbs()
    approve(promotion, persona("riley"), "model")
    assert approve(promotion, persona("sam"), "risk").state == "completed"
    assert promotion.reviews.filter(reviewer=persona("riley")).count() == 2


def test_a_rerun_that_finds_the_same_changes_no_mark(version: Version) -> None:
    promotion = factories.run_gates(factories.promotion_in(State.CHECKING, version=version))
    approve(promotion, persona("riley"), "model")
    seal = promotion.seal
    for run in promotion.gate_runs.all():
        rerun_gate(promotion, run.key, actor=persona("dana"), reason="To be sure.")
    assert promotion.gate_runs.filter(is_current=True, outcome="pending").count() == 4
    promotion = factories.run_gates(promotion)
    assert promotion.gate_runs.filter(is_current=True, number=2, outcome="passed").count() == 4
    assert (promotion.state, promotion.seal) == ("in_review", seal)
    assert (standing(promotion), ticked(promotion)) == (["riley"], {"keeper", "rollback"})
    assert approve(promotion, persona("sam"), "risk").state == "completed"


# --- Changes, rejection --------------------------------------------------------------------------------


def request_changes(promotion: Promotion, who: User) -> Promotion:
    promotion.refresh_from_db()
    return review_promotion(
        promotion, actor=who, verdict="request_changes", seal=promotion.seal, comment="Say who it fails."
    )


def test_changes_are_requested_answered_and_reviewed_again(in_review: Promotion) -> None:
    assert request_changes(in_review, persona("riley")).state == "changes_requested"
    promotion = resubmit_promotion(in_review, actor=persona("dana"), answer="Added under Limitations.")
    assert promotion.state == "in_review"
    approve(promotion, persona("riley"), "model")
    assert approve(promotion, persona("sam"), "risk").state == "completed"


def test_the_others_approval_stays_through_requested_changes(in_review: Promotion) -> None:
    approve(in_review, persona("sam"), "risk")
    request_changes(in_review, persona("riley"))
    promotion = resubmit_promotion(in_review, actor=persona("dana"), answer="It is said.")
    assert standing(promotion) == ["sam"]
    assert approve(promotion, persona("riley"), "model").state == "completed"


def test_who_approved_and_then_requests_changes_has_to_review_again(in_review: Promotion) -> None:
    approve(in_review, persona("riley"), "model")
    request_changes(in_review, persona("riley"))
    assert standing(in_review) == []
    promotion = resubmit_promotion(in_review, actor=persona("dana"), answer="It is said.")
    assert approve(promotion, persona("sam"), "risk").state == "in_review"
    assert approve(promotion, persona("riley"), "model").state == "completed"


def test_a_card_revised_after_requested_changes_is_checked_when_it_is_resubmitted(in_review: Promotion) -> None:
    request_changes(in_review, persona("riley"))
    revise_card(in_review.version, text="# Loan", actor=persona("dana"))
    in_review.refresh_from_db()
    assert in_review.state == "changes_requested"
    promotion = resubmit_promotion(in_review, actor=persona("dana"), answer="Shortened.")
    assert promotion.state == "checking"
    assert factories.run_gates(promotion).state == "blocked"


def test_a_contributor_may_take_over_the_answer_and_the_requester_stays_barred(in_review: Promotion) -> None:
    request_changes(in_review, persona("riley"))
    chris = factories.person("Chris Contributor", Role.CONTRIBUTOR)
    promotion = resubmit_promotion(in_review, actor=chris, answer="Dana left; it is said now.")
    assert promotion.state == "in_review"
    assert refusal_of(promotion, persona("dana")).reason.code == "requester"


def test_a_rejection_closes_with_its_reason_and_nothing_moves(in_review: Promotion) -> None:
    review_promotion(
        in_review, actor=persona("riley"), verdict="reject", seal=in_review.seal, comment="Worse for the south."
    )
    in_review.refresh_from_db()
    in_review.version.refresh_from_db()
    assert (in_review.state, in_review.closed_because) == ("rejected", "Worse for the south.")
    assert in_review.closed_at is not None
    assert in_review.version.stage == Stage.STAGING
    too_late = refusal_of(in_review, persona("sam"), "risk")
    assert isinstance(too_late, PromotionMoved)
    assert "Riley Chen rejected it meanwhile" in too_late.reason.text


@pytest.mark.parametrize("verdict", ["reject", "request_changes"])
@pytest.mark.parametrize("comment", ["", "  \n"])
def test_a_refusal_without_a_reason_is_refused(in_review: Promotion, verdict: str, comment: str) -> None:
    before = snapshots.rows()
    with pytest.raises(Invalid) as refused:
        review_promotion(in_review, actor=persona("riley"), verdict=verdict, seal=in_review.seal, comment=comment)
    assert refused.value.reason.code == "no_reason"
    assert snapshots.rows() == before


def test_an_unknown_verdict_is_refused(in_review: Promotion) -> None:
    with pytest.raises(Invalid, match="maybe"):
        review_promotion(in_review, actor=persona("riley"), verdict="maybe", seal=in_review.seal, comment="x")


# --- Checklist and acknowledgement --------------------------------------------------------------------------


def test_approval_needs_its_items_ticked_and_names_those_that_are_open(in_review: Promotion) -> None:
    refusal = refusal_of(in_review, persona("riley"), ticks=["keeper"])
    assert (refusal.reason.code, refusal.details["open_items"]) == ("checklist_open", ["rollback"])


def test_an_item_of_another_slot_cannot_be_ticked_along(in_review: Promotion) -> None:
    refusal = refusal_of(in_review, persona("riley"), ticks=["keeper", "rollback", "cost"])
    assert (refusal.reason.code, isinstance(refusal, Forbidden)) == ("not_your_item", True)


def test_an_item_that_is_not_on_the_checklist_is_refused_by_name(in_review: Promotion) -> None:
    assert "luck" in refusal_of(in_review, persona("riley"), ticks=["luck"]).reason.text


def test_ticks_can_be_made_one_by_one_and_stay_with_who_made_them(in_review: Promotion) -> None:
    tick_item(in_review, "rollback", actor=persona("sam"), seal=in_review.seal)
    tick_item(in_review, "rollback", actor=persona("riley"), seal=in_review.seal)
    assert in_review.ticks.get().by == persona("sam")
    approve(in_review, persona("riley"), "model", ticks=["keeper"])
    assert approve(in_review, persona("sam"), "risk", ticks=["cost"]).state == "completed"


@pytest.fixture
def unsure(version: Version) -> Promotion:
    """In review with one inconclusive gate, no-loss."""
    promotion = factories.promotion_in(State.CHECKING, version=version)
    return factories.finish_gates(promotion, no_loss="inconclusive")


def test_an_inconclusive_gate_has_to_be_acknowledged_before_approval(unsure: Promotion) -> None:
    assert unsure.state == "in_review"
    refusal = refusal_of(unsure, persona("riley"))
    assert (refusal.reason.code, refusal.details["gates"]) == ("not_acknowledged", ["no-loss"])


def test_an_acknowledgement_needs_a_reason(unsure: Promotion) -> None:
    assert refusal_of(unsure, persona("riley"), acknowledgements={"no-loss": " "}).reason.code == "no_reason"
    with pytest.raises(Invalid):
        acknowledge_gate(unsure, "no-loss", actor=persona("riley"), reason="")


def test_an_acknowledgement_with_a_reason_lets_approval_through(unsure: Promotion) -> None:
    approve(unsure, persona("riley"), "model", acknowledgements={"no-loss": "Loss under 0.2 points."})
    run = unsure.gate_runs.get(key="no-loss")
    assert (run.acknowledgement.by, run.acknowledgement.reason) == (persona("riley"), "Loss under 0.2 points.")
    assert approve(unsure, persona("sam"), "risk").state == "completed"


def test_who_may_not_decide_may_not_acknowledge_either(unsure: Promotion) -> None:
    for who in ("dana", "ana", "omar"):
        with pytest.raises(Forbidden):
            acknowledge_gate(unsure, "no-loss", actor=persona(who), reason="Fine by me.")


def test_an_acknowledgement_holds_for_a_rerun_that_finds_the_same(unsure: Promotion) -> None:
    approve(unsure, persona("riley"), "model", acknowledgements={"no-loss": "Loss under 0.2 points."})
    rerun_gate(unsure, "no-loss", actor=persona("dana"), reason="To be sure.")
    promotion = factories.finish_gates(unsure, no_loss="inconclusive")
    assert standing(promotion) == ["riley"]
    assert approve(promotion, persona("sam"), "risk").state == "completed"


def test_an_acknowledgement_does_not_hold_for_another_outcome(unsure: Promotion) -> None:
    acknowledge_gate(unsure, "no-loss", actor=persona("riley"), reason="Loss under 0.2 points.")
    rerun_gate(unsure, "no-loss", actor=persona("dana"), reason="To be sure.")
    promotion = factories.finish_gates(unsure, no_loss="failed")
    assert promotion.state == "blocked"


# --- Those who leave -------------------------------------------------------------------------------------------


def test_a_reviewer_who_loses_the_role_stops_counting_before_completion(in_review: Promotion) -> None:
    approve(in_review, persona("riley"), "model")
    revoke_role(RoleGrant.objects.get(user=persona("riley")), actor=None)
    assert approve(in_review, persona("sam"), "risk").state == "in_review"
    successor = factories.person("Nora Next", Role.REVIEWER)
    assert approve(in_review, successor, "model").state == "completed"


def test_a_reviewer_who_is_deactivated_stops_counting_before_completion(in_review: Promotion) -> None:
    riley = persona("riley")
    approve(in_review, riley, "model")
    riley.is_active = False
    edit_person(riley, actor=None)
    assert approve(in_review, persona("sam"), "risk").state == "in_review"
    assert approve(in_review, factories.person("Nora Next", Role.REVIEWER), "model").state == "completed"


def test_a_reviewer_who_left_the_slot_s_group_stops_counting(loan: Model, version: Version) -> None:
    slots = [{"key": "legal", "group": "legal"}, {"key": "risk", "role": "approver"}]
    promotion = with_policy(loan, version, slots=slots)
    change_groups(persona("riley"), [Group.objects.create(name="legal")], actor=None)
    approve(promotion, persona("riley"), "legal")
    change_groups(persona("riley"), [], actor=None)
    assert approve(promotion, persona("sam"), "risk").state == "in_review"


# --- How it came in -----------------------------------------------------------------------------------------------


def test_a_review_by_token_is_marked_so_in_the_review_and_on_the_record(in_review: Promotion) -> None:
    _, text = issue_token(persona("riley"), actor=None, scopes=["review"], days=1)
    answer = Client().post(
        f"/api/v1/promotions/{in_review.pk}/reviews",
        {"verdict": "request_changes", "comment": "Thin.", "seal": in_review.seal},
        content_type="application/json",
        headers={"Authorization": f"Bearer {text}"},
    )
    assert answer.status_code == 200, answer.content
    assert Review.objects.get().channel == "token"
    from audit.models import AuditEvent

    event = AuditEvent.objects.get(verb="promotion.changes_requested")
    assert (event.channel, bool(event.token), event.actor) == ("token", True, "riley")


def test_the_api_answers_a_stale_seal_with_409_and_what_moved(in_review: Promotion) -> None:
    seen = in_review.seal
    reworded(in_review)
    _, text = issue_token(persona("riley"), actor=None, scopes=["review"], days=1)
    answer = Client().post(
        f"/api/v1/promotions/{in_review.pk}/reviews",
        {"verdict": "approve", "seal": seen, "slot": "model"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {text}"},
    )
    assert answer.status_code == 409
    assert answer.json()["code"] == "promotion_moved"
    assert "the model card" in answer.json()["moved"]
    assert not Review.objects.exists()
