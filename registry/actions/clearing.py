"""Once a day: what uploads that died left in the store is removed."""

import logging
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from registry.stores import store
from work.actions import Lease, enqueue
from work.models import Job

logger = logging.getLogger(__name__)

TASK = "registry.clear_store"
EVERY = timedelta(days=1)


def queue_due_clearing() -> Job | None:
    """Queues a clearing when the last one was asked for over a day ago."""
    if Job.objects.filter(task=TASK, created_at__gt=timezone.now() - EVERY).exists():
        return None
    try:
        with transaction.atomic():
            return enqueue(TASK, queue="gates", subject="store")
    except IntegrityError:
        return None  # one is still open, or another sweeper was faster


def clear_store(lease: Lease) -> None:
    """Removes what is left over; it belongs to nothing that was ever registered."""
    removed = store().clear_abandoned()
    if removed:
        logger.warning("Removed %s pieces that broken uploads left in the artifact store", removed)
    lease.finish()


def give_up_clearing(lease: Lease) -> None:
    lease.finish(error="The artifact store couldn't be asked; it is tried again tomorrow.")
