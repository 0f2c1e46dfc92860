"""What an operator may do to a model: roll back (and to what), take down."""

from collections.abc import Iterable
from dataclasses import dataclass

from accounts.models import User
from accounts.reasons import Reason
from approvals.defects import warning_of
from approvals.permissions import why_not_operate, why_not_previous, why_not_restore
from approvals.queries import open_promotions
from dashboard.pages.version_hallmark import metric_title
from evidence.models import MetricValue
from registry.lineage import defects_of
from registry.models import Defect, Model, StageTerm, Version
from registry.queries import primary_version, production_history

#: How many of the versions that were live before are offered, the last one first.
TARGETS_SHOWN = 8


@dataclass(frozen=True)
class Target:
    """A version that was live before. `why_not`: why it can't be gone back to; `doubt`: why not by itself;
    `warning`: what it rests on has a reported bug, which hinders nobody who names it at night.

    `value` is its primary metric where it was measured on the dataset on which the live version was, too.
    """

    version: Version
    term: StageTerm
    value: float | None
    why_not: Reason | None
    doubt: Reason | None
    warning: str


@dataclass(frozen=True)
class Rollback:
    """What the form of rollback shows. `chosen` is the number of the target that is marked, None for none.

    `live_value` is the live version's primary metric, called `metric`; None where it wasn't measured.
    """

    model: Model
    live: Version | None
    live_value: float | None
    metric: str
    targets: list[Target]
    chosen: int | None
    open_promotions: int

    @property
    def is_left_to_choose(self) -> bool:
        """Whether it would go back to none of them by itself."""
        return self.possible and all(target.doubt is not None for target in self.targets)

    @property
    def possible(self) -> bool:
        return any(target.why_not is None for target in self.targets)


def rollback_of(model: Model, reader: User, *, wanted: str = "") -> Rollback | None:
    """The choice there is, for an operator; None for everybody else. `wanted` is the number of a version, as sent."""
    if why_not_operate(model, reader) is not None:
        return None
    live = primary_version(model)
    terms = _last_terms(model)
    values = _values([*(term.version_id for term in terms), *([live.pk] if live else [])], live, model.primary_metric)
    defects = defects_of(Version.objects.filter(pk__in=[term.version_id for term in terms]))
    targets = _targets(terms, values, defects)
    return Rollback(
        model=model,
        live=live,
        live_value=values.get(live.pk) if live else None,
        metric=metric_title(model.primary_metric),
        targets=targets,
        chosen=_chosen(targets, wanted),
        open_promotions=open_promotions().filter(version__model=model).count(),
    )


def _last_terms(model: Model) -> list[StageTerm]:
    """Of each version that left Production its last term there, the last to leave first."""
    last: dict[int, StageTerm] = {}
    ended = (
        production_history(model)
        .select_related("version__model", "version__integrity")
        .filter(ended_at__isnull=False)
        .order_by("-ended_at", "-pk")
    )
    for term in ended[: TARGETS_SHOWN * 4]:
        last.setdefault(term.version_id, term)
    return list(last.values())[: TARGETS_SHOWN + 1]


def _targets(terms: Iterable[StageTerm], values: dict[int, float], defects: dict[int, list[Defect]]) -> list[Target]:
    found = [
        Target(
            version=term.version,
            term=term,
            value=values.get(term.version_id),
            why_not=why_not_restore(term.version, term),
            doubt=why_not_previous(term.version, term, defects.get(term.version_id, [])),
            warning=warning_of(defects.get(term.version_id, []), term.version.model),
        )
        for term in terms
    ]
    return [target for target in found if target.why_not is None or target.why_not.code != "already_live"]


def _values(versions: Iterable[int], live: Version | None, metric: str) -> dict[int, float]:
    """The metric by version, on the dataset on which the live version was measured last: others don't compare."""
    measured = MetricValue.objects.filter(evaluation__version__in=versions, metric=metric, column="")
    found = [
        (version, dataset, value)
        for version, dataset, value in measured.order_by("-evaluation__made_at", "-pk").values_list(
            "evaluation__version", "evaluation__dataset", "value"
        )
        if value is not None
    ]
    of_live = next((dataset for version, dataset, _ in found if live and version == live.pk), None)
    return {version: value for version, dataset, value in reversed(found) if dataset == of_live}


def _chosen(targets: list[Target], wanted: str) -> int | None:
    """What is marked at first: what was asked for, else what rollback would choose by itself."""
    possible = [target for target in targets if target.why_not is None]
    asked = [target for target in possible if str(target.version.number) == wanted]
    previous = [target for target in possible if target.doubt is None]
    best = asked or previous
    return best[0].version.number if best else None
