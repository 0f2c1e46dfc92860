"""The catalogue: every model a person can see, by name."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from accounts.access import visible
from accounts.models import User
from approvals.models import OPEN_STATES, Promotion
from registry.models import Model, Stage, TrafficArm, Version

PAGE_SIZE = 25
STAGING_SHOWN = 3


@dataclass(frozen=True)
class CatalogueRow:
    """A model with what is live (the primary arm first), the newest versions in Staging, its open promotions."""

    model: Model
    arms: list[TrafficArm]
    staging: list[Version]
    more_staging: int
    open_promotions: int

    @property
    def against_live(self) -> str:
        """What is live and what is newest in Staging, for the address that compares them; "" without both."""
        if not self.arms or not self.staging:
            return ""
        return f"{self.arms[0].version.number},{self.staging[0].number}"


@dataclass(frozen=True)
class Catalogue:
    """One page of models; `next_after` is the name to go on from, empty on the last page."""

    rows: list[CatalogueRow]
    next_after: str


def catalogue(user: User, *, search: str = "", after: str = "") -> Catalogue:
    """One page of the models whose name, use, description or version label contains `search`."""
    keyed: QuerySet[Any] = Model.objects.alias(key=Lower("name"))
    models = visible(keyed, actor=user, model_path="pk")
    if search:
        models = _found(models, search)
    if after:
        models = models.filter(key__gt=after.lower())
    page = list(models.order_by("key")[: PAGE_SIZE + 1])
    more, page = len(page) > PAGE_SIZE, page[:PAGE_SIZE]
    return Catalogue(_rows(page), next_after=page[-1].name if more else "")


def _found(models: QuerySet[Any], search: str) -> QuerySet[Any]:
    labelled = Version.objects.filter(model=OuterRef("pk"), label__icontains=search)
    text = Q(name__icontains=search) | Q(use_case__icontains=search) | Q(description__icontains=search)
    return models.filter(text | Exists(labelled))


def _rows(page: list[Model]) -> list[CatalogueRow]:
    arms = _by_model(_live_arms(page))
    staging = defaultdict(list)
    for version in Version.objects.filter(model__in=page, stage=Stage.STAGING).order_by("-number"):
        staging[version.model_id].append(version)
    waiting = Promotion.objects.filter(version__model__in=page, state__in=OPEN_STATES)
    counts = Counter(dict(waiting.values_list("version__model").annotate(Count("pk"))))
    return [
        CatalogueRow(
            model=model,
            arms=arms[model.pk],
            staging=staging[model.pk][:STAGING_SHOWN],
            more_staging=max(len(staging[model.pk]) - STAGING_SHOWN, 0),
            open_promotions=counts[model.pk],
        )
        for model in page
    ]


def _live_arms(page: list[Model]) -> QuerySet[TrafficArm]:
    arms = TrafficArm.objects.filter(plan__model__in=page, plan__ended_at=None).select_related("version")
    return arms.order_by("-weight", "live_since", "pk")


def _by_model(arms: Iterable[TrafficArm]) -> defaultdict[int, list[TrafficArm]]:
    grouped: defaultdict[int, list[TrafficArm]] = defaultdict(list)
    for arm in arms:
        grouped[arm.version.model_id].append(arm)
    return grouped
