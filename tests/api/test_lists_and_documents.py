"""Lists by key, the OpenAPI document, downloads, and acting on behalf of somebody."""

import hashlib
import re

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from accounts.actions import create_person, edit_person, grant_role
from accounts.roles import Role
from approvals.models import Promotion, State
from audit.models import AuditEvent
from registry.models import Dataset, Model, Version
from tests.api.caller import BASE, Caller, ok, problem_of
from tests.api.conftest import NEW_VERSION
from tests.factories import model_named, person, persona, policies, promotion_in, version_of

# --- Lists --------------------------------------------------------------------------------------------


def pages_of(caller, path, between=lambda: None):
    """The items of every page, as a program turns them."""
    pages, cursor = [], ""
    while cursor is not None:
        told = ok(caller.get(path, cursor=cursor))
        assert set(told) == {"items", "next_cursor"}
        pages.append(told["items"])
        cursor = told["next_cursor"]
        between()
    return pages


@pytest.mark.parametrize(("path", "table"), [("/models", Model), ("/datasets", Dataset)])
def test_named_things_come_in_pages_without_gap_or_double(dana, path, table):
    names = [f"thing-{number:03}" for number in range(120)]
    table.objects.bulk_create(table(name=name, created_by=persona("dana")) for name in reversed(names))
    added = iter(["a-before", "a-earlier", "a-more"])

    def add():
        table.objects.create(name=next(added), created_by=persona("dana"))

    pages = pages_of(dana, path, between=add)
    assert [len(page) for page in pages] == [50, 50, 20]
    assert [item["name"] for page in pages for item in page] == names


def test_promotions_come_newest_first_in_pages(dana, loan):
    first = promotion_in(State.CHECKING, model=loan)
    copies = [
        Promotion(
            version=Version.objects.create(
                model=loan,
                number=100 + number,
                task="binary",
                features=[],
                registered_by=persona("dana"),
                artifact_digest="0" * 64,
                finalised_at=first.opened_at,
            ),
            from_stage="Staging",
            to_stage="Production",
            policy_revision=first.policy_revision,
            requested_by=persona("dana"),
        )
        for number in range(60)
    ]
    Promotion.objects.bulk_create(copies)
    ids = [item["id"] for page in pages_of(dana, "/promotions") for item in page]
    assert ids == sorted(Promotion.objects.values_list("pk", flat=True), reverse=True)


def test_a_list_takes_the_same_queries_for_few_and_many(dana, django_assert_max_num_queries):
    Model.objects.bulk_create(Model(name=f"m{number}", created_by=persona("dana")) for number in range(60))
    with django_assert_max_num_queries(10):
        ok(dana.get("/models"))


def test_lists_show_what_the_caller_may_see_and_nothing_of_the_rest(people, loan):
    promotion = promotion_in(State.CHECKING, model=model_named("secret"))
    caller = Caller(person("Vera", Role.VIEWER, model=loan))
    assert [item["name"] for item in ok(caller.get("/models"))["items"]] == ["loan"]
    assert ok(caller.get("/promotions"))["items"] == []
    assert ok(caller.get("/promotions", model="secret"))["items"] == []
    told = ok(caller.get("/audit"))["items"]
    assert {item["model_name"] for item in told} == {"loan"}
    assert ok(caller.get("/audit", model="secret"))["items"] == []
    problem_of(caller.get(f"/promotions/{promotion.pk}"), 404, "not_found")


def test_auditors_of_everything_read_events_of_no_model_too(people):
    told = ok(Caller(persona("ana")).get("/audit", verb="person.created"))
    assert told["items"]
    assert ok(Caller(person("Vera", Role.VIEWER)).get("/audit", verb="person.created"))["items"] == []


def test_promotions_are_found_by_state_and_model(dana, loan):
    waiting = promotion_in(State.CHECKING, model=loan)
    promotion_in(State.WITHDRAWN, model=model_named("fare"))
    assert [item["id"] for item in ok(dana.get("/promotions", state="checking"))["items"]] == [waiting.pk]
    assert {item["model"] for item in ok(dana.get("/promotions", model="FARE"))["items"]} == {"fare"}


# --- The document -------------------------------------------------------------------------------------


def test_the_openapi_document_names_every_agreed_route(db):
    paths = ok(Client().get(f"{BASE}/openapi.json"))["paths"]
    agreed = {
        *("/models", "/models/{name}", "/models/{name}/versions", "/models/{name}/versions/{number}"),
        *("/models/{name}/versions/{number}/artifacts/{path}", "/models/{name}/versions/{number}/finalize"),
        *("/models/{name}/versions/{number}/card/review", "/models/{name}/versions/{number}/card"),
        *("/models/{name}/versions/{number}/predictions", "/models/{name}/versions/{number}/metrics"),
        *("/models/{name}/versions/{number}/promotions", "/promotions", "/promotions/{promotion_id}"),
        *("/promotions/{promotion_id}/reviews", "/promotions/{promotion_id}/checklist/{item}"),
        *("/promotions/{promotion_id}/gates/{gate}/acknowledge", "/promotions/{promotion_id}/gates/{gate}/rerun"),
        *("/promotions/{promotion_id}/withdraw", "/promotions/{promotion_id}/resubmit", "/audit"),
        *("/models/{name}/production", "/models/{name}/history", "/datasets", "/datasets/{name}/versions"),
        *("/datasets/{name}/versions/{number}/inputs", "/datasets/{name}/versions/{number}/impact"),
        *(
            "/models/{name}/best",
            "/models/{name}/compare",
            "/models/{name}/rollback",
            "/models/{name}/take-down",
            "/audit/export",
        ),
        *("/models/{name}/versions/{number}/archive", "/models/{name}/versions/{number}/deprecate"),
        *("/promotions/{promotion_id}/gates/{gate}/waive", "/promotions/{promotion_id}/gates/{gate}/report"),
        *("/promotions/{promotion_id}/restart", "/promotions/{promotion_id}/take-over"),
        *("/after-reviews", "/after-reviews/{after_review_id}"),
        *("/impact", "/defects", "/defects/{defect_id}/clear"),
    }
    assert set(paths) == {f"{BASE}{path}" for path in agreed}


def test_the_documentation_page_loads_nothing_from_elsewhere(db):
    page = Client().get(f"{BASE}/docs")
    assert page.status_code == 200
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.content.decode())
    assert loaded
    for address in loaded:
        assert address.startswith("/static/"), address
        assert finders.find(address.removeprefix("/static/")), address


# --- Downloads ----------------------------------------------------------------------------------------


def test_a_file_comes_back_as_it_went_in_and_opens_as_no_page(dana, opened):
    content = b"<script>alert(1)</script>"
    ok(dana.put(f"{opened}/artifacts/a/page.html", content, digest=content), 201)
    answer = dana.get(f"{opened}/artifacts/a/page.html")
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content) == content
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == 'attachment; filename="page.html"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["ETag"] == f'"{hashlib.sha256(content).hexdigest()}"'


def test_a_file_that_is_not_there_is_not_found(dana, opened):
    problem_of(dana.get(f"{opened}/artifacts/none.onnx"), 404, "no_such_file")


def test_bytes_lost_from_the_store_are_said_to_be_lost(dana, opened, settings):
    ok(dana.put(f"{opened}/artifacts/model.onnx", b"bytes"), 201)
    for path in settings.ARTIFACT_DIR.rglob("*"):
        if path.is_file():
            path.unlink()
    problem_of(dana.get(f"{opened}/artifacts/model.onnx"), 409, "bytes_gone")


def test_nothing_live_is_said_with_the_remedy(dana, loan):
    told = problem_of(dana.get("/models/loan/production"), 404, "nothing_live")
    assert "Promote a version" in told["remedy"]


def test_inputs_come_without_labels(dana, people):
    from tests.factories import holdout

    holdout(20)
    answer = dana.get("/datasets/loan-holdout/versions/1/inputs")
    content = b"".join(answer.streaming_content).decode()
    assert content.splitlines()[:2] == ["id,amount,region", "r0,0,north"]
    assert "yes" not in content
    assert answer["Content-Disposition"] == 'attachment; filename="loan-holdout-1-inputs.csv"'


# --- On behalf of -------------------------------------------------------------------------------------


@pytest.fixture
def pipeline(people, loan) -> Caller:
    account = create_person("pipeline", actor=None, is_service=True)
    grant_role(Role.CONTRIBUTOR, to=account, actor=None, model=loan)
    return Caller(account)


def test_a_service_account_registers_on_behalf_of_a_person(pipeline):
    told = ok(pipeline.post("/models/loan/versions", NEW_VERSION | {"on_behalf_of": "dana"}), 201)
    assert (told["registered_by"], told["on_behalf_of"]) == ("pipeline", "dana")
    event = AuditEvent.objects.get(verb="version.registered")
    assert (event.actor, event.on_behalf_of) == ("pipeline", "dana")


def test_a_service_account_that_names_nobody_registers_nothing(pipeline):
    told = problem_of(pipeline.post("/models/loan/versions", NEW_VERSION), 422, "no_person")
    assert "on_behalf_of" in told["remedy"]
    assert not Version.objects.exists()


def test_a_service_account_that_names_nobody_opens_no_promotion(pipeline, loan):
    policies()
    version = version_of(loan)
    problem_of(
        pipeline.post(f"/models/loan/versions/{version.number}/promotions", {"to": "Production"}), 409, "no_person"
    )
    assert not Promotion.objects.filter(to_stage="Production").exists()


@pytest.mark.parametrize("name", ["nobody", "pipeline", "gone", "DANA "])
def test_only_an_active_person_can_be_acted_for(pipeline, name):
    gone = create_person("gone", actor=None)
    gone.is_active = False
    edit_person(gone, actor=None)
    told = problem_of(
        pipeline.post("/models/loan/versions", NEW_VERSION | {"on_behalf_of": name}), 422, "unknown_person"
    )
    assert "on_behalf_of" in told["detail"]
    assert not Version.objects.exists()


def test_finalising_for_somebody_opens_the_promotion_for_them(pipeline):
    policies()
    ok(pipeline.post("/models/loan/versions", NEW_VERSION | {"on_behalf_of": "dana"}), 201)
    ok(pipeline.put("/models/loan/versions/1/artifacts/model.onnx", b"bytes"), 201)
    told = ok(pipeline.post("/models/loan/versions/1/finalize"))
    promotion = Promotion.objects.get(pk=told["promotions"][0])
    assert (promotion.requested_by.username, promotion.on_behalf_of.username) == ("pipeline", "dana")
