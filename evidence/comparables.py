"""Which versions of a model, on which dataset, against which of them: what somebody asked for, or what goes without
saying."""

from collections.abc import Sequence

from accounts.reasons import Invalid, NotFound
from evidence.lineup import FEWEST_VERSIONS, MOST_VERSIONS
from evidence.models import LockedDataset
from evidence.queries import datasets_of, locked_dataset_named
from registry.models import Model, Version
from registry.queries import primary_version


def check_count(numbers: Sequence[int]) -> None:
    """Raises Invalid unless so many versions can be set side by side."""
    if not FEWEST_VERSIONS <= len(numbers) <= MOST_VERSIONS:
        raise Invalid(
            "wrong_count",
            f"{len(numbers)} versions were named.",
            f"Name {FEWEST_VERSIONS} to {MOST_VERSIONS} different ones, like versions=4,5.",
        )


def chosen_versions(model: Model, numbers: Sequence[int]) -> list[Version]:
    """The versions asked for, by number. Raises NotFound naming the first that isn't there."""
    found = model.versions.filter(number__in=numbers).select_related("base_model__model").order_by("number")
    versions = list(found.prefetch_related("trained_on__dataset"))
    missing = set(numbers) - {version.number for version in versions}
    if missing:
        raise NotFound("not_found", f"There is no version {min(missing)} of {model}.", "Choose among those there are.")
    for version in versions:
        version.model = model
    return versions


def comparable_datasets(model: Model) -> list[LockedDataset]:
    """The labelled ones that versions of the model were measured on, the one with the most versions first."""
    return [locked for locked in datasets_of(model) if locked.is_labelled]


def dataset_to_compare_on(model: Model, reference: str, versions: Sequence[Version]) -> LockedDataset | None:
    """The dataset asked for; else the one that most of these versions were measured on. Raises NotFound for one that
    no version of the model was measured on, or that has no labels."""
    if reference:
        locked = locked_dataset_named(reference)
        if locked is None or not locked.is_labelled or not locked.evaluations.filter(version__model=model).exists():
            raise NotFound("not_measured", f"No version of {model} was measured on labelled data {reference[:80]!r}.")
        return locked
    offered = comparable_datasets(model)
    measured = set(
        LockedDataset.objects.filter(evaluations__version__in=versions).values_list("pk", "evaluations__version")
    )
    return max(offered, key=lambda locked: sum(pk == locked.pk for pk, _ in measured), default=None)


def baseline_among(model: Model, number: int | None, versions: Sequence[Version]) -> Version:
    """The version asked for if it is among them; else the primary arm, else the first."""
    by_number = {version.number: version for version in versions}
    if number in by_number:
        return by_number[number]
    live = primary_version(model)
    return by_number.get(live.number, versions[0]) if live else versions[0]
