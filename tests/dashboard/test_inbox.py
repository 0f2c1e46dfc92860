"""The inbox: whose move each open promotion is, and what was decided."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.actions import grant_role
from approvals.actions import clear_defect, report_defect, withdraw_promotion
from approvals.models import Promotion, State
from registry.lineage import Basis
from registry.models import Model
from tests import factories
from tests.dashboard.browsing import client_of, page_of, queries_of, section
from work.models import Job

pytestmark = pytest.mark.django_db


def inbox_of(who: Any) -> str:
    return page_of(who, "/")


def in_review(model: Model | None = None) -> Promotion:
    return factories.promotion_in(State.IN_REVIEW, model=model)


@pytest.fixture
def people() -> Any:
    return factories.personas()


def test_a_visitor_is_sent_to_sign_in_and_back() -> None:
    answer = Client().get("/")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/sign-in/?next=/"


def test_a_promotion_in_review_waits_for_its_reviewers(people: Any) -> None:
    promotion = in_review()
    link = f'href="/promotions/{promotion.pk}/"'
    assert link in section(inbox_of(people.riley), "waiting")
    assert "yours is next" in section(inbox_of(people.riley), "waiting")


def test_it_does_not_wait_for_who_requested_it(people: Any) -> None:
    grant_role("reviewer", to=people.dana, actor=None)
    promotion = in_review()
    page = inbox_of(people.dana)
    assert f"/promotions/{promotion.pk}/" not in section(page, "waiting")
    assert f"/promotions/{promotion.pk}/" in section(page, "yours")


def test_it_does_not_wait_for_who_has_approved_already(people: Any) -> None:
    promotion = in_review()
    factories.approve(promotion, people.riley)
    page = inbox_of(people.riley)
    assert f"/promotions/{promotion.pk}/" not in section(page, "waiting")
    assert f"/promotions/{promotion.pk}/" in section(page, "others")
    assert "1 of 2" in section(page, "others")


def test_a_blocked_promotion_waits_for_its_requester(people: Any) -> None:
    promotion = factories.promotion_in(State.BLOCKED)
    assert f"/promotions/{promotion.pk}/" not in section(inbox_of(people.riley), "waiting")
    yours = section(inbox_of(people.dana), "yours")
    assert re.search(r"You<small>a gate failed", yours)


def test_the_requester_reads_whose_move_it_is(people: Any) -> None:
    in_review()
    assert re.search(r"Riley Chen<small>or Sam Okafor", section(inbox_of(people.dana), "yours"))


def test_an_approved_promotion_that_a_bug_holds_says_so(people: Any) -> None:
    promotion = factories.promotion_in(State.APPROVED)
    assert "Reported bug" not in inbox_of(people.dana)
    report_defect(Basis("commit", "c" * 40), actor=people.omar, reason="The seed was the target.")
    for page in (inbox_of(people.dana), page_of(people.dana, f"/models/{promotion.version.model.name}/")):
        assert "Reported bug in commit cccccccccccc<small>to be cleared" in page
        assert "completes it" not in page


def test_a_stranger_sees_no_promotion_at_all(people: Any) -> None:
    promotion = in_review()
    page = inbox_of(people.admin)
    assert f"/promotions/{promotion.pk}/" not in page
    assert "No decision is asked of you" in page


def test_the_navigation_counts_what_waits(people: Any) -> None:
    in_review(factories.model_named("one"))
    in_review(factories.model_named("two"))
    page = client_of(people.riley).get("/models/").content.decode()
    assert re.search(r'Inbox<span class="n">2<span class="sr"> waiting for you', page)
    assert '<span class="n">' not in client_of(people.dana).get("/models/").content.decode()


def test_an_overdue_promotion_says_so_and_comes_first(people: Any) -> None:
    later, overdue = in_review(factories.model_named("later")), in_review(factories.model_named("overdue"))
    Promotion.objects.filter(pk=overdue.pk).update(due_at=timezone.now() - timedelta(hours=6))
    waiting = section(inbox_of(people.riley), "waiting")
    assert "Overdue by 6 h" in waiting
    assert waiting.index(f"/promotions/{overdue.pk}/") < waiting.index(f"/promotions/{later.pk}/")


def test_running_gates_show_their_progress_and_ask_again(people: Any) -> None:
    promotion = factories.promotion_in(State.CHECKING)
    run = promotion.gate_runs.filter(is_current=True).earliest("position")
    Job.objects.filter(subject=f"gate-run:{run.pk}").update(
        state="running", progress=0.5, word="predicting", lease_until=timezone.now() + timedelta(minutes=1)
    )
    waiting = section(inbox_of(people.riley), "waiting")
    runs = promotion.gate_runs.filter(is_current=True)
    done = sum(each.outcome != "pending" for each in runs)
    assert f"{(done + 0.5) / len(runs):.0%}, predicting" in waiting
    assert "1 running" in waiting
    assert 'hx-trigger="every 5s"' in inbox_of(people.riley)


def test_a_page_without_running_gates_does_not_ask_again(people: Any) -> None:
    in_review()
    assert "hx-trigger" not in inbox_of(people.riley)


def test_a_refresh_is_a_part_of_the_page_and_speaks_only_of_news(people: Any) -> None:
    factories.promotion_in(State.CHECKING)
    client = client_of(people.riley)
    seen = re.search(r"seen=(\w+)", client.get("/").content.decode())
    assert seen is not None
    part = client.get(f"/?seen={seen[1]}", headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert 'role="status"' not in part.content.decode()
    assert "HX-Request" in part.headers["Vary"]
    in_review(factories.model_named("another"))
    news = client.get(f"/?seen={seen[1]}", headers={"HX-Request": "true"}).content.decode()
    assert 'role="status"' in news
    assert "2 waiting for you" in news


def test_recent_decisions_say_how_why_and_by_whom(people: Any) -> None:
    withdrawn = in_review(factories.model_named("withdrawn"))
    withdraw_promotion(withdrawn, actor=people.dana, reason="Wrong artifact attached.")
    completed = factories.promotion_in(State.COMPLETED, model=factories.model_named("completed"))
    decided = section(inbox_of(people.omar), "decided")
    assert "Wrong artifact attached." in decided
    assert "Dana Ortiz" in decided
    assert f"/promotions/{completed.pk}/" in decided
    assert ": Riley Chen, Sam Okafor" in decided


def test_only_the_last_ten_decisions_are_listed(people: Any) -> None:
    for number in range(12):
        in_review(factories.model_named(f"model-{number}"))
    Promotion.objects.filter(state=State.IN_REVIEW).update(state=State.WITHDRAWN, closed_at=timezone.now())
    decided = section(inbox_of(people.omar), "decided")
    assert decided.count('class="row-link"') == 10


def test_the_number_of_queries_does_not_grow_with_the_promotions(people: Any) -> None:
    def queries() -> int:
        return queries_of(lambda: (inbox_of(people.riley), inbox_of(people.dana)))

    for number in range(2):
        in_review(factories.model_named(f"early-{number}"))
    factories.promotion_in(State.BLOCKED, model=factories.model_named("blocked-0"))
    factories.promotion_in(State.COMPLETED, model=factories.model_named("done-0"))
    few = queries()
    for number in range(6):
        in_review(factories.model_named(f"late-{number}"))
    for number in range(1, 3):
        factories.promotion_in(State.BLOCKED, model=factories.model_named(f"blocked-{number}"))
        factories.promotion_in(State.COMPLETED, model=factories.model_named(f"done-{number}"))
    assert queries() == few


def test_reported_bugs_are_read_once_however_many_promotions_they_hold(people: Any) -> None:
    client = client_of(people.dana)

    def held(*names: str) -> int:
        for name in names:
            factories.promotion_in(State.APPROVED, model=factories.model_named(name))
        defect = report_defect(Basis("commit", "c" * 40), actor=people.omar, reason="The seed was the target.")
        asked = queries_of(lambda: client.get("/"))
        clear_defect(defect, actor=people.omar, reason="It wasn't.")
        return asked

    held("first")
    few = held("second")
    assert held("third", "fourth", "fifth") == few


@pytest.mark.parametrize(
    ("state", "instead"), [("blocked", "After the gates"), ("changes_requested", "After the answer")]
)
def test_what_waits_for_its_requester_has_no_due_time(people: Any, state: str, instead: str) -> None:
    promotion = in_review(factories.model_named("loan"))
    late = timezone.now() - timedelta(hours=6)
    Promotion.objects.filter(pk=promotion.pk).update(state=state, due_at=late)
    for address in ("/", "/models/loan/", f"/promotions/{promotion.pk}/"):
        page = page_of(people.dana, address)
        assert "verdue" not in page, address
        assert instead in page or "/promotions/" in address


def test_no_decision_is_asked_of_a_requester_whose_own_promotion_is_blocked(people: Any) -> None:
    factories.promotion_in("blocked")
    page = page_of(people.dana, "/")
    assert "No decision is asked of you" in page
    assert "You" in section(page, "yours")
    assert "a gate failed" in section(page, "yours")
