"""`GET /models/{name}/compare`: the same facts as the page, for programs."""

import pytest

from evidence.actions import compare_evaluations
from evidence.asked import TASK
from evidence.models import Evaluation, MetricValue
from evidence.tasks import compare_task
from registry.stores import store
from tests.api.caller import Caller, ok, problem_of
from tests.factories import evidence_of, version_of
from work.models import Job


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


def test_a_figure_that_is_not_defined_says_why(dana: Caller, three, loan):
    MetricValue.objects.filter(evaluation=three[1], metric="auc", column="").update(value=None, reason="one class only")
    version_of(loan)
    found = figures(ok(dana.get("/models/loan/compare", versions="1,2,4")), "auc")
    assert [(found[at]["value"] is None, found[at]["reason"]) for at in (1, 2, 4)] == [
        (False, ""),
        (True, "one class only"),
        (True, ""),
    ]


# --- Asking for what isn't compared yet ---------------------------------------------------------------


def test_a_worker_is_asked_once_for_what_is_missing(dana: Caller, three):
    compare_evaluations(three[1], three[0])
    sent = {"versions": [1, 2, 3], "baseline": 1}
    for _ in range(2):
        told = ok(dana.post("/models/loan/compare", sent), 202)
        assert told["waited_for"] == told["not_compared_yet"] == [[3, 1], [3, 2]]
    jobs = list(Job.objects.filter(task=TASK))
    assert len(jobs) == 2
    for job in jobs:
        compare_task(job.pk)
    told = ok(dana.get("/models/loan/compare", versions="1,2,3"))
    assert told["waited_for"] == told["not_compared_yet"] == told["came_to_nothing"] == []
    assert figures(told, "auc")[3]["difference"] is not None


def test_what_came_to_nothing_says_why(dana: Caller, three):
    ok(dana.post("/models/loan/compare", {"versions": [1, 2]}), 202)
    store().remove(three[0].predictions_digest)
    compare_task(Job.objects.get(task=TASK).pk)
    told = ok(dana.get("/models/loan/compare", versions="1,2"))
    assert told["waited_for"] == []
    assert [each["versions"] for each in told["came_to_nothing"]] == [[2, 1]]
    assert told["came_to_nothing"][0]["why"]


def test_what_can_not_be_compared_can_not_be_asked_for(dana: Caller, three):
    problem_of(dana.post("/models/loan/compare", {"versions": [1, 1]}), 422, "wrong_count")
    problem_of(dana.post("/models/loan/compare", {"versions": [1, 9]}), 404, "not_found")
    problem_of(dana.post("/models/loan/compare", {"versions": [1, 2], "dataset": "nowhere@1"}), 404, "not_measured")
    assert not Job.objects.filter(task=TASK).exists()


def test_what_is_asked_wrongly_is_refused(dana: Caller, three):
    problem_of(dana.get("/models/loan/compare", versions="1"), 422, "wrong_count")
    problem_of(dana.get("/models/loan/compare", versions="1,x"), 422, "malformed")
    problem_of(dana.get("/models/loan/compare", versions="1,9"), 404, "not_found")
    problem_of(dana.get("/models/loan/compare", versions="1,2", dataset="nowhere@1"), 404, "not_measured")


def test_what_was_never_measured_is_not_found(dana: Caller, people, loan):
    version_of(loan)
    version_of(loan)
    problem_of(dana.get("/models/loan/compare", versions="1,2"), 404, "not_measured")
