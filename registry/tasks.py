from celery import shared_task

from registry.actions.clearing import clear_store, give_up_clearing
from registry.actions.integrity import check_integrity, give_up_check
from work.running import run_job


@shared_task(name="registry.check_integrity")
def check_integrity_task(job_id: int) -> None:
    run_job(job_id, check_integrity, give_up=give_up_check)


@shared_task(name="registry.clear_store")
def clear_store_task(job_id: int) -> None:
    run_job(job_id, clear_store, give_up=give_up_clearing)
