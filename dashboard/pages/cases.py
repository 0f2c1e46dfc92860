"""The rows behind a comparison: what became of how many, and, for who may see them, which they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from accounts.models import User
from accounts.reasons import Reason
from dashboard import figures
from evidence.actions.cases import MOST_EXPORTED, Shown
from evidence.cases import BY_CHANGE, IN_DATASET, Answer, Asked, Case, RowByRow, count_cases, decision_counts
from evidence.groups import group_name
from evidence.models import Comparison, LockedDataset
from evidence.outcomes import kinds_of
from evidence.permissions import why_not_see_rows
from registry.models import Model, Task, Version

COMPARISONS_SHOWN = 25
INPUTS_UNFOLDED = 4
#: What asks for rows of every outcome; without an outcome a visit shows counts and leaves the ledger alone.
ANY = "any"
TITLES = {
    "both_right": "Both right",
    "fixed": "Fixed",
    "broken": "Broken",
    "both_wrong": "Both wrong",
    "closer": "Closer",
    "farther": "Farther",
    "equal": "Equal",
}
#: Orders as addresses name them; one that names none asks for the first.
ORDERS = {BY_CHANGE: BY_CHANGE, "dataset": IN_DATASET}
_ORDER_TITLES = ((BY_CHANGE, "largest change first"), ("dataset", "as in the dataset"))


@dataclass(frozen=True)
class Chosen:
    """Two versions of a model on one locked dataset, and how they compare there, once somebody had it compared."""

    candidate: Version
    baseline: Version
    locked: LockedDataset
    comparison: RowByRow | None

    @property
    def parameters(self) -> dict[str, object]:
        """What names the three in an address."""
        return {"version": self.candidate.number, "against": self.baseline.number, "dataset": str(self.locked)}

    def address(self, asked: Asked, *, file: bool = False) -> str:
        """Where these rows are shown, or had as a file."""
        told: dict[str, object] = {
            "outcome": asked.outcome or ANY,
            "segment": f"{asked.column}:{asked.segment}" if asked.column else "",
            "by": "dataset" if asked.by == IN_DATASET else "",
            "after": "" if asked.after is None else asked.after,
        }
        named = reverse("cases_file" if file else "cases", args=[self.candidate.model.name])
        query = urlencode(self.parameters | {name: value for name, value in told.items() if value != ""})
        return f"{named}?{query}" if file else f"{named}?{query}#rows"


@dataclass(frozen=True)
class Count:
    """How many rows of a group became this, and where they are shown: "" when there are none."""

    title: str
    rows: int
    address: str


@dataclass(frozen=True)
class CountRow:
    name: str
    counts: list[Count]


@dataclass(frozen=True)
class CountTable:
    """The groups of one segment column, or all rows in one line (`column` is empty then)."""

    column: str
    rows: list[CountRow]


@dataclass(frozen=True)
class CaseRow:
    """A row as it is shown: texts only. `decision` is what was decided and is now, "" of models that predict numbers;
    `baseline` and `candidate` are their scores, or those numbers. `inputs` are pairs of name and value, and stand
    folded where many."""

    case: Case
    outcome: str
    truth: str
    decision: str
    baseline: str
    candidate: str
    segments: list[tuple[str, str]]
    inputs: list[tuple[str, str]]

    @property
    def is_folded(self) -> bool:
        return len(self.inputs) > INPUTS_UNFOLDED


@dataclass(frozen=True)
class CasesPage:
    """`rows` is None where none were asked for, or the reader may not see them (`why_not_rows` says why)."""

    model: Model
    chosen: Chosen
    titles: list[str]
    tables: list[CountTable]
    asked: Asked
    said: str
    fitting: int
    why_not_rows: Reason | None
    rows: list[CaseRow] | None
    older: str
    first: str
    file: str

    @property
    def is_regression(self) -> bool:
        return self.chosen.locked.task == Task.REGRESSION

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        return [(ANY, "Any"), *((kind, TITLES[kind]) for kind in shown_kinds(self.chosen.locked))]

    @property
    def orders(self) -> Sequence[tuple[str, str]]:
        return _ORDER_TITLES

    @property
    def order(self) -> str:
        """The order asked for, as addresses name it."""
        return next(name for name, order in ORDERS.items() if order == self.asked.by)

    @property
    def has_scores(self) -> bool:
        return any(score for row in self.rows or () for score in (row.baseline, row.candidate))

    @property
    def segments(self) -> list[tuple[str, str]]:
        """As the address names them, and as they are read."""
        groups = self.chosen.locked.groups
        found = ((column, group) for column in self.chosen.locked.segment_columns for group in groups[column])
        return [(f"{column}:{group}", f"{column}:{group_name(group)}") for column, group in found]

    @property
    def segment(self) -> str:
        return f"{self.asked.column}:{self.asked.segment}" if self.asked.column else ""

    @property
    def is_cut_off(self) -> bool:
        """Whether the file has fewer rows than fit."""
        return self.fitting > MOST_EXPORTED

    @property
    def most_exported(self) -> int:
        return MOST_EXPORTED


@dataclass(frozen=True)
class ComparedPair:
    """A stored comparison to choose; `counts` are titles with numbers of rows."""

    chosen: Chosen
    counts: list[tuple[str, int]]

    @property
    def address(self) -> str:
        return f"{reverse('cases', args=[self.chosen.candidate.model.name])}?{urlencode(self.chosen.parameters)}"


def shown_kinds(locked: LockedDataset) -> list[str]:
    """What rows can become, in the order shown."""
    return [kind for kind in TITLES if kind in kinds_of(locked.task)]


def cases_page(model: Model, chosen: Chosen, reader: User, *, asked: Asked, shown: Shown | None) -> CasesPage:
    """The page: counts that were stored, and the rows `shown`, if any. At most two queries of its own."""
    comparison = chosen.comparison
    older = shown.next_after if shown else None
    return CasesPage(
        model=model,
        chosen=chosen,
        titles=[TITLES[kind] for kind in shown_kinds(chosen.locked)],
        tables=list(_tables(chosen, asked, comparison)) if comparison else [],
        asked=asked,
        said=said(asked),
        fitting=count_cases(comparison, asked) if comparison else 0,
        why_not_rows=why_not_see_rows(model, reader),
        rows=[_case_row(chosen.locked, case) for case in shown.cases] if shown else None,
        older="" if older is None else chosen.address(_after(asked, older)),
        first="" if asked.after is None else chosen.address(_after(asked, None)),
        file=chosen.address(_after(asked, None), file=True),
    )


def said(asked: Asked) -> str:
    """The filter in a few words: `Broken, region: south`."""
    segment = f"{asked.column.replace('_', ' ')}: {group_name(asked.segment)}" if asked.column else ""
    return ", ".join(filter(None, [TITLES.get(asked.outcome, "All rows" if not segment else "Any outcome"), segment]))


def harmed_rows(
    candidate: Version, baseline: Version, locked: LockedDataset, counts: Mapping[str, int]
) -> Count | None:
    """Of these counts the rows that the candidate gets wrong, or farther off, and where they are; None if none."""
    kind = "farther" if locked.task == Task.REGRESSION else "broken"
    address = Chosen(candidate, baseline, locked, None).address(Asked(kind, by=BY_CHANGE))
    return Count(TITLES[kind], counts[kind], address) if counts.get(kind) else None


def _after(asked: Asked, after: int | None) -> Asked:
    return Asked(asked.outcome, asked.column, asked.segment, asked.by, after)


def _tables(chosen: Chosen, asked: Asked, comparison: RowByRow) -> Iterator[CountTable]:
    yield CountTable("", [_count_row(chosen, comparison, "All rows", Asked(by=asked.by))])
    for column in chosen.locked.segment_columns:
        groups = chosen.locked.groups[column]
        rows = [
            _count_row(chosen, comparison, group_name(group), Asked("", column, group, asked.by)) for group in groups
        ]
        yield CountTable(column.replace("_", " "), rows)


def _count_row(chosen: Chosen, comparison: RowByRow, name: str, asked: Asked) -> CountRow:
    counts = decision_counts(comparison, asked.column, asked.segment)
    return CountRow(name, list(_counts(chosen, counts, asked)))


def _counts(chosen: Chosen, counts: dict[str, int], asked: Asked) -> Iterator[Count]:
    for kind in shown_kinds(chosen.locked):
        rows = counts.get(kind, 0)
        address = chosen.address(Asked(kind, asked.column, asked.segment, asked.by)) if rows else ""
        yield Count(TITLES[kind], rows, address)


def _case_row(locked: LockedDataset, case: Case) -> CaseRow:
    return CaseRow(
        case=case,
        outcome=TITLES[case.outcome],
        truth=_value(case.truth),
        decision=_decision(case),
        baseline=_score(locked, case.baseline),
        candidate=_score(locked, case.candidate),
        segments=[(name.replace("_", " "), group_name(group)) for name, group in case.segments.items()],
        inputs=[(name, _value(value)) for name, value in case.inputs.items()],
    )


def _decision(case: Case) -> str:
    """`Decided 1, now not 1`, or `Decided 1, as before`."""
    was, now = case.baseline.decided, case.candidate.decided
    if not now:
        return ""
    return f"Decided {now}, as before" if was == now else f"Decided {was}, now {now}"


def _score(locked: LockedDataset, answer: Answer) -> str:
    if locked.task == Task.REGRESSION:
        return _value(answer.score)
    return "" if answer.score is None else figures.number(answer.score, 4)


def _value(value: str | float | None) -> str:
    """A value as locked: every digit that tells it from others, up to ten."""
    if value is None:
        return "missing"
    return value if isinstance(value, str) else f"{value:.10g}".replace("-", figures.MINUS)


def compared_pairs(model: Model, *, version: int | None, dataset: str) -> list[ComparedPair]:
    """The model's newest stored comparisons, of one candidate or on one dataset where that is asked for. One query."""
    found = Comparison.objects.filter(candidate__version__model=model).defer("by_segment")
    if version is not None:
        found = found.filter(candidate__version__number=version)
    name, _, number = dataset.rpartition("@")
    if number.isascii() and number.isdigit() and len(number) < 10:
        data = {"dataset__name__iexact": name, "number": int(number)}
        found = found.filter(**{f"candidate__dataset__dataset_version__{key}": value for key, value in data.items()})
    related = "candidate__version__model", "baseline__version__model", "candidate__dataset__dataset_version__dataset"
    return list(_pairs(found.select_related(*related).order_by("-made_at", "-pk")[:COMPARISONS_SHOWN]))


def _pairs(comparisons: Iterable[Comparison]) -> Iterator[ComparedPair]:
    for each in comparisons:
        compared = RowByRow(each)
        chosen = Chosen(each.candidate.version, each.baseline.version, each.candidate.dataset, compared)
        counts = decision_counts(compared)
        yield ComparedPair(chosen, [(TITLES[kind], counts.get(kind, 0)) for kind in shown_kinds(chosen.locked)])


def file_rows(chosen: Chosen, cases: Iterable[Case], *, fitting: int) -> Iterator[list[object]]:
    """The rows as cells for a file, headings first; the last line says so when not all that fit are in it."""
    segments, held = chosen.locked.segment_columns, set(chosen.locked.groups)
    inputs = [name for name in chosen.locked.input_columns if name not in held]
    answers = [
        f"{name} {what}" for name in (chosen.baseline.name, chosen.candidate.name) for what in ("score", "decided")
    ]
    yield ["row", chosen.locked.id_column, "outcome", chosen.locked.target, *answers, *segments, *inputs]
    for case in cases:
        told = (cell for answer in (case.baseline, case.candidate) for cell in (answer.score, answer.decided))
        yield [
            *(case.number, case.id, case.outcome, case.truth, *told),
            *(case.segments[name] for name in segments),
            *(case.inputs[name] for name in inputs),
        ]
    if fitting > MOST_EXPORTED:
        yield [f"Cut off: the first {MOST_EXPORTED:,} of {fitting:,} rows. Ask for fewer by outcome or segment."]
