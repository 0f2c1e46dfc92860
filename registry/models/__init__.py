"""What exists: models, versions with their files and cards, dataset versions, and what is or was live."""

from registry.models.cards import CardRevision, CardSectionReview
from registry.models.datasets import Dataset, DatasetVersion
from registry.models.defects import Defect
from registry.models.integrity import IntegrityCheck
from registry.models.live import EndedHow, StageTerm, TrafficArm, TrafficPlan
from registry.models.models import Model, RiskTier
from registry.models.removal import FilesRemoval
from registry.models.versions import ArtifactFile, Stage, Task, Version

__all__ = [
    "ArtifactFile",
    "CardRevision",
    "CardSectionReview",
    "Dataset",
    "DatasetVersion",
    "Defect",
    "EndedHow",
    "FilesRemoval",
    "IntegrityCheck",
    "Model",
    "RiskTier",
    "Stage",
    "StageTerm",
    "Task",
    "TrafficArm",
    "TrafficPlan",
    "Version",
]
