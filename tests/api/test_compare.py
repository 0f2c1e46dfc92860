"""`GET /models/{name}/compare`: the same facts as the page, for programs."""

import pytest

from evidence.actions import compare_evaluations
from evidence.models import Evaluation
from tests.api.caller import Caller, ok, problem_of
from tests.factories import evidence_of, version_of


@pytest.fixture
def three(people, loan) -> list[Evaluation]:
    return [evidence_of(version_of(loan), strength=0.1 + 0.1 * at, seed=at) for at in (1, 2, 3)]


def figures(told, metric):
    measure = next(each for each in told["measures"] if each["metric"] == metric)
    return {each["version"]: each for each in measure["values"]}


def test_figures_stand_beside_the_baseline_with_paired_differences(dana: Caller, three):
    stored = compare_evaluations(three[1], three[0])
    told = ok(dana.get("/models/loan/compare", versions="1,2,3", dataset="loan-holdout@1"))
    assert (told["dataset"], told["baseline"], told["rows"]) == ("loan-holdout@1", 1, 400)
    found = figures(told, "auc")
    assert found[1]["value"] == three[0].values.get(metric="auc", column="").value
    assert found[1]["difference"] is None
    assert found[3]["difference"] is None
    auc = next(each for each in stored.result["measures"] if each["metric"] == "auc")
    assert {name: found[2]["difference"][name] for name in ("difference", "low", "high", "verdict")} == {
        name: auc[name] for name in ("difference", "low", "high", "verdict")
    }
    assert told["not_compared_yet"] == [[3, 1], [3, 2]]
    assert told["url"].endswith("/models/loan/compare/?versions=1,2,3&dataset=loan-holdout@1&baseline=1")


def test_the_baseline_can_be_named_and_differences_turn(dana: Caller, three):
    compare_evaluations(three[1], three[0])
    ahead = figures(ok(dana.get("/models/loan/compare", versions="1,2")), "log_loss")[2]["difference"]
    back = figures(ok(dana.get("/models/loan/compare", versions="1,2", baseline=2)), "log_loss")[1]["difference"]
    assert (back["difference"], back["low"], back["high"]) == (-ahead["difference"], -ahead["high"], -ahead["low"])
    assert {ahead["verdict"], back["verdict"]} in ({"better", "worse"}, {"same"})


def test_a_version_without_evidence_says_why(dana: Caller, three, loan):
    version_of(loan)
    told = ok(dana.get("/models/loan/compare", versions="1,4"))
    assert [each["why_not_compared"] for each in told["versions"]] == ["", "v4 was never measured."]
    assert figures(told, "auc")[4]["value"] is None


def test_what_is_asked_wrongly_is_refused(dana: Caller, three):
    problem_of(dana.get("/models/loan/compare", versions="1"), 422, "wrong_count")
    problem_of(dana.get("/models/loan/compare", versions="1,x"), 422, "malformed")
    problem_of(dana.get("/models/loan/compare", versions="1,9"), 404, "not_found")
    problem_of(dana.get("/models/loan/compare", versions="1,2", dataset="nowhere@1"), 404, "not_measured")


def test_what_was_never_measured_is_not_found(dana: Caller, people, loan):
    version_of(loan)
    version_of(loan)
    problem_of(dana.get("/models/loan/compare", versions="1,2"), 404, "not_measured")
