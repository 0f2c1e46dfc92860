from celery import shared_task

from approvals.actions import give_up_gate, run_gate
from work.running import run_job


@shared_task(name="approvals.run_gate")
def run_gate_task(job_id: int) -> None:
    run_job(job_id, run_gate, give_up=give_up_gate)
