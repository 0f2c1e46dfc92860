"""Real Celery workers, killed with kill -9 while they run a gate."""

import os
import signal
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    import django

    django.setup()

from approvals.actions import publish_policy
from approvals.intake import finalise_version
from approvals.models import GateRun, Promotion
from audit.models import AuditEvent
from config.management.commands.serve import worker
from evidence.models import Evaluation
from registry.actions import add_artifact_file
from registry.models import Stage, Version
from tests import factories
from tests.faults.scenarios import play, scenario
from tests.faults.slow_model import slow_model
from tests.processes import Process, wait_until, wait_until_gone
from work.actions import sweep

#: Rounds of the slow model's loop: some seconds of computing.
ROUNDS = 4_000_000
PATIENCE = 60.0


def slow_promotion() -> Promotion:
    """A promotion whose one gate runs a model that takes seconds."""
    factories.personas()
    factories.policies()
    model, dana = factories.model_named("slow"), factories.persona("dana")
    floor = {"metric": "auc", "at_least": 0.1, "dataset": factories.HOLDOUT}
    gates = [{"key": "floor", "kind": "metric_threshold", "parameters": floor}]
    document = {"gates": gates, "slots": [{"key": "risk", "role": "approver"}]}
    publish_policy("Slow", document, actor=None, target_stage=Stage.PRODUCTION, model=model)
    version = factories.version_of(model, final=False)
    with tempfile.TemporaryDirectory() as folder:
        content = slow_model(Path(folder) / "model.onnx", ROUNDS)
    add_artifact_file(version, "model.onnx", [content], actor=dana)
    finalise_version(version, actor=dana)
    return factories.promotion_in("checking", version=Version.objects.get(pk=version.pk))


def start_worker() -> Process:
    return Process(worker("gates").command)


def kill(process: Process) -> None:
    """kill -9 of the worker and its process group; returns when what it had started is gone too."""
    started = descendants(process.pid)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pid in started:
        wait_until_gone(pid)


def descendants(pid: int) -> list[int]:
    children: list[int] = []
    for tasks in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError):
            children += [int(child) for child in (tasks / "children").read_text().split()]
    return [*children, *(deeper for child in children for deeper in descendants(child))]


def kill_in_mid_gate(run: GateRun) -> str:
    """Starts a worker, kills it while the model runs and returns the word that people saw then."""
    before = run.job.attempt if run.job else 0

    def is_running() -> bool:
        sweep()
        run.refresh_from_db()
        return run.job is not None and run.job.attempt > before and run.job.word == "running the model"

    with ExitStack() as ending:
        process = start_worker()
        ending.callback(process.end)
        wait_until(is_running, seconds=PATIENCE)
        wait_until(lambda: bool(descendants(process.pid)), seconds=PATIENCE)
        kill(process)
    run.refresh_from_db()
    return run.job.word if run.job and run.outcome == "pending" else run.outcome


def finish_with_a_new_worker(run: GateRun) -> None:
    """Starts another worker and sweeps, as the sweeper does each second, until the gate has an outcome."""

    def is_finished() -> bool:
        sweep()
        run.refresh_from_db()
        return run.outcome != "pending"

    with ExitStack() as ending:
        ending.callback(start_worker().end)
        wait_until(is_finished, seconds=PATIENCE)


def found(promotion: Promotion, run: GateRun, killed: list[str]) -> dict[str, Any]:
    promotion.refresh_from_db()
    events: Any = AuditEvent.objects.filter(
        subject_kind="promotion", subject_id=str(promotion.pk), verb="gate.finished"
    )
    assert run.job is not None
    return {
        "killed_while": killed,
        "outcome": run.outcome,
        "summary": run.summary,
        "runs": promotion.gate_runs.count(),
        "finished": [event.after["outcome"] for event in events],
        "channels": [event.channel for event in events],
        "state": promotion.state,
        "job": run.job.state,
        "attempts": run.job.attempt,
        "evaluations": Evaluation.objects.filter(version=promotion.version).count(),
    }


def play_with(kills: int) -> dict[str, Any]:
    promotion = slow_promotion()
    run = promotion.gate_runs.get()
    killed = [kill_in_mid_gate(run) for _ in range(kills)]
    finish_with_a_new_worker(run)
    return found(promotion, run, killed)


@scenario
def one_worker_is_killed() -> dict[str, Any]:
    return play_with(kills=1)


@scenario
def three_workers_are_killed() -> dict[str, Any]:
    return play_with(kills=3)


if __name__ == "__main__":
    play()
