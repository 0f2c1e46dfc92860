"""What a Celery worker does when it starts and stops: it refuses to work unguarded, and signs that it is there."""

import logging
import sys
from typing import Any

from celery.signals import worker_init, worker_ready, worker_shutdown
from django.core.exceptions import ImproperlyConfigured

logger = logging.getLogger(__name__)
_signing: list[Any] = []


def connect() -> None:
    """Has every worker of this application do so."""
    worker_init.connect(_refuse_unguarded, weak=False)
    worker_ready.connect(_sign_on, weak=False)
    worker_shutdown.connect(_sign_off, weak=False)


def _refuse_unguarded(**_: Any) -> None:
    from audit.guards import assert_installed

    try:
        assert_installed()
    except ImproperlyConfigured as error:
        logger.critical("%s", error)
        sys.exit(3)  # an ordinary exception in here would only be logged by Celery


def _sign_on(sender: Any, **_: Any) -> None:
    from evidence.isolation import isolation_available
    from work.signs import Signing

    queues = list(sender.app.amqp.queues.consume_from)
    notes = {"isolation": isolation_available()} if "gates" in queues else {}
    signing = Signing(*queues, notes=notes)
    signing.start()
    _signing.append(signing)


def _sign_off(**_: Any) -> None:
    while _signing:
        _signing.pop().stop()
