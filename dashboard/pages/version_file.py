"""A model's versions as a file: the same table whole, with plain figures for a spreadsheet or a program."""

from collections.abc import Iterator
from dataclasses import replace

from dashboard.pages.version_order import Asked, Choice, asked_of, sorted_versions
from dashboard.pages.version_table import Row, rows_of
from evidence.models import MetricValue
from registry.models import Model


def every_row(model: Model, choice: Choice, *, chunk: int = 500) -> Iterator[list[object]]:
    """The whole table as cells for a file, its headings first: plain figures, times in ISO form. Read in chunks."""
    asked = asked_of(model, replace(choice, after=None))
    yield _file_headings(asked)
    while page := list(sorted_versions(asked)[:chunk]):
        yield from (_cells(row, asked) for row in rows_of(page, asked))
        asked = replace(asked, choice=replace(asked.choice, after=page[-1].number))


def _file_headings(asked: Asked) -> list[object]:
    fixed = ("model", "version", "label", "stage", "finalised", "deprecated", "registered_at", "registered_by")
    rest = ("card_revision", "card_reviewed", "open_promotions")
    measured = [name for column in asked.metrics for name in (column.key, f"{column.key}_provenance")]
    return [*fixed, "on_behalf_of", "dataset", *measured, *rest]


def _cells(row: Row, asked: Asked) -> list[object]:
    version = row.version
    measured = [cell for value in row.values for cell in _measured_cells(value)]
    return [
        *(asked.model.name, version.number, version.label, version.get_stage_display()),
        *(_yes_no(version.is_final), _yes_no(version.deprecated_at), version.created_at.isoformat()),
        *(version.registered_by.username, version.on_behalf_of.username if version.on_behalf_of else ""),
        *(str(asked.dataset or ""), *measured, version.card_number or ""),
        *(_yes_no(version.card_reviewed_at), " ".join(str(promotion.pk) for promotion in row.promotions)),
    ]


def _measured_cells(value: MetricValue | None) -> tuple[object, str]:
    if value is None:
        return "", ""
    return "" if value.value is None else value.value, value.evaluation.provenance


def _yes_no(fact: object) -> str:
    return "yes" if fact else "no"
