"""A review that is due soon, overdue, escalated: who hears, when, and how often."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group

from accounts.actions import add_group, change_groups
from accounts.models import User
from accounts.reasons import Invalid
from accounts.roles import Role
from approvals.actions.reminding import queue_reminders
from approvals.models import Promotion, State
from approvals.policies import read_document
from approvals.tasks import remind_task
from registry.models import Stage
from tests import factories
from tests.factories import persona
from work.models import Job, Mail

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WAITED_FOR = ("reminder", "overdue", "escalated")


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def member(name: str, group: Group, *roles: str) -> User:
    person = factories.person(name, *roles)
    change_groups(person, [group], actor=None)
    return person


@pytest.fixture
def escalation(db: None) -> dict[str, User]:
    """Two members of the escalation group; one of them may see models."""
    group = add_group(Group(name="model-risk"), actor=None)
    return {"seeing": member("Sia Sees", group, Role.VIEWER), "blind": member("Bo Blind", group)}


@pytest.fixture
def promotion(clock: Any, escalation: dict[str, User]) -> Promotion:
    """In review since START, due in five days; riley's slot and sam's are open."""
    factories.personas()
    factories.policies(factories.PRODUCTION_POLICY | {"escalate_to": "model-risk", "due_days": 5, "remind_days": 2})
    return factories.promotion_in(State.IN_REVIEW)


def sweep() -> int:
    """What the sweeper and a worker do now."""
    queued = queue_reminders()
    for pk in Job.objects.filter(task="approvals.remind", state=Job.State.QUEUED).values_list("pk", flat=True):
        remind_task(pk)
    return queued


def heard() -> list[tuple[str, str]]:
    found = Mail.objects.filter(kind__in=WAITED_FOR).order_by("kind", "recipient").values_list("recipient", "kind")
    return [(address.partition("@")[0], kind) for address, kind in found]


def test_before_the_reminder_is_due_nothing_is_queued_and_one_question_asked(
    clock: Any, promotion: Promotion, django_assert_num_queries: Any
) -> None:
    clock.move_to(START + 3 * DAY - timedelta(minutes=1))
    with django_assert_num_queries(1):
        assert queue_reminders() == 0
    assert heard() == []


def test_those_whose_slot_is_open_are_reminded_once_before_it_is_due(clock: Any, promotion: Promotion) -> None:
    factories.approve(promotion, persona("riley"), slot="model")
    clock.move_to(START + 3 * DAY)
    assert sweep() == 1
    assert heard() == [("sam", "reminder")]
    mail = Mail.objects.get(kind="reminder")
    assert "Your review is due Wed 25 Nov 2026, 09:00 UTC" in mail.text
    assert "still waits for: Business risk." in mail.text
    for hours in (0, 1, 30):
        clock.move_to(START + 3 * DAY + timedelta(hours=hours))
        assert sweep() == 0
    assert heard() == [("sam", "reminder")]


def test_overdue_is_told_once_and_escalated_once_to_who_may_see_the_model(
    clock: Any, promotion: Promotion, escalation: dict[str, User]
) -> None:
    seeing = escalation["seeing"].username
    for days in (3, 5, 6, 12, 40):
        clock.move_to(START + days * DAY)
        sweep()
    asked = [("riley", "overdue"), ("sam", "overdue"), ("riley", "reminder"), ("sam", "reminder")]
    assert heard() == [(seeing, "escalated"), *asked]
    text = Mail.objects.get(kind="escalated").text
    assert "was due Wed 25 Nov 2026, 09:00 UTC" in text
    assert "It waits for Riley Chen or Sam Okafor." in text


def test_a_closed_promotion_reminds_nobody(clock: Any, promotion: Promotion) -> None:
    factories.approve(promotion, persona("riley"), slot="model")
    factories.approve(promotion, persona("sam"), slot="risk")
    clock.move_to(START + 10 * DAY)
    assert sweep() == 0
    assert heard() == []


def test_one_that_closes_between_sweep_and_job_reminds_nobody(clock: Any, promotion: Promotion) -> None:
    clock.move_to(START + 3 * DAY)
    assert queue_reminders() == 1
    Promotion.objects.filter(pk=promotion.pk).update(state=State.WITHDRAWN, closed_at=START + 3 * DAY)
    remind_task(Job.objects.get(task="approvals.remind").pk)
    assert heard() == []


def test_any_number_of_sweepers_queue_one_job(clock: Any, promotion: Promotion) -> None:
    clock.move_to(START + 3 * DAY)
    assert [queue_reminders() for _ in range(4)] == [1, 0, 0, 0]
    clock.shift(timedelta(hours=2))  # the worker is away: still the same job
    assert queue_reminders() == 0
    assert Job.objects.filter(task="approvals.remind").count() == 1


def test_a_job_that_came_to_nothing_is_queued_again_within_the_hour(clock: Any, promotion: Promotion) -> None:
    clock.move_to(START + 3 * DAY)
    queue_reminders()
    Job.objects.filter(task="approvals.remind").update(state=Job.State.FAILED)
    clock.shift(timedelta(hours=1))
    assert sweep() == 1
    assert heard() == [("riley", "reminder"), ("sam", "reminder")]


def test_a_due_time_that_was_put_off_is_kept(clock: Any, promotion: Promotion) -> None:
    Promotion.objects.filter(pk=promotion.pk).update(due_at=START + 20 * DAY)
    clock.move_to(START + 3 * DAY)
    sweep()
    assert heard() == []
    clock.move_to(START + 18 * DAY)
    sweep()
    assert heard() == [("riley", "reminder"), ("sam", "reminder")]


def test_who_is_asked_again_when_it_is_overdue_already_has_a_day(clock: Any, promotion: Promotion) -> None:
    document = read_document({"due_days": 5}, target_stage=Stage.STAGING)
    late = START + 9 * DAY
    assert document.first_reminder(START, late) == late + DAY


@pytest.mark.parametrize(
    ("keys", "before_due"),
    [
        ({}, DAY),
        ({"due_days": 1}, 0 * DAY),
        ({"remind_days": 0}, 0 * DAY),
        ({"due_days": 9, "remind_days": 8}, 8 * DAY),
    ],
)
def test_the_policy_says_how_long_before(keys: dict[str, int], before_due: timedelta) -> None:
    document = read_document(keys, target_stage=Stage.STAGING)
    assert document.remind_at(START) == START - before_due


@pytest.mark.parametrize("days", [-1, 5, 6, True, "1", 1.5, None])
def test_a_reminder_at_or_after_the_opening_is_refused(days: Any) -> None:
    with pytest.raises(Invalid, match="remind_days must be a whole number from 0 to 4"):
        read_document({"remind_days": days}, target_stage=Stage.STAGING)


def test_an_escalation_group_is_named_in_words() -> None:
    with pytest.raises(Invalid, match="escalate_to"):
        read_document({"escalate_to": ["model-risk"]}, target_stage=Stage.STAGING)
