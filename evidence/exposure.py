"""How worn locked data are: each version judged on them makes it likelier that the best looked better by chance."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

from django.db.models import Count

from evidence.models import Evaluation, ExposureEntry, LockedDataset

#: Standard errors at which a 95% interval no longer holds zero.
TELLING = 1.96
#: Beyond so many standard errors nothing is left to sum up; the step's error is far below what is shown.
_REACH, _STEP = 12.0, 0.01


@dataclass(frozen=True)
class Wear:
    """How much of a locked dataset is used up: versions judged on it, and how often rows of it were looked at."""

    versions_judged: int = 0
    rows_shown: int = 0

    @property
    def chance(self) -> float:
        """By how many standard errors the best of so many equally good versions looks better; see `best_of_equals`."""
        return best_of_equals(self.versions_judged)

    @property
    def is_worn(self) -> bool:
        """Whether chance alone takes the best of equal versions past a 95% interval."""
        return self.chance >= TELLING


@cache
def best_of_equals(versions: int) -> float:
    """The expected largest of so many independent standard normal values; 0 for one, or none.

    E[max] = ∫₀^∞ (1 − Φ(x)ᵏ − Φ(−x)ᵏ) dx, by the trapezoid rule (David and Nagaraja, Order Statistics, 3rd ed.,
    section 3.1, with the normal distribution put in). Versions judged on the same rows err alike to some degree, and
    then it is less (Slepian's inequality): it says how far chance can go, not how far it went.
    """
    if versions < 2:
        return 0.0
    normal = NormalDist()
    steps = [number * _STEP for number in range(int(_REACH / _STEP) + 1)]
    tails = [1 - normal.cdf(x) ** versions - normal.cdf(-x) ** versions for x in steps]
    return _STEP * (sum(tails) - (tails[0] + tails[-1]) / 2)


@cache
def versions_that_wear_out() -> int:
    """From how many versions on `Wear.is_worn`."""
    return next(number for number in range(2, 1000) if Wear(number).is_worn)


def wear(locked: LockedDataset) -> Wear:
    """How worn one locked dataset is. Two queries."""
    return wear_of([locked.pk])[locked.pk]


def wear_of(keys: Collection[int]) -> dict[int, Wear]:
    """How worn these locked datasets are, by their primary key. Two queries however many they are.

    Nothing is judged on rows without labels: they wear by being looked at only.
    """
    judged = Evaluation.objects.filter(dataset__in=keys).exclude(dataset__target="").order_by().values_list("dataset")
    versions = dict(judged.annotate(Count("version", distinct=True)))
    looks = (
        ExposureEntry.objects.filter(dataset__in=keys, what=ExposureEntry.What.ROWS).order_by().values_list("dataset")
    )
    shown = dict(looks.annotate(Count("pk")))
    return {key: Wear(versions.get(key, 0), shown.get(key, 0)) for key in keys}
