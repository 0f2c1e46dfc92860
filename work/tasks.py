from celery import shared_task

from work import outbox
from work.running import run_job


@shared_task(name=outbox.TASK)
def send_mail_task(job_id: int) -> None:
    run_job(job_id, outbox.send_mail, give_up=outbox.give_up_mail, longest_wait=outbox.LONGEST_WAIT)
