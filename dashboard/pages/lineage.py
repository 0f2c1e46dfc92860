"""Where a version comes from, and what came of it: drawn, and as a list that says the same."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from accounts.access import may, visible
from accounts.models import User
from accounts.roles import VIEW
from approvals.defects import defects_of_evidence
from approvals.impact import URGENCY
from dashboard import figures
from dashboard.lineage_drawing import Drawing, counted, draw
from dashboard.pages.defects import ShownDefect, impact_address, shown_defects
from registry.lineage import Basis, basis_of_base, basis_of_dataset, defects_of_version
from registry.models import DatasetVersion, Defect, Version

FEATURES_SHOWN = 100
DERIVED_SHOWN = 50
HIDDEN_BASE = "A version that you can’t see"


@dataclass(frozen=True)
class Entry:
    """One thing of a version's lineage. `address` leads to its page, `impact` to what else rests on it; either may
    be empty. `has_defect`: a bug in it is open."""

    text: str
    note: str = ""
    address: str = ""
    impact: str = ""
    has_defect: bool = False


@dataclass(frozen=True)
class Part:
    """The entries of one kind; `more` counts those left out. `without` says what it means that there are none."""

    title: str
    entries: list[Entry]
    without: str = "Not known"
    more: int = 0


@dataclass(frozen=True)
class LineagePage:
    """`built_on`, then how it was `made`, then what `follows` from it. `features` are told apart: they are many."""

    version: Version
    built_on: list[Part]
    made: list[Part]
    follows: list[Part]
    features: Part
    hidden: int
    drawing: Drawing
    defects: list[ShownDefect]
    doubts: list[ShownDefect]


def lineage_page(version: Version, reader: User) -> LineagePage:
    """Everything the page shows; a fixed number of queries."""
    defects = defects_of_version(version)
    doubts = defects_of_evidence(version)
    built_on = [_data(version, defects), _code(version, defects), _base(version, reader, defects)]
    made = [_run(version), _environment(version), _artifact(version)]
    derived, hidden = _derived(version, reader)
    follows, features = [_evaluated(version, doubts), derived], _features(version)
    return LineagePage(
        version=version,
        built_on=built_on,
        made=made,
        follows=follows,
        features=features,
        hidden=hidden,
        drawing=draw(
            [(part.title, _drawn(part)) for part in (*built_on, _counted(features))],
            [(part.title, _drawn(part)) for part in made],
            [(part.title, _drawn(part)) for part in follows],
            version=str(version),
        ),
        defects=shown_defects(defects, version.model, reader),
        doubts=shown_defects(doubts, version.model, reader),
    )


def _drawn(part: Part) -> list[tuple[str, bool]]:
    """What the drawing writes: the texts, and how many there are besides."""
    drawn = [(entry.text, entry.has_defect) for entry in part.entries]
    return [*drawn, (f"and {part.more} more", False)] if part.more else drawn


def _counted(features: Part) -> Part:
    count = len(features.entries) + features.more
    return Part(features.title, [Entry(counted(count, "feature"))] if count else [])


def _data(version: Version, defects: Iterable[Defect]) -> Part:
    bad = {each.dataset_version_id for each in defects}
    found = version.trained_on.select_related("dataset").order_by("dataset__name", "number")
    return Part("Dataset", [_dataset(each, bad) for each in found], "No dataset version is named")


def _dataset(data: DatasetVersion, bad: Iterable[int | None]) -> Entry:
    return Entry(
        str(data),
        note=f"{data.get_kind_display()} {data.location} at {data.pin}",
        address=reverse("dataset_version", args=[data.dataset.name, data.number]),
        impact=impact_address(basis_of_dataset(data)),
        has_defect=data.pk in bad,
    )


def _code(version: Version, defects: Iterable[Defect]) -> Part:
    commit = version.code_commit
    if not commit:
        return Part("Code", [Entry(version.code_repository)] if version.code_repository else [])
    impact = impact_address(Basis("commit", commit))
    bad = any(each.code_commit == commit for each in defects)
    return Part("Code", [Entry(commit[:12], note=version.code_repository, impact=impact, has_defect=bad)])


def _base(version: Version, reader: User, defects: Iterable[Defect]) -> Part:
    base, nothing = version.base_model, "Derived from no other model"
    if base is None:
        uri = version.base_uri
        impact = impact_address(Basis("base", uri)) if uri else ""
        return Part("Base", [Entry(uri, note="not registered here", impact=impact)] if uri else [], nothing)
    bad = any(each.base_id == base.pk for each in defects)
    if not may(reader, VIEW, base.model):
        return Part("Base", [Entry(HIDDEN_BASE, has_defect=bad)], nothing)
    address = reverse("version_lineage", args=[base.model.name, base.number])
    note = f"{base.get_stage_display()}; its own lineage is on its page"
    return Part("Base", [Entry(str(base), note, address, impact_address(basis_of_base(base)), bad)], nothing)


def _run(version: Version) -> Part:
    by = f"registered by {version.registered_by.display_name}"
    return Part("Training run", [Entry(version.run_id, note=by)] if version.run_id else [])


def _environment(version: Version) -> Part:
    packages = version.environment.get("packages")
    words = [" ".join(str(value) for value in (version.framework or {}).values())]
    words.append(f"Python {version.environment['python']}" if version.environment.get("python") else "")
    words.append(counted(len(packages), "package") if packages else "")
    return Part("Environment", [Entry(word) for word in words if word])


def _artifact(version: Version) -> Part:
    if not version.is_final:
        return Part("Artifact", [], "Not fixed yet: files can still change")
    size = figures.file_size(version.artifact_size)
    note = f"SHA-256 {version.artifact_digest}"
    address = reverse("version", args=[version.model.name, version.number]) + "#files"
    return Part("Artifact", [Entry(f"{version.format}, {size}", note=note, address=address)])


def _evaluated(version: Version, doubts: Iterable[Defect]) -> Part:
    bad = {each.dataset_version_id for each in doubts}
    found = DatasetVersion.objects.filter(locked__evaluations__version=version).select_related("dataset").distinct()
    entries = [_evidence(version, each, bad) for each in found.order_by("dataset__name", "number")]
    return Part("Evaluated on", entries, "Not measured yet")


def _evidence(version: Version, data: DatasetVersion, bad: Iterable[int | None]) -> Entry:
    named = [version.model.name, version.number, data.dataset.name, data.number]
    return Entry(
        str(data),
        "its evidence",
        reverse("evidence", args=named),
        impact_address(basis_of_dataset(data)),
        data.pk in bad,
    )


def _derived(version: Version, reader: User) -> tuple[Part, int]:
    """The versions derived from it that the reader sees, what is live first; and how many they can't see."""
    seen = visible(version.derived_versions.all(), actor=reader, model_path="model").select_related("model")
    found, count = list(seen.order_by(URGENCY, "-pk")[:DERIVED_SHOWN]), seen.count()
    hidden = version.derived_versions.count() - count
    return Part("Derived from it", [_version(each) for each in found], "None", count - len(found)), hidden


def _version(version: Version) -> Entry:
    address = reverse("version_lineage", args=[version.model.name, version.number])
    return Entry(str(version), note=version.get_stage_display(), address=address)


def _features(version: Version) -> Part:
    names = [str(name) for name in version.features]
    entries = [Entry(name, impact=impact_address(Basis("feature", name))) for name in names[:FEATURES_SHOWN]]
    return Part("Features", entries, "None named", len(names) - len(entries))
