"""Approved, and not completed yet: what was wished, the change window, and who approved, judged again in the end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.actions import edit_person, grant_role, revoke_role
from accounts.roles import Role
from approvals.actions import open_promotion, publish_policy, rerun_gate, review_promotion
from approvals.actions.deadlines import go_round
from approvals.holds import holds_of
from approvals.intake import revise_card
from approvals.models import Promotion
from approvals.standing import marks_of
from audit.models import AuditEvent
from registry.models import IntegrityCheck, Model, Stage, Version
from tests import factories
from tests.approvals import snapshots
from tests.approvals.deciding import approve, standing
from tests.approvals.excepting import GATES, SLOTS, WORDS_ONLY, opened, round_in
from tests.approvals.operating import put_live
from tests.factories import CARD, persona

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
#: Weekdays from nine to four in Oslo. The Saturday is in winter time, when Oslo is an hour ahead of UTC.
WINDOW = {"from": "09:00", "to": "16:00", "zone": "Europe/Oslo"}
SATURDAY, MONDAY_AT_NINE = datetime(2026, 11, 28, 12, tzinfo=UTC), datetime(2026, 11, 30, 8, tzinfo=UTC)


def both_approve(promotion: Promotion) -> Promotion:
    approve(promotion, persona("riley"), "model")
    approve(promotion, persona("sam"), "risk")
    promotion.refresh_from_db()
    return promotion


def approved(version: Version, **document: Any) -> Promotion:
    """Approved by both, with an hour to wait."""
    promotion = opened(version, not_before=timezone.now() + HOUR, **document)
    promotion = both_approve(factories.finish_gates(promotion))
    assert promotion.state == "approved"
    return promotion


def stage_of(version: Version) -> str:
    return Version.objects.get(pk=version.pk).stage


def due_moments(promotion: Promotion, now: datetime) -> list[datetime | None]:
    return [hold.until for hold in holds_of(marks_of(promotion), now)]


# --- Not before ----------------------------------------------------------------------------------------


def test_what_is_wished_for_later_is_completed_then_by_itself(version: Version) -> None:
    promotion = approved(version)
    assert promotion.look_again_at == promotion.not_before
    assert (promotion.closed_at, stage_of(version)) == (None, "Staging")
    assert round_in(promotion, HOUR - timedelta(seconds=10)).state == "approved"
    assert round_in(promotion, HOUR).state == "completed"
    assert (promotion.look_again_at, stage_of(version)) == (None, "Production")
    assert AuditEvent.objects.filter(verb="promotion.completed").latest("pk").actor == ""


def test_the_record_says_until_when_and_why_it_is_held(version: Version) -> None:
    promotion = approved(version)
    event = AuditEvent.objects.get(verb="promotion.held")
    assert event.after == {"until": promotion.not_before and promotion.not_before.isoformat()}
    assert event.reason.startswith("It was asked for not before ")


def test_a_wish_that_has_come_true_by_then_holds_nothing(version: Version) -> None:
    promotion = opened(version, not_before=timezone.now() - HOUR)
    assert both_approve(factories.finish_gates(promotion)).state == "completed"


def test_a_policy_without_slots_waits_too(loan: Model) -> None:
    publish_policy("Staging", {"opens": "by_hand"}, actor=None, target_stage=Stage.STAGING)
    version = factories.version_of(loan)
    promotion = open_promotion(version, to_stage=Stage.STAGING, actor=persona("dana"), not_before=timezone.now() + HOUR)
    assert (promotion.state, stage_of(version)) == ("approved", "None")
    assert round_in(promotion, HOUR).state == "completed"
    assert stage_of(version) == "Staging"


# --- The change window -----------------------------------------------------------------------------------


def test_outside_the_window_it_waits_until_that_opens(version: Version) -> None:
    with time_machine.travel(SATURDAY, tick=False):
        promotion = both_approve(factories.finish_gates(opened(version, change_window=WINDOW)))
        assert (promotion.state, promotion.look_again_at) == ("approved", MONDAY_AT_NINE)
        assert "Mon, Tue, Wed, Thu, Fri 09:00 to 16:00" in AuditEvent.objects.get(verb="promotion.held").reason
    assert round_in(promotion, MONDAY_AT_NINE - timedelta(seconds=1) - timezone.now()).state == "approved"
    assert round_in(promotion, MONDAY_AT_NINE - timezone.now()).state == "completed"


def test_inside_the_window_nothing_is_held(version: Version) -> None:
    with time_machine.travel(MONDAY_AT_NINE, tick=False):
        promotion = both_approve(factories.finish_gates(opened(version, change_window=WINDOW)))
    assert promotion.state == "completed"


def test_a_window_that_closed_again_before_anybody_looked_is_waited_for_anew(version: Version) -> None:
    with time_machine.travel(SATURDAY, tick=False):
        promotion = both_approve(factories.finish_gates(opened(version, change_window=WINDOW)))
    round_in(promotion, MONDAY_AT_NINE + 8 * HOUR - timezone.now())  # the sweeper was down all day
    assert (promotion.state, promotion.look_again_at) == ("approved", MONDAY_AT_NINE + DAY)


@pytest.mark.parametrize(
    ("wished", "until"),
    [
        (MONDAY_AT_NINE - DAY, [MONDAY_AT_NINE - DAY, MONDAY_AT_NINE]),  # a Sunday: the window opens after it
        (MONDAY_AT_NINE + HOUR, [MONDAY_AT_NINE + HOUR]),  # within the window, which then holds nothing more
        (MONDAY_AT_NINE + 8 * HOUR, [MONDAY_AT_NINE + 8 * HOUR, MONDAY_AT_NINE + DAY]),
    ],
)
def test_wish_and_window_together(version: Version, wished: datetime, until: list[datetime]) -> None:
    with time_machine.travel(SATURDAY, tick=False):
        promotion = opened(version, not_before=wished, change_window=WINDOW)
        promotion = both_approve(factories.finish_gates(promotion))
        assert due_moments(promotion, timezone.now()) == until
    assert promotion.look_again_at == until[-1]


# --- What changes meanwhile ----------------------------------------------------------------------------------


def test_who_left_meanwhile_counts_no_more_and_another_is_asked(version: Version) -> None:
    promotion = approved(version)
    sam = persona("sam")
    sam.is_active = False
    edit_person(sam, actor=None)
    assert round_in(promotion, HOUR).state == "in_review"
    assert stage_of(version) == "Staging"
    assert AuditEvent.objects.get(verb="promotion.reopened").subject_id == str(promotion.pk)
    approve(promotion, factories.person("Pat Second", Role.APPROVER), "risk")
    promotion.refresh_from_db()
    assert promotion.state == "approved"
    assert round_in(promotion, HOUR).state == "completed"


def test_who_lost_the_role_meanwhile_counts_no_more_until_they_have_it_again(version: Version) -> None:
    promotion = approved(version)
    revoke_role(persona("sam").role_grants.get(), actor=None)
    assert round_in(promotion, HOUR).state == "in_review"
    assert round_in(promotion, 2 * HOUR).state == "in_review"
    grant_role(Role.APPROVER, to=persona("sam"), actor=persona("admin"))
    assert round_in(promotion, 2 * HOUR).state == "completed"


def test_a_role_that_one_gives_back_to_oneself_counts_nothing(version: Version) -> None:
    promotion = approved(version)
    revoke_role(persona("sam").role_grants.get(), actor=None)
    grant_role(Role.APPROVER, to=persona("sam"), actor=persona("sam"))
    assert round_in(promotion, 2 * HOUR).state == "in_review"


def test_a_gate_that_runs_again_and_fails_blocks_it(version: Version) -> None:
    promotion = approved(version, slots=WORDS_ONLY)
    rerun_gate(promotion, "lineage", actor=persona("riley"), reason="Something moved.")
    promotion.refresh_from_db()
    assert (promotion.state, promotion.look_again_at) == ("checking", None)
    assert round_in(promotion, HOUR).state == "checking"
    assert factories.finish_gates(promotion, lineage="failed").state == "blocked"
    assert round_in(promotion, 2 * HOUR).state == "blocked"


def test_a_gate_that_runs_again_and_finds_the_same_leaves_it_approved(version: Version) -> None:
    promotion = approved(version)
    rerun_gate(promotion, "lineage", actor=persona("riley"), reason="To be sure.")
    assert factories.finish_gates(promotion).state == "approved"
    assert promotion.look_again_at == promotion.not_before
    assert standing(promotion) == ["riley", "sam"]


def test_a_new_card_brings_back_those_who_read_the_old_one(version: Version) -> None:
    promotion = approved(version, slots=[SLOTS[0], WORDS_ONLY[1]])
    revise_card(version, text=f"{CARD}\nMore.\n", actor=persona("dana"))
    assert factories.finish_gates(promotion).state == "in_review"
    assert standing(promotion) == []
    assert round_in(promotion, 2 * HOUR).state == "in_review"


def test_what_goes_live_meanwhile_brings_back_those_who_rest_on_it(loan: Model, version: Version) -> None:
    promotion = approved(version, slots=[WORDS_ONLY[0], SLOTS[1]])
    live = put_live(loan)
    promotion.refresh_from_db()
    assert (promotion.baseline, promotion.state, standing(promotion)) == (live, "in_review", ["riley"])


def test_changes_can_still_be_requested_and_it_can_be_rejected(version: Version) -> None:
    promotion = approved(version)
    review_promotion(promotion, actor=persona("riley"), verdict="request_changes", comment="Wait.", seal=promotion.seal)
    promotion.refresh_from_db()
    assert (promotion.state, promotion.look_again_at, standing(promotion)) == ("changes_requested", None, ["sam"])
    assert round_in(promotion, 2 * HOUR).state == "changes_requested"
    review_promotion(promotion, actor=persona("riley"), verdict="reject", comment="No.", seal=promotion.seal)
    promotion.refresh_from_db()
    assert promotion.state == "rejected"


def test_two_sweepers_complete_it_once(version: Version) -> None:
    promotion = approved(version)
    round_in(promotion, HOUR)
    before = snapshots.rows()
    round_in(promotion, HOUR)
    assert snapshots.rows() == before


# --- A waiting gate -----------------------------------------------------------------------------------------


def test_a_waiting_gate_holds_completion_and_not_review(version: Version) -> None:
    gates = [*GATES, {"key": "outside", "kind": "external_check", "parameters": {"what": "End-to-end tests"}}]
    promotion = factories.finish_gates(opened(version, gates=gates), outside="waiting")
    assert promotion.state == "in_review"
    assert both_approve(promotion).state == "approved"
    assert (promotion.look_again_at, due_moments(promotion, timezone.now())) == (None, [None])
    with time_machine.travel(timezone.now() + 5 * DAY, tick=False):
        go_round()
    promotion.refresh_from_db()
    assert promotion.state == "approved"


# --- What happens to the stored files meanwhile --------------------------------------------------------------


def damage_found(version: Version) -> None:
    """The nightly reading found a changed byte."""
    now = timezone.now()
    check = IntegrityCheck.objects.filter(version=version)
    check.update(intact=False, checked_at=now, since=now, damaged=["model.onnx"])


def test_what_was_damaged_after_its_gate_passed_does_not_go_live(version: Version) -> None:
    promotion = approved(version)
    damage_found(version)
    assert round_in(promotion, HOUR).state == "approved"
    assert stage_of(version) == "Staging"
    assert "damaged" in holds_of(marks_of(promotion), promotion.not_before or SATURDAY)[0].text
    IntegrityCheck.objects.filter(version=version).update(intact=True, damaged=[])
    assert round_in(promotion, 2 * HOUR).state == "completed"


def test_what_was_restored_and_read_again_goes_live_before_the_next_night(version: Version) -> None:
    promotion = approved(version)
    damage_found(version)
    round_in(promotion, HOUR)
    with time_machine.travel(timezone.now() + HOUR + HOUR / 2):
        rerun_gate(promotion, "integrity", actor=persona("dana"), reason="Restored.")
        factories.finish_gates(promotion)
    assert stage_of(version) == "Production"
