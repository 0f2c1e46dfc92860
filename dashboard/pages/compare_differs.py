"""What is written differently in the versions compared: parameters, inputs, environment, lineage, card."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.db.models import OuterRef, Subquery

from accounts.access import visible
from accounts.models import User
from dashboard.figures import file_size
from dashboard.readable import as_text
from evidence.lineup import Lineup
from registry.card_sections import Section, sections_of
from registry.models import CardRevision, Model, Version
from registry.signatures import Field, breaking_changes, signature_of

ABSENT = ""
_LONGEST = 160
_CHANGES_NAMED = 3
#: Rows shown at once; the others open below them.
ROWS_SHOWN = 12


@dataclass(frozen=True)
class Cell:
    """What a version says; "" when it says nothing. `is_changed`: it isn't what the baseline says."""

    text: str
    is_changed: bool


@dataclass(frozen=True)
class Row:
    name: str
    cells: list[Cell]

    @cached_property
    def is_changed(self) -> bool:
        return any(cell.is_changed for cell in self.cells)


@dataclass(frozen=True)
class Differing:
    """One topic: rows in which versions differ, and those in which they don't. Of cards also `readable`: whose can be
    read against the baseline's."""

    key: str
    title: str
    first: str
    changed: list[Row]
    unchanged: list[Row]
    readable: list[Version] = field(default_factory=list)

    @property
    def first_rows(self) -> list[Row]:
        return self.changed[:ROWS_SHOWN]

    @property
    def further_rows(self) -> list[Row]:
        return self.changed[ROWS_SHOWN:]

    @property
    def is_of_words(self) -> bool:
        """Whether rows are named in words, not as a program names them."""
        return self.key in ("lineage", "card")


@dataclass(frozen=True)
class Breaking:
    """What callers of the baseline stumble over in a version: changes by who is affected."""

    version: Version
    changes: list[tuple[str, list[str], list[str]]]

    @property
    def count(self) -> int:
        return sum(len(first) + len(further) for _, first, further in self.changes)


def differing(lineup: Lineup, reader: User) -> list[Differing]:
    """Every topic in which any version says something; cards and what the reader sees of base models are asked for."""
    versions = [entry.version for entry in lineup.entries]
    cards, bases = _cards(versions), _bases(versions, reader)
    found = [
        _topic("parameters", "Hyperparameters", "Name", versions, lambda each: _flat(each.parameters)),
        _topic("signature", "Features and signature", "Input or output", versions, _signature),
        _topic("environment", "Environment", "Package or setting", versions, _environment),
        _topic("lineage", "Lineage", "What", versions, lambda each: _lineage(each, bases)),
        _card_topic(versions, cards),
    ]
    return [topic for topic in found if topic.changed or topic.unchanged]


def breaking_of(lineup: Lineup) -> list[Breaking]:
    """The other versions that callers of the baseline would stumble over."""
    before = lineup.baseline.version
    return [found for entry in lineup.others if (found := breaking_between(before, entry.version)) is not None]


def breaking_between(before: Version, version: Version) -> Breaking | None:
    """What callers of `before` would stumble over in the version; None when nothing breaks."""
    changes = breaking_changes(signature_of(before), signature_of(version))
    return Breaking(version, _by_affected(changes)) if changes else None


def _by_affected(changes: Sequence[str]) -> list[tuple[str, list[str], list[str]]]:
    """Who, the changes named, and those that stand folded."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for change in changes:
        found[affected_by(change)].append(change)
    return [(who, told[:_CHANGES_NAMED], told[_CHANGES_NAMED:]) for who, told in found.items()]


def affected_by(change: str) -> str:
    """Who stumbles over a change as `breaking_changes` words it."""
    return next((who for says, who in _AFFECTED if says in change), "whoever reads the answer")


#: The first that fits counts.
_AFFECTED = (
    ("inputs reordered", "callers that send inputs by position instead of by name"),
    ("renamed to", "every caller: the value must be sent under its new name"),
    ("required input", "every caller: a call without it is refused"),
    (" removed", "callers that send it and rely on its effect"),
    ("input ", "callers that check the schema or send the old type"),
)


def _topic(
    key: str, title: str, first: str, versions: Sequence[Version], said: Callable[[Version], Mapping[str, str]]
) -> Differing:
    told = [said(version) for version in versions]
    return _differing(
        key, title, first, [_row(name, [each.get(name, ABSENT) for each in told]) for name in _names(told)]
    )


def _names(told: Sequence[Mapping[str, object]]) -> list[str]:
    return list(dict.fromkeys(name for each in told for name in each))


def _differing(key: str, title: str, first: str, rows: Sequence[Row]) -> Differing:
    return Differing(
        key,
        title,
        first,
        changed=[row for row in rows if row.is_changed],
        unchanged=[row for row in rows if not row.is_changed],
    )


def _row(name: str, texts: Sequence[str]) -> Row:
    return Row(name, [Cell(_cut(text), text != texts[0]) for text in texts])


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _flat(value: Mapping[str, Any], before: str = "") -> dict[str, str]:
    """Nested names joined by dots."""
    return dict(_pairs(value, before))


def _pairs(value: Mapping[str, Any], before: str) -> Iterator[tuple[str, str]]:
    for name, inner in value.items():
        if isinstance(inner, dict) and inner:
            yield from _pairs(inner, f"{before}{name}.")
        else:
            yield f"{before}{name}", as_text(inner)


def _signature(version: Version) -> dict[str, str]:
    stated = signature_of(version)
    inputs = {field.name or "(tensor)": _kind(field) for field in stated.inputs}
    outputs = {f"output {field.name}": _kind(field) for field in stated.outputs}
    answer = {key.replace("_", " "): text.strip('"') for key, text in stated.answer.items()}
    threshold = {} if version.decision_threshold is None else {"decision threshold": f"{version.decision_threshold:g}"}
    return inputs | outputs | answer | threshold


def _kind(field: Field) -> str:
    return f"{field.type or 'type not stated'}{'' if field.required else ', optional'}"


def _environment(version: Version) -> dict[str, str]:
    return _flat(version.framework) | _flat(version.environment)


def _lineage(version: Version, bases: Mapping[int, str]) -> dict[str, str]:
    told = {
        "Code": version.code_repository,
        "Commit": version.code_commit,
        "Training run": version.run_id,
        "Trained on": ", ".join(sorted(str(each) for each in version.trained_on.all())),
        "Base model": bases.get(version.pk) or version.base_uri,
        "Format": version.format,
        "Artifact": f"{file_size(version.artifact_size)}, sha256:{version.artifact_digest[:12]}",
    }
    return {name: text for name, text in told.items() if text}


def _bases(versions: Sequence[Version], reader: User) -> dict[int, str]:
    """By version what it was derived from: the name only of what the reader may see."""
    bases = {version.pk: version.base_model for version in versions if version.base_model}
    models = Model.objects.filter(pk__in={base.model_id for base in bases.values()})
    seen = set(visible(models, actor=reader, model_path="pk").values_list("pk", flat=True))
    return {
        key: str(base) if base.model_id in seen else "a version of a model that you don’t see"
        for key, base in bases.items()
    }


def _card_topic(versions: Sequence[Version], cards: Mapping[int, Mapping[str, Section]]) -> Differing:
    """Sections are told apart by their words, and shown by how many these are."""
    written = [cards.get(version.pk, {}) for version in versions]
    rows = [_section_row(title, [each.get(title) for each in written]) for title in _names(written)]
    has_card = [version for version in versions if version.pk in cards]
    readable = has_card[1:] if has_card[:1] == list(versions[:1]) else []
    return replace(_differing("card", "Model card", "Section", rows), readable=readable)


def _section_row(title: str, sections: Sequence[Section | None]) -> Row:
    digests = [section.digest if section else "" for section in sections]
    cells = [
        Cell(_section_said(section, reworded=bool(digests[0]) and digest != digests[0]), digest != digests[0])
        for section, digest in zip(sections, digests, strict=True)
    ]
    return Row(title, cells)


def _section_said(section: Section | None, *, reworded: bool) -> str:
    if section is None:
        return ABSENT
    words = f"{len(section.text.split()):,} words"
    return f"reworded, {words}" if reworded else words


def _cards(versions: Sequence[Version]) -> dict[int, dict[str, Section]]:
    """By version, the sections of its newest card."""
    newest = CardRevision.objects.filter(version=OuterRef("version")).order_by("-number").values("pk")[:1]
    found = CardRevision.objects.filter(version__in=versions, pk=Subquery(newest))
    return {card.version_id: {section.title: section for section in sections_of(card.text)} for card in found}
