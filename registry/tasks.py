from celery import shared_task

from registry.actions import clearing, integrity
from work.running import run_job


@shared_task(name=integrity.TASK)
def check_integrity_task(job_id: int) -> None:
    run_job(job_id, integrity.check_integrity, give_up=integrity.give_up_check)


@shared_task(name=clearing.TASK)
def clear_store_task(job_id: int) -> None:
    run_job(job_id, clearing.clear_store, give_up=clearing.give_up_clearing)
