"""Promotions whose gates real workers run, and what came of them."""

import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import DatabaseError, connection
from django.db.models import QuerySet
from django.utils import timezone

from approvals.actions import publish_policy
from approvals.intake import finalise_version
from approvals.models import GateRun, Promotion
from audit.models import AuditEvent
from evidence.models import Evaluation
from registry.actions import add_artifact_file
from registry.models import Model, Stage, Version
from tests import factories
from tests.faults import at_once
from tests.faults.slow_model import slow_model
from tests.processes import wait_until
from work.actions import UNSEEN_AFTER
from work.models import Job

WITHIN = 90.0  # seconds; only a failing test waits that long
#: What the slow model's loop does in about a second.
ROUNDS_PER_SECOND = 700_000


def set_up() -> None:
    at_once.set_up()
    model = factories.model_named("weighed")
    floor = {"metric": "auc", "at_least": 0.1, "dataset": factories.HOLDOUT}
    gates = [{"key": "floor", "kind": "metric_threshold", "parameters": floor}]
    document = {"gates": gates, "slots": [{"key": "risk", "role": "approver"}]}
    publish_policy("Weighed", document, actor=None, target_stage=Stage.PRODUCTION, model=model)


def open_some(count: int, seconds: float = 0.0) -> list[dict[str, int]]:
    """Promotions with one gate that runs a model, for about so many seconds; the ids of each, its job and version."""
    model = factories.model_named("weighed")
    return [_open(model, 1 + int(ROUNDS_PER_SECOND * seconds) + number) for number in range(count)]


def _open(model: Model, rounds: int) -> dict[str, int]:
    version = factories.version_of(model, final=False)
    with tempfile.TemporaryDirectory() as folder:
        # No two alike: what was computed of one artifact would do for its twin.
        content = slow_model(Path(folder) / "model.onnx", rounds + 1000 * version.number)
    add_artifact_file(version, "model.onnx", [content], actor=factories.persona("dana"))
    finalise_version(version, actor=factories.persona("dana"))
    promotion = factories.promotion_in("checking", version=Version.objects.get(pk=version.pk))
    job = promotion.gate_runs.get().job_id
    assert job is not None
    return {"promotion": promotion.pk, "job": job, "version": version.number}


def finished(promotions: list[int]) -> list[dict[str, Any]]:
    """What came of them, once no gate of theirs is pending any more."""
    pending = GateRun.objects.filter(promotion__in=promotions, outcome="pending")
    wait_until(lambda: _true_of_the_database(lambda: not pending.exists()), seconds=WITHIN)
    return [_found(pk) for pk in promotions]


def until_one_runs_its_model(jobs: list[int]) -> None:
    _until(Job.objects.filter(pk__in=jobs, state="running", word="running the model"))


def until_one_failed_in_the_store(jobs: list[int]) -> None:
    _until(Job.objects.filter(pk__in=jobs, error__contains="store"))


def _until(jobs: QuerySet[Job]) -> None:
    wait_until(lambda: _true_of_the_database(jobs.exists), seconds=WITHIN)


def _true_of_the_database(asked: Any) -> bool:
    try:
        return bool(asked())
    except DatabaseError:  # it is being restarted
        connection.close()
        return False


def _found(pk: int) -> dict[str, Any]:
    promotion = Promotion.objects.get(pk=pk)
    run = promotion.gate_runs.select_related("job").get()
    events: Any = AuditEvent.objects.filter(subject_kind="promotion", subject_id=str(pk))
    assert run.job is not None
    return {
        "outcome": run.outcome,
        "summary": run.summary,
        "finished": [event.after["outcome"] for event in events.filter(verb="gate.finished")],
        "channels": [event.channel for event in events.filter(verb="gate.finished")],
        "verbs": Counter(events.values_list("verb", flat=True)),
        "state": promotion.state,
        "job": run.job.state,
        "attempts": run.job.attempt,
        "evaluations": Evaluation.objects.filter(version=promotion.version).count(),
    }


def half_a_minute_passes() -> int:
    """As if nobody had picked up a queued job for so long. Returns how many jobs that is true of."""
    return Job.objects.filter(state="queued", nudged_at__isnull=False).update(
        nudged_at=timezone.now() - UNSEEN_AFTER - timedelta(seconds=1)
    )
