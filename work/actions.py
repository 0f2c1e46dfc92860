"""Queueing, claiming and finishing jobs.

Who may run a job is settled by one conditional UPDATE, so any number of workers and sweepers can try. Each
claim raises `attempt`, and everything a claim writes later is conditional on that number: a worker that was
thought dead and comes back finds its number taken and can't write (fencing).
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from work.models import Job

logger = logging.getLogger(__name__)

#: A queued job nobody picked up for this long is pointed at again: its message may be lost.
UNSEEN_AFTER = timedelta(seconds=30)
#: So long after a broker couldn't be reached, in seconds, commits leave it alone.
BROKER_LEFT_ALONE = 5.0


class LeaseLost(Exception):
    """Another claim has taken the job over; what this one did must not be written."""


@dataclass(frozen=True)
class Lease:
    """The right to work on a job, as long as nobody else claims it."""

    job_id: int
    attempt: int
    subject: str
    exhausted: bool  # claimed more often than allowed: don't try again, record that it can't be done

    @property
    def key(self) -> int:
        """The primary key of what the job is about: 12 of "gate-run:12"."""
        return int(self.subject.partition(":")[2])

    def renew(self) -> None:
        """Raises LeaseLost when it was lost."""
        self._write(lease_until=_lease_end())

    def report(self, progress: float, word: str) -> None:
        """Shows people how far it is: a share from 0 to 1 and a word. Raises LeaseLost."""
        self._write(progress=min(max(progress, 0.0), 1.0), word=word, lease_until=_lease_end())

    def finish(self, *, error: str = "") -> None:
        """Ends the job; call it in the transaction that writes the result. Raises LeaseLost, undoing both."""
        state = Job.State.FAILED if error else Job.State.SUCCEEDED
        self._write(state=state, progress=1.0, lease_until=None, finished_at=timezone.now(), error=error)

    def give_back(self, *, error: str, wait: timedelta) -> None:
        """Puts the job back on the queue for a later try. Raises LeaseLost."""
        self._write(state=Job.State.QUEUED, lease_until=None, not_before=timezone.now() + wait, error=error)

    def _write(self, **fields: object) -> None:
        mine = Job.objects.filter(pk=self.job_id, state=Job.State.RUNNING, attempt=self.attempt)
        if not mine.update(**fields):
            raise LeaseLost(f"Job {self.job_id} was claimed again after attempt {self.attempt}.")


def enqueue(task: str, *, queue: str, subject: str, max_attempts: int = 3) -> Job:
    """Queues a job in the present transaction and points a worker at it after the commit."""
    job = Job.objects.create(task=task, queue=queue, subject=subject, max_attempts=max_attempts)
    # A robust callback: a dead broker delays the job until the sweeper sees it, and undoes nothing.
    transaction.on_commit(lambda: _nudge_unless_away(job), robust=True)
    return job


class _Broker:
    """What this process last saw of it."""

    left_alone_until = 0.0


_broker = _Broker()


def _nudge_unless_away(job: Job) -> None:
    # A rollback may queue twenty letters: a broker that hangs is waited for by the first of them only.
    if time.monotonic() >= _broker.left_alone_until:
        nudge(job)


def nudge(job: Job) -> bool:
    """Tells a worker to look at the job. Without retry; a broker that can't be reached is only logged (False)."""
    return _point_at([job]) == 1


def _point_at(jobs: Sequence[Job]) -> int:
    """Sends the messages in turn, up to the first that the broker doesn't take. Returns how many it took."""
    for taken, job in enumerate(jobs):
        try:
            current_app.send_task(job.task, args=[job.pk], queue=job.queue, retry=False)
        except Exception as error:  # noqa: BLE001  # whatever the broker is, its failures must not undo a commit
            _broker.left_alone_until = time.monotonic() + BROKER_LEFT_ALONE
            left = f"Job {job.pk} stays" if len(jobs) - taken == 1 else f"{len(jobs) - taken} jobs stay"
            logger.warning("%s queued, the queue can't be reached: %s", left, error)
            return taken
        Job.objects.filter(pk=job.pk).update(nudged_at=timezone.now())
    return len(jobs)


def claim(job_id: int) -> Lease | None:
    """Takes the job if it is due and free; None when it is done, taken, or not due."""
    now = timezone.now()
    free = Q(state=Job.State.QUEUED, not_before__lte=now) | Q(state=Job.State.RUNNING, lease_until__lt=now)
    with transaction.atomic():
        taken = Job.objects.filter(free, pk=job_id).update(
            state=Job.State.RUNNING, attempt=F("attempt") + 1, lease_until=_lease_end(), started_at=now
        )
        if not taken:
            return None
        job = Job.objects.get(pk=job_id)
    return Lease(job.pk, job.attempt, job.subject, exhausted=job.attempt > job.max_attempts)


def cancel(job: Job) -> bool:
    """Ends an open job that is no longer wanted; a worker still at it finds its lease lost."""
    fields = {"state": Job.State.CANCELLED, "lease_until": None, "finished_at": timezone.now()}
    return bool(Job.objects.filter(pk=job.pk, state__in=Job.OPEN).update(**fields))


def sweep() -> int:
    """Points workers at due jobs that were lost sight of: expired leases, unseen messages. Returns how many.

    Due-ness is a question to the database, so sweeping twice, or from several machines, does no harm. While the
    broker can't be reached, one try is enough.
    """
    now = timezone.now()
    expired = Q(state=Job.State.RUNNING, lease_until__lt=now)
    unseen = Q(state=Job.State.QUEUED, not_before__lte=now) & (
        Q(nudged_at=None, created_at__lt=now - timedelta(seconds=2))
        | Q(nudged_at__lt=now - UNSEEN_AFTER)
        | Q(nudged_at__lt=F("not_before"))
    )
    recently = Q(nudged_at__gt=now - timedelta(seconds=settings.LEASE_SECONDS)) & Q(nudged_at__gt=F("lease_until"))
    lost = list(Job.objects.filter(unseen | (expired & ~recently)).order_by("pk")[:500])
    return _point_at(lost)


def _lease_end() -> datetime:
    return timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)
