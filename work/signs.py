"""Signs of life: each worker and sweeper writes, every few seconds, that it is there.

Whoever asks whether the installation is well reads the rows; a process that stopped writing is gone. The row says
nothing about the work itself: a job that hangs is noticed by its lease.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, connection
from django.db.models import QuerySet
from django.utils import timezone

from work.models import Sign

logger = logging.getLogger(__name__)

#: How often a process signs; three signs may fail before it counts as gone.
EVERY = timedelta(seconds=15)
GONE_AFTER = timedelta(seconds=60)
_FORGOTTEN_AFTER = timedelta(days=1)


class Signing:
    """Signs for this process as one of its `parts` (queues it serves, or "sweeper"), until stopped."""

    def __init__(self, *parts: str, notes: Mapping[str, Any] | None = None) -> None:
        self._parts, self._notes = parts, dict(notes or {})
        self._who = f"{socket.gethostname()[:80]}:{os.getpid()}"
        self._due = 0.0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._keep_signing, name="signs of life", daemon=True)

    def start(self) -> None:
        """Signs in a thread of its own from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Signs off: asked a moment later, nobody counts on this process any more."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(5)
        # This thread's connection may be older than the server: one restarted since refuses the first attempt.
        failure = self._sign_off() and self._sign_off()
        if failure:
            logger.warning("%s couldn't sign off: %s", self._who, failure)

    def _sign_off(self) -> DatabaseError | None:
        try:
            Sign.objects.filter(who=self._who).delete()
        except DatabaseError as error:
            connection.close()
            return error
        return None

    def sign(self) -> None:
        """Writes the signs once. Raises DatabaseError."""
        now = timezone.now()
        for part in self._parts:
            Sign.objects.update_or_create(who=self._who, part=part, defaults={"notes": self._notes, "seen_at": now})
        Sign.objects.filter(seen_at__lt=now - _FORGOTTEN_AFTER).delete()

    def sign_when_due(self) -> None:
        """Writes the signs when it is time again, for who has no thread for it. Raises DatabaseError."""
        if time.monotonic() >= self._due:
            self.sign()
            self._due = time.monotonic() + EVERY.total_seconds()

    def _keep_signing(self) -> None:
        try:
            while True:
                self._sign_if_possible()
                if self._stopped.wait(EVERY.total_seconds()):
                    return
        finally:
            connection.close()

    def _sign_if_possible(self) -> None:
        try:
            self.sign()
        except DatabaseError as error:
            logger.warning("%s couldn't sign: %s", self._who, error)
            connection.close()  # the next attempt begins with a fresh one


def alive(part: str) -> QuerySet[Sign]:
    """The signs of the processes that serve this part now."""
    return Sign.objects.filter(part=part, seen_at__gt=timezone.now() - GONE_AFTER)
