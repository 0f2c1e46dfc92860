from collections.abc import Callable

import pytest
from django.db import transaction

from audit.actions import Subject, record
from audit.models import AuditEvent
from audit.verbs import Verb
from registry.events import MODEL_CREATED
from tests.audit.own_database import _migrated, own_database

__all__ = ["_migrated", "own_database"]


def happen(*, verb: Verb = MODEL_CREATED, subject: str = "1", model: str = "loan", **more) -> AuditEvent:
    """One event on the record, as an action writes it."""
    with transaction.atomic():
        return record(verb, Subject("model", subject, "loan", model=model), actor=None, **more)


@pytest.fixture
def happened(db: None) -> Callable[..., AuditEvent]:
    return happen
