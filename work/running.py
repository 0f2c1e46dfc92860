"""Running a claimed job: the lease is renewed by a thread while the work goes on."""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection

from audit.origin import Origin, coming_from
from work.actions import Lease, LeaseLost, claim

logger = logging.getLogger(__name__)


#: Between two tries of a job that keeps failing.
LONGEST_WAIT = timedelta(minutes=10)


class NotNow(Exception):
    """Something outside that a job needs can't be had at present: tried again, and told in one line. Nothing is wrong
    with the job or with the code that does it."""


def run_job(
    job_id: int,
    do: Callable[[Lease], None],
    *,
    give_up: Callable[[Lease], None],
    longest_wait: timedelta = LONGEST_WAIT,
) -> None:
    """Claims the job and does it, or gives up when it was claimed too often. Safe to call twice.

    `do` must end with `lease.finish()` in the transaction of its result. When it raises, the job goes back on
    the queue, after 2, 4, 8 … seconds up to `longest_wait`; `give_up` is called instead once its attempts are used up.
    """
    lease = claim(job_id)
    if lease is None:
        return
    with coming_from(Origin(channel="worker")), _Heartbeat(lease):
        try:
            (give_up if lease.exhausted else do)(lease)
        except LeaseLost as lost:
            logger.warning("%s", lost)
        except NotNow as error:
            logger.warning("Job %s has to wait after attempt %s: %s", job_id, lease.attempt, error)
            _put_back(lease, error, longest_wait)
        except Exception as error:
            logger.exception("Job %s failed in attempt %s", job_id, lease.attempt)
            _put_back(lease, error, longest_wait)


def _put_back(lease: Lease, error: Exception, longest_wait: timedelta) -> None:
    wait = min(timedelta(seconds=2 ** min(lease.attempt, 20)), longest_wait)
    try:
        lease.give_back(error=f"{type(error).__name__}: {error}", wait=wait)
    except LeaseLost as lost:
        logger.warning("%s", lost)


class _Heartbeat:
    """Renews a lease three times per lease length until the work ends or the lease is lost."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease-{lease.job_id}", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        try:
            while not self._ended.wait(settings.LEASE_SECONDS / 3):
                self._renew()
        except LeaseLost:
            pass
        finally:
            connection.close()

    def _renew(self) -> None:
        try:
            self._lease.renew()
        except DatabaseError as error:
            # It may be restarting, and the lease has two more beats: giving up now would run the job twice.
            logger.warning("The lease of job %s wasn't renewed: %s", self._lease.job_id, error)
            connection.close()
