"""A version's page: what it is, its card, its files, and promoting it."""

import re
from typing import Any

import pytest
from django.test import Client

from approvals.intake import revise_card
from approvals.models import Promotion, State
from evidence.actions import report_metrics
from registry.models import Version
from tests import factories
from tests.dashboard.browsing import client_of, page_of, queries_of, section, without_what_was_sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> Any:
    return factories.personas()


@pytest.fixture
def version(people: Any) -> Version:
    factories.policies()
    return factories.version_of(factories.model_named(), label="1.0.0")


def address(version: Version) -> str:
    return f"/models/{version.model.name}/versions/{version.number}/"


def post(who: Any, version: Version, **form: str) -> Any:
    return client_of(who).post(address(version), form)


# --- Seeing it ---------------------------------------------------------------------------------------


def test_a_visitor_signs_in_first(version: Version) -> None:
    assert Client().get(address(version)).status_code == 302


def test_an_outsider_can_not_tell_a_hidden_version_from_none(people: Any, version: Version) -> None:
    absent = "/models/x/versions/9/"
    pages = [without_what_was_sent(page_of(people.admin, each, 404), each) for each in (address(version), absent)]
    assert pages[0] == pages[1]


def test_the_page_tells_facts_lineage_and_stages(people: Any) -> None:
    factories.policies()
    version = factories.version_of(
        factories.model_named(), parameters={"depth": 6}, run_id="run-77", tags={"team": "risk"}
    )
    page = page_of(people.ana, address(version))
    for told in ("run-77", "depth", "loan-train@1", "scikit-learn", "risk"):
        assert told in page
    assert "Staging" in section(page, "terms")


def test_tags_and_parameters_are_text_whatever_they_hold(people: Any) -> None:
    evil = "<img src=x onerror=alert(1)>"
    version = factories.version_of(factories.model_named(), parameters={evil: [evil]}, tags={evil: evil}, final=False)
    assert "<img" not in page_of(people.ana, address(version))


def test_a_cards_markup_is_harmless(people: Any) -> None:
    card = "---\ntitle: <script>1</script>\n---\n## Use\n<script>alert(1)</script> [x](javascript:alert(1))"
    version = factories.version_of(factories.model_named(), card=card, final=False)
    text = section(page_of(people.ana, address(version)), "card")
    assert "<script" not in text
    assert 'href="javascript' not in text


def test_each_metric_carries_where_it_comes_from(people: Any, version: Version) -> None:
    values = factories.evidence_of(version).values.filter(column="", segment="")
    evidence = section(page_of(people.ana, address(version)), "evidence")
    assert evidence.count('aria-label="executed here"') == len(values) == 9


# --- Promoting it ------------------------------------------------------------------------------------


def test_promoting_opens_a_promotion_and_leads_to_it(people: Any, version: Version) -> None:
    answer = post(people.dana, version, action="promote", to="Production", reason="Better for the young.")
    promotion = Promotion.objects.get(to_stage="Production")
    assert answer.headers["Location"] == f"/promotions/{promotion.pk}/"
    assert (promotion.requested_by, promotion.reason) == (people.dana, "Better for the young.")


def test_the_form_offers_only_stages_that_can_follow(people: Any, version: Version) -> None:
    version.refresh_from_db()
    assert version.stage == "Staging"
    page = page_of(people.dana, address(version))
    assert re.findall(r'name="to" value="(\w+)"', page) == ["Production"]


def test_who_may_not_promote_reads_who_may(people: Any, version: Version) -> None:
    page = page_of(people.omar, address(version))
    assert 'name="to"' not in page
    assert "Dana Ortiz may." in section(page, "promote")
    assert post(people.omar, version, action="promote", to="Production").status_code == 403
    assert not Promotion.objects.filter(to_stage="Production").exists()


def test_a_refused_promotion_keeps_the_typed_reason(people: Any) -> None:
    factories.policies()
    factories.version_of(factories.model_named())
    archived = factories.version_of(factories.model_named("other"))
    Version.objects.filter(pk=archived.pk).update(stage="None")
    answer = post(people.dana, archived, action="promote", to="Production", reason="Half a thought.")
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Promote it to Staging first." in page
    assert "Half a thought.</textarea>" in page


def test_an_open_promotion_stands_in_place_of_the_form(people: Any) -> None:
    promotion = factories.promotion_in(State.IN_REVIEW)
    panel = section(page_of(people.dana, address(promotion.version)), "promote")
    assert f'href="/promotions/{promotion.pk}/"' in panel
    assert "<form" not in panel


def test_a_get_with_the_forms_fields_opens_nothing(people: Any, version: Version) -> None:
    page_of(people.dana, address(version) + "?action=promote&to=Production")
    assert not Promotion.objects.filter(to_stage="Production").exists()


def test_an_unknown_action_is_refused(people: Any, version: Version) -> None:
    assert post(people.dana, version, action="delete").status_code == 422


# --- Its files ---------------------------------------------------------------------------------------


def test_a_file_is_downloaded_as_it_was_registered(people: Any, version: Version) -> None:
    answer: Any = client_of(people.ana).get(f"{address(version)}artifacts/model.onnx")
    assert b"".join(answer.streaming_content) == b"artifact loan 1.0.0"
    answer.close()


def test_a_downloaded_file_can_not_act_as_a_page_of_ours(people: Any, version: Version) -> None:
    answer = client_of(people.ana).get(f"{address(version)}artifacts/model.onnx")
    answer.close()
    assert answer.headers["Content-Disposition"] == 'attachment; filename="model.onnx"'
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_an_outsider_downloads_nothing(people: Any, version: Version) -> None:
    assert client_of(people.admin).get(f"{address(version)}artifacts/model.onnx").status_code == 404


@pytest.mark.parametrize("path", ["other.onnx", "../../secret_key", "%2e%2e/secret_key"])
def test_only_registered_paths_lead_to_bytes(people: Any, version: Version, path: str) -> None:
    assert client_of(people.ana).get(f"{address(version)}artifacts/{path}").status_code == 404


def test_bytes_that_are_gone_are_said_to_be(people: Any, version: Version) -> None:
    version.files.update(sha256="0" * 64)
    answer = client_of(people.ana).get(f"{address(version)}artifacts/model.onnx")
    assert answer.status_code == 409
    assert "model.onnx can’t be read" in answer.content.decode()


def test_the_number_of_queries_does_not_grow_with_what_a_version_has(people: Any, version: Version) -> None:
    client = client_of(people.riley)
    few = queries_of(lambda: client.get(address(version)))
    factories.evidence_of(version)
    for number in range(2, 12):
        revise_card(version, text=f"## Use\n{number}", actor=people.dana)
    for number in range(12):
        version.files.create(path=f"part-{number}", size=1, sha256="0" * 64)
    assert queries_of(lambda: client.get(address(version))) - few <= 1  # the values of the evaluations, once


# --- What a pipeline says ----------------------------------------------------------------------------


def test_reported_figures_stand_beside_evidence_and_are_marked_as_such(people: Any, version: Version) -> None:
    locked = factories.holdout()
    factories.evidence_of(version)
    report_metrics(version, locked.dataset_version, {"auc": 0.4242}, actor=people.dana)
    part = section(page_of(people.riley, address(version)), "evidence")
    assert part.count(">loan-holdout@1</a>") == 2
    assert re.search(r'0\.424<svg[^>]*aria-label="reported"', part)
    assert "reported by Dana Ortiz; not measured here, and no gate takes it" in part


def test_what_is_only_reported_is_not_called_evidence_that_was_measured(people: Any, version: Version) -> None:
    report_metrics(version, factories.holdout().dataset_version, {"auc": 0.87}, actor=people.dana)
    part = section(page_of(people.riley, address(version)), "evidence")
    assert "not measured here" in part
    assert "What became of single rows" not in part
