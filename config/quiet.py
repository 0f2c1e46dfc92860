"""What the log leaves out: a traceback where one line says it all."""

import logging
from collections.abc import Callable


def one_line() -> Callable[[logging.LogRecord], bool]:
    """A filter for calls by another host name, as scanners make them: one warning each, without a traceback."""
    return _as_one_line


def _as_one_line(record: logging.LogRecord) -> bool:
    record.levelno, record.levelname = logging.WARNING, "WARNING"
    record.exc_info = record.exc_text = None
    # Django's advice that follows names a setting that isn't ours.
    record.msg, record.args = f"{record.getMessage().partition(' You may')[0]} PUBLIC_URL has the one people use.", ()
    return logging.getLogger(record.name).isEnabledFor(logging.WARNING)
