"""Gates as jobs: a gate that crashes is tried again and ends as an error, never as a pass."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from approvals.gates import GATES
from approvals.models import GateRun, Promotion
from approvals.tasks import run_gate_task
from audit.models import AuditEvent
from registry.models import Version
from tests.approvals.judging import promotion_with_gate, run_of
from work.models import Job


@pytest.fixture
def waiting(version: Version) -> Promotion:
    """A promotion whose one gate, integrity, is queued."""
    return promotion_with_gate(version, "integrity")


@pytest.fixture
def crash(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def raise_this() -> None:
        def check(*_: Any) -> None:
            raise RuntimeError("the disk caught fire")

        monkeypatch.setattr(type(GATES["integrity"]), "check", check)

    return raise_this


def try_now(run: GateRun) -> Job:
    """A worker gets the message when the job is due again."""
    assert run.job_id is not None
    Job.objects.filter(pk=run.job_id).update(not_before=timezone.now() - timedelta(seconds=1))
    run_gate_task(run.job_id)
    return Job.objects.get(pk=run.job_id)


def finished(promotion: Promotion) -> list[Any]:
    events: Any = AuditEvent.objects.filter(verb="gate.finished", subject_id=str(promotion.pk))
    return [event.after["outcome"] for event in events]


def test_a_gate_that_raises_is_tried_again_later_and_has_no_outcome_meanwhile(
    waiting: Promotion, crash: Callable[..., None]
) -> None:
    crash()
    job = try_now(run_of(waiting))
    assert (job.state, job.attempt) == ("queued", 1)
    assert job.not_before > timezone.now()
    assert "the disk caught fire" in job.error
    assert run_of(waiting).outcome == "pending"
    assert finished(waiting) == []


def test_the_third_crash_is_an_error_and_blocks(waiting: Promotion, crash: Callable[..., None]) -> None:
    crash()
    run = run_of(waiting)
    for _ in range(3):
        assert run_of(waiting).outcome == "pending"
        try_now(run)
    job = try_now(run)  # the claim after the third crash gives up, without running the gate again
    run.refresh_from_db()
    waiting.refresh_from_db()
    assert (run.outcome, job.state, waiting.state) == ("error", "succeeded", "blocked")
    assert "the disk caught fire" in run.summary
    assert finished(waiting) == ["error"]


def test_giving_up_does_not_ask_the_gate_once_more(
    waiting: Promotion, crash: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    crash()
    for _ in range(3):
        try_now(run_of(waiting))
    monkeypatch.undo()  # the gate would pass now
    try_now(run_of(waiting))
    assert run_of(waiting).outcome == "error"


def test_a_gate_that_recovers_finishes_once(
    waiting: Promotion, crash: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    crash()
    try_now(run_of(waiting))
    monkeypatch.undo()
    try_now(run_of(waiting))
    try_now(run_of(waiting))  # a second message for the same job
    assert finished(waiting) == ["passed"]
    waiting.refresh_from_db()
    assert waiting.state == "in_review"


def test_outcomes_in_words() -> None:
    labels = dict(GateRun._meta.get_field("outcome").choices or [])
    assert labels == {
        "pending": "Running",
        "passed": "Passed",
        "failed": "Failed",
        "inconclusive": "Inconclusive",
        "error": "Error",
        "waiting": "Waiting",
        "stopped": "Not finished",
    }
