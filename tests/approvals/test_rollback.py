"""The way back: rollback to the previous or a named version, at once, by an operator, with a look at it afterwards."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from celery import current_app
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.actions import create_person, grant_role
from accounts.reasons import Conflict, Forbidden, Invalid
from accounts.roles import Role
from approvals.actions import archive_version, deprecate_version, open_promotion, publish_policy, roll_back, take_down
from approvals.actions.operating import NOTHING, ONE_STEP_WITHIN
from approvals.models import AfterReview
from approvals.queries import previous_live
from audit.models import AuditEvent
from registry.models import Model, Stage, StageTerm, Version
from tests import factories
from tests.approvals import snapshots
from tests.approvals.deciding import approve, standing, ticked
from tests.approvals.operating import back, in_review_beside, live, publish_own, put_live, refused
from tests.approvals.test_lifecycle import check_stages, put_in_stage, stages
from tests.factories import persona
from work.actions import _broker
from work.models import Job, Mail

# --- What it does -----------------------------------------------------------------------------------------


def test_the_previous_version_takes_all_traffic_at_once(loan: Model, three: list[Version]) -> None:
    assert back(loan) == three[1]
    assert stages(loan) == {1: "Archived", 2: "Production", 3: "Archived"}
    check_stages(loan)
    left, came = three[2].terms.get(stage=Stage.PRODUCTION), three[1].terms.latest("pk")
    assert (left.ended_how, left.ended_because) == ("rolled_back", "replaced by v2, rollback: Scores drifted.")
    assert (came.stage, came.started_by, came.started_at) == ("Production", "omar", left.ended_at)


def test_the_record_says_who_why_and_from_what_to_what(loan: Model, three: list[Version]) -> None:
    back(loan)
    event = AuditEvent.objects.get(verb="model.rolled_back")
    assert (event.actor, event.reason) == ("omar", "Scores drifted.")
    assert (event.before, event.after) == ({"live": [3]}, {"live": [2]})


def test_it_opens_a_look_afterwards_for_somebody_else(loan: Model, three: list[Version]) -> None:
    now = timezone.now()
    back(loan)
    opened = AfterReview.objects.get()
    assert (opened.cause, opened.actor, opened.reason) == ("rollback", persona("omar"), "Scores drifted.")
    assert opened.subject == "loan rolled back from v3 to v2"
    assert opened.verdict == ""
    assert opened.due_at > now


def test_who_may_judge_it_hears_of_it_and_who_did_it_does_not(loan: Model, three: list[Version]) -> None:
    ollie = factories.person("Ollie Second", Role.OPERATOR)
    Mail.objects.all().delete()
    back(loan)
    told = {(mail.recipient.partition("@")[0], mail.kind) for mail in Mail.objects.all()}
    assert told == {("riley", "after_review"), ("sam", "after_review"), (ollie.username, "operated")}


# --- What is previous ------------------------------------------------------------------------------------


def test_going_back_twice_goes_further_back_and_not_forth(loan: Model, three: list[Version]) -> None:
    assert [back(loan), back(loan, expected_live=2)] == [three[1], three[0]]
    assert refused(lambda: back(loan, expected_live=1)).reason.code == "nothing_previous"
    check_stages(loan)


def test_after_a_rollback_and_a_better_version_the_way_back_leads_to_what_was_good(
    loan: Model, three: list[Version]
) -> None:
    back(loan)  # v3 was bad, v2 is live
    put_live(loan)
    assert back(loan) == three[1]


def test_a_version_that_was_rolled_back_from_counts_again_once_it_was_replaced_in_the_regular_way(
    loan: Model, three: list[Version]
) -> None:
    back(loan)
    put_live(loan, Version.objects.get(pk=three[2].pk))  # reviewed afresh
    put_live(loan)
    assert back(loan) == three[2]


def test_the_previous_one_is_neither_deprecated_nor_damaged(
    loan: Model, three: list[Version], monkeypatch: pytest.MonkeyPatch
) -> None:
    put_live(loan)
    deprecate_version(three[2], actor=persona("omar"), reason="Unfair to the south.")
    monkeypatch.setattr("approvals.permissions.operating.stored_intact", lambda version: version.pk != three[1].pk)
    assert previous_live(loan) == three[0]
    assert back(loan) == three[0]


def test_the_first_version_live_has_no_previous_one(loan: Model) -> None:
    put_live(loan)
    assert refused(lambda: back(loan)).reason.code == "nothing_previous"


def test_another_model_s_versions_are_not_previous(loan: Model) -> None:
    other = factories.model_named("other")
    put_live(other)
    put_live(other)
    put_live(loan)
    assert previous_live(loan) is None


# --- A named version -------------------------------------------------------------------------------------


def test_a_named_version_may_be_any_that_was_live_even_one_rolled_back_from(loan: Model, three: list[Version]) -> None:
    assert back(loan, to=three[0]) == three[0]
    assert back(loan, to=three[2]) == three[2]
    assert live(loan) == [3]
    check_stages(loan)


def test_what_can_not_be_gone_back_to_is_refused_by_name(
    loan: Model, three: list[Version], monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = factories.version_of(loan)
    stranger = put_live(factories.model_named("other"))
    deprecate_version(three[0], actor=persona("omar"), reason="Unfair to the south.")
    monkeypatch.setattr("approvals.permissions.operating.stored_intact", lambda version: version.pk != three[1].pk)
    for to, code in (
        (three[2], "already_live"),
        (three[0], "deprecated"),
        (three[1], "damaged"),
        (fresh, "never_live"),
        (stranger, "other_model"),
    ):
        assert refused(lambda to=to: back(loan, to=to)).reason.code == code


def test_a_fresh_review_in_staging_does_not_take_the_way_back_away(loan: Model, three: list[Version]) -> None:
    put_in_stage(three[1], Stage.STAGING)
    assert back(loan) == three[1]
    assert live(loan) == [2]
    check_stages(loan)


# --- Who, why, and when it is too late ---------------------------------------------------------------------


@pytest.mark.parametrize("who", ["dana", "riley", "sam", "ana", "admin"])
def test_only_an_operator_changes_what_is_live(loan: Model, three: list[Version], who: str) -> None:
    given: dict[str, Any] = {"actor": persona(who), "reason": "I say so."}
    for act in (
        lambda: roll_back(loan, **given),
        lambda: take_down(loan, **given),
        lambda: archive_version(three[0], **given),
        lambda: deprecate_version(three[0], **given),
    ):
        refusal = refused(act)
        assert (type(refusal), refusal.reason.code) == (Forbidden, "not_operator")
        assert "Omar Haddad may" in refusal.reason.remedy


def test_a_program_with_the_role_may_too(loan: Model, three: list[Version]) -> None:
    program = create_person("pager", actor=None, is_service=True)
    grant_role(Role.OPERATOR, to=program, actor=None)
    assert back(loan, actor=program) == three[1]


def test_each_of_them_wants_a_reason(loan: Model, three: list[Version]) -> None:
    staged = factories.version_of(loan)
    given: dict[str, Any] = {"actor": persona("omar"), "reason": " \n"}
    for act in (
        lambda: roll_back(loan, **given),
        lambda: take_down(loan, **given),
        lambda: archive_version(staged, **given),
        lambda: deprecate_version(staged, **given),
    ):
        refusal = refused(act)
        assert (type(refusal), refusal.reason.code) == (Invalid, "no_reason")


def test_whoever_expected_something_else_to_be_live_is_told_what_is(loan: Model, three: list[Version]) -> None:
    for act in (lambda: back(loan, expected_live=2), lambda: _down(loan, expected_live=2)):
        refusal = refused(act)
        assert (type(refusal), refusal.reason.code) == (Conflict, "live_moved")
        assert refusal.details == {"live": 3}
        assert "loan v3 is live now, not version 2" in str(refusal)
    assert back(loan, expected_live=3) == three[1]


def test_whoever_expected_nothing_to_be_live_does_not_replace_what_went_live_meanwhile(
    loan: Model, three: list[Version]
) -> None:
    refusal = refused(lambda: back(loan, expected_live=NOTHING))
    assert (refusal.reason.code, refusal.details) == ("live_moved", {"live": 3})
    assert "loan v3 is live now, not nothing" in str(refusal)
    _down(loan)
    assert back(loan, expected_live=NOTHING) == three[2]


def test_two_operators_at_once_roll_back_once(loan: Model, three: list[Version]) -> None:
    back(loan, expected_live=3)
    assert refused(lambda: back(loan, expected_live=3)).details == {"live": 2}


def test_who_does_not_say_what_is_live_goes_back_one_step_however_often(loan: Model, three: list[Version]) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        back(loan)
        clock.shift(59)
        again = refused(lambda: back(loan))
        assert (type(again), again.reason.code, again.details) == (Conflict, "just_rolled_back", {"live": 2})
        assert "Omar Haddad went back to loan v2 59 s ago" in str(again)
        assert "expected_live: 2" in again.reason.remedy
        clock.move_to(start + ONE_STEP_WITHIN + timedelta(seconds=1))
        assert back(loan) == three[0]


def test_a_step_back_from_what_went_live_since_is_the_first_one(loan: Model, three: list[Version]) -> None:
    back(loan)
    put_live(loan)
    assert back(loan) == three[1]
    _down(loan)
    assert back(loan) == three[1]
    assert refused(lambda: back(loan)).reason.code == "just_rolled_back"
    assert back(loan, to=three[0]) == three[0]


# --- Take down ---------------------------------------------------------------------------------------------


def _down(model: Model, **given: Any) -> list[Version]:
    return take_down(model, **{"actor": persona("omar"), "reason": "Illegal as of today.", **given})


def test_a_take_down_leaves_nothing_live(loan: Model, three: list[Version]) -> None:
    assert _down(loan) == [three[2]]
    assert stages(loan) == {1: "Archived", 2: "Archived", 3: "Archived"}
    check_stages(loan)
    term = three[2].terms.get(stage=Stage.PRODUCTION)
    assert (term.ended_how, term.ended_because) == ("taken_down", "take-down: Illegal as of today.")
    event = AuditEvent.objects.get(verb="model.taken_down")
    assert (event.before, event.after, event.reason) == ({"live": [3]}, {"live": []}, "Illegal as of today.")
    opened = AfterReview.objects.get()
    assert (opened.cause, opened.subject) == ("take_down", "loan taken down: v3 left Production")


def test_a_return_after_a_take_down_is_told_as_one(loan: Model, three: list[Version]) -> None:
    _down(loan)
    Mail.objects.all().delete()
    roll_back(loan, actor=persona("omar"), reason="It was an exercise.", to=three[2])
    opened = AfterReview.objects.get(cause="rollback")
    assert opened.subject == "loan rolled back to v3, as nothing was live"
    [subject] = {mail.subject for mail in Mail.objects.filter(kind="after_review")}
    assert opened.subject in subject


def test_where_nothing_is_live_there_is_nothing_to_take_down_or_to_expect(loan: Model, three: list[Version]) -> None:
    _down(loan)
    assert refused(lambda: _down(loan)).reason.code == "nothing_live"
    refusal = refused(lambda: back(loan, expected_live=3))
    assert (refusal.reason.code, refusal.details) == ("live_moved", {"live": None})


def test_what_was_taken_down_is_what_one_goes_back_to(loan: Model, three: list[Version]) -> None:
    _down(loan)
    assert back(loan) == three[2]
    assert AuditEvent.objects.get(verb="model.rolled_back").before == {"live": []}
    check_stages(loan)


# --- What it does to open promotions ---------------------------------------------------------------------


def test_open_promotions_are_compared_with_what_is_live_now(loan: Model, three: list[Version]) -> None:
    promotion = in_review_beside(loan)
    assert (promotion.state, promotion.baseline) == ("in_review", three[2])
    approve(promotion, persona("riley"), "model")
    Mail.objects.all().delete()
    back(loan)
    promotion.refresh_from_db()
    assert (promotion.state, promotion.baseline) == ("checking", three[1])
    again = promotion.gate_runs.filter(is_current=True, number=2)
    assert [run.key for run in again] == ["no-loss"]
    factories.finish_gates(promotion)
    assert (promotion.state, standing(promotion), ticked(promotion)) == ("in_review", [], {"keeper"})
    letters = Mail.objects.filter(kind="review").values_list("recipient", flat=True)
    assert sorted(letters) == ["riley@example.org", "sam@example.org"]


def test_after_a_take_down_there_is_nothing_to_compare_with(loan: Model, three: list[Version]) -> None:
    promotion = in_review_beside(loan)
    _down(loan)
    promotion.refresh_from_db()
    assert (promotion.state, promotion.baseline) == ("checking", None)
    assert AuditEvent.objects.get(verb="promotion.baseline_moved").after == {"baseline": ""}


def test_an_approved_promotion_that_waits_for_its_time_is_reviewed_again(loan: Model, three: list[Version]) -> None:
    publish_own(loan, factories.PRODUCTION_POLICY)
    promotion = factories.promotion_in("approved", model=loan)
    back(loan)
    factories.finish_gates(promotion)
    assert (promotion.state, standing(promotion)) == ("in_review", [])
    assert promotion.look_again_at is None


def test_a_fresh_review_of_the_version_that_is_gone_back_to_is_superseded(loan: Model, three: list[Version]) -> None:
    publish_policy("Staging", {"slots": [{"key": "look"}]}, actor=None, target_stage=Stage.STAGING)
    promotion = open_promotion(three[1], to_stage=Stage.STAGING, actor=persona("dana"))
    back(loan)
    promotion.refresh_from_db()
    assert promotion.state == "superseded"
    assert promotion.closed_because == "loan v2 is Production now, by rollback by Omar Haddad."


def test_another_model_s_promotions_are_left_alone(loan: Model, three: list[Version]) -> None:
    other = in_review_beside(factories.model_named("other"))
    back(loan)
    other.refresh_from_db()
    assert other.state == "in_review"


# --- Without queue and mail --------------------------------------------------------------------------------


class Unreachable(BaseEmailBackend):
    def send_messages(self, email_messages: Any) -> int:
        raise OSError("the mail server is away")


def test_it_works_while_queue_and_mail_server_are_away(
    loan: Model,
    three: list[Version],
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    tried: list[str] = []

    def send_task(name: str, *_: Any, **__: Any) -> None:
        tried.append(name)
        raise OperationalError("connection refused")

    promotion = in_review_beside(loan)
    monkeypatch.setattr(current_app, "send_task", send_task)
    monkeypatch.setattr(_broker, "left_alone_until", 0.0)  # and as it was before for who comes after
    settings.EMAIL_BACKEND = f"{__name__}.Unreachable"
    waiting = set(Job.objects.values_list("pk", flat=True))
    with django_capture_on_commit_callbacks(execute=True):
        back(loan)
    assert live(loan) == [2]
    assert tried
    queued = Job.objects.exclude(pk__in=waiting)
    assert set(queued.values_list("task", flat=True)) == {"approvals.run_gate", "work.send_mail"}
    assert set(queued.values_list("state", "nudged_at")) == {("queued", None)}
    promotion.refresh_from_db()
    assert promotion.state == "checking"


def test_a_rollback_that_fails_half_way_leaves_everything_as_it_was(
    loan: Model, three: list[Version], monkeypatch: pytest.MonkeyPatch
) -> None:
    def tell_operators(*_: Any, **__: Any) -> None:
        raise OSError("no room left")

    monkeypatch.setattr("approvals.notifications.tell_operators", tell_operators)
    before = snapshots.rows()
    with pytest.raises(OSError, match="no room"):
        back(loan)
    assert snapshots.rows() == before
    assert StageTerm.objects.filter(ended_at=None, stage=Stage.PRODUCTION).get().version == three[2]
