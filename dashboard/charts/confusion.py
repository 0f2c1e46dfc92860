"""What is true against what was decided: a table that needs no drawing."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.charts.drawing import Curve, Side, Sides
from dashboard.figures import SHARE, figure

#: Shades of a cell, by its share of the rows of its truth.
SHADES = 6


@dataclass(frozen=True)
class Cell:
    """Rows of one truth decided one way. `shade` is 0 to `SHADES`: the larger the share, the deeper."""

    count: int
    share: str
    shade: int
    is_right: bool


@dataclass(frozen=True)
class ConfusionRow:
    truth: str
    cells: list[Cell]
    total: int


@dataclass(frozen=True)
class Confusion:
    """A table of one version: a row for each truth, a column for each decision in the same order."""

    name: str
    finding: str
    decisions: list[str]
    rows: list[ConfusionRow]


def confusion_tables(sides: Sides, *, target: str, positive: str = "") -> list[Confusion]:
    """One for each version that has it, its own first. `positive` names the positive label of a binary target."""
    drawn = sides.curves("confusion")
    return [_binary(side, curve, target, positive) if positive else _of_classes(side, curve) for side, curve in drawn]


def _binary(side: Side, counts: Curve, target: str, positive: str) -> Confusion:
    hits, misses = counts["true_positive"], counts["false_negative"]
    alarms, rest = counts["false_positive"], counts["true_negative"]
    labels = [f"{target} = {positive}", f"{target}: other"]
    return Confusion(
        name=side.name,
        finding=f"{side.name} decides {hits + rest:,} of {hits + misses + alarms + rest:,} rows rightly: it misses "
        f"{misses:,} of those with {labels[0]}, and says yes to {alarms:,} of the others.",
        decisions=["Decided yes", "Decided no"],
        rows=[_row(labels[0], [hits, misses], 0), _row(labels[1], [alarms, rest], 1)],
    )


def _of_classes(side: Side, curve: Curve) -> Confusion:
    names, counts = list(curve["classes"]), curve["rows"]
    if curve["folded"]:
        names.append(f"{curve['folded']:,} others")
    right, n = sum(counts[at][at] for at in range(len(curve["classes"]))), sum(map(sum, counts))
    told = f"Of {n:,} rows {side.name} puts {right:,} into the class they are of."
    return Confusion(
        name=side.name,
        finding=f"{told}{_most_mistaken(names, counts)}",
        decisions=names,
        rows=[_row(name, row, at) for at, (name, row) in enumerate(zip(names, counts, strict=True))],
    )


def _most_mistaken(names: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    wrong = [(counts[truth][at], truth, at) for truth in range(len(names)) for at in range(len(names)) if truth != at]
    most, truth, at = max(wrong, default=(0, 0, 0))
    return f" Most often {names[truth]} is taken for {names[at]}: {most:,} times." if most else ""


def _row(truth: str, counts: Sequence[int], right_at: int) -> ConfusionRow:
    total = sum(counts)
    cells = [
        Cell(count, figure(count / total, SHARE) if total else "", _shade(count, total), at == right_at)
        for at, count in enumerate(counts)
    ]
    return ConfusionRow(truth, cells, total)


def _shade(count: int, total: int) -> int:
    return -(-SHADES * count // total) if total else 0
