from celery import shared_task

from approvals.actions import give_up_gate, run_gate
from approvals.actions.daily_letters import give_up_daily_letter, write_daily_letter
from approvals.actions.reminding import give_up_reminder, remind
from work.running import run_job


@shared_task(name="approvals.run_gate")
def run_gate_task(job_id: int) -> None:
    run_job(job_id, run_gate, give_up=give_up_gate)


@shared_task(name="approvals.remind")
def remind_task(job_id: int) -> None:
    run_job(job_id, remind, give_up=give_up_reminder)


@shared_task(name="approvals.write_daily_letter")
def write_daily_letter_task(job_id: int) -> None:
    run_job(job_id, write_daily_letter, give_up=give_up_daily_letter)
