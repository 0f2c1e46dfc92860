"""Claiming, losing and finishing jobs: one worker at a time, and a late one can't write."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from tests.work.conftest import START
from work.actions import LeaseLost, cancel, claim, enqueue
from work.models import Job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
LEASE = timedelta(seconds=30)


@pytest.fixture(autouse=True)
def lease_of_thirty_seconds(settings):
    settings.LEASE_SECONDS = 30


@pytest.fixture
def job():
    return enqueue("approvals.run_gate", queue="gates", subject="gate-run:1")


def now(job) -> Job:
    return Job.objects.get(pk=job.pk)


def test_a_job_is_queued_with_its_subject(job):
    assert (job.state, job.attempt, job.subject) == ("queued", 0, "gate-run:1")


def test_a_claim_takes_the_job_for_the_length_of_a_lease(job):
    lease = claim(job.pk)
    assert (lease.attempt, lease.subject, lease.exhausted) == (1, "gate-run:1", False)
    taken = now(job)
    assert (taken.state, taken.attempt, taken.lease_until) == ("running", 1, START + LEASE)


def test_a_claimed_job_can_not_be_claimed_again_while_its_lease_lasts(job, clock):
    claim(job.pk)
    clock.shift(LEASE)
    assert claim(job.pk) is None


def test_an_expired_lease_is_claimed_by_the_next_worker(job, clock):
    claim(job.pk)
    clock.shift(LEASE + timedelta(microseconds=1))
    assert claim(job.pk).attempt == 2


LATE_WRITES = {
    "finish": lambda lease: lease.finish(),
    "fail": lambda lease: lease.finish(error="late"),
    "renew": lambda lease: lease.renew(),
    "report": lambda lease: lease.report(0.9, "late"),
    "give back": lambda lease: lease.give_back(error="late", wait=timedelta()),
}


@pytest.mark.parametrize("write", LATE_WRITES.values(), ids=LATE_WRITES)
def test_a_late_write_of_a_worker_thought_dead_is_refused(job, clock, write):
    late = claim(job.pk)
    clock.shift(LEASE * 2)
    claim(job.pk)
    before = Job.objects.values().get(pk=job.pk)
    with pytest.raises(LeaseLost, match="claimed again after attempt 1"):
        write(late)
    assert Job.objects.values().get(pk=job.pk) == before


@pytest.mark.parametrize("write", LATE_WRITES.values(), ids=LATE_WRITES)
def test_nothing_is_written_after_the_end(job, write):
    lease = claim(job.pk)
    lease.finish()
    with pytest.raises(LeaseLost):
        write(lease)
    assert now(job).state == "succeeded"


def test_a_late_worker_that_nobody_replaced_may_still_finish(job, clock):
    lease = claim(job.pk)
    clock.shift(LEASE * 5)
    lease.finish()
    assert now(job).state == "succeeded"


def test_a_lost_lease_undoes_the_result_written_beside_it(job, clock):
    late = claim(job.pk)
    clock.shift(LEASE * 2)
    claim(job.pk)

    @transaction.atomic
    def write_result():
        Job.objects.create(task="t", queue="gates", subject="the result")
        late.finish()

    with pytest.raises(LeaseLost):
        write_result()
    assert not Job.objects.filter(subject="the result").exists()


def test_renewing_and_reporting_prolong_the_lease(job, clock):
    lease = claim(job.pk)
    clock.shift(20)
    lease.renew()
    assert now(job).lease_until == START + timedelta(seconds=50)
    clock.shift(20)
    lease.report(0.5, "running the model")
    shown = now(job)
    assert shown.lease_until == START + timedelta(seconds=70)
    assert (shown.progress, shown.word) == (0.5, "running the model")


@pytest.mark.parametrize(("told", "kept"), [(-1, 0), (0.3, 0.3), (7, 1)])
def test_progress_stays_a_share(job, told, kept):
    claim(job.pk).report(told, "working")
    assert now(job).progress == kept


def test_a_job_given_back_waits_and_is_claimed_again(job, clock):
    claim(job.pk).give_back(error="OSError: disk", wait=timedelta(seconds=8))
    assert (now(job).state, now(job).error) == ("queued", "OSError: disk")
    clock.shift(7)
    assert claim(job.pk) is None
    clock.shift(1)
    assert claim(job.pk).attempt == 2


def test_the_fourth_claim_of_three_allowed_is_told_so(job, clock):
    exhausted = []
    for _ in range(4):
        exhausted.append(claim(job.pk).exhausted)
        clock.shift(LEASE * 2)
    assert exhausted == [False, False, False, True]


def test_a_finished_job_is_not_claimed_again(job, clock):
    claim(job.pk).finish()
    clock.shift(LEASE * 100)
    assert claim(job.pk) is None


def test_a_job_that_is_not_there_is_not_claimed():
    assert claim(10**9) is None


def test_a_cancelled_job_takes_the_lease_from_who_is_at_it(job):
    lease = claim(job.pk)
    assert cancel(job)
    with pytest.raises(LeaseLost):
        lease.finish()
    assert claim(job.pk) is None
    assert now(job).state == "cancelled"


def test_cancelling_what_is_done_changes_nothing(job):
    claim(job.pk).finish()
    assert not cancel(job)
    assert now(job).state == "succeeded"


def test_a_subject_has_one_open_job_and_may_have_another_when_it_is_done(job):
    with pytest.raises(IntegrityError), transaction.atomic():
        enqueue(job.task, queue="gates", subject=job.subject)
    claim(job.pk).finish()
    assert enqueue(job.task, queue="gates", subject=job.subject).pk != job.pk


@pytest.mark.parametrize("wrong", [{"state": "running"}, {"progress": 1.5}, {"progress": -0.1}])
def test_the_database_refuses_a_job_that_can_not_be(job, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(**wrong)


def test_of_parallel_claims_one_wins(own_database):
    pk = own_database.do(lambda: enqueue("approvals.run_gate", queue="gates", subject="gate-run:1").pk)
    leases = own_database.together([lambda: claim(pk)] * 6)
    assert sorted(lease is not None for lease in leases) == [False] * 5 + [True]
    assert own_database.do(lambda: Job.objects.get(pk=pk).attempt) == 1
