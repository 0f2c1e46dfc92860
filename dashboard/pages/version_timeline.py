"""When a model's versions were in Staging and in Production: those that were live last, and those that moved last."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, Prefetch, Q, prefetch_related_objects
from django.db.models.functions import Coalesce
from django.utils import timezone

from dashboard import times
from dashboard.timeline_drawing import Drawing, Stretch, Track, draw
from registry.models import EndedHow, Model, Stage, StageTerm

VERSIONS_SHOWN = 12
_LIVE_SHOWN = 8
_STAGES = (Stage.STAGING, Stage.PRODUCTION)
#: What is said of a version's last stretch; of one that ended as most do, nothing.
_ENDED = {EndedHow.ROLLED_BACK: "rolled back after {}", EndedHow.TAKEN_DOWN: "taken down after {}"}


@dataclass(frozen=True)
class VersionTimeline:
    """`terms` are what is drawn, for a table: of the newest version first, of each oldest first. `versions` are
    shown, of however many there are."""

    drawing: Drawing
    terms: list[StageTerm]
    versions: int


def version_timeline(model: Model) -> VersionTimeline | None:
    """None while no version was in Staging or Production; three queries, however many there are."""
    found = _shown(model)
    if not any(version.moves for version in found):
        return None
    now = timezone.now()
    drawing = draw([_track(version, now) for version in sorted(found, key=lambda each: each.number)], now=now)
    terms = [term for version in sorted(found, key=lambda each: -each.number) for term in version.moves]
    return VersionTimeline(drawing, terms, len(found))


def _shown(model: Model) -> list[Any]:
    """Versions with their `moves`: what was live last, then what moved or was registered last."""
    moved = Max("terms__started_at", filter=Q(terms__stage__in=_STAGES))
    live = Max("terms__started_at", filter=Q(terms__stage=Stage.PRODUCTION))
    versions = model.versions.filter(finalised_at__isnull=False).annotate(moved_at=moved, live_at=live)
    first = list(versions.exclude(live_at=None).order_by("-live_at", "-number")[:_LIVE_SHOWN])
    newest = Coalesce("moved_at", "created_at").desc()
    rest = versions.exclude(pk__in=[each.pk for each in first]).order_by(newest, "-number")
    found: list[Any] = [*first, *rest[: VERSIONS_SHOWN - len(first)]]
    terms = StageTerm.objects.filter(stage__in=_STAGES).select_related("version").order_by("started_at", "pk")
    # Of both lists at once: asked for each, an empty one would ask less.
    prefetch_related_objects(found, Prefetch("terms", terms, to_attr="moves"))
    return found


def _track(version: Any, now: datetime) -> Track:
    stretches = [Stretch(term.stage == Stage.PRODUCTION, term.started_at, term.ended_at) for term in version.moves]
    return Track(version.name, version.created_at, stretches, _note(version, now))


def _note(version: Any, now: datetime) -> str:
    """How it stands: `live 42 days`, `rolled back after 9 days`, `registered 16 Nov`."""
    if not version.moves:
        return f"registered {times.day(version.created_at)}"
    last = version.moves[-1]
    length = times.span((last.ended_at or now) - last.started_at)
    if last.ended_at is None:
        return f"live {length}" if last.stage == Stage.PRODUCTION else f"in Staging {length}"
    return _ENDED.get(last.ended_how, "").format(length)
