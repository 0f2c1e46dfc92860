"""Exceptions and after-reviews: what was let through or done at once, and others' word on it."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.roles import Role
from approvals.actions import roll_back
from approvals.models import AfterReview
from registry.models import Model
from tests import factories
from tests.approvals.excepting import blocked, run_again, waive
from tests.approvals.operating import put_live
from tests.dashboard.browsing import client_of, page_of, queries_of, section
from tests.factories import persona

pytestmark = pytest.mark.django_db


@pytest.fixture
def loan() -> Model:
    factories.personas()
    factories.policies()
    model = factories.model_named("loan")
    put_live(model)
    put_live(model)
    return model


def rolled_back(model: Model, reason: str = "Refuses everybody.") -> AfterReview:
    roll_back(model, actor=persona("omar"), reason=reason)
    return AfterReview.objects.latest("pk")


def decide(who: str, found: AfterReview, **form: str) -> Any:
    return client_of(persona(who)).post(f"/exceptions/after-reviews/{found.pk}/", form)


# --- After-reviews -----------------------------------------------------------------------------------


def test_a_rollback_waits_for_somebody_elses_word(loan: Model) -> None:
    rolled_back(loan)
    waiting = section(page_of(persona("riley"), "/exceptions/"), "open")
    assert "loan rolled back from v2 to v1" in waiting
    assert "Rollback by <strong>Omar Haddad</strong>" in waiting
    assert "Refuses everybody." in waiting
    assert 'value="accepted"' in waiting


def test_who_may_judge_it_finds_it_in_the_inbox_and_counted_on_the_tab(loan: Model) -> None:
    found = rolled_back(loan)
    badge = 'Exceptions<span class="n">1<span class="sr"> waiting for you'
    page = page_of(persona("riley"), "/")
    row = section(page, "look")
    assert f'href="/exceptions/#after-review-{found.pk}"' in row
    assert "loan rolled back from v2 to v1" in row
    assert "Omar Haddad" in row
    assert re.search(r"<small>in \d days</small>", row)
    assert '<a href="#look">1 to look at afterwards</a>' in page
    assert badge in page
    assert badge in page_of(persona("riley"), "/models/")
    for nobody in ("omar", "ana"):
        page = page_of(persona(nobody), "/")
        assert section(page, "look") == ""
        assert badge not in page
    decide("riley", found, verdict="accepted")
    page = page_of(persona("riley"), "/")
    assert section(page, "look") == ""
    assert "Exceptions<span" not in page


def test_the_inbox_lists_first_what_is_due_first_and_asks_no_more_for_more(loan: Model) -> None:
    first = rolled_back(loan)

    def another(days: int) -> None:
        first.pk, first.subject, first.due_at = None, f"act {days}", timezone.now() + timedelta(days=days)
        first.save(force_insert=True)

    client = client_of(persona("riley"))
    few = queries_of(lambda: client.get("/"))
    for days in range(1, 6):
        another(days)
    assert queries_of(lambda: client.get("/")) == few
    for days in range(8, 19):
        another(days)
    row = section(client.get("/").content.decode(), "look")
    assert re.findall(r">act (\d+)</a>", row) == ["1", "2", "3", "4", "5", "8", "9", "10", "11"]
    assert "7 more are due later" in row


def test_who_did_it_or_reviews_nothing_reads_who_may_judge(loan: Model) -> None:
    found = rolled_back(loan)
    own = section(page_of(persona("omar"), "/exceptions/"), "open")
    assert "It was your own act: somebody else judges it. Riley Chen or Sam Okafor may." in own
    assert "<form" not in own
    assert "You are no reviewer of this model." in section(page_of(persona("ana"), "/exceptions/"), "open")
    for who in ("omar", "ana"):
        assert decide(who, found, verdict="accepted").status_code == 403
    found.refresh_from_db()
    assert found.verdict == ""


@pytest.mark.parametrize(
    ("verdict", "words", "told"), [("accepted", "", "Accepted"), ("follow_up", "Add a test of it.", "Needs follow-up")]
)
def test_a_reviewers_word_is_on_record_and_shown(loan: Model, verdict: str, words: str, told: str) -> None:
    found = rolled_back(loan)
    answer = decide("riley", found, verdict=verdict, comment=words)
    assert answer.headers["Location"] == "/exceptions/"
    found.refresh_from_db()
    assert (found.verdict, found.comment, found.decided_by) == (verdict, words, persona("riley"))
    page = page_of(persona("ana"), "/exceptions/")
    assert "Nothing waits to be looked at." in section(page, "open")
    decided = section(page, "decided")
    assert f"{told}</span>" in decided
    assert "Riley Chen" in decided
    assert words in decided


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"verdict": "follow_up", "comment": " "}, "Say what must follow."),
        ({"verdict": "fine"}, "is no verdict"),
        ({}, "is no verdict"),
        ({"verdict": "follow_up", "comment": "nul \x00 byte"}, "Not recorded."),
        ({"verdict": "follow_up", "comment": "x" * 10_001}, "Not recorded."),
    ],
)
def test_what_says_nothing_is_refused_beside_its_form(loan: Model, form: dict[str, str], problem: str) -> None:
    found = rolled_back(loan)
    answer = decide("riley", found, **form)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert problem in page.split('role="alert"')[1].split("</div>")[0]
    found.refresh_from_db()
    assert found.verdict == ""


def test_who_comes_second_is_told_who_was_first(loan: Model) -> None:
    found = rolled_back(loan)
    decide("sam", found, verdict="accepted")
    answer = decide("riley", found, verdict="follow_up", comment="A long thought.")
    assert answer.status_code == 409
    found.refresh_from_db()
    assert found.decided_by == persona("sam")


def test_an_overdue_look_is_said_to_be(loan: Model) -> None:
    rolled_back(loan)
    assert "Overdue" not in section(page_of(persona("riley"), "/exceptions/"), "open")
    with time_machine.travel(timezone.now() + timedelta(days=6), tick=False):
        assert "Overdue" in section(page_of(persona("riley"), "/exceptions/"), "open")


def test_an_unknown_or_hidden_after_review_is_not_found(loan: Model) -> None:
    found = rolled_back(loan)
    outsider = client_of(persona("admin"))
    hidden = outsider.post(f"/exceptions/after-reviews/{found.pk}/", {"verdict": "accepted"})
    absent = outsider.post("/exceptions/after-reviews/999999/", {"verdict": "accepted"})
    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert "loan" not in page_of(persona("admin"), "/exceptions/")


def test_a_get_decides_nothing(loan: Model) -> None:
    found = rolled_back(loan)
    answer = client_of(persona("riley")).get(f"/exceptions/after-reviews/{found.pk}/?verdict=accepted")
    assert answer.headers["Location"] == "/exceptions/"
    found.refresh_from_db()
    assert found.verdict == ""


# --- Waivers and acknowledgements --------------------------------------------------------------------


def test_a_waiver_is_listed_with_its_gate_reason_and_end(loan: Model) -> None:
    promotion = waive(blocked(factories.version_of(loan)), persona("sam"), reason="Known; the fix is on its way.")
    listed = section(page_of(persona("ana"), "/exceptions/"), "waivers")
    assert "Lineage complete" in listed
    assert f'href="/promotions/{promotion.pk}/#gate-lineage"' in listed
    assert "Known; the fix is on its way." in listed
    assert "For this promotion" in listed
    run_again(promotion, "lineage", "passed")
    assert "No more<small>" in section(page_of(persona("ana"), "/exceptions/"), "waivers")


def test_a_waiver_with_an_end_says_until_when(loan: Model) -> None:
    soon = timezone.now() + timedelta(days=1)
    waive(blocked(factories.version_of(loan)), persona("sam"), expires_at=soon)
    listed = re.sub(r"<[^>]*>", "", section(page_of(persona("ana"), "/exceptions/"), "waivers"))
    assert f"until tomorrow {timezone.localtime(soon):%H:%M}" in listed


def test_an_acknowledged_doubt_is_listed_with_its_reason() -> None:
    promotion = factories.finish_gates(factories.promotion_in("checking"), no_loss="inconclusive")
    factories.approve(promotion, persona("riley"), slot="model")
    listed = section(page_of(persona("ana"), "/exceptions/"), "acknowledged")
    assert "No loss against Production" in listed
    assert "Too few rows to tell; the loss is small." in listed


# --- Whose, and how many -----------------------------------------------------------------------------


def test_only_what_the_reader_sees_is_listed_and_one_model_can_be_asked_for(loan: Model) -> None:
    other = factories.model_named("fare")
    put_live(other)
    put_live(other)
    rolled_back(loan)
    rolled_back(other)
    rae = factories.person("Rae Local", Role.REVIEWER, model=other)
    assert "loan" not in section(page_of(rae, "/exceptions/"), "open")
    assert "fare rolled back" in section(page_of(rae, "/exceptions/"), "open")
    of_loan = page_of(persona("riley"), "/exceptions/?model=LOAN")
    assert "loan rolled back" in of_loan
    assert "fare rolled back" not in of_loan
    assert "Nothing waits" in page_of(persona("riley"), "/exceptions/?model=no-such")


def test_what_was_looked_at_is_paged(loan: Model) -> None:
    for number in range(26):
        AfterReview.objects.create(
            model=loan,
            cause="rollback",
            subject=f"act {number};",
            actor=persona("omar"),
            due_at=timezone.now(),
            verdict="accepted",
            decided_by=persona("riley"),
            decided_at=timezone.now(),
        )
    newest = section(page_of(persona("ana"), "/exceptions/"), "decided")
    assert "act 25;" in newest
    assert "act 0;" not in newest
    older = re.search(r'href="\?(before=\d+)#decided">Older', newest)
    assert older
    assert "act 0;" in section(page_of(persona("ana"), f"/exceptions/?{older[1]}"), "decided")
    page_of(persona("ana"), "/exceptions/?before=99999999999999999999")


def test_the_number_of_queries_does_not_grow(loan: Model) -> None:
    """Nor for who did it, and who reviews nothing: to both it is said who may judge."""
    clients = {who: client_of(persona(who)) for who in ("riley", "omar", "ana")}

    def queries() -> dict[str, int]:
        return {who: queries_of(lambda client=client: client.get("/exceptions/")) for who, client in clients.items()}

    def more(count: int) -> None:
        for _ in range(count):
            put_live(loan)
            rolled_back(loan)
            waive(blocked(factories.version_of(loan)), persona("sam"))
        decide("riley", AfterReview.objects.earliest("pk"), verdict="accepted")

    more(2)
    few = queries()
    more(2)
    assert queries() == few
