"""Reads that both doors share."""

import re
from datetime import datetime

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accounts.access import fetch, may_everywhere, visible
from accounts.models import User
from accounts.roles import AUDIT, VIEW
from registry.models import (
    CardRevision,
    Dataset,
    DatasetVersion,
    FilesRemoval,
    IntegrityCheck,
    Model,
    Stage,
    StageTerm,
    TrafficArm,
    Version,
)


def models_on_record_for(reader: User, permission: str = VIEW) -> set[str] | None:
    """Names of the models whose audit events the reader may see (with AUDIT: in full); None means all events,
    those about no model too, which is for auditors of everything."""
    if may_everywhere(reader, AUDIT):
        return None
    models = visible(Model.objects.all(), actor=reader, permission=permission, model_path="pk")
    return set(models.values_list("name", flat=True))


def name_on_record(name: str, reader: User) -> str:
    """The model's name as the record writes it, for a reader who sees it: people don't remember its capitals."""
    found = visible(models_named(name), actor=reader, model_path="pk").first() if name else None
    return found.name if found else name


def models_named(name: str) -> QuerySet[Model]:
    return Model.objects.filter(name__iexact=name)


def fetch_model(name: str, *, actor: User, permission: str = VIEW) -> Model:
    """The model, for who has the right on it. Raises NotFound and Forbidden as `accounts.access.fetch` does."""
    return fetch(models_named(name), actor=actor, permission=permission, model_path="pk", thing=f"model {name}")


def fetch_version(name: str, number: int, *, actor: User, permission: str = VIEW) -> Version:
    """The version, for who has the right on its model. Raises as `fetch_model` does."""
    thing = f"version {number} of {name}"
    return fetch(versions_numbered(name, number), actor=actor, permission=permission, model_path="model", thing=thing)


def versions_numbered(model_name: str, number: int) -> QuerySet[Version]:
    return Version.objects.filter(model__name__iexact=model_name, number=number).select_related(
        "model", "registered_by", "on_behalf_of", "base_model", "integrity", "files_removal"
    )


def datasets_named(name: str) -> QuerySet[Dataset]:
    return Dataset.objects.filter(name__iexact=name)


def dataset_versions_named(reference: str) -> QuerySet[DatasetVersion]:
    """The dataset version written `name@number`; empty when it isn't written so."""
    name, _, number = reference.rpartition("@")
    if not name or not re.fullmatch("[0-9]{1,9}", number):
        return DatasetVersion.objects.none()
    return DatasetVersion.objects.filter(dataset__name__iexact=name, number=int(number)).select_related("dataset")


def current_arms(model: Model) -> QuerySet[TrafficArm]:
    """What is live, the primary arm first: the largest weight, at a tie the longest live."""
    return (
        TrafficArm.objects.filter(plan__model=model, plan__ended_at=None)
        .select_related("version__model")
        .order_by("-weight", "live_since", "pk")
    )


def primary_version(model: Model) -> Version | None:
    """The version others are compared with; None when nothing is live."""
    arm = current_arms(model).first()
    return arm.version if arm else None


def newest_card(version: Version) -> CardRevision | None:
    return version.card_revisions.select_related("written_by", "reviewed_by").order_by("-number").first()


def with_newest_card(versions: QuerySet[Version]) -> QuerySet[Version]:
    """Adds `card_number` and `card_reviewed_at` of each version's newest card revision."""
    newest = CardRevision.objects.filter(version=OuterRef("pk")).order_by("-number")
    return versions.annotate(
        card_number=Subquery(newest.values("number")[:1]), card_reviewed_at=Subquery(newest.values("reviewed_at")[:1])
    )


def production_history(model: Model) -> QuerySet[StageTerm]:
    """Every term in Production, newest first."""
    return (
        StageTerm.objects.filter(version__model=model, stage=Stage.PRODUCTION)
        .select_related("version")
        .order_by("-started_at", "-pk")
    )


def live_at(model: Model, moment: datetime | None = None) -> QuerySet[StageTerm]:
    """The terms in Production at a moment (now by default)."""
    moment = moment or timezone.now()
    return production_history(model).filter(Q(ended_at=None) | Q(ended_at__gt=moment), started_at__lte=moment)


def stored_intact(version: Version) -> bool | None:
    """Whether the stored files were as registered when they were last read again; None when they never were."""
    check = getattr(version, "integrity", None)  # select it with the version where many are asked about
    return check.intact if check else None


def damaged_versions(model: Model) -> QuerySet[IntegrityCheck]:
    """Versions whose stored files weren't as registered when they were last read; those whose files went excepted."""
    found = IntegrityCheck.objects.filter(version__model=model, intact=False, version__files_removal=None)
    return found.select_related("version").order_by("-version__number")


def files_gone(version: Version) -> datetime | None:
    """When the version's bytes were given up; None while they are kept."""
    removal = FilesRemoval.objects.filter(version=version).first()
    return removal.removed_at if removal else None
