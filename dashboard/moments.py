"""Moments as people type them into a page: local time without a zone."""

from datetime import datetime

from django.utils import timezone


def moment_typed(text: str) -> datetime | None:
    """`2026-11-21T09:00` by the installation's clocks; None for what is no moment."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
    except (ValueError, OverflowError):
        return None
