"""The audit page: who sees which events, filters, paging."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client

from accounts.actions import grant_role
from approvals.events import GATE_WAIVED
from approvals.models import State
from audit.actions import Subject, record
from audit.models import AuditEvent
from audit.origin import Origin, coming_from
from audit.queries import PAGE_SIZE
from dashboard.pages.audit_wording import gate_titles
from registry import events
from tests import factories
from tests.dashboard.browsing import client_of, page_of, queries_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> Any:
    return factories.personas()


def events_on(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'id="event-(\d+)"', page)]


def happened(times: int = 1, *, model: str = "loan", **said: Any) -> None:
    for number in range(times):
        with transaction.atomic():
            record(events.MODEL_CREATED, Subject("model", str(number), model, model=model), actor=None, **said)


def test_an_auditor_sees_everything_newest_first(people: Any) -> None:
    happened(3)
    wanted = list(AuditEvent.objects.order_by("-id").values_list("id", flat=True)[:PAGE_SIZE])
    assert events_on(page_of(people.ana, "/audit/")) == wanted


def test_a_viewer_sees_events_of_their_models_only(people: Any) -> None:
    shown, hidden = factories.model_named("shown"), factories.model_named("hidden")
    viewer = factories.person("Vera Low")
    grant_role("viewer", to=viewer, actor=None, model=shown)
    seen = set(events_on(page_of(viewer, "/audit/")))
    about = dict(AuditEvent.objects.values_list("id", "model_name"))
    assert seen == {number for number, name in about.items() if name == "shown"}
    assert events_on(page_of(viewer, f"/audit/?model={hidden.name}")) == []


def test_somebody_without_a_role_sees_nothing(people: Any) -> None:
    factories.model_named("loan")
    page = page_of(people.admin, "/audit/")
    assert events_on(page) == []
    assert "Nothing has happened yet that you can see" in page


def test_filters_narrow_to_a_model_a_verb_and_a_person(people: Any) -> None:
    loan = factories.model_named("loan")
    factories.version_of(loan, final=False)
    factories.model_named("other")
    wanted = AuditEvent.objects.filter(model_name="loan", verb="version.registered", actor="dana").order_by("-id")
    page = page_of(people.ana, "/audit/?model=LOAN&verb=version.registered&actor=dana")
    assert events_on(page) == list(wanted.values_list("id", flat=True)) != []
    assert '<option value="version.registered" selected>' in page


def test_older_events_follow_without_gap_or_double_and_keep_the_filter(people: Any) -> None:
    happened(PAGE_SIZE + 5)
    first = page_of(people.ana, "/audit/?model=loan")
    link = re.search(r'href="([^"]+)">Older', first)
    assert link is not None
    second = page_of(people.ana, "/audit/" + link[1].replace("&amp;", "&"))
    wanted = AuditEvent.objects.filter(model_name="loan").order_by("-id").values_list("id", flat=True)
    assert events_on(first) + events_on(second) == list(wanted)
    assert ">Older<" not in second


def test_an_event_links_to_what_it_is_about(people: Any) -> None:
    promotion = factories.promotion_in(State.COMPLETED)
    page = page_of(people.ana, "/audit/")
    assert f'href="/promotions/{promotion.pk}/"' in page
    assert 'href="/models/loan/versions/1/"' in page
    assert 'href="/models/loan/"' in page


def test_the_change_is_shown_field_by_field(people: Any) -> None:
    happened(before={"stage": "Staging"}, after={"stage": "Production", "why": ["a", "b"]}, reason="Ready & tested")
    page = page_of(people.ana, "/audit/?model=loan")
    assert "stage Staging → Production" in page
    assert re.search(r'<th scope="row">why</th><td>.*?</td><td><code>a, b', page)
    assert "<blockquote>Ready &amp; tested</blockquote>" in page


def words_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def test_a_gate_is_told_by_its_title_with_what_it_found(people: Any) -> None:
    promotion = factories.promotion_in(State.BLOCKED)
    run = promotion.gate_runs.filter(is_current=True, outcome="failed").earliest("position")
    title = gate_titles(AuditEvent.objects.all()).title(str(promotion.pk), run.key)
    assert title != run.key
    told = words_of(page_of(people.ana, f"/audit/?model={promotion.version.model.name}"))
    assert f"finished the gate {title} of {promotion}: failed" in told
    assert f"{run.summary} (what changed" in told
    blocked = re.search(r"blocked promotion.*?failed ([^(]*) \(what changed", told)
    assert blocked is not None
    assert title in blocked[1]
    assert run.key not in blocked[1]


def test_a_retired_gate_goes_by_its_key(people: Any) -> None:
    promotion = factories.promotion_in(State.BLOCKED)
    subject = Subject("promotion", str(promotion.pk), str(promotion), model=promotion.version.model.name)
    with transaction.atomic():
        record(GATE_WAIVED, subject, actor=None, after={"gate": "dropped"})
    assert f"waived the gate dropped of {promotion}" in words_of(page_of(people.ana, "/audit/"))


def test_values_are_words_and_not_notation(people: Any) -> None:
    happened(after={"filter": {"outcome": "broken"}, "value": [{"version": 2, "weight": 100}], "is_final": True})
    page = page_of(people.ana, "/audit/?model=loan")
    assert "filter outcome: broken, is final yes, version: 2, weight: 100" in page
    assert "{&quot;" not in page


def test_what_happened_is_offered_by_subject(people: Any) -> None:
    page = page_of(people.ana, "/audit/")
    group = re.search(r'<optgroup label="After review">(.*?)</optgroup>', page, re.DOTALL)
    assert group is not None
    assert re.findall(r"<option value=\"(.*?)\">(.*?)</option>", group[1]) == [
        ("after_review.decided", "decided"),
        ("after_review.opened", "opened"),
    ]


def test_titles_of_gates_cost_no_query_more_for_more_promotions(people: Any) -> None:
    def queries() -> int:
        return queries_of(lambda: client.get("/audit/"))

    client = client_of(people.ana)
    factories.promotion_in(State.BLOCKED)
    few = queries()
    factories.promotion_in(State.BLOCKED, model=factories.model_named("other"))
    assert queries() == few


def test_words_on_the_record_are_shown_as_text(people: Any) -> None:
    happened(after={"<b>x": "<script>1"}, reason="<img src=x>")
    page = page_of(people.ana, "/audit/?model=loan")
    assert "<script>1" not in page
    assert "<img" not in page


def test_addresses_are_for_auditors_only(people: Any) -> None:
    factories.policies()
    version = factories.version_of(factories.model_named())
    client_of(people.dana).post(
        "/models/loan/versions/1/",
        {"action": "promote", "to": "Production", "reason": "Ready."},
        REMOTE_ADDR="192.0.2.7",
    )
    assert version.promotions.filter(to_stage="Production").exists()
    assert "from 192.0.2.7" in page_of(people.ana, "/audit/")
    assert "192.0.2.7" not in page_of(people.dana, "/audit/")


def test_an_auditor_of_one_model_sees_addresses_of_that_model(people: Any) -> None:
    model = factories.model_named("loan")
    auditor = factories.person("Otto Dit")
    grant_role("auditor", to=auditor, actor=None, model=model)
    with coming_from(Origin("browser", address="192.0.2.8")):
        happened()
    assert "from 192.0.2.8" in page_of(auditor, "/audit/")


def test_the_record_is_only_read(people: Any) -> None:
    assert client_of(people.ana).post("/audit/").status_code == 405
    assert Client().get("/audit/").status_code == 302


def test_the_number_of_queries_does_not_grow_with_the_events(people: Any) -> None:
    client = client_of(people.ana)
    factories.version_of(factories.model_named("one"), final=False)
    few = queries_of(lambda: client.get("/audit/"))
    for number in range(8):
        factories.version_of(factories.model_named(f"model-{number}"), final=False)
    assert queries_of(lambda: client.get("/audit/")) == few


# --- Days, and taking it away ---------------------------------------------------------------------------


def test_the_first_and_the_last_day_are_included(people: Any) -> None:
    for day in (19, 20, 21):
        with time_machine.travel(datetime(2026, 11, day, 12, tzinfo=UTC), tick=False):
            happened()
    early, middle, late = AuditEvent.objects.filter(model_name="loan").order_by("id").values_list("id", flat=True)
    assert events_on(page_of(people.ana, "/audit/?model=loan&since=2026-11-20")) == [late, middle]
    assert events_on(page_of(people.ana, "/audit/?model=loan&until=2026-11-20")) == [middle, early]
    assert events_on(page_of(people.ana, "/audit/?model=loan&since=2026-11-20&until=2026-11-20")) == [middle]


@pytest.mark.parametrize("query", ["since=soon", "since=2026-11-20&until=2026-11-19"])
def test_a_filter_that_can_not_be_shows_nothing_and_says_where_it_is_wrong(people: Any, query: str) -> None:
    happened()
    page = page_of(people.ana, f"/audit/?{query}")
    assert events_on(page) == []
    assert "Nothing was looked for" in page
    assert 'aria-invalid="true"' in page
    assert client_of(people.ana).post("/audit/export/", {"format": "csv", "since": "soon"}).status_code == 422


def test_an_auditor_takes_away_what_the_page_shows(people: Any) -> None:
    happened(3)
    happened(model="other")
    page = page_of(people.ana, "/audit/?model=LOAN&actor=")
    assert re.search(r'<input type="hidden" name="model" value="LOAN">', page)
    answer: Any = client_of(people.ana).post("/audit/export/", {"format": "jsonl", "model": "LOAN"})
    assert answer.status_code == 200
    taken = [json.loads(line)["id"] for line in answer.getvalue().decode().split("\n")[:-1]]
    assert taken == events_on(page)[::-1]


def test_the_record_of_one_promotion_is_shown_and_taken_away(people: Any) -> None:
    promotion = factories.promotion_in("in_review")
    other = factories.promotion_in("in_review")
    wanted = list(
        AuditEvent.objects.filter(subject_kind="promotion", subject_id=str(promotion.pk)).values_list("id", flat=True)
    )
    assert f'href="/audit/?promotion={promotion.pk}"' in page_of(people.ana, f"/promotions/{promotion.pk}/")
    page = page_of(people.ana, f"/audit/?promotion={promotion.pk}")
    assert events_on(page) == sorted(wanted, reverse=True) != []
    assert f'<input type="hidden" name="promotion" value="{promotion.pk}">' in page
    answer: Any = client_of(people.ana).post("/audit/export/", {"format": "jsonl", "promotion": promotion.pk})
    assert [json.loads(line)["id"] for line in answer.getvalue().decode().split("\n")[:-1]] == sorted(wanted)
    assert AuditEvent.objects.get(verb="audit.exported").after["filters"] == {"promotion": str(promotion.pk)}
    assert events_on(page_of(people.ana, f"/audit/?promotion={other.pk}"))
    assert "Nothing was looked for" in page_of(people.ana, "/audit/?promotion=seven")


def test_who_audits_nothing_is_told_who_does_and_finds_the_door_closed(people: Any) -> None:
    page = page_of(people.dana, "/audit/")
    assert "Taking away the record as a file is for its auditors." in page
    assert "/audit/export/" not in page
    before = AuditEvent.objects.count()
    assert client_of(people.dana).post("/audit/export/", {"format": "csv"}).status_code == 403
    assert AuditEvent.objects.count() == before


def test_an_auditor_of_one_model_is_offered_that_models_record_only(people: Any) -> None:
    loan, other = factories.model_named("loan"), factories.model_named("other")
    auditor = factories.person("Otto Dit", "auditor", model=loan)
    grant_role("viewer", to=auditor, actor=None, model=other)
    assert "of the models you audit" in page_of(auditor, "/audit/")
    assert "/audit/export/" in page_of(auditor, "/audit/?model=loan")
    assert "/audit/export/" not in page_of(auditor, "/audit/?model=other")
    client = client_of(auditor)
    assert client.post("/audit/export/", {"format": "csv", "model": "other"}).status_code == 403
    answer: Any = client.post("/audit/export/", {"format": "jsonl"})
    lines = answer.getvalue().decode().split("\n")[:-1]
    assert {json.loads(line)["event"]["model_name"] for line in lines} == {"loan"}


def test_no_address_takes_it_away(people: Any) -> None:
    before = AuditEvent.objects.count()
    assert client_of(people.ana).get("/audit/export/?format=csv").status_code == 405
    assert AuditEvent.objects.count() == before


def test_events_about_datasets_lead_to_their_pages(people: Any) -> None:
    factories.holdout()
    page = page_of(people.ana, "/audit/")
    assert '<a href="/datasets/loan-holdout/versions/1/">loan-holdout@1</a>' in page
    assert '<a href="/datasets/loan-holdout/">loan-holdout@0</a>' in page
