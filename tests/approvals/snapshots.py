"""Everything a refused act must leave as it was."""

from typing import Any

from django.db import connection

from approvals.models import (
    Acknowledgement,
    AfterReview,
    GateRun,
    Policy,
    PolicyRevision,
    Promotion,
    Review,
    Seal,
    TakeOver,
    Tick,
    Waiver,
)
from audit.models import AuditEvent
from registry.models import CardRevision, StageTerm, TrafficArm, TrafficPlan, Version
from work.models import Job, Mail

TABLES = (
    *(Promotion, GateRun, Seal, Review, Tick, Acknowledgement, Policy, PolicyRevision),
    *(Waiver, AfterReview, TakeOver),
    *(Version, CardRevision, StageTerm, TrafficPlan, TrafficArm),
    *(Job, Mail, AuditEvent),
)


def rows() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table that approvals write to, as the database has it."""
    found = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT * FROM {table._meta.db_table} ORDER BY id")  # noqa: S608 # names of our own
            found[table.__name__] = cursor.fetchall()
    return found


def verbs() -> list[str]:
    """The verbs on the record, oldest first."""
    return list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))
