"""Beginning anew under the policy as it is now: by hand, since a new revision moves nothing by itself."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.reasons import Conflict, Forbidden, Refusal
from approvals.actions import publish_policy, restart_promotion, tick_item, withdraw_promotion
from approvals.models import PolicyRevision, Promotion, Waiver
from audit.models import AuditEvent
from registry.models import Model, Stage, TrafficArm, TrafficPlan, Version
from tests import factories
from tests.approvals import snapshots
from tests.approvals.deciding import approve, refusal_of, standing, ticked
from tests.approvals.excepting import GATES, SLOTS, blocked, waive
from tests.approvals.operating import AT_ONCE, publish_own
from tests.approvals.test_lifecycle import put_in_stage
from tests.factories import PRODUCTION_POLICY, persona

#: The shared policy, one item reworded, one gone, one more, and its limits moved.
NEXT: dict[str, Any] = {
    **PRODUCTION_POLICY,
    "due_days": 2,
    "expires_days": 30,
    "checklist": [
        {"key": "cost", "text": "Running cost is known and accepted", "slot": "risk", "rests_on": ["card"]},
        {"key": "keeper", "text": "A team is named who maintains it", "slot": "model", "rests_on": ["card"]},
        {"key": "alarm", "text": "Somebody is paged", "slot": "risk"},
    ],
}


def republish(document: dict[str, Any] = NEXT) -> PolicyRevision:
    return publish_policy("Production", document, actor=None, target_stage=Stage.PRODUCTION)


def restart(promotion: Promotion, who: str = "dana") -> Promotion:
    restart_promotion(promotion, actor=persona(who), reason="The rules moved.")
    promotion.refresh_from_db()
    return promotion


def refused(promotion: Promotion, who: str = "dana") -> Refusal:
    before = snapshots.rows()
    with pytest.raises(Refusal) as caught:
        restart(promotion, who)
    assert snapshots.rows() == before
    return caught.value


def test_a_new_revision_moves_nothing_by_itself(in_review: Promotion) -> None:
    approve(in_review, persona("riley"), "model")
    before = snapshots.rows()
    republish()
    after = snapshots.rows()
    for table in ("PolicyRevision", "AuditEvent"):
        assert len(after.pop(table)) == len(before.pop(table)) + 1
    assert after == before


def test_it_goes_through_all_gates_again_under_the_new_revision(in_review: Promotion) -> None:
    before, newest = in_review.policy_revision, republish()
    promotion = restart(in_review)
    assert (promotion.state, promotion.policy_revision) == ("checking", newest)
    runs = promotion.gate_runs.filter(is_current=True)
    assert {run.key: (run.number, run.outcome) for run in runs} == {
        gate["key"]: (2, "pending") for gate in PRODUCTION_POLICY["gates"]
    }
    event = AuditEvent.objects.get(verb="promotion.restarted")
    assert (event.before, event.after) == (
        {"policy": f"Production revision {before.number}"},
        {"policy": f"Production revision {before.number + 1}"},
    )
    assert (event.actor, event.reason) == ("dana", "The rules moved.")


def test_reviews_are_dismissed_and_ticks_of_unchanged_items_stay(in_review: Promotion) -> None:
    approve(in_review, persona("riley"), "model")
    tick_item(in_review, "cost", actor=persona("sam"), seal=in_review.seal)
    assert ticked(in_review) == {"keeper", "rollback", "cost"}
    newest = republish()
    promotion = factories.finish_gates(restart(in_review))
    assert promotion.state == "in_review"
    assert (standing(promotion), ticked(promotion)) == ([], {"cost"})
    assert promotion.reviews.get().fell_because == f"restarted under Production revision {newest.number}"


def test_it_is_decided_by_what_the_new_revision_asks(in_review: Promotion) -> None:
    republish()
    promotion = factories.finish_gates(restart(in_review))
    approve(promotion, persona("riley"), "model", ticks=["keeper"])
    refusal = refusal_of(promotion, persona("sam"), "risk", ticks=["cost"])
    assert refusal.details["open_items"] == ["alarm"]
    approve(promotion, persona("sam"), "risk", ticks=["cost", "alarm"])
    promotion.refresh_from_db()
    assert promotion.state == "completed"


def test_an_unchanged_item_still_falls_with_what_it_rests_on(in_review: Promotion) -> None:
    """The item about the way back rests on what is live; of that the promotion hears when it is restarted."""
    approve(in_review, persona("riley"), "model")
    republish({**PRODUCTION_POLICY, "due_days": 3})
    other = factories.version_of(in_review.version.model)
    put_in_stage(other, Stage.PRODUCTION)
    TrafficArm.objects.create(
        plan=TrafficPlan.objects.create(model=other.model), version=other, weight=100, live_since=timezone.now()
    )
    promotion = factories.finish_gates(restart(in_review))
    assert promotion.baseline == other
    assert ticked(promotion) == {"keeper"}


def test_a_tick_that_rests_on_the_policy_stays_where_the_item_says_the_same_word_for_word(
    loan: Model, version: Version
) -> None:
    said, reworded = {"key": "said", "text": "Read"}, {"key": "reworded", "text": "Read it"}
    items = [{**item, "rests_on": ["policy"]} for item in (said, reworded)]
    publish_own(loan, {**AT_ONCE, "checklist": items})
    promotion = factories.promotion_in("checking", version=version)
    for item in ("said", "reworded"):
        tick_item(promotion, item, actor=persona("sam"), seal=promotion.seal)
    publish_own(loan, {**AT_ONCE, "checklist": [items[0], {**items[1], "text": "Read it aloud"}]})
    assert restart(promotion).state == "in_review"
    assert ticked(promotion) == {"said"}


def test_due_time_and_expiry_are_the_new_revision_s_and_count_from_now(in_review: Promotion) -> None:
    republish()
    now = timezone.now() + timedelta(days=60)
    with time_machine.travel(now, tick=False):
        promotion = restart(in_review)
        assert (promotion.due_at, promotion.review_started_at) == (None, None)
        factories.finish_gates(promotion)
    assert promotion.expires_at == now + timedelta(days=30)
    assert (promotion.review_started_at, promotion.due_at) == (now, now + timedelta(days=2))


@pytest.mark.parametrize("state", ["checking", "blocked", "in_review", "changes_requested", "approved"])
def test_any_open_promotion_can_be_restarted(loan: Model, state: str) -> None:
    promotion = factories.promotion_in(state)
    old = {run.pk for run in promotion.gate_runs.filter(is_current=True)}
    republish()
    assert restart(promotion).state == "checking"
    assert promotion.look_again_at is None
    assert factories.finish_gates(promotion).state == "in_review"
    assert not old & set(promotion.gate_runs.filter(is_current=True).values_list("pk", flat=True))
    assert not promotion.gate_runs.filter(outcome="pending").exists()


def test_gates_that_are_no_longer_asked_go_and_new_ones_come(in_review: Promotion) -> None:
    gates = [gate for gate in PRODUCTION_POLICY["gates"] if gate["key"] != "card"]
    republish({**NEXT, "gates": [*gates, {"key": "lineage", "kind": "lineage_complete"}]})
    promotion = factories.finish_gates(restart(in_review))
    numbers = dict(promotion.gate_runs.filter(is_current=True).values_list("key", "number"))
    assert numbers == {"quality-floor": 2, "no-loss": 2, "integrity": 2, "lineage": 1}
    assert promotion.state == "in_review"


def test_the_narrowest_policy_that_is_in_force_by_now_counts(loan: Model, in_review: Promotion) -> None:
    own = publish_own(loan, AT_ONCE)
    promotion = restart(in_review)
    assert (promotion.policy_revision, promotion.state) == (own, "in_review")


def test_a_waiver_of_a_gate_that_is_no_longer_asked_is_void_and_one_that_still_fits_holds(version: Version) -> None:
    promotion = waive(waive(blocked(version, "lineage", "card"), persona("sam")), persona("sam"), "card")
    document = {"gates": [gate for gate in GATES if gate["key"] != "card"], "slots": SLOTS}
    publish_own(version.model, document)
    promotion = factories.finish_gates(restart(promotion), lineage="failed")
    assert promotion.state == "in_review"
    voided = {waiver.gate_run.key: waiver.voided_because for waiver in Waiver.objects.all()}
    assert voided == {"lineage": "", "card": "the policy no longer asks for the gate"}


# --- When it can't be -------------------------------------------------------------------------------------


def test_where_the_policy_has_not_moved_there_is_nothing_to_restart(in_review: Promotion) -> None:
    refusal = refused(in_review)
    assert (type(refusal), refusal.reason.code) == (Conflict, "policy_current")
    assert "already, which is in force" in str(refusal)


@pytest.mark.parametrize("who", ["riley", "sam", "omar", "ana", "admin"])
def test_only_a_contributor_restarts(in_review: Promotion, who: str) -> None:
    republish()
    refusal = refused(in_review, who)
    assert (type(refusal), refusal.reason.code) == (Forbidden, "not_permitted")


def test_a_closed_promotion_stays_closed(in_review: Promotion) -> None:
    republish()
    withdraw_promotion(in_review, actor=persona("dana"), reason="Another time.")
    assert refused(in_review).reason.code == "closed"


def test_who_read_the_page_before_hears_that_the_policy_changed(in_review: Promotion) -> None:
    seen = in_review.seal
    republish()
    promotion = factories.finish_gates(restart(in_review))
    refusal = refusal_of(promotion, persona("riley"), seal=seen)
    assert "the policy" in refusal.details["moved"]
