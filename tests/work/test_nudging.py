"""Messages only point at rows: after the commit, never instead of it, and losing one loses nothing."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import transaction

from work import actions
from work.actions import BROKER_LEFT_ALONE, UNSEEN_AFTER, claim, enqueue, sweep
from work.models import Job


def queued(subject="gate-run:1"):
    return enqueue("approvals.run_gate", queue="gates", subject=subject)


@pytest.fixture
def job(db, clock, settings):
    settings.LEASE_SECONDS = 30
    return queued()


# --- After the commit ---------------------------------------------------------------------------------


def test_a_worker_is_pointed_at_the_job_after_the_commit_only(own_database, queue):
    def story():
        with transaction.atomic():
            job = queued()
            before = list(queue.sent)
        return job.pk, before

    pk, before_the_commit = own_database.do(story)
    assert before_the_commit == []
    assert queue.sent == [("approvals.run_gate", pk, "gates")]


def test_a_change_that_is_undone_points_at_nothing(own_database, queue):
    class ChangedMyMind(Exception):
        pass

    @transaction.atomic
    def queue_and_think_again():
        queued()
        raise ChangedMyMind

    def story():
        with pytest.raises(ChangedMyMind):
            queue_and_think_again()
        return Job.objects.count()

    assert own_database.do(story) == 0
    assert queue.sent == []


@pytest.mark.parametrize("error", [None, OSError("no space left"), RuntimeError("whatever")])
def test_a_dead_broker_delays_the_job_and_undoes_nothing(own_database, queue, error):
    after = []

    def commit():
        with transaction.atomic():
            job = queued()
            transaction.on_commit(lambda: after.append("a later callback"))
        return job.pk

    with queue.out_of_reach(error):
        pk = own_database.do(commit)
    job = own_database.do(lambda: Job.objects.get(pk=pk))
    assert (job.state, job.nudged_at, queue.sent) == ("queued", None, [])
    assert after == ["a later callback"]


def test_a_broker_that_is_away_is_waited_for_once_however_many_jobs_a_commit_brings(own_database, queue):
    def commit(count):
        with transaction.atomic():
            for _ in range(count):
                queued(f"gate-run:{Job.objects.count()}")

    with queue.out_of_reach():
        own_database.do(lambda: commit(20))
        assert queue.tried == 1
    own_database.do(lambda: commit(1))
    assert queue.sent == []  # it is left alone for a while: the sweeper looks whether it is back
    actions._broker.left_alone_until -= BROKER_LEFT_ALONE  # as if it were over
    own_database.do(lambda: commit(1))
    assert len(queue.sent) == 1


# --- The sweeper --------------------------------------------------------------------------------------


def test_a_job_whose_message_was_never_sent_is_found_after_two_seconds(job, clock, queue):
    clock.shift(2)
    assert sweep() == 0
    clock.shift(0.1)
    assert sweep() == 1
    assert queue.sent == [("approvals.run_gate", job.pk, "gates")]


def test_sweeping_twice_does_no_harm(job, clock, queue):
    clock.shift(5)
    assert [sweep(), sweep(), sweep()] == [1, 0, 0]
    assert len(queue.sent) == 1


def test_a_job_nobody_picked_up_is_pointed_at_again(job, clock, queue):
    clock.shift(5)
    sweep()
    clock.shift(UNSEEN_AFTER)
    assert sweep() == 0
    clock.shift(0.1)
    assert sweep() == 1


def test_a_dead_workers_job_is_pointed_at_once_its_lease_is_over(job, clock):
    claim(job.pk)
    clock.shift(30)
    assert sweep() == 0
    clock.shift(0.1)
    assert sweep() == 1
    assert claim(job.pk).attempt == 2


def test_a_job_under_a_lease_is_left_alone(job, clock):
    lease = claim(job.pk)
    for _ in range(10):
        clock.shift(20)
        lease.renew()
        assert sweep() == 0


def test_a_second_death_is_found_too(job, clock):
    for attempt in (1, 2):
        assert claim(job.pk).attempt == attempt
        clock.shift(31)
        assert sweep() == 1


def test_a_job_that_waits_for_its_time_is_found_when_it_comes(job, clock):
    claim(job.pk).give_back(error="", wait=timedelta(seconds=60))
    clock.shift(59)
    assert sweep() == 0
    clock.shift(1.1)
    assert sweep() == 1


@pytest.mark.parametrize("end", ["finish", "fail", "cancel"])
def test_what_is_over_is_never_pointed_at(job, clock, end):
    lease = claim(job.pk)
    if end == "cancel":
        Job.objects.filter(pk=job.pk).update(state="cancelled", lease_until=None)
    else:
        lease.finish(error="" if end == "finish" else "broken")
    clock.shift(10**6)
    assert sweep() == 0


def test_sweeping_with_a_dead_broker_tries_once_and_the_next_sweep_points_at_all(db, clock, queue, caplog):
    jobs = [queued(f"gate-run:{number}") for number in range(20)]
    clock.shift(5)
    with queue.out_of_reach():
        assert sweep() == 0
    assert queue.tried == 1
    [line] = caplog.messages
    assert line == "20 jobs stay queued, the queue can't be reached: connection refused"
    assert sweep() == len(jobs)
    assert len(queue.sent) == len(jobs)


def test_sweeping_with_a_dead_broker_forgets_nothing(job, clock, queue):
    clock.shift(5)
    with queue.out_of_reach():
        sweep()
    assert queue.sent == []
    assert sweep() == 1
    assert [pk for _, pk, _ in queue.sent] == [job.pk]


def test_however_often_jobs_are_swept_each_is_done_once(db, clock, settings):
    settings.LEASE_SECONDS = 30
    jobs = [queued(f"gate-run:{number}") for number in range(5)]
    done = []
    for _ in range(20):
        clock.shift(7)
        sweep()
        for job in jobs:
            if (lease := claim(job.pk)) is not None:
                lease.finish()
                done.append(lease.job_id)
    assert sorted(done) == [job.pk for job in jobs]


def test_the_command_sweeps_once_and_says_what_it_found(job, clock, capsys):
    clock.shift(5)
    call_command("sweep")
    assert capsys.readouterr().out == "1 jobs pointed at again\n"
