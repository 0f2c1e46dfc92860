from typing import Any

import pytest

from approvals.actions import rerun_gate
from approvals.gates import GATES
from approvals.gates.measured import milliseconds
from approvals.intake import finalise_version
from evidence.models import Measurement
from registry.actions import add_artifact_file
from registry.models import Model
from tests import factories
from tests.approvals.judging import judge, promotion_with_gate, run_of
from tests.approvals.timed_versions import Stopwatch, candidate, live, stopwatch
from tests.evidence import onnx_models

__all__ = ["stopwatch"]

DATASET = {"dataset": factories.HOLDOUT}
QUIET = [2.0, 2.0, 2.0, 2.0, 2.0]


def test_a_call_within_the_ceiling_passes_by_the_median_of_the_rounds(loan: Model, stopwatch: Stopwatch) -> None:
    stopwatch.script("candidate", [2.0, 90.0, 2.1, 1.9, 2.0])
    run = judge(candidate(loan), "latency", at_most_ms=2, **DATASET)
    assert (run.outcome, run.summary) == ("passed", "Latency p95 2.00 ms ≤ 2.00 ms")
    assert run.provenance == "executed"


def test_a_call_over_the_ceiling_fails(loan: Model, stopwatch: Stopwatch) -> None:
    stopwatch.script("candidate", [2.2, 1.0, 2.3, 2.1, 2.2])
    run = judge(candidate(loan), "latency", at_most_ms=2, percentile="p50", **DATASET)
    assert (run.outcome, run.summary) == ("failed", "Latency p50 2.20 ms > 2.00 ms")


def test_details_say_how_it_was_measured_and_how_far_rounds_lie_apart(loan: Model, stopwatch: Stopwatch) -> None:
    live(loan)
    stopwatch.script("candidate", [2.0, 90.0, 2.1, 1.9, 2.0])
    stopwatch.script("live", QUIET)
    run = judge(candidate(loan), "latency", at_most_ratio=3.0, batch_rows=8, **DATASET)
    facts = [f"{name}: {text}" for name, text in run.details["facts"]]
    told = "50 timed calls of 8 rows in 5 rounds after a warm-up, taking turns with loan v1; medians over the rounds"
    assert f"Measured: {told}" in facts
    assert "Rounds: loan v2: 1.90 ms to 90.0 ms; loan v1: 2.00 ms to 2.00 ms" in facts
    assert any(fact.startswith("Host: ") for fact in facts)


@pytest.mark.parametrize(("ratio", "outcome"), [(1.5, "passed"), (1.49, "failed")])
def test_a_ratio_is_to_what_is_live_round_by_round(
    loan: Model, stopwatch: Stopwatch, ratio: float, outcome: str
) -> None:
    live(loan)
    # Both slow down tenfold in the middle: the ratio of the rounds stays.
    stopwatch.script("candidate", [3.0, 30.0, 30.0, 30.0, 3.0])
    stopwatch.script("live", [2.0, 20.0, 20.0, 20.0, 2.0])
    run = judge(candidate(loan), "latency", at_most_ratio=ratio, **DATASET)
    limit = f"{'≤' if outcome == 'passed' else '>'} {ratio}×"
    assert (run.outcome, run.summary) == (outcome, f"Latency p95 30.0 ms; 1.50× that of loan v1 {limit}")


def test_candidate_and_live_take_turns_in_one_job(loan: Model, stopwatch: Stopwatch) -> None:
    live(loan)
    stopwatch.script("candidate", QUIET)
    stopwatch.script("live", QUIET)
    judge(candidate(loan), "latency", at_most_ratio=1.0, **DATASET)
    assert stopwatch.started == ["candidate", "live", "live", "candidate"] * 2 + ["candidate", "live"]
    assert len({measurement.together for measurement in Measurement.objects.all()}) == 1


def test_either_limit_missed_fails(loan: Model, stopwatch: Stopwatch) -> None:
    live(loan)
    stopwatch.script("candidate", QUIET)
    stopwatch.script("live", [1.0] * 5)
    version = candidate(loan)
    both: dict[str, Any] = {"at_most_ms": 5.0, "at_most_ratio": 1.5}
    assert judge(version, "latency", **both, **DATASET).outcome == "failed"


def test_with_nothing_live_a_ratio_passes_saying_so(loan: Model, stopwatch: Stopwatch) -> None:
    stopwatch.script("candidate", QUIET)
    run = judge(candidate(loan), "latency", at_most_ratio=1.0, **DATASET)
    assert (run.outcome, run.summary) == ("passed", "Latency p95 2.00 ms; nothing is live to compare with")


def test_a_live_version_that_is_never_executed_leaves_a_ratio_inconclusive(loan: Model, stopwatch: Stopwatch) -> None:
    live(loan, format="joblib")
    stopwatch.script("candidate", QUIET)
    run = judge(candidate(loan), "latency", at_most_ratio=1.0, **DATASET)
    assert run.outcome == "inconclusive"
    assert "loan v1 is live but can't be measured: loan v1 is a joblib file" in run.summary


def test_a_missed_ceiling_fails_even_if_what_is_live_cannot_be_measured(loan: Model, stopwatch: Stopwatch) -> None:
    live(loan, format="joblib")
    stopwatch.script("candidate", QUIET)
    assert judge(candidate(loan), "latency", at_most_ms=1, at_most_ratio=1.0, **DATASET).outcome == "failed"


def test_a_candidate_that_is_never_executed_is_an_error_with_the_remedy(loan: Model, stopwatch: Stopwatch) -> None:
    run = judge(candidate(loan, format="pickle"), "latency", at_most_ms=9e9, **DATASET)
    assert run.outcome == "error"
    assert "isn't run here, so it can't be timed" in run.summary
    assert "Register it as onnx" in run.summary
    assert stopwatch.started == []


def test_a_candidate_that_breaks_while_it_is_timed_is_an_error(loan: Model, stopwatch: Stopwatch) -> None:
    stopwatch.refuse("candidate")
    run = judge(candidate(loan), "latency", at_most_ms=9e9, **DATASET)
    assert (run.outcome, run.summary) == ("error", "candidate never ended. Make it faster.")
    assert stopwatch.started == ["candidate"]
    assert not Measurement.objects.exists()


def test_each_run_measures_anew_and_an_equal_outcome_changes_no_decision(loan: Model, stopwatch: Stopwatch) -> None:
    stopwatch.script("candidate", [*QUIET, 1.0, 1.0, 1.0, 1.0, 1.0])
    promotion = factories.run_gates(promotion_with_gate(candidate(loan), "latency", at_most_ms=5, **DATASET))
    seal, first = promotion.seal, run_of(promotion)
    rerun_gate(promotion, "asked", actor=factories.persona("dana"), reason="Was the machine busy?")
    again = run_of(factories.run_gates(promotion))
    promotion.refresh_from_db()
    assert (first.summary, again.summary) == ("Latency p95 2.00 ms ≤ 5.00 ms", "Latency p95 1.00 ms ≤ 5.00 ms")
    assert Measurement.objects.count() == 2
    assert promotion.seal == seal


def test_batch_size_reaches_the_process(loan: Model, stopwatch: Stopwatch) -> None:
    stopwatch.script("candidate", QUIET)
    judge(candidate(loan), "latency", at_most_ms=5, batch_rows=64, **DATASET)
    assert {plan.batch_rows for plan in stopwatch.plans} == {64}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "give a ceiling, at_most_ratio, or both"),
        ({"at_most_ms": 0}, "a limit must be above 0"),
        ({"at_most_ms": 5, "at_most_ratio": -1.0}, "a limit must be above 0"),
        ({"at_most_ms": "5 ms"}, "at_most_ms must be a number"),
        ({"at_most_ms": float("nan")}, "at_most_ms must be a number"),
        ({"at_most_ms": 5, "percentile": "p90"}, "percentile must be one of p50, p95, p99"),
        ({"at_most_ms": 5, "batch_rows": 0}, "batch_rows must be from 1 to 10,000"),
        ({"at_most_ms": 5, "batch_rows": 2.5}, "batch_rows must be a whole number"),
        ({"at_most_ms": 5, "p95_ms": 5}, "unknown parameter p95_ms"),
    ],
)
def test_wrong_parameters_are_refused_by_name(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        GATES["latency"].read_parameters({**DATASET, **wrong})


def test_the_dataset_must_be_given() -> None:
    with pytest.raises(ValueError, match="the parameter dataset is missing"):
        GATES["latency"].read_parameters({"at_most_ms": 5})


def test_a_real_model_is_really_timed_in_its_isolated_process(loan: Model, tmp_path: Any) -> None:
    version = factories.version_of(loan, final=False)
    artifact = onnx_models.logistic(tmp_path / "model.onnx", [1.0]).read_bytes()
    add_artifact_file(version, "model.onnx", [artifact], actor=factories.persona("dana"))
    finalise_version(version, actor=factories.persona("dana"))
    version.refresh_from_db()
    run = judge(version, "latency", at_most_ms=60_000, percentile="p99", batch_rows=16, **DATASET)
    assert run.outcome == "passed", run.summary
    measurement = Measurement.objects.get()
    assert (measurement.version, measurement.batch_rows, len(measurement.rounds)) == (version, 16, 5)
    assert run.details["value"] == measurement.p99 > 0
    assert measurement.isolation in {"bubblewrap", "limits"}


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.0284, "0.028 ms"), (1.5, "1.50 ms"), (43.21, "43.2 ms"), (250, "250 ms"), (61_234.0, "61,234 ms")],
)
def test_milliseconds_are_told_to_the_digits_that_matter(value: float, words: str) -> None:
    assert milliseconds(value) == words
