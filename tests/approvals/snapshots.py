"""Everything a refused act must leave as it was."""

from typing import Any

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


def rows() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table that approvals write to."""
    managers: list[Any] = [table._default_manager for table in TABLES]
    return {manager.model.__name__: list(manager.order_by("pk").values()) for manager in managers}


def verbs() -> list[str]:
    """The verbs on the record, oldest first."""
    return list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))
