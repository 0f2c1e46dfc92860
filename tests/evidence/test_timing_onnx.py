"""Timing a model in its isolated process: real models whose cost is known, and lying ones."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from evidence import bubblewrap, runtimes
from evidence.isolation import Completed, Limits
from evidence.measuring import Plan
from evidence.runtimes import Run, RuntimeRefused
from tests.evidence import onnx_models

LIMITS = Limits(seconds=30, cpu_seconds=30)
PLAN = Plan(batch_rows=2, calls=12, seconds=5)
COLUMNS = {"a": np.linspace(0, 1, 7), "b": np.linspace(1, 2, 7)}


@pytest.fixture(params=["bubblewrap", "limits"])
def isolation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "limits":
        monkeypatch.setattr(bubblewrap, "works_here", lambda: False)
    elif not bubblewrap.works_here():
        pytest.skip("bubblewrap doesn't work here")
    return str(request.param)


def timed(artifact: Any, plan: Plan = PLAN, format: str = "onnx", **changed: Any) -> Any:
    options = {"columns": COLUMNS, "contract": {}, "limits": LIMITS, "require_bubblewrap": False, **changed}
    return runtimes.time_round(Run(format, artifact, artifact.name, **options), plan)


def test_a_round_has_the_calls_asked_for_and_sane_figures(tmp_path: Any, isolation: str) -> None:
    found = timed(onnx_models.logistic(tmp_path / "model.onnx", [1, 2]))
    assert (len(found.milliseconds), found.isolation) == (12, isolation)
    assert (found.milliseconds > 0).all()
    assert 0 < found.idle_bytes < found.peak_bytes


def test_memory_is_the_models_and_not_what_its_parent_holds(tmp_path: Any, isolation: str) -> None:
    """A worker that grew large would otherwise make every model look large."""
    ballast = np.ones(400 * 1024**2 // 8)
    small = timed(onnx_models.logistic(tmp_path / "model.onnx", [1, 2]))
    assert ballast.nbytes > 1.5 * small.peak_bytes


def test_what_a_model_holds_in_a_call_shows_in_its_peak(tmp_path: Any) -> None:
    """The model repeats its input: 4 bytes · 2 features · 2 rows · times."""
    repeats = 4_000_000
    eater = timed(onnx_models.memory_eater(tmp_path / "eater.onnx", repeats), replace(PLAN, calls=1))
    assert eater.peak_bytes - eater.idle_bytes > 4 * 2 * 2 * repeats


def test_a_model_with_more_to_do_takes_longer(tmp_path: Any) -> None:
    quick = timed(onnx_models.logistic(tmp_path / "model.onnx", [1, 2]))
    slow = timed(onnx_models.memory_eater(tmp_path / "slow.onnx", 300_000))
    assert np.median(slow.milliseconds) > 3 * np.median(quick.milliseconds)


def test_a_slow_model_ends_its_round_by_the_clock_but_not_before_a_few_calls(tmp_path: Any) -> None:
    slow = onnx_models.memory_eater(tmp_path / "slow.onnx", 300_000)
    assert len(timed(slow, Plan(batch_rows=1, calls=10_000, seconds=0.000_001)).milliseconds) == 5


@pytest.mark.parametrize("format", ["pickle", "joblib", "xgboost"])
def test_what_is_not_run_here_is_not_timed_either(tmp_path: Any, format: str) -> None:
    with pytest.raises(RuntimeRefused) as refused:
        timed(onnx_models.logistic(tmp_path / "model.onnx", [1, 2]), format=format)
    assert refused.value.code == "not_executable"


def test_a_model_that_does_not_fit_says_so(tmp_path: Any) -> None:
    with pytest.raises(RuntimeRefused) as refused:
        timed(onnx_models.logistic(tmp_path / "model.onnx", [1, 2, 3]))
    assert refused.value.code == "inputs_do_not_fit"


def test_a_model_that_never_returns_is_stopped(tmp_path: Any) -> None:
    with pytest.raises(RuntimeRefused) as refused:
        timed(onnx_models.never_ending(tmp_path / "loop.onnx"), limits=replace(LIMITS, seconds=1.5))
    assert refused.value.code == "timeout"


def test_fewer_rows_than_a_batch_are_a_mistake_of_the_caller(tmp_path: Any) -> None:
    with pytest.raises(ValueError, match="7 rows make no batch of 8"):
        timed(onnx_models.logistic(tmp_path / "model.onnx", [1, 2]), Plan(batch_rows=8))


@pytest.mark.parametrize("told", [[], [1.0, 2.0], [1, 2, float("nan")], [1, 2, -1], [0, 2, 1], [1, 1e300, 1]], ids=str)
def test_figures_that_a_hostile_model_could_have_written_are_not_believed(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, told: list[float]
) -> None:
    answer = Completed(np.array(told, "<f8").tobytes(), "", "limits", 0.1)
    monkeypatch.setattr("evidence.runtimes.running.run_isolated", lambda *_, **__: answer)
    with pytest.raises(RuntimeRefused, match="no usable times"):
        timed(onnx_models.logistic(tmp_path / "model.onnx", [1, 2]))
