"""Rollback, take-down, archiving and deprecation by the API; what was live when; after-reviews."""

from typing import Any

import pytest
import time_machine

from accounts.actions import create_person, grant_role
from approvals.actions import report_defect
from approvals.models import AfterReview
from audit.models import AuditEvent
from registry.lineage import Basis
from registry.models import Model
from tests.api.caller import Caller, ok, problem_of
from tests.approvals.operating import live, put_live
from tests.factories import model_named, persona, policies, version_of

OPERATE = ("read", "operate")


@pytest.fixture
def omar(people: Any) -> Caller:
    return Caller(persona("omar"), *OPERATE)


@pytest.fixture
def served(people: Any) -> Model:
    """A model whose version 2 is live, after version 1 was."""
    policies()
    model = model_named("loan")
    put_live(model)
    put_live(model)
    return model


REASON = {"reason": "Refuses everybody."}


# --- Rollback ----------------------------------------------------------------------------------------


def test_rollback_answers_what_serving_systems_then_resolve(omar: Caller, dana: Caller, served: Model) -> None:
    told = ok(omar.post("/models/loan/rollback", REASON))
    assert [(arm["version"], arm["weight"]) for arm in told["arms"]] == [(1, 100)]
    assert told == {**ok(dana.get("/models/loan/production")), "warnings": []}
    assert live(served) == [1]
    event = AuditEvent.objects.get(verb="model.rolled_back")
    assert (event.actor, event.reason, event.channel) == ("omar", "Refuses everybody.", "token")


def test_rollback_goes_to_the_version_that_is_named(omar: Caller, served: Model) -> None:
    put_live(served)
    told = ok(omar.post("/models/loan/rollback", {**REASON, "to": 1, "expected_live": 3}))
    assert [arm["version"] for arm in told["arms"]] == [1]


def test_rollback_warns_of_a_reported_bug_and_never_chooses_one_by_itself(omar: Caller, served: Model) -> None:
    report_defect(Basis("commit", "c" * 40), actor=persona("sam"), reason="The seed was the target.")
    told = problem_of(omar.post("/models/loan/rollback", REASON), 409, "nothing_previous")
    assert (told["doubtful"], "to: 1" in told["remedy"]) == ([1], True)
    assert live(served) == [2]
    told = ok(omar.post("/models/loan/rollback", {**REASON, "to": 1}))
    assert told["warnings"] == ["A bug is reported in commit cccccccccccc."]
    assert live(served) == [1]


def test_rollback_of_what_is_not_live_any_more_names_what_is(omar: Caller, served: Model) -> None:
    told = problem_of(omar.post("/models/loan/rollback", {**REASON, "expected_live": 1}), 409, "live_moved")
    assert told["live"] == 2
    assert live(served) == [2]


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({}, 422, "malformed"),
        ({"reason": "  "}, 422, "no_reason"),
        ({"reason": "x\0"}, 422, "malformed"),
        ({"reason": "x" * 10_001}, 422, "malformed"),
        ({**REASON, "to": 2}, 409, "already_live"),
        ({**REASON, "to": 3}, 409, "never_live"),
        ({**REASON, "to": 99}, 404, "not_found"),
        ({**REASON, "to": -1}, 404, "not_found"),
        ({**REASON, "to": 10**30}, 404, "not_found"),
        ({**REASON, "to": "previous"}, 422, "malformed"),
        ({**REASON, "expected_live": 10**30}, 409, "live_moved"),
        ({**REASON, "force": True}, 422, "malformed"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_rollback_that_makes_no_sense_changes_nothing(
    omar: Caller, served: Model, sent: dict[str, Any], status: int, code: str
) -> None:
    version_of(served)
    problem_of(omar.post("/models/loan/rollback", sent), status, code)
    assert live(served) == [2]
    assert not AfterReview.objects.exists()


def test_rollback_takes_an_operator_and_a_token_for_it(sam: Caller, served: Model) -> None:
    problem_of(Caller(persona("omar")).post("/models/loan/rollback", REASON), 403, "wrong_scope")
    told = problem_of(Caller(persona("sam"), *OPERATE).post("/models/loan/rollback", REASON), 403, "not_operator")
    assert told["remedy"] == "Omar Haddad may."
    problem_of(Caller().post("/models/loan/rollback", REASON), 401, "no_valid_token")
    assert live(served) == [2]


def test_a_monitor_rolls_back_by_a_service_account(served: Model) -> None:
    monitor = create_person("monitor", actor=persona("admin"), is_service=True)
    grant_role("operator", to=monitor, actor=persona("admin"), model=served)
    ok(Caller(monitor, *OPERATE).post("/models/loan/rollback", {"reason": "Error rate over 5%."}))
    assert live(served) == [1]
    assert AfterReview.objects.get().actor == monitor


# --- Take-down, archiving, deprecation ---------------------------------------------------------------


def test_take_down_leaves_nothing_to_resolve(omar: Caller, dana: Caller, served: Model) -> None:
    problem_of(omar.post("/models/loan/take-down", {**REASON, "expected_live": 1}), 409, "live_moved")
    told = ok(omar.post("/models/loan/take-down", {**REASON, "expected_live": 2}))
    assert told == {"model": "loan", "arms": []}
    problem_of(dana.get("/models/loan/production"), 404, "nothing_live")
    problem_of(omar.post("/models/loan/take-down", REASON), 409, "nothing_live")


def test_a_version_is_archived_and_deprecated(omar: Caller, served: Model) -> None:
    problem_of(omar.post("/models/loan/versions/2/archive", REASON), 409, "live")
    problem_of(omar.post("/models/loan/versions/1/archive", REASON), 409, "already_there")
    told = ok(omar.post("/models/loan/versions/1/deprecate", REASON))
    assert (told["version"], told["stage"], told["deprecated"]) == (1, "Archived", True)
    problem_of(omar.post("/models/loan/versions/1/deprecate", REASON), 409, "deprecated")
    problem_of(omar.post("/models/loan/rollback", REASON), 409, "nothing_previous")
    problem_of(omar.post("/models/loan/rollback", {**REASON, "to": 1}), 409, "deprecated")


@pytest.mark.parametrize("act", ["archive", "deprecate"])
def test_putting_away_asks_for_an_operator_a_reason_and_a_version(omar: Caller, served: Model, act: str) -> None:
    problem_of(omar.post(f"/models/loan/versions/9/{act}", REASON), 404, "not_found")
    problem_of(omar.post(f"/models/loan/versions/1/{act}"), 422, "malformed")
    problem_of(Caller(persona("dana"), *OPERATE).post(f"/models/loan/versions/1/{act}", REASON), 403, "not_operator")


# --- History -----------------------------------------------------------------------------------------


def test_history_says_what_was_live_when_by_whom_and_why_it_ended(omar: Caller, served: Model) -> None:
    ok(omar.post("/models/loan/rollback", REASON))
    now, before, first = ok(omar.get("/models/loan/history"))["items"]
    assert (now["version"], now["by"], now["because"]) == (1, "omar", "rollback: Refuses everybody.")
    assert (now["until"], now["ended_how"], now["ended_because"]) == (None, "", "")
    assert (before["version"], before["until"], before["ended_how"]) == (2, now["since"], "rolled_back")
    assert before["ended_because"] == "replaced by v1, rollback: Refuses everybody."
    assert (first["version"], first["until"], first["ended_how"]) == (1, before["since"], "replaced")


def test_history_at_a_moment_is_what_was_live_then(dana: Caller) -> None:
    policies()
    model = model_named("loan")
    for day in ("2026-03-01T10:00Z", "2026-04-01T10:00Z"):
        with time_machine.travel(day, tick=False):
            put_live(model)

    def live_at(moment: str) -> list[int]:
        return [term["version"] for term in ok(dana.get("/models/loan/history", at=moment))["items"]]

    assert live_at("2026-03-01T09:59:59Z") == []
    assert live_at("2026-03-01T12:00:00+02:00") == [1]
    assert live_at("2026-04-01T09:59:59.999Z") == [1]
    assert live_at("2026-04-01T10:00:00Z") == [2]


@pytest.mark.parametrize("moment", ["yesterday", "2026-03-01T03:00:00", "2026-13-01T00:00:00Z", "\0", ""])
def test_a_moment_without_its_offset_or_none_at_all_is_refused(dana: Caller, served: Model, moment: str) -> None:
    problem_of(dana.get("/models/loan/history", at=moment), 422, "malformed")


# --- After-reviews -----------------------------------------------------------------------------------


def test_after_reviews_are_listed_and_judged_by_another(omar: Caller, served: Model) -> None:
    ok(omar.post("/models/loan/rollback", REASON))
    [opened] = ok(omar.get("/after-reviews", undecided=True, model="LOAN"))["items"]
    assert (opened["cause"], opened["actor"], opened["verdict"]) == ("rollback", "omar", "")
    assert (opened["subject"], opened["reason"]) == ("loan rolled back from v2 to v1", "Refuses everybody.")
    path = f"/after-reviews/{opened['id']}"
    riley = Caller(persona("riley"), "read", "review")
    problem_of(Caller(persona("omar"), "review").post(path, {"verdict": "accepted"}), 403, "own_act")
    problem_of(riley.post(path, {"verdict": "follow_up"}), 422, "no_reason")
    problem_of(riley.post(path, {"verdict": "fine"}), 422, "malformed")
    told = ok(riley.post(path, {"verdict": "follow_up", "comment": "Test joint applications."}))
    assert (told["verdict"], told["decided_by"], told["comment"]) == ("follow_up", "riley", "Test joint applications.")
    problem_of(riley.post(path, {"verdict": "accepted"}), 409, "decided_already")
    assert ok(omar.get("/after-reviews", undecided=True))["items"] == []
    assert [item["id"] for item in ok(omar.get("/after-reviews"))["items"]] == [opened["id"]]


def test_an_after_review_of_a_hidden_model_is_no_ones_business(omar: Caller, served: Model) -> None:
    ok(omar.post("/models/loan/rollback", REASON))
    number = AfterReview.objects.get().pk
    outsider = Caller(persona("admin"), "read", "review")
    assert ok(outsider.get("/after-reviews"))["items"] == []
    problem_of(outsider.post(f"/after-reviews/{number}", {"verdict": "accepted"}), 404, "not_found")
    problem_of(outsider.post("/after-reviews/999999", {"verdict": "accepted"}), 404, "not_found")


# --- Whatever is sent --------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"reason": 1}', b'{"reason": null}', b"\xff"])
@pytest.mark.parametrize("path", ["rollback", "take-down", "versions/1/archive", "versions/1/deprecate"])
def test_a_body_of_another_shape_is_refused(omar: Caller, served: Model, path: str, content: bytes) -> None:
    answer = omar.send("POST", f"/models/loan/{path}", content)
    assert answer.status_code in {400, 422}
    problem_of(answer, answer.status_code, "malformed")
    assert live(served) == [2]
