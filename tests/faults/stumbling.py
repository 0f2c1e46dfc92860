"""Loaded into a real worker: it dies, or stands still, at the very step of a job that a file names.

The file `JOB.STEP.KILL` (or `…STOP`, with anything behind it) is taken away first, so that the next
attempt gets further.
"""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from approvals import tasks
from work import running
from work.actions import Lease, claim

FOLDER = Path(os.environ["STUMBLE_IN"])


def stumble(job_id: int, step: str) -> None:
    for order in sorted(FOLDER.glob(f"{job_id}.{step}.*")):
        order.unlink()
        os.kill(os.getpid(), signal.Signals[f"SIG{order.name.split('.')[2]}"])
        return


def after(step: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def stumbling(lease: Lease, *given: Any, **further: Any) -> Any:
        returned = call(lease, *given, **further)
        stumble(lease.job_id, step or given[1].split()[0])  # "reading", "running", "measuring", "judging"
        return returned

    return stumbling


def claimed(job_id: int) -> Lease | None:
    lease = claim(job_id)
    if lease is not None:
        stumble(job_id, "claimed")
    return lease


running.claim = claimed
Lease.report = after("", Lease.report)  # type: ignore[method-assign]
# Inside the transaction, before the outcome is written.
Lease.finish = after("recording", Lease.finish)  # type: ignore[method-assign]
tasks.run_gate = after("recorded", tasks.run_gate)  # after the commit, before the message is acknowledged
