"""A promotion that stays open for longer than its policy allows; and the rounds that notice what time does."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, OperationalError
from django.utils import timezone

from accounts.actions import edit_person
from accounts.reasons import Invalid
from approvals.actions import deadlines, open_promotion, withdraw_promotion
from approvals.actions.deadlines import go_round
from approvals.models import GateRun, Promotion
from audit.models import AuditEvent
from evidence.models import Evaluation
from registry.models import Model, Stage, Version
from tests import factories
from tests.approvals import snapshots
from tests.approvals.deciding import approve, standing, ticked, with_policy
from tests.approvals.excepting import round_in
from tests.factories import persona
from work import rounds
from work.models import Job, Mail

DAY = timedelta(days=1)


@pytest.mark.parametrize("state", ["checking", "blocked", "in_review", "changes_requested"])
def test_an_open_promotion_expires_when_its_policy_says_and_not_before(loan: Model, state: str) -> None:
    promotion = factories.promotion_in(state)
    assert promotion.expires_at is not None
    assert abs(promotion.expires_at - promotion.opened_at - 90 * DAY) < timedelta(seconds=5)
    assert round_in(promotion, 90 * DAY - timedelta(minutes=1)).state == state
    assert round_in(promotion, 90 * DAY).state == "expired"
    assert promotion.closed_at is not None
    assert promotion.version.stage == Stage.STAGING
    event = AuditEvent.objects.get(verb="promotion.expired")
    assert (event.actor, event.reason) == ("", promotion.closed_because)


def test_a_promotion_that_waits_for_its_time_completes_then_and_expires_if_nobody_swept_until_too_late(
    loan: Model,
) -> None:
    assert round_in(factories.promotion_in("approved"), 2 * DAY).state == "completed"
    assert round_in(factories.promotion_in("approved"), 91 * DAY).state == "expired"


def test_a_policy_gives_its_own_number_of_days(loan: Model, version: Version) -> None:
    promotion = with_policy(loan, version, slots=[{"key": "risk", "role": "approver"}], expires_days=3)
    assert round_in(promotion, 3 * DAY - timedelta(minutes=1)).state == "in_review"
    assert round_in(promotion, 3 * DAY).state == "expired"


def test_what_still_ran_for_it_is_ended(loan: Model) -> None:
    promotion = round_in(factories.promotion_in("checking"), 91 * DAY)
    assert set(promotion.gate_runs.values_list("outcome", flat=True)) == {"stopped"}
    jobs = Job.objects.filter(pk__in=GateRun.objects.filter(promotion=promotion).values("job"))
    assert set(jobs.values_list("state", flat=True)) == {"cancelled"}


def test_whoever_saw_to_it_hears_of_it(in_review: Promotion) -> None:
    Mail.objects.all().delete()
    promotion = round_in(in_review, 91 * DAY)
    told = list(Mail.objects.filter(kind="decided").values_list("recipient", flat=True))
    assert told == ["dana@example.org"]
    assert promotion.closed_because in Mail.objects.get(kind="decided").text.replace("\n", " ").replace("’", "'")


def test_a_new_one_reuses_evidence_and_neither_ticks_nor_reviews(in_review: Promotion) -> None:
    approve(in_review, persona("riley"), "model")
    evaluations = Evaluation.objects.count()
    version = round_in(in_review, 91 * DAY).version
    promotion = open_promotion(version, to_stage=Stage.PRODUCTION, actor=persona("dana"))
    factories.run_gates(promotion)
    assert promotion.state == "in_review"
    assert (standing(promotion), ticked(promotion)) == ([], set())
    assert Evaluation.objects.count() == evaluations


def test_a_closed_promotion_does_not_expire(in_review: Promotion) -> None:
    withdraw_promotion(in_review, actor=persona("dana"), reason="Another time.")
    assert round_in(in_review, 91 * DAY).state == "withdrawn"


def test_a_wish_that_would_only_come_true_after_expiry_is_refused(version: Version) -> None:
    for days, fits in ((89, True), (91, False)):
        wish: dict[str, Any] = {"to_stage": Stage.PRODUCTION, "actor": persona("dana")}
        wish["not_before"] = timezone.now() + days * DAY
        if fits:
            promotion = open_promotion(version, **wish)
            withdraw_promotion(promotion, actor=persona("dana"), reason="Another time.")
            continue
        before = snapshots.rows()
        with pytest.raises(Invalid) as refused:
            open_promotion(version, **wish)
        assert refused.value.reason.code == "not_before_too_late"
        assert snapshots.rows() == before


# --- Going the rounds ----------------------------------------------------------------------------------


def test_going_the_round_twice_does_everything_once(in_review: Promotion) -> None:
    with time_machine.travel(timezone.now() + 91 * DAY, tick=False):
        go_round()
        before = snapshots.rows()
        go_round()
        assert snapshots.rows() == before


def test_where_nothing_is_due_a_round_is_a_few_reads_however_much_is_open(
    loan: Model, in_review: Promotion, django_assert_num_queries: Any
) -> None:
    for state in ("checking", "blocked", "changes_requested", "approved"):
        factories.promotion_in(state)
    approve(in_review, persona("riley"), "model")
    with django_assert_num_queries(4) as seen:
        go_round()
    assert all(query["sql"].startswith("SELECT") for query in seen.captured_queries)


def test_a_round_that_the_database_refuses_keeps_lost_jobs_from_nobody(db: None, monkeypatch: Any, caplog: Any) -> None:
    def refused() -> None:
        raise IntegrityError("duplicate key")

    monkeypatch.setattr(rounds, "_ROUNDS", {"broken": refused})
    monkeypatch.setattr(rounds, "sweep", lambda: 7)
    assert rounds.go_all_rounds() == 7
    assert "The round broken failed" in caplog.text


def test_one_that_waits_for_a_person_who_left_is_read_and_not_locked(
    in_review: Promotion, django_assert_max_num_queries: Any
) -> None:
    Promotion.objects.filter(pk=in_review.pk).update(not_before=timezone.now() + DAY)
    for who, slot in (("riley", "model"), ("sam", "risk")):
        approve(in_review, persona(who), slot)
    sam = persona("sam")
    sam.is_active = False
    edit_person(sam, actor=None)
    assert round_in(in_review, 2 * DAY).state == "in_review"
    with django_assert_max_num_queries(15) as seen:
        go_round()
    told = [query["sql"] for query in seen.captured_queries]
    assert [sql for sql in told if sql.startswith(("UPDATE", "INSERT", "SAVEPOINT")) or "FOR UPDATE" in sql] == []


@pytest.fixture
def three_due(loan: Model, monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], list[Promotion]]:
    """Three promotions whose time has come; the second one can't be completed."""

    def prepared(error: Exception) -> list[Promotion]:
        models = [factories.model_named(name) for name in ("loan", "airfare", "digits")]
        promotions = [factories.promotion_in("approved", model=model) for model in models]
        whole = deadlines.complete_unless_held

        def complete_unless_held(promotion: Promotion, *given: Any, **named: Any) -> None:
            whole(promotion, *given, **named)
            if promotion.pk == promotions[1].pk:
                raise error

        monkeypatch.setattr(deadlines, "complete_unless_held", complete_unless_held)
        return promotions

    return prepared


def test_one_that_can_not_be_completed_stops_no_other_and_is_left_as_it_was(
    loan: Model, three_due: Callable[[Exception], list[Promotion]], caplog: pytest.LogCaptureFixture
) -> None:
    first, second, third = three_due(ValueError("something is broken"))
    with time_machine.travel(timezone.now() + 2 * DAY, tick=False), caplog.at_level(logging.ERROR):
        go_round()
    assert f"Promotion {second.pk} failed" in caplog.text
    assert "something is broken" in caplog.text
    for promotion in (first, second, third):
        promotion.refresh_from_db()
    assert [promotion.state for promotion in (first, second, third)] == ["completed", "approved", "completed"]
    assert (second.version.stage, second.version.terms.get().stage) == (Stage.STAGING, Stage.STAGING)


def test_a_database_that_is_away_ends_the_round(loan: Model, three_due: Callable[[Exception], list[Promotion]]) -> None:
    three_due(OperationalError("the server closed the connection"))
    with time_machine.travel(timezone.now() + 2 * DAY, tick=False), pytest.raises(OperationalError):
        go_round()
