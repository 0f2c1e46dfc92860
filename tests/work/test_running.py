"""Doing a claimed job: again when it fails, given up after three times, its lease kept alive meanwhile."""

import threading
from datetime import timedelta

import pytest

from audit.origin import present
from work.actions import Lease, LeaseLost, claim, enqueue
from work.models import Job
from work.running import run_job


@pytest.fixture
def job(db, clock):
    return enqueue("approvals.run_gate", queue="gates", subject="gate-run:1")


class Worker:
    """Does a job by failing so many times first; notes what it did and what was given up."""

    def __init__(self, failures: int = 0) -> None:
        self.failures, self.did, self.gave_up = failures, [], []

    def do(self, lease: Lease) -> None:
        self.did.append(lease.attempt)
        if len(self.did) <= self.failures:
            raise OSError("disk on fire")
        lease.finish()

    def give_up(self, lease: Lease) -> None:
        self.gave_up.append(lease.attempt)
        lease.finish(error="given up")

    def run(self, job) -> Job:
        run_job(job.pk, self.do, give_up=self.give_up)
        return Job.objects.get(pk=job.pk)


def test_a_job_is_done_once_however_often_it_is_pointed_at(job):
    worker = Worker()
    assert {worker.run(job).state for _ in range(3)} == {"succeeded"}
    assert worker.did == [1]


def test_what_is_done_for_a_job_comes_from_the_worker(job):
    channels = []
    run_job(job.pk, lambda lease: (channels.append(present().channel), lease.finish()), give_up=None)
    assert channels == ["worker"]
    assert present().channel == "command"


def test_a_failing_job_goes_back_and_waits_longer_each_time(job, clock):
    worker, waits = Worker(failures=2), []
    for _ in range(2):
        failed = worker.run(job)
        assert (failed.state, failed.error) == ("queued", "OSError: disk on fire")
        waits.append(failed.not_before.timestamp() - failed.started_at.timestamp())
        clock.shift(600)
    assert waits == [2, 4]
    assert worker.run(job).state == "succeeded"


def test_after_three_failures_a_job_is_given_up_and_never_succeeds(job, clock):
    worker = Worker(failures=99)
    for _ in range(6):
        worker.run(job)
        clock.shift(3600)
    assert (worker.did, worker.gave_up) == ([1, 2, 3], [4])
    assert Job.objects.get(pk=job.pk).state == "failed"


def test_after_three_crashes_without_a_word_a_job_is_given_up(job, clock):
    for _ in range(3):
        claim(job.pk)
        clock.shift(3600)
    worker = Worker()
    assert worker.run(job).state == "failed"
    assert (worker.did, worker.gave_up) == ([], [4])


def test_a_worker_that_lost_its_lease_puts_nothing_back(job, clock):
    def lose_it(lease):
        clock.shift(3600)
        claim(job.pk)
        raise OSError("too late to matter")

    run_job(job.pk, lose_it, give_up=None)
    after = Job.objects.get(pk=job.pk)
    assert (after.state, after.attempt, after.error) == ("running", 2, "")


def test_a_lost_lease_is_no_failure_of_the_job(job, clock):
    def lose_it(lease):
        clock.shift(3600)
        claim(job.pk)
        lease.report(0.5, "late")

    run_job(job.pk, lose_it, give_up=None)
    assert Job.objects.get(pk=job.pk).attempt == 2


def test_a_long_job_keeps_its_lease(own_database, settings, monkeypatch):
    """The lease is renewed beside the work; the work here ends when it has seen two renewals."""
    settings.LEASE_SECONDS = 0.3
    renewed, renew, ends = threading.Semaphore(0), Lease.renew, []

    def renew_and_tell(lease):
        renew(lease)
        ends.append(Job.objects.get(pk=lease.job_id).lease_until)
        renewed.release()

    monkeypatch.setattr(Lease, "renew", renew_and_tell)

    def work_for_long(lease):
        assert renewed.acquire(timeout=20)
        assert renewed.acquire(timeout=20)
        lease.finish()

    def story():
        job = enqueue("approvals.run_gate", queue="gates", subject="gate-run:1")
        run_job(job.pk, work_for_long, give_up=None)
        return Job.objects.get(pk=job.pk)

    finished = own_database.do(story)
    assert finished.state == "succeeded"
    assert ends[1] - ends[0] >= timedelta(milliseconds=80)


def test_the_heartbeat_ends_with_the_work(job):
    before = threading.active_count()
    Worker().run(job)
    assert threading.active_count() == before


def test_the_heartbeat_ends_quietly_when_the_lease_is_lost(own_database, settings, monkeypatch):
    settings.LEASE_SECONDS = 0.3
    lost, renew = threading.Event(), Lease.renew

    def renew_and_tell(lease):
        try:
            renew(lease)
        except LeaseLost:
            lost.set()
            raise

    monkeypatch.setattr(Lease, "renew", renew_and_tell)

    def be_overtaken(lease):
        Job.objects.filter(pk=lease.job_id).update(attempt=2)
        assert lost.wait(timeout=20)

    def story():
        job = enqueue("approvals.run_gate", queue="gates", subject="gate-run:1")
        run_job(job.pk, be_overtaken, give_up=None)
        return Job.objects.get(pk=job.pk).attempt

    assert own_database.do(story) == 2
