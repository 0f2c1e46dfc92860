"""How far two versions say the same of the same rows, as a gate or a worker stored it."""

from collections.abc import Iterator
from dataclasses import dataclass

from dashboard.figures import SHARE, figure, number, signed, span
from dashboard.forest import Axis, Mark
from dashboard.readable import group_in_words
from dashboard.whiskers import Whisker, whisker_axis, whisker_mark
from evidence.agreement import Agreement, Figure
from evidence.models import Agreement as StoredAgreement
from evidence.models import Evaluation
from registry.models import Task, Version

GROUPS_SHOWN = 12
_HEADLINES = {"Stability index (PSI)", "Kolmogorov–Smirnov", "Correlation"}


@dataclass(frozen=True)
class AgreementRow:
    """One figure of the agreement: what it is, how much, how sure, and what it means."""

    title: str
    value: str
    interval: str
    meaning: str


@dataclass(frozen=True)
class AgreementGroup:
    name: str
    n: int
    value: str
    interval: str
    mark: Mark | None


@dataclass(frozen=True)
class AgreementView:
    """`found` is what is stored of the `evaluation`, `other` the version it was set against."""

    evaluation: Evaluation
    found: Agreement
    other: Version
    finding: str
    rows: list[AgreementRow]
    groups: list[AgreementGroup]
    small: list[tuple[str, int]]
    axis: Axis
    #: Positions of the rows that are farthest apart, counted from 1 as people count, and how far.
    largest: list[tuple[int, str]]

    @property
    def by(self) -> str:
        return "Mean distance" if self.found.task == Task.REGRESSION else "Decided alike"

    @property
    def headlines(self) -> list[AgreementRow]:
        """The few figures that gates look at."""
        return [row for row in self.rows if row.title in _HEADLINES]

    @property
    def first_groups(self) -> list[AgreementGroup]:
        return self.groups[:GROUPS_SHOWN]

    @property
    def further_groups(self) -> list[AgreementGroup]:
        return self.groups[GROUPS_SHOWN:]


def agreement_view(evaluation: Evaluation, beside: Evaluation | None) -> AgreementView | None:
    """Against the version asked for, else the newest that is stored; None without one."""
    stored = StoredAgreement.objects.filter(candidate=evaluation).select_related(
        "candidate__version__model", "baseline__version__model"
    )
    found = stored.filter(baseline=beside) if beside else stored.order_by("-made_at", "-pk")
    newest = found.first()
    return view_of(newest) if newest else None


def view_of(stored: StoredAgreement) -> AgreementView:
    """The stored agreement, with both evaluations' versions and the dataset at hand."""
    found, candidate = Agreement.from_dict(stored.result), stored.candidate
    version, other = candidate.version, stored.baseline.version
    judged = [each for each in found.segments if each.value is not None]
    whiskers = [Whisker(each.value, each.low, each.high) for each in judged]
    headline = found.mean_distance if found.task == Task.REGRESSION else found.alike
    axis = whisker_axis(whiskers, line=headline.value if headline else None)
    unit = "" if found.task == Task.REGRESSION else SHARE
    return AgreementView(
        evaluation=candidate,
        found=found,
        other=other,
        finding=_finding(found, version, other),
        rows=list(_rows(found, version, other)),
        groups=[
            AgreementGroup(
                group_in_words(each.column, each.segment),
                each.n,
                figure(each.value, unit),
                span(each.low, each.high, unit),
                whisker_mark(place, axis),
            )
            for each, place in zip(judged, whiskers, strict=True)
        ],
        small=[(group_in_words(each.column, each.segment), each.n) for each in found.segments if each.value is None],
        axis=axis,
        largest=[(each.row + 1, figure(each.distance)) for each in found.largest],
    )


def _finding(found: Agreement, version: Version, other: Version) -> str:
    if found.alike is None:
        apart = figure(found.mean_distance.value) if found.mean_distance else "not measurably"
        return f"{version.name} and {other.name} are {apart} apart on average, on {found.n:,} rows."
    changed = round((1 - found.alike.value) * found.n)
    alike = figure(found.alike.value, SHARE)
    says = f"{version.name} decides {alike} of {found.n:,} rows as {other.name} does"
    return f"{says}; about {changed:,} would be decided differently." if changed else f"{says}."


def _rows(found: Agreement, version: Version, other: Version) -> Iterator[AgreementRow]:
    if found.alike:
        yield _row("Decided alike", found.alike, SHARE, "of all rows")
    if found.decided_yes:
        before, after = (figure(share, SHARE) for share in found.decided_yes)
        yield AgreementRow("Decided yes", after, "", f"{other.name} decides {before} so")
    yield AgreementRow("Stability index (PSI)", number(found.stability_index, 3), "", _shift(found.stability_index))
    if found.kolmogorov_smirnov is not None:
        what = f"of the probabilities of {found.shifted_most}" if found.shifted_most else "between their distributions"
        yield AgreementRow("Kolmogorov–Smirnov", number(found.kolmogorov_smirnov, 3), "", f"largest distance {what}")
    if found.mean_difference:
        meaning = f"{version.name} − {other.name}, on average"
        yield _row("Shift of what is predicted", found.mean_difference, "", meaning, is_signed=True)
    if found.mean_distance:
        yield _row("Distance of what is predicted", found.mean_distance, "", "either way, on average")
    for title, value in (("Correlation", found.pearson), ("Correlation of ranks", found.spearman)):
        if value is not None:
            yield AgreementRow(title, number(value, 3), "", "1 is in step")
    for move in found.moves:
        yield AgreementRow(f"From {move.before} to {move.after}", f"{move.n:,}", "", "rows decided differently")


def _row(title: str, found: Figure, unit: str, meaning: str, *, is_signed: bool = False) -> AgreementRow:
    value = signed(found.value, 3) if is_signed else figure(found.value, unit)
    method = f"; interval: {found.method}" if found.method else ""
    return AgreementRow(title, value, span(found.low, found.high, unit), f"{meaning}{method}")


def _shift(index: float) -> str:
    """What people who watch scorecards make of it: Siddiqi (2006), Credit Risk Scorecards."""
    if index < 0.1:
        return "below 0.1: hardly a shift"
    return "0.1 to 0.25: some shift" if index < 0.25 else "above 0.25: a marked shift"
