from celery import shared_task

from approvals.actions import daily_letters, queueing, reminding
from approvals.actions.gates import give_up_gate, run_gate
from work.running import run_job


@shared_task(name=queueing.TASK)
def run_gate_task(job_id: int) -> None:
    run_job(job_id, run_gate, give_up=give_up_gate)


@shared_task(name=reminding.TASK)
def remind_task(job_id: int) -> None:
    run_job(job_id, reminding.remind, give_up=reminding.give_up_reminder)


@shared_task(name=daily_letters.TASK)
def write_daily_letter_task(job_id: int) -> None:
    run_job(job_id, daily_letters.write_daily_letter, give_up=daily_letters.give_up_daily_letter)
