"""What an operator may do to a model: roll back (and to what), take down."""

from dataclasses import dataclass

from accounts.models import User
from accounts.reasons import Reason
from approvals.permissions import why_not_operate, why_not_previous, why_not_restore
from approvals.queries import open_promotions
from registry.models import Model, StageTerm, Version
from registry.queries import primary_version, production_history

#: How many of the versions that were live before are offered, the last one first.
TARGETS_SHOWN = 8


@dataclass(frozen=True)
class Target:
    """A version that was live before. `why_not`: why it can't be gone back to; `doubt`: why not by itself."""

    version: Version
    term: StageTerm
    why_not: Reason | None
    doubt: Reason | None


@dataclass(frozen=True)
class Rollback:
    """What the form of rollback shows. `chosen` is the number of the target that is marked, None for none."""

    model: Model
    live: Version | None
    targets: list[Target]
    chosen: int | None
    open_promotions: int

    @property
    def possible(self) -> bool:
        return any(target.why_not is None for target in self.targets)


def rollback_of(model: Model, reader: User, *, wanted: int | None = None) -> Rollback | None:
    """The choice there is, for an operator; None for everybody else."""
    if why_not_operate(model, reader) is not None:
        return None
    targets = _targets(model)
    return Rollback(
        model=model,
        live=primary_version(model),
        targets=targets,
        chosen=_chosen(targets, wanted),
        open_promotions=open_promotions().filter(version__model=model).count(),
    )


def _targets(model: Model) -> list[Target]:
    """Versions that left Production, each with its last term there, the last to leave first."""
    last: dict[int, StageTerm] = {}
    ended = (
        production_history(model)
        .select_related("version__model", "version__integrity")
        .filter(ended_at__isnull=False)
        .order_by("-ended_at", "-pk")
    )
    for term in ended[: TARGETS_SHOWN * 4]:
        last.setdefault(term.version_id, term)
    terms = list(last.values())
    found = [
        Target(term.version, term, why_not_restore(term.version, term), why_not_previous(term.version, term))
        for term in terms[: TARGETS_SHOWN + 1]
    ]
    return [target for target in found if target.why_not is None or target.why_not.code != "already_live"]


def _chosen(targets: list[Target], wanted: int | None) -> int | None:
    """What is marked at first: what was asked for, else what rollback would choose by itself."""
    possible = [target for target in targets if target.why_not is None]
    asked = [target for target in possible if target.version.number == wanted]
    previous = [target for target in possible if target.doubt is None]
    best = asked or previous
    return best[0].version.number if best else None
