"""What was built on something, bugs in it, and the base a version is derived from, by the API."""

import pytest

from accounts.roles import Role
from approvals.actions import report_defect
from registry.lineage import Basis, basis_of_base, basis_of_dataset
from tests.api.caller import Caller, ok, problem_of
from tests.factories import (
    evidence_of,
    holdout,
    live_version,
    model_named,
    person,
    persona,
    policies,
    promotion_in,
    version_of,
)

COMMIT = "c" * 40


@pytest.fixture
def sam(people):
    return Caller(persona("sam"), "read", "operate")


def test_impact_names_what_was_built_on_each_kind_of_thing(dana, people, loan):
    policies()
    first = version_of(loan)
    version_of(loan, base_model=first, trained_on=[], code_commit="e" * 40, features=["income"])
    by_commit = ok(dana.get("/impact", commit=COMMIT))
    assert (by_commit["kind"], by_commit["thing"], by_commit["hidden"], by_commit["defect"]) == (
        "commit",
        COMMIT,
        0,
        None,
    )
    assert [(line["version"], line["named"], line["inherited"]) for line in by_commit["versions"]] == [
        (2, False, True),
        (1, True, False),
    ]
    told = {asked: ok(dana.get("/impact", **{asked: value})) for asked, value in ASKED.items()}
    assert {asked: [line["version"] for line in answer["versions"]] for asked, answer in told.items()} == {
        "dataset": [2, 1],
        "feature": [2],
        "base": [2, 1],
    }


ASKED = {"dataset": "LOAN-train@1", "feature": "income", "base": "loan@1"}


def test_what_is_live_comes_first(dana, people, loan):
    live = live_version(loan)
    version_of(loan)
    told = ok(dana.get("/impact", commit=COMMIT))
    assert [line["version"] for line in told["versions"]] == [live.number, live.number + 1]


def test_hidden_versions_are_counted_and_not_named(people, loan):
    version_of(loan)
    version_of(model_named("secret"))
    version_of(model_named("secret"))
    told = ok(Caller(person("Vera", Role.VIEWER, model=loan)).get("/impact", commit=COMMIT))
    assert (told["models"], told["hidden"]) == (["loan"], 2)
    assert "secret" not in str(told)


def test_one_thing_is_asked_about(dana, people, loan):
    problem_of(dana.get("/impact"), 422, "name_one")
    problem_of(dana.get("/impact", commit=COMMIT, feature="x"), 422, "name_one")
    problem_of(dana.get("/impact", commit="abc"), 422, "not_pinned")


def test_a_bug_is_reported_shown_and_cleared(dana, sam, people, loan):
    version_of(loan)
    made = ok(sam.post("/defects", {"dataset": "loan-train@1", "reason": "Doubled rows."}), 201)
    assert (made["kind"], made["thing"], made["reported_by"], made["cleared_by"]) == (
        "dataset",
        "loan-train@1",
        "sam",
        "",
    )
    assert made["url"].endswith("/lineage/impact/?dataset=loan-train%401")
    assert ok(dana.get("/impact", dataset="loan-train@1"))["defect"] == made
    problem_of(sam.post("/defects", {"dataset": "loan-train@1", "reason": "Again."}), 409, "reported")
    cleared = ok(sam.post(f"/defects/{made['id']}/clear", {"reason": "Loaded anew."}))
    assert (cleared["cleared_by"], cleared["cleared_because"]) == ("sam", "Loaded anew.")
    assert ok(dana.get("/impact", dataset="loan-train@1"))["defect"] is None
    problem_of(sam.post(f"/defects/{made['id']}/clear", {"reason": "Again."}), 409, "cleared")
    problem_of(sam.post("/defects/99/clear", {"reason": "Again."}), 404, "not_found")


def test_reporting_takes_the_scope_and_a_reason(sam, people, loan):
    version_of(loan)
    reading = Caller(persona("sam"), "read")
    assert reading.post("/defects", {"commit": COMMIT, "reason": "x"}).status_code == 403
    problem_of(sam.post("/defects", {"commit": COMMIT, "reason": " "}), 422, "no_reason")


# --- The base -----------------------------------------------------------------------------------------


def registered(caller, **facts):
    return caller.post("/models/loan/versions", {"format": "onnx", "features": ["amount"], **facts})


def test_a_base_is_named_by_number_by_name_or_by_uri(dana, people, loan):
    version_of(loan)
    version_of(model_named("fare"))
    assert ok(registered(dana, base_model=1), 201)["base_model"] == 1
    assert ok(registered(dana, base_model="loan@1"), 201)["base_model"] == 1
    assert ok(registered(dana, base_model="FARE@1"), 201)["base_model"] == "fare@1"
    told = ok(registered(dana, base_uri="hf://org/bert@abc"), 201)
    assert (told["base_model"], told["base_uri"]) == (None, "hf://org/bert@abc")
    problem_of(registered(dana, base_model="fare@9"), 404, "not_found")
    problem_of(registered(dana, base_model="fare"), 404, "not_found")
    problem_of(registered(dana, base_model=1, base_uri="x"), 422, "two_bases")


def test_the_base_of_a_hidden_model_is_not_told(dana, people, loan):
    version_of(model_named("secret"))
    number = ok(registered(dana, base_model="secret@1"), 201)["version"]
    vera = Caller(person("Vera", Role.VIEWER, model=loan))
    told = ok(vera.get(f"/models/loan/versions/{number}"))
    assert told["base_model"] is None
    assert "secret" not in str(told)


def test_versions_and_promotions_tell_the_reported_bugs_that_pages_tell(dana, people, loan):
    policies()
    version = version_of(loan)
    evidence_of(version)
    promotion = promotion_in("in_review", version=version)
    made = report_defect(Basis("commit", COMMIT), actor=persona("sam"), reason="The seed was the target.")
    report_defect(basis_of_dataset(holdout().dataset_version), actor=persona("omar"), reason="Doubled rows.")
    told = ok(dana.get("/models/loan/versions/1"))["defects"]
    assert [(each["thing"], each["reason"], each["holds"]) for each in told] == [
        (COMMIT, "The seed was the target.", True),
        ("loan-holdout@1", "Doubled rows.", False),
    ]
    assert (told[0]["id"], told[0]["reported_by"]) == (made.pk, "sam")
    assert told[0]["reported_at"]
    whole = ok(dana.get(f"/promotions/{promotion.pk}"))
    assert (whole["state"], whole["held_by"]) == ("in_review", [])
    assert [(each["thing"], each["holds"]) for each in whole["defects"]] == [(COMMIT, True), ("loan-holdout@1", True)]


def test_of_a_bug_in_a_hidden_base_only_that_there_is_one(people, loan):
    base = version_of(model_named("secret"))
    version_of(loan, base_model=base, trained_on=[], code_commit="e" * 40)
    report_defect(basis_of_base(base), actor=persona("sam"), reason="Wrong weights.")
    vera = Caller(person("Vera", Role.VIEWER, model=loan))
    (told,) = ok(vera.get("/models/loan/versions/1"))["defects"]
    assert (told["id"], told["thing"], told["reason"], told["url"]) == (None, "its base version", "", "")
    assert "Wrong weights." in str(ok(Caller(persona("riley")).get("/models/loan/versions/1"))["defects"])
