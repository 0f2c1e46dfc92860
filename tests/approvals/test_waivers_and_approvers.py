"""After an exception was made: who decides, and that it is never one person alone."""

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from accounts.actions import change_groups, edit_person
from accounts.models import User
from accounts.reasons import Forbidden
from accounts.roles import Role
from approvals.actions import (
    acknowledge_gate,
    publish_policy,
)
from approvals.models import Promotion
from registry.models import Model, Stage, Version
from tests import factories
from tests.approvals.deciding import approve, refusal_of, standing
from tests.approvals.excepting import GATES, HOUR, WORDS_ONLY, blocked, round_in, run_again, waive
from tests.approvals.operating import refused
from tests.factories import persona

# --- Never the only approver afterwards ---------------------------------------------------------------------


def test_who_waived_can_not_be_the_only_one_who_approves(version: Version, pat: User) -> None:
    promotion = waive(blocked(version, slots=[{"key": "risk", "role": "approver"}]), persona("sam"))
    refusal = refusal_of(promotion, persona("sam"), "risk")
    assert refusal.reason.code == "only_waiver_giver"
    approve(promotion, pat, "risk")
    promotion.refresh_from_db()
    assert promotion.state == "completed"


def test_who_waived_may_take_one_of_two_places_but_not_all_that_are_left(version: Version, pat: User) -> None:
    promotion = waive(blocked(version, slots=[{"key": "risk", "role": "approver", "count": 2}]), persona("sam"))
    approve(promotion, persona("sam"), "risk")
    approve(promotion, pat, "risk")
    promotion.refresh_from_db()
    assert promotion.state == "completed"


def test_two_who_both_waived_need_a_third(version: Version, pat: User) -> None:
    two = [{"key": "risk", "role": "approver", "count": 2}]
    promotion = waive(waive(blocked(version, "lineage", "card", slots=two), persona("sam")), pat, "card")
    approve(promotion, persona("sam"), "risk")
    assert refusal_of(promotion, pat, "risk").reason.code == "only_waiver_giver"
    approve(promotion, factories.person("Thea Third", Role.APPROVER), "risk")
    promotion.refresh_from_db()
    assert promotion.state == "completed"


def test_the_only_one_who_approved_can_not_waive_afterwards(version: Version, pat: User) -> None:
    one = [{"key": "risk", "role": "approver", "rests_on": ["card"]}]
    promotion = run_again(blocked(version, slots=one, not_before=timezone.now() + HOUR), "lineage", "passed")
    approve(promotion, persona("sam"), "risk")
    run_again(promotion, "lineage", "failed", "Found missing after all.")
    assert (promotion.state, standing(promotion)) == ("blocked", ["sam"])
    assert refused(lambda: waive(promotion, persona("sam"))).reason.code == "only_waiver_giver"
    assert waive(promotion, pat).state == "approved"


def test_an_approval_that_no_longer_counts_is_no_second_pair_of_eyes(version: Version, pat: User) -> None:
    promotion = waive(blocked(version, "lineage", "card"), persona("sam"))
    promotion = waive(promotion, pat, "card")
    riley = persona("riley")
    approve(promotion, riley, "model")
    riley.is_active = False
    edit_person(riley, actor=None)
    approve(promotion, persona("sam"), "risk")
    assert refusal_of(promotion, pat, "model").reason.code == "only_waiver_giver"
    promotion.refresh_from_db()
    assert promotion.state == "in_review"


def test_whoever_waived_while_their_approval_did_not_count_is_no_second_pair_of_eyes_afterwards(
    version: Version, pat: User
) -> None:
    desk = Group.objects.create(name="risk-desk")
    change_groups(pat, [desk], actor=None)
    slots = [WORDS_ONLY[0], {**WORDS_ONLY[1], "group": desk.name}]
    promotion = waive(blocked(version, slots=slots, not_before=timezone.now() + HOUR), persona("sam"))
    approve(promotion, persona("sam"), "model")
    approve(promotion, pat, "risk")
    change_groups(pat, [], actor=None)
    assert round_in(promotion, 2 * HOUR).state == "in_review"
    run_again(promotion, "card", "failed")
    waive(promotion, pat, "card")
    change_groups(pat, [desk], actor=None)
    assert round_in(promotion, 2 * HOUR).state == "in_review"


def test_a_waiver_made_anew_by_another_counts_for_the_other(version: Version, pat: User) -> None:
    one = [{"key": "risk", "role": "approver"}]
    promotion = waive(blocked(version, slots=one), persona("sam"))
    run_again(promotion, "lineage", "error", "It broke.")
    waive(promotion, pat)
    assert refusal_of(promotion, pat, "risk").reason.code == "only_waiver_giver"
    approve(promotion, persona("sam"), "risk")
    promotion.refresh_from_db()
    assert promotion.state == "completed"


# --- Where a policy asks nobody ----------------------------------------------------------------------------


@pytest.fixture
def unasked(loan: Model) -> Promotion:
    """To Staging under a policy without slots, blocked by a gate."""
    publish_policy("Staging", {"opens": "on_finalize", "gates": GATES}, actor=None, target_stage=Stage.STAGING)
    factories.version_of(loan)
    promotion = Promotion.objects.get()
    return factories.finish_gates(promotion, lineage="failed")


def stage_of(promotion: Promotion) -> str:
    return Version.objects.get(pk=promotion.version_id).stage


def test_a_waived_gate_ends_automatic_movement_and_asks_an_approver(unasked: Promotion, pat: User) -> None:
    promotion = waive(unasked, persona("sam"))
    assert (promotion.state, stage_of(promotion)) == ("in_review", "None")
    assert round_in(promotion, 2 * HOUR).state == "in_review"
    assert refusal_of(promotion, persona("riley"), "exception").reason.code == "no_slot"
    assert refusal_of(promotion, persona("dana"), "exception").reason.code == "requester"
    assert refusal_of(promotion, persona("sam"), "exception").reason.code == "only_waiver_giver"
    approve(promotion, pat, "exception")
    promotion.refresh_from_db()
    assert (promotion.state, stage_of(promotion)) == ("completed", "Staging")


def test_an_inconclusive_gate_that_nobody_could_acknowledge_can_be_waived(unasked: Promotion) -> None:
    promotion = run_again(unasked, "lineage", "inconclusive")
    assert promotion.state == "blocked"
    with pytest.raises(Forbidden):
        acknowledge_gate(promotion, "lineage", actor=persona("sam"), reason="Small.", digest="")
    assert waive(promotion, persona("sam")).state == "in_review"


def test_what_was_approved_as_an_exception_does_not_cover_the_next_failure(unasked: Promotion, pat: User) -> None:
    Promotion.objects.filter(pk=unasked.pk).update(not_before=timezone.now() + HOUR)
    promotion = waive(unasked, persona("sam"))
    approve(promotion, pat, "exception")
    promotion.refresh_from_db()
    assert promotion.state == "approved"
    promotion = run_again(promotion, "lineage", "error", "Something else entirely.")
    assert (promotion.state, standing(promotion)) == ("blocked", [])
    assert waive(promotion, persona("sam")).state == "in_review"
    assert round_in(promotion, 2 * HOUR).state == "in_review"
    assert stage_of(promotion) == "None"


def test_an_exception_whose_approver_comes_back_goes_on(unasked: Promotion, pat: User) -> None:
    Promotion.objects.filter(pk=unasked.pk).update(not_before=timezone.now() + HOUR)
    promotion = waive(unasked, persona("sam"))
    approve(promotion, pat, "exception")
    _let(pat, active=False)
    assert round_in(promotion, 2 * HOUR).state == "in_review"
    _let(pat, active=True)
    assert round_in(promotion, 2 * HOUR).state == "completed"


def _let(person: User, *, active: bool) -> None:
    person.is_active = active
    edit_person(person, actor=None)
