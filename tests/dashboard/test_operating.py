"""Rollback, take-down, archiving and deprecation from the pages of models and versions; and what was live when."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from approvals.actions import deprecate_version, roll_back, take_down
from approvals.models import AfterReview, Promotion
from registry.models import Model, Stage, Version
from tests import factories
from tests.approvals.operating import in_review_beside, live, put_live
from tests.dashboard.browsing import client_of, page_of, queries_of, section
from tests.factories import persona

pytestmark = pytest.mark.django_db


@pytest.fixture
def loan() -> Model:
    """A model whose v2 is live, after v1 was."""
    factories.personas()
    factories.policies()
    model = factories.model_named("loan")
    put_live(model)
    put_live(model)
    return model


def version(model: Model, number: int) -> Version:
    return model.versions.get(number=number)


def send(who: str, address: str, **form: Any) -> Any:
    return client_of(persona(who)).post(address, form)


def text_of(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def choices(page: str) -> list[tuple[str, bool]]:
    """The versions to go back to, and whether each is marked."""
    found = re.findall(r'name="to" value="(\d+)" data-name="[^"]*"( checked)?', section_with_form(page))
    return [(number, bool(checked)) for number, checked in found]


def section_with_form(page: str) -> str:
    return page.split('<form class="operate"')[1].split("</form>")[0]


# --- Rolling back ------------------------------------------------------------------------------------


def test_an_operator_rolls_back_and_is_told_what_is_live(loan: Model) -> None:
    answer = send("omar", "/models/loan/rollback/", to="1", expected_live="2", reason="Refuses everybody.")
    assert answer.headers["Location"] == "/models/loan/"
    assert live(loan) == [1]
    assert AfterReview.objects.get().reason == "Refuses everybody."
    page = client_of(persona("omar"))
    page.cookies = answer.client.cookies
    assert "loan v1 is live. Somebody else looks at it afterwards." in page.get("/models/loan/").content.decode()


def test_without_a_choice_the_previous_version_comes_back(loan: Model) -> None:
    assert send("omar", "/models/loan/rollback/", reason="Refuses everybody.").status_code == 302
    assert live(loan) == [1]


def test_a_page_drawn_while_nothing_was_live_does_not_replace_what_went_live_since(loan: Model) -> None:
    take_down(loan, actor=persona("omar"), reason="Illegal as of today.")
    page = text_of(client_of(persona("omar")).get("/models/loan/rollback/"))
    expected = re.findall(r'name="expected_live" value="(.*?)"', section_with_form(page))
    put_live(loan)
    answer = send("omar", "/models/loan/rollback/", to="1", expected_live=expected[0], reason="Back to the first.")
    assert (answer.status_code, live(loan)) == (409, [3])


def test_the_last_one_that_may_return_is_marked(loan: Model) -> None:
    put_live(loan)
    assert choices(page_of(persona("omar"), "/models/loan/rollback/")) == [("2", True), ("1", False)]
    roll_back(loan, actor=persona("omar"), reason="Wrong.", to=version(loan, 1))
    page = page_of(persona("omar"), "/models/loan/rollback/")
    assert choices(page) == [("3", False), ("2", True)]
    assert "loan v3 was rolled back from when it was live last." in page


def test_a_link_in_the_history_marks_its_version(loan: Model) -> None:
    put_live(loan)
    history = section(page_of(persona("omar"), "/models/loan/"), "history")
    assert re.findall(r'href="(/models/loan/rollback/\?to=\d+)"', history) == [
        "/models/loan/rollback/?to=2",
        "/models/loan/rollback/?to=1",
    ]
    assert choices(page_of(persona("omar"), "/models/loan/rollback/?to=1")) == [("2", False), ("1", True)]


def test_a_deprecated_version_is_named_with_the_reason_and_not_offered(loan: Model) -> None:
    put_live(loan)
    deprecate_version(version(loan, 1), actor=persona("omar"), reason="Trained on the wrong table.")
    page = html.unescape(page_of(persona("omar"), "/models/loan/rollback/"))
    assert choices(page) == [("2", True)]
    assert "loan v1 is deprecated and can't go live again." in page


def test_the_form_says_what_the_metric_is_and_would_be() -> None:
    factories.personas()
    factories.policies()
    model = factories.live_version(strength=0.31).model
    factories.live_version(model, strength=0.3)
    was, now = (
        version(model, number).evaluations.get().values.get(metric="auc", column="").value or 0 for number in (1, 2)
    )
    assert was != now
    assert f"AUC {was:.3f}, now {now:.3f}." in page_of(persona("omar"), "/models/loan/rollback/")


def test_open_promotions_that_will_be_compared_anew_are_counted(loan: Model) -> None:
    assert "compared anew" not in page_of(persona("omar"), "/models/loan/rollback/")
    in_review_beside(loan)
    assert "1 open promotion is compared anew." in page_of(persona("omar"), "/models/loan/rollback/")


def test_what_went_live_meanwhile_is_not_rolled_back_unseen(loan: Model) -> None:
    put_live(loan)
    answer = send("omar", "/models/loan/rollback/", to="1", expected_live="2", reason="Half a thought.")
    assert answer.status_code == 409
    assert "loan v3 is live now, not version 2." in text_of(answer)
    assert ">Half a thought.</textarea>" in text_of(answer)
    assert 'name="expected_live" value="3"' in text_of(answer)
    assert choices(text_of(answer)) == [("2", False), ("1", True)]
    assert live(loan) == [3]


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"reason": " "}, 422),
        ({"reason": "x", "to": "2"}, 409),  # it is live
        ({"reason": "x", "to": "9"}, 404),
        ({"reason": "x", "to": "²"}, 422),
        ({"reason": "x", "to": "9" * 40}, 422),
        ({"reason": "x", "to": "-1"}, 422),
        ({"reason": "x", "expected_live": "one"}, 422),
        ({"reason": "nul \x00 byte"}, 422),
        ({"reason": "x" * 10_001}, 422),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(loan: Model, form: dict[str, str], status: int) -> None:
    answer = send("omar", "/models/loan/rollback/", **form)
    assert answer.status_code == status
    assert 'role="alert"' in text_of(answer)
    assert live(loan) == [2]


def test_who_is_no_operator_is_offered_nothing_and_refused(loan: Model) -> None:
    page = page_of(persona("sam"), "/models/loan/")
    assert "Roll back" not in page
    assert "Take down" not in page
    for address in ("/models/loan/rollback/", "/models/loan/take-down/"):
        assert client_of(persona("sam")).get(address).status_code == 403
        assert send("sam", address, reason="Because.").status_code == 403
    assert live(loan) == [2]


def test_with_nothing_to_go_back_to_the_page_says_what_would_be() -> None:
    factories.personas()
    model = factories.live_version().model
    assert "/rollback/" not in page_of(persona("omar"), "/models/loan/")
    assert "There is no version to go back to." in page_of(persona("omar"), "/models/loan/rollback/")
    assert send("omar", "/models/loan/rollback/", reason="Help.").status_code == 409
    assert live(model) == [1]


def test_a_get_changes_nothing(loan: Model) -> None:
    page_of(persona("omar"), "/models/loan/rollback/?to=1&reason=x&expected_live=2")
    assert live(loan) == [2]


# --- Taking down -------------------------------------------------------------------------------------


def test_an_operator_takes_a_model_down(loan: Model) -> None:
    assert "/models/loan/take-down/" in page_of(persona("omar"), "/models/loan/")
    answer = send("omar", "/models/loan/take-down/", expected_live="2", reason="The campaign is over.")
    assert answer.status_code == 302
    assert live(loan) == []
    page = page_of(persona("omar"), "/models/loan/")
    assert "Nothing is live." in section(page, "stages")
    assert "/models/loan/take-down/" not in page
    assert 'data-dialog="rollback"' in section(page, "stages")


def test_taking_down_asks_why_and_heeds_what_went_live_meanwhile(loan: Model) -> None:
    assert send("omar", "/models/loan/take-down/", expected_live="2", reason="").status_code == 422
    moved = send("omar", "/models/loan/take-down/", expected_live="1", reason="Half a thought.")
    assert moved.status_code == 409
    assert ">Half a thought.</textarea>" in text_of(moved)
    assert live(loan) == [2]


# --- History -----------------------------------------------------------------------------------------


def test_the_history_tells_a_rollback_by_whom_why_and_from_what(loan: Model) -> None:
    roll_back(loan, actor=persona("omar"), reason="Refuses everybody.")
    newest, before = section(page_of(persona("ana"), "/models/loan/"), "history").split("<tr")[2:4]
    assert "Omar Haddad, as a rollback<small>Refuses everybody.</small>" in newest, newest
    assert re.search(r"Rolled back</span>\s*<small>Refuses everybody\.</small>", before)
    assert "Roll back to" not in newest + before  # ana is no operator


def test_the_history_tells_a_take_down(loan: Model) -> None:
    take_down(loan, actor=persona("omar"), reason="The campaign is over.")
    newest = section(page_of(persona("ana"), "/models/loan/"), "history").split("<tr")[2]
    assert re.search(r"Taken down</span>\s*<small>The campaign is over\.</small>", newest)


def test_what_was_live_at_a_moment() -> None:
    factories.personas()
    factories.policies()
    model = factories.model_named("loan")
    with time_machine.travel("2026-03-01T10:00Z", tick=False):
        put_live(model)
    with time_machine.travel("2026-04-01T10:00Z", tick=False):
        put_live(model)

    def told(moment: str) -> str:
        history = section(page_of(persona("ana"), f"/models/loan/?live_at={moment}"), "history")
        words = re.sub(r"<[^>]*>", "", history.split('role="status">')[1].split("</p>")[0])
        return re.sub(r"\s+", " ", words)

    assert told("2026-03-01T10:00").startswith("At 1 Mar 2026, 10:00:00 UTC v1 was live, since 1 Mar 2026, 10:00:00")
    assert "v1 was live" in told("2026-04-01T09:59")
    assert "v2 was live" in told("2026-04-01T10:00")
    assert told("2026-03-01T09:59").endswith("nothing was live.")
    assert "That is no moment." in told("yesterday")
    assert "That is no moment." in told("9999-99-99T99:99")


@pytest.mark.parametrize("address", ["/models/loan/", "/models/loan/rollback/"])
def test_the_number_of_queries_does_not_grow_with_what_was_live(loan: Model, address: str) -> None:
    client = client_of(persona("omar"))
    for number in (1, 2):
        factories.evidence_of(version(loan, number))
    put_live(loan)
    few = queries_of(lambda: client.get(address))
    for _ in range(6):
        put_live(loan)
    roll_back(loan, actor=persona("omar"), reason="Wrong.")
    assert queries_of(lambda: client.get(address)) == few


# --- Putting a version away --------------------------------------------------------------------------


def address_of(found: Version) -> str:
    return f"/models/{found.model.name}/versions/{found.number}/"


def test_an_operator_archives_a_version(loan: Model) -> None:
    staged = factories.version_of(loan)
    answer = send("omar", address_of(staged), action="archive", reason="A better one is there.")
    assert answer.status_code == 302
    staged.refresh_from_db()
    assert staged.stage == Stage.ARCHIVED
    page = page_of(persona("omar"), address_of(staged))
    assert 'value="archive"' not in page
    assert "archived: A better one is there." in section(page, "terms")


def test_a_deprecated_version_closes_its_open_promotion(loan: Model) -> None:
    promotion = in_review_beside(loan)
    page = html.unescape(page_of(persona("omar"), address_of(promotion.version)))
    assert "its open promotion closes" in page
    send("omar", address_of(promotion.version), action="deprecate", reason="The wrong table.")
    promotion.refresh_from_db()
    assert promotion.state == "superseded"
    assert "Deprecated" in page_of(persona("ana"), address_of(promotion.version))


def test_a_live_version_can_be_deprecated_and_not_archived(loan: Model) -> None:
    page = page_of(persona("omar"), address_of(version(loan, 2)))
    assert 'value="archive"' not in page
    assert 'value="deprecate"' in page
    answer = send("omar", address_of(version(loan, 2)), action="archive", reason="Half a thought.")
    assert answer.status_code == 409
    assert ">Half a thought.</textarea>" in text_of(answer)


@pytest.mark.parametrize("action", ["archive", "deprecate"])
def test_putting_away_asks_for_a_reason_and_for_an_operator(loan: Model, action: str) -> None:
    staged = factories.version_of(loan)
    assert send("omar", address_of(staged), action=action, reason=" ").status_code == 422
    assert "Put away" not in page_of(persona("dana"), address_of(staged))
    assert send("dana", address_of(staged), action=action, reason="Because.").status_code == 403
    staged.refresh_from_db()
    assert (staged.stage, staged.deprecated_at) == (Stage.STAGING, None)


# --- Not before --------------------------------------------------------------------------------------


def test_a_promotion_can_be_asked_for_not_before_a_moment(loan: Model) -> None:
    staged = factories.version_of(loan)
    tomorrow = timezone.localtime() + timedelta(days=1)
    form = {"action": "promote", "to": "Production", "reason": "Better.", "not_before": f"{tomorrow:%Y-%m-%dT%H:%M}"}
    answer = send("dana", address_of(staged), **form)
    promotion = Promotion.objects.get(version=staged, to_stage="Production")
    assert answer.headers["Location"] == f"/promotions/{promotion.pk}/"
    assert promotion.not_before == tomorrow.replace(second=0, microsecond=0)


def test_a_moment_that_is_none_opens_nothing_and_keeps_the_words(loan: Model) -> None:
    staged = factories.version_of(loan)
    answer = send(
        "dana", address_of(staged), action="promote", to="Production", reason="Half a thought.", not_before="soon"
    )
    assert answer.status_code == 422
    assert "Half a thought.</textarea>" in text_of(answer)
    assert not Promotion.objects.filter(version=staged, to_stage="Production").exists()
