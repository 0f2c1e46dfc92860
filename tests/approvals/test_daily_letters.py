"""One letter a day by choice: what stands in it, when it comes, and that nothing put off is lost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from accounts.actions import choose_mail, edit_person
from accounts.letters import next_daily_letter
from accounts.models import MailChoice, User
from accounts.reasons import Invalid
from approvals.actions import review_promotion
from approvals.actions.daily_letters import queue_daily_letters
from approvals.actions.reminding import queue_reminders
from approvals.models import Promotion, State
from approvals.tasks import remind_task, write_daily_letter_task
from audit.models import AuditEvent
from registry.models import Model
from tests import factories
from tests.factories import persona
from work.models import Job, Mail

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
EIGHT = START.replace(hour=8)
DAY = timedelta(days=1)


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def riley(clock: Any, loan: Model) -> User:
    return chosen("riley", MailChoice.DAILY)


def chosen(name: str, choice: str) -> User:
    person = persona(name)
    choose_mail(person, choice, actor=person)
    return person


def sweep() -> int:
    """What the sweeper and a worker do now."""
    queued = queue_daily_letters()
    for job in Job.objects.filter(task="approvals.write_daily_letter", state=Job.State.QUEUED):
        write_daily_letter_task(job.pk)
    return queued


def sent_to(name: str) -> list[Mail]:
    """What is on its way to this person, oldest first."""
    return list(Mail.objects.filter(recipient=f"{name}@example.org", job__isnull=False).order_by("pk"))


def daily(name: str) -> list[Mail]:
    return [mail for mail in sent_to(name) if mail.kind == "daily"]


# --- When -----------------------------------------------------------------------------------------------


def test_letters_to_who_wants_one_a_day_are_put_off_and_told_at_eight(clock: Any, riley: User) -> None:
    promotion = factories.promotion_in(State.IN_REVIEW)
    assert sent_to("riley") == []
    clock.move_to(EIGHT + DAY - timedelta(seconds=1))
    assert sweep() == 0
    clock.move_to(EIGHT + DAY)
    assert sweep() == 1
    [letter] = sent_to("riley")
    assert letter.subject == "Your daily letter: 1 to review"
    assert f"- {promotion.version} to Production" in letter.text
    assert "Due Wed 25 Nov 2026, 09:00 UTC" in letter.text
    assert f"/promotions/{promotion.pk}/" in letter.html
    assert not Mail.objects.filter(put_off_for=riley).exists()


def test_it_comes_once_a_day_however_often_is_swept(clock: Any, riley: User) -> None:
    factories.promotion_in(State.IN_REVIEW)
    for hours in range(0, 49, 3):
        clock.move_to(EIGHT + DAY + timedelta(hours=hours))
        sweep()
        sweep()
    assert len(daily("riley")) == 3  # it still waits: the 21st, the 22nd and the 23rd


def test_without_anything_to_say_none_is_written(clock: Any, riley: User) -> None:
    clock.move_to(EIGHT + DAY)
    assert sweep() == 1
    assert not Mail.objects.exists()
    assert queue_daily_letters() == 0


def test_several_sweepers_queue_one_job(clock: Any, riley: User) -> None:
    clock.move_to(EIGHT + DAY)
    assert [queue_daily_letters() for _ in range(3)] == [1, 0, 0]


def test_while_nothing_is_due_a_round_is_one_question(clock: Any, riley: User, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert queue_daily_letters() == 0


def test_who_left_gets_none(clock: Any, riley: User) -> None:
    factories.promotion_in(State.IN_REVIEW)
    riley.is_active = False
    edit_person(riley, actor=None)
    clock.move_to(EIGHT + DAY)
    sweep()
    assert sent_to("riley") == []


@pytest.mark.parametrize(
    ("zone", "now", "then"),
    [
        ("UTC", "2026-11-20T07:59:59+00:00", "2026-11-20T08:00:00+00:00"),
        ("UTC", "2026-11-20T08:00:00+00:00", "2026-11-21T08:00:00+00:00"),
        ("Europe/Oslo", "2026-03-28T09:00:00+00:00", "2026-03-29T06:00:00+00:00"),  # summer begins that night
        ("Europe/Oslo", "2026-10-24T09:00:00+00:00", "2026-10-25T07:00:00+00:00"),  # and ends
        ("Pacific/Auckland", "2026-11-20T20:00:00+00:00", "2026-11-21T19:00:00+00:00"),
    ],
)
def test_eight_is_by_the_installation_s_clock(settings: Any, zone: str, now: str, then: str) -> None:
    settings.TIME_ZONE = zone
    assert next_daily_letter(datetime.fromisoformat(now)) == datetime.fromisoformat(then)


# --- What stands in it ------------------------------------------------------------------------------------


def test_the_most_urgent_stands_first_and_overdue_is_said(clock: Any, riley: User) -> None:
    old = factories.promotion_in(State.IN_REVIEW)
    clock.shift(4 * DAY)
    new = factories.promotion_in(State.IN_REVIEW, model=factories.model_named("other"))
    clock.move_to(EIGHT + 6 * DAY)
    sweep()
    letter = daily("riley")[-1]
    assert letter.subject == "Your daily letter: 2 to review, 1 of them overdue"
    assert letter.text.index(f"- {old.version} ") < letter.text.index(f"- {new.version} ")
    assert "Overdue: it was due Wed 25 Nov 2026, 09:00 UTC" in letter.text


def test_what_was_decided_on_theirs_is_told_in_its_reviewer_s_words(clock: Any, loan: Model) -> None:
    chosen("dana", MailChoice.DAILY)
    promotion = factories.promotion_in(State.IN_REVIEW)
    review_promotion(promotion, actor=persona("riley"), verdict="reject", seal=promotion.seal, comment="Who pays?")
    assert sent_to("dana") == []
    clock.move_to(EIGHT + DAY)
    sweep()
    [letter] = sent_to("dana")
    assert "What happened" in letter.text
    assert "Rejected by Riley Chen: “Who pays?”" in letter.text
    assert "to review" not in letter.text
    clock.move_to(EIGHT + 2 * DAY)
    sweep()
    assert len(sent_to("dana")) == 1


def test_what_was_decided_meanwhile_is_not_asked_for(clock: Any, riley: User) -> None:
    promotion = factories.promotion_in(State.IN_REVIEW)
    review_promotion(promotion, actor=persona("sam"), verdict="reject", seal=promotion.seal, comment="No.")
    clock.move_to(EIGHT + DAY)
    sweep()
    assert sent_to("riley") == []
    assert not Mail.objects.filter(put_off_for=riley).exists()


def test_overdue_does_not_wait_for_the_daily_letter(clock: Any, riley: User) -> None:
    factories.promotion_in(State.IN_REVIEW)
    for days in (4, 5):  # reminded, which the daily letter says as well, and overdue
        clock.move_to(START + days * DAY)
        queue_reminders()
        remind_task(Job.objects.filter(task="approvals.remind").latest("pk").pk)
    assert [mail.kind for mail in sent_to("riley")] == ["overdue"]


# --- Changing one's mind ------------------------------------------------------------------------------------


def test_what_was_put_off_comes_in_one_letter_to_who_goes_back_to_each_at_once(clock: Any, riley: User) -> None:
    promotions = [factories.promotion_in(State.IN_REVIEW, model=factories.model_named(name)) for name in ("a", "b")]
    chosen("riley", MailChoice.AT_ONCE)
    sweep()
    [letter] = sent_to("riley")
    assert all(f"/promotions/{promotion.pk}/" in letter.text for promotion in promotions)
    sweep()
    third = factories.promotion_in(State.IN_REVIEW, model=factories.model_named("c"))
    assert [mail.kind for mail in sent_to("riley")] == ["daily", "review"]
    assert f"/promotions/{third.pk}/" in sent_to("riley")[1].text
    clock.move_to(EIGHT + DAY)
    assert sweep() == 0


def test_going_back_with_nothing_put_off_brings_no_letter(clock: Any, riley: User) -> None:
    chosen("riley", MailChoice.AT_ONCE)
    sweep()
    assert not Mail.objects.exists()


def test_put_off_letters_outlast_a_time_without_any(clock: Any, riley: User) -> None:
    promotion = factories.promotion_in(State.IN_REVIEW)
    chosen("riley", MailChoice.NONE)
    clock.move_to(EIGHT + 2 * DAY)
    sweep()
    assert sent_to("riley") == []
    chosen("riley", MailChoice.DAILY)
    clock.move_to(EIGHT + 3 * DAY)
    sweep()
    [letter] = sent_to("riley")
    assert f"/promotions/{promotion.pk}/" in letter.text


def test_who_wants_none_gets_none_not_even_what_is_urgent(clock: Any, riley: User) -> None:
    chosen("riley", MailChoice.NONE)
    factories.promotion_in(State.IN_REVIEW)
    clock.move_to(START + 6 * DAY)
    queue_reminders()
    remind_task(Job.objects.get(task="approvals.remind").pk)
    sweep()
    assert not Mail.objects.filter(recipient="riley@example.org").exists()
    assert Promotion.objects.filter(state=State.IN_REVIEW).exists()  # and still waits in the inbox


def test_a_choice_is_on_the_record_and_the_same_one_again_is_not(clock: Any, loan: Model) -> None:
    for choice in ("daily", "daily", "none"):
        chosen("riley", choice)
    events = AuditEvent.objects.filter(verb="person.mail_choice_changed").order_by("id")
    assert [(event.actor, event.before, event.after) for event in events] == [
        ("riley", "at_once", "daily"),
        ("riley", "daily", "none"),
    ]


def test_there_is_no_fourth_way(loan: Model) -> None:
    with pytest.raises(Invalid, match="Choose from at_once, daily, none"):
        chosen("riley", "weekly")
