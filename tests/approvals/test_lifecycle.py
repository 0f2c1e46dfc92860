"""How versions move between stages, what their moves do to other promotions, and what the database refuses."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.reasons import Conflict, Forbidden, NotFound
from accounts.roles import Role
from approvals.actions import open_promotion, publish_policy, review_promotion
from approvals.intake import finalise_version
from approvals.models import GateRun, Policy, Promotion, Review, State
from audit.models import AuditEvent
from registry.models import Model, Stage, StageTerm, TrafficArm, TrafficPlan, Version
from tests import factories
from tests.approvals import snapshots
from tests.factories import persona


def check_stages(model: Model) -> None:
    """A version's stage is Production if and only if it is in the one current plan, whose weights sum to 100."""
    live = set(model.versions.filter(stage=Stage.PRODUCTION).values_list("pk", flat=True))
    plans = TrafficPlan.objects.filter(model=model, ended_at=None)
    arms = TrafficArm.objects.filter(plan__in=plans)
    assert live == {arm.version_id for arm in arms}
    assert plans.count() == (1 if live else 0)
    assert sum(arm.weight for arm in arms) == (100 if live else 0)
    for version in model.versions.all():
        term = version.terms.filter(ended_at=None).first()
        assert (term.stage if term else Stage.NONE) == version.stage


def stages(model: Model) -> dict[int, str]:
    return dict(model.versions.order_by("number").values_list("number", "stage"))


def put_in_stage(version: Version, stage: str) -> Version:
    """By fiat, for moves that no promotion makes."""
    Version.objects.filter(pk=version.pk).update(stage=stage)
    version.refresh_from_db()
    return version


def open_to(version: Version, stage: str) -> Promotion:
    return open_promotion(version, to_stage=stage, actor=persona("dana"))


# --- Which moves there are ------------------------------------------------------------------------------

MOVES = """
from        Staging        Production
None        yes            not_through_staging
Staging     already_there  yes
Production  no_such_move   already_there
Archived    yes            not_through_staging
"""


@pytest.mark.parametrize("to", ["Staging", "Production"])
@pytest.mark.parametrize("origin", ["None", "Staging", "Production", "Archived"])
def test_a_promotion_leads_only_where_the_stages_allow(loan: Model, origin: str, to: str) -> None:
    header, *lines = [line.split() for line in MOVES.strip().splitlines()]
    expected = {line[0]: dict(zip(header[1:], line[1:], strict=True)) for line in lines}[origin][to]
    publish_policy("Staging", {"gates": [{"key": "card", "kind": "card_complete"}]}, actor=None, target_stage="Staging")
    version = put_in_stage(factories.version_of(loan), origin)
    if expected == "yes":
        promotion = open_to(version, to)
        assert (promotion.from_stage, promotion.to_stage, promotion.state) == (origin, to, "checking")
        return
    before = snapshots.rows()
    with pytest.raises(Conflict) as refused:
        open_to(version, to)
    assert refused.value.reason.code == expected
    assert snapshots.rows() == before


def test_a_registered_version_cannot_go_straight_to_production_and_hears_the_path(loan: Model) -> None:
    publish_policy("Staging", {"opens": "by_hand"}, actor=None, target_stage="Staging")
    version = factories.version_of(loan)
    assert version.stage == Stage.NONE
    with pytest.raises(Conflict) as refused:
        open_to(version, Stage.PRODUCTION)
    assert (
        str(refused.value) == "loan v1 is registered and can't go straight to Production. Promote it to Staging first."
    )


def test_a_version_that_is_not_final_cannot_be_promoted(loan: Model) -> None:
    with pytest.raises(Conflict, match="isn't final"):
        open_to(factories.version_of(loan, final=False), Stage.STAGING)


def test_a_deprecated_version_cannot_be_promoted(version: Version) -> None:
    Version.objects.filter(pk=version.pk).update(deprecated_at=timezone.now())
    with pytest.raises(Conflict, match="deprecated"):
        open_to(version, Stage.PRODUCTION)


def test_without_a_policy_for_the_stage_nothing_opens(version: Version) -> None:
    Policy.objects.filter(name="Production").update(model=factories.model_named("other"))
    with pytest.raises(NotFound, match="No policy governs Production for loan"):
        open_to(version, Stage.PRODUCTION)


def test_who_may_not_contribute_may_not_open(version: Version) -> None:
    for who in ("riley", "sam", "omar", "ana", "admin"):
        with pytest.raises(Forbidden):
            open_promotion(version, to_stage=Stage.PRODUCTION, actor=persona(who))


def test_a_second_promotion_of_the_same_move_names_the_open_one(in_review: Promotion) -> None:
    with pytest.raises(Conflict) as refused:
        open_to(in_review.version, Stage.PRODUCTION)
    assert refused.value.reason.code == "promotion_open"
    assert refused.value.details["promotion"] == in_review.pk
    assert f"number {in_review.pk}" in str(refused.value)


# --- Into Staging by itself --------------------------------------------------------------------------------


def test_a_final_version_goes_to_staging_by_itself_when_the_gates_pass(loan: Model) -> None:
    publish_policy(
        "Staging",
        {"opens": "on_finalize", "gates": [{"key": "card", "kind": "card_complete"}]},
        actor=None,
        target_stage="Staging",
    )
    version = factories.version_of(loan, final=False)
    version, opened = finalise_version(version, actor=persona("dana"))
    assert [promotion.state for promotion in opened] == ["checking"]
    factories.run_gates(opened[0])
    version.refresh_from_db()
    opened[0].refresh_from_db()
    assert (version.stage, opened[0].state) == (Stage.STAGING, "completed")
    term = version.terms.get()
    assert (term.stage, term.started_by, term.started_because) == (Stage.STAGING, "", f"promotion {opened[0].pk}")


def test_a_policy_that_opens_by_hand_opens_nothing_by_itself(loan: Model) -> None:
    publish_policy("Staging", {"opens": "by_hand"}, actor=None, target_stage="Staging")
    factories.version_of(loan)
    assert not Promotion.objects.exists()


@pytest.mark.parametrize("outcome", ["failed", "inconclusive", "error"])
def test_where_nobody_is_asked_only_passed_gates_let_a_version_through(loan: Model, outcome: str) -> None:
    publish_policy("Staging", {"gates": [{"key": "card", "kind": "card_complete"}]}, actor=None, target_stage="Staging")
    promotion = factories.finish_gates(open_to(factories.version_of(loan), Stage.STAGING), card=outcome)
    promotion.version.refresh_from_db()
    assert (promotion.state, promotion.version.stage) == ("blocked", Stage.NONE)


# --- Into Production ------------------------------------------------------------------------------------------


def test_the_first_version_live_takes_all_traffic(loan: Model) -> None:
    live = factories.live_version(loan)
    assert stages(loan) == {1: "Production"}
    arm = TrafficArm.objects.get()
    assert (arm.version, arm.weight, arm.plan.ended_at) == (live, 100, None)
    check_stages(loan)


def test_a_successor_replaces_the_plan_and_archives_what_was_live_at_one_moment(loan: Model) -> None:
    first = factories.live_version(loan)
    second = factories.live_version(loan)
    assert stages(loan) == {1: "Archived", 2: "Production"}
    check_stages(loan)
    old, new = TrafficPlan.objects.order_by("pk")
    assert (old.ended_at, new.ended_at) == (new.started_at, None)
    left = first.terms.get(stage=Stage.PRODUCTION)
    came = second.terms.get(stage=Stage.PRODUCTION)
    promotion = Promotion.objects.get(version=second, to_stage=Stage.PRODUCTION)
    assert left.ended_because == f"replaced by v2, promotion {promotion.pk}"
    assert (came.started_because, came.started_by) == (f"promotion {promotion.pk}", "sam")
    assert [term.stage for term in first.terms.order_by("pk")] == ["Staging", "Production", "Archived"]
    traffic = AuditEvent.objects.filter(verb="model.traffic_changed").latest("pk")
    assert (traffic.before, traffic.after) == ([{"version": 1}], [{"version": 2, "weight": 100}])
    assert traffic.actor == "sam"


def test_another_model_is_left_alone(loan: Model) -> None:
    factories.live_version(loan)
    other = factories.model_named("other")
    factories.live_version(other)
    assert stages(loan) == {1: "Production"}
    check_stages(loan)
    check_stages(other)


def test_a_move_that_fails_half_way_leaves_everything_as_it_was(
    in_review: Promotion, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.approve(in_review, persona("riley"), slot="model")
    before = snapshots.rows()

    def tell_decided(*_: Any, **__: Any) -> None:
        raise OSError("no room left")

    monkeypatch.setattr("approvals.notifications.tell_decided", tell_decided)
    with pytest.raises(OSError, match="no room"):
        factories.approve(in_review, persona("sam"), slot="risk")
    assert snapshots.rows() == before


# --- What it does to the others --------------------------------------------------------------------------------


def second_in_review(model: Model, **document: Any) -> Promotion:
    if document:
        publish_policy("Own", document, actor=None, target_stage=Stage.PRODUCTION, model=model)
    version = factories.version_of(model)
    factories.evidence_of(version, seed=9)
    return factories.run_gates(factories.promotion_in(State.CHECKING, version=version))


def go_live(promotion: Promotion) -> None:
    factories.approve(promotion, persona("riley"), slot="model")
    factories.approve(promotion, persona("sam"), slot="risk")


def test_what_goes_live_makes_other_open_promotions_compare_anew(loan: Model, in_review: Promotion) -> None:
    other = second_in_review(loan)
    assert (other.baseline, other.state) == (None, "in_review")
    go_live(in_review)
    other.refresh_from_db()
    assert (other.baseline, other.state) == (in_review.version, "checking")
    numbers = dict(other.gate_runs.filter(is_current=True).values_list("key", "number"))
    assert numbers == {"quality-floor": 1, "no-loss": 2, "card": 1, "integrity": 1}
    assert other.gate_runs.get(is_current=True, key="no-loss").because == "loan v1 went live"
    assert AuditEvent.objects.filter(verb="promotion.baseline_moved", subject_id=str(other.pk)).count() == 1
    factories.run_gates(other)
    other.refresh_from_db()
    assert other.state == "in_review"
    assert "Nothing is live" not in other.gate_runs.get(is_current=True, key="no-loss").summary


def test_marks_that_rest_on_what_is_live_fall_when_it_moves_and_others_stay(loan: Model, in_review: Promotion) -> None:
    slots = [
        {"key": "words", "rests_on": ["card"]},
        {"key": "risk", "role": "approver", "rests_on": ["baseline"]},
    ]
    checklist = [
        {"key": "cost", "text": "Cost known", "rests_on": ["card"]},
        {"key": "rollback", "text": "Way back known", "rests_on": ["baseline"]},
    ]
    other = second_in_review(
        loan, gates=factories.PRODUCTION_POLICY["gates"], slots=[*slots, {"key": "third"}], checklist=checklist
    )
    factories.approve(other, persona("riley"), slot="words")
    factories.approve(other, persona("sam"), slot="risk")
    go_live(in_review)
    factories.run_gates(other)
    standing = other.reviews.filter(fell_at=None).values_list("slot", flat=True)
    fallen = other.reviews.exclude(fell_at=None).get()
    assert list(standing) == ["words"]
    assert (fallen.slot, fallen.fell_because) == ("risk", "what is live")
    assert list(other.ticks.filter(fell_at=None).values_list("item", flat=True)) == ["cost"]


def test_a_promotion_whose_version_moved_otherwise_is_superseded_with_the_cause(loan: Model) -> None:
    publish_policy("Staging", {"slots": [{"key": "look"}]}, actor=None, target_stage="Staging")
    live = factories.version_of(loan)
    put_in_stage(live, Stage.ARCHIVED)
    back = open_to(live, Stage.STAGING)
    candidate = put_in_stage(factories.version_of(loan), Stage.STAGING)
    factories.evidence_of(candidate)
    put_in_stage(live, Stage.STAGING)  # somebody else brought it back meanwhile
    go_live(factories.promotion_in(State.IN_REVIEW, version=candidate))
    back.refresh_from_db()
    assert back.state == "superseded"
    assert "is Staging now" in back.closed_because
    event = AuditEvent.objects.get(verb="promotion.superseded")
    assert (event.subject_id, event.reason) == (str(back.pk), back.closed_because)


def test_a_version_that_left_staging_cannot_go_live_by_an_old_promotion(in_review: Promotion) -> None:
    factories.approve(in_review, persona("riley"), slot="model")
    put_in_stage(in_review.version, Stage.ARCHIVED)
    before = snapshots.rows()
    with pytest.raises(Conflict, match="can't go straight to Production"):
        factories.approve(in_review, persona("sam"), slot="risk")
    assert snapshots.rows() == before


# --- The database as the last judge --------------------------------------------------------------------------------


def refused_by_the_database(write: Any, named: str) -> None:
    with pytest.raises(IntegrityError, match=named), transaction.atomic():
        write()


def a_review(promotion: Promotion, **fields: Any) -> Review:
    given = {"promotion": promotion, "reviewer": persona("riley"), "verdict": "approve", "slot": "model"}
    return Review.objects.create(**{**given, "seal": "0" * 64, "parts": {}, "channel": "browser", **fields})


def test_the_database_refuses_a_promotion_from_registered_to_production(in_review: Promotion) -> None:
    rows = Promotion.objects.filter(pk=in_review.pk)
    refused_by_the_database(lambda: rows.update(from_stage="None"), "staging_comes_before_production")
    refused_by_the_database(lambda: rows.update(from_stage="Production"), "promotion_goes_somewhere")


def test_the_database_refuses_a_closed_promotion_without_its_moment_and_the_reverse(in_review: Promotion) -> None:
    rows = Promotion.objects.filter(pk=in_review.pk)
    refused_by_the_database(lambda: rows.update(state="completed"), "closed_when_closed")
    refused_by_the_database(lambda: rows.update(closed_at=timezone.now()), "closed_when_closed")


def test_the_database_refuses_two_open_promotions_of_one_move(in_review: Promotion) -> None:
    in_review.pk = None
    in_review._state.adding = True
    refused_by_the_database(in_review.save, "(?i)unique")


def test_the_database_refuses_a_gate_outcome_without_digest(in_review: Promotion) -> None:
    rows = GateRun.objects.filter(promotion=in_review, key="card")
    refused_by_the_database(lambda: rows.update(digest=""), "finished_gate_has_digest")
    refused_by_the_database(lambda: rows.update(outcome="pending"), "finished_gate_has_digest")


def test_the_database_refuses_a_second_current_run_of_a_gate(in_review: Promotion) -> None:
    run = GateRun.objects.get(promotion=in_review, key="card")
    run.pk, run.number, run._state.adding = None, 2, True
    refused_by_the_database(run.save, "(?i)unique")


def test_the_database_refuses_two_approvals_of_one_person_and_two_people_on_one_seat(in_review: Promotion) -> None:
    a_review(in_review)
    refused_by_the_database(lambda: a_review(in_review, slot="risk"), "(?i)unique")
    refused_by_the_database(lambda: a_review(in_review, reviewer=persona("sam")), "(?i)unique")
    a_review(in_review, reviewer=persona("sam"), seat=1)
    a_review(in_review, verdict="reject", slot="", comment="A refusal beside an approval takes no seat.")


def test_the_database_refuses_an_approval_without_slot_and_a_refusal_without_reason(in_review: Promotion) -> None:
    refused_by_the_database(lambda: a_review(in_review, slot=""), "approval_fills_a_slot")
    refused_by_the_database(lambda: a_review(in_review, verdict="reject", comment=""), "refusal_gives_reason")


def test_the_database_refuses_a_second_current_plan_and_weights_that_are_no_percent(loan: Model) -> None:
    live = factories.live_version(loan)
    refused_by_the_database(lambda: TrafficPlan.objects.create(model=loan), "(?i)unique")
    arms = TrafficArm.objects.filter(version=live)
    for weight in (0, 101):
        refused_by_the_database(lambda weight=weight: arms.update(weight=weight), "weight_is_percent")


def test_the_database_refuses_two_stages_at_a_time_and_a_stage_for_what_is_not_final(version: Version) -> None:
    again = {"version": version, "stage": "Production", "started_at": timezone.now(), "started_because": "no reason"}
    refused_by_the_database(lambda: StageTerm.objects.create(**again), "(?i)unique")
    rows = Version.objects.filter(pk=version.pk)
    refused_by_the_database(lambda: rows.update(finalised_at=None), "only_final_versions_have_a_stage")


def test_a_person_who_may_everything_in_the_admin_site_still_cannot_move_a_version_alone(in_review: Promotion) -> None:
    almighty = factories.person("Al Mighty", *[role for role in Role if role != Role.APPROVER], Role.APPROVER)
    review_promotion(
        in_review,
        actor=almighty,
        verdict="approve",
        seal=in_review.seal,
        slot="risk",
        ticks=["cost", "rollback"],
    )
    in_review.refresh_from_db()
    assert in_review.state == "in_review"
