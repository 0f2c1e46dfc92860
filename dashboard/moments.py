"""Moments as people type them into a page: local time without a zone."""

from datetime import datetime

from audit.periods import moment_from


def moment_typed(text: str) -> datetime | None:
    """`2026-11-21T09:00` by the installation's clocks; None for what is no moment."""
    try:
        return moment_from(text.strip())
    except ValueError:
        return None
