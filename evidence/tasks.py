from celery import shared_task

from evidence.actions import ask
from evidence.asked import TASK
from work.running import run_job


@shared_task(name=TASK)
def compare_task(job_id: int) -> None:
    run_job(job_id, ask.compare_asked, give_up=ask.give_up_compare)
