"""Models, and what of them is and was live."""

from datetime import datetime
from typing import Any, Literal

from ninja import Schema

from api.schemas.shared import Sent


class NewModel(Sent):
    name: str
    description: str = ""
    use_case: str = ""
    endpoint: str = ""
    risk_tier: Literal["low", "medium", "high"] = "medium"
    primary_metric: str = "auc"


class ModelAnswer(Schema):
    name: str
    description: str
    use_case: str
    endpoint: str
    risk_tier: str
    primary_metric: str
    owners: list[str]
    created_at: datetime
    url: str


class ArmAnswer(Schema):
    version: int
    label: str
    weight: int
    since: datetime
    artifact: dict[str, Any]
    features: list[str]
    decision_threshold: float | None
    signature: dict[str, Any]
    task: str
    contract: dict[str, Any]


class ProductionAnswer(Schema):
    model: str
    arms: list[ArmAnswer]


class RollbackAnswer(ProductionAnswer):
    """What is live then, and what is to be known of it: reported bugs in what it rests on."""

    warnings: list[str]


class TermAnswer(Schema):
    version: int
    label: str
    since: datetime
    until: datetime | None
    by: str
    because: str
    ended_how: str
    ended_because: str


class BestAnswer(Schema):
    model: str
    metric: str
    direction: str
    dataset: str
    version: int
    label: str
    stage: str
    value: float
    n: int
    provenance: str
    evaluation: int
    url: str
