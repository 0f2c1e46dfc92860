from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from approvals.gates.base import DATASET, Gate, Judged, Parameters, Side, meaning
from approvals.models.gates import Outcome
from evidence.agreement import Agreement, Figure
from evidence.groups import group_name
from evidence.metrics import METRICS, REGRESSION
from evidence.models import LockedDataset
from evidence.single_intervals import further_rows

NAMED = 3
_WORST_FIRST = (Outcome.ERROR, Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.PASSED)
SHARE = METRICS["accuracy"]


@dataclass(frozen=True)
class AgreementParameters(Parameters):
    """How far a version must say of the same rows what the live one says."""

    dataset: str = field(metadata=DATASET)
    at_least: float | None = field(
        default=None,
        metadata=meaning("of versions that decide: the share of rows that both must decide alike, 0.95 for 95%"),
    )
    least_correlation: float | None = field(
        default=None,
        metadata=meaning("of versions that predict numbers: the lowest linear correlation (Pearson) of both"),
    )
    at_most_psi: float | None = field(
        default=None,
        metadata=meaning("the largest population stability index of the scores, in deciles of the live version's"),
    )
    at_most_ks: float | None = field(
        default=None,
        metadata=meaning("the largest Kolmogorov–Smirnov distance of the scores, from 0 to 1"),
    )


@dataclass(frozen=True)
class _Finding:
    outcome: Outcome
    text: str
    rows_needed: int | None = None


class AgreementGate(Gate):
    kind = "agreement"
    title = "Agrees with Production"
    help = (
        "Do the version and what is live say much the same of the same rows? No labels are needed, so a recent sample "
        "will do. The share decided alike passes when its whole 95% interval is at or above the limit, fails when none "
        "of it is, and is inconclusive otherwise; correlation and the shift of scores are judged by their value. "
        "Without a live version it passes."
    )
    parameters_class = AgreementParameters
    rests_on = frozenset({"evidence", "baseline"})
    agrees = True

    def check_parameters(self, parameters: AgreementParameters) -> None:
        limits = ("at_least", "least_correlation", "at_most_psi", "at_most_ks")
        if all(getattr(parameters, name) is None for name in limits):
            raise ValueError(f"give at least one of {', '.join(limits)}.")
        if parameters.at_least is not None and parameters.least_correlation is not None:
            raise ValueError("give at_least (versions that decide) or least_correlation (numbers), not both.")
        _check_within("at_least", parameters.at_least, 0, 1)
        _check_within("least_correlation", parameters.least_correlation, -1, 1)
        _check_within("at_most_ks", parameters.at_most_ks, 0, 1)
        if parameters.at_most_psi is not None and parameters.at_most_psi < 0:
            raise ValueError("at_most_psi must not be negative.")

    def dataset(self, parameters: AgreementParameters) -> str:
        return parameters.dataset

    def why_not_on(self, locked: LockedDataset, parameters: AgreementParameters) -> str:
        if locked.task == REGRESSION and parameters.at_least is not None:
            return f"{locked} is for models that predict numbers, which decide nothing alike: give least_correlation"
        if locked.task != REGRESSION and parameters.least_correlation is not None:
            return f"{locked} is for models that decide: give at_least, the share decided alike"
        return ""

    def check(self, candidate: Side, baseline: Side | None, parameters: AgreementParameters) -> Judged:
        if candidate.evaluation is None:
            return Judged(Outcome.ERROR, candidate.problem)
        provenance = candidate.evaluation.provenance
        evidence: tuple[str, ...] = (candidate.evaluation.predictions_digest,)
        if problem := self.why_not_on(candidate.evaluation.dataset, parameters):
            return Judged(Outcome.ERROR, f"{problem}.", provenance=provenance, evidence=evidence)
        if baseline is None:
            text = "Nothing is live to compare with."
            return Judged(Outcome.PASSED, text, provenance=provenance, evidence=evidence)
        if baseline.evaluation is None or baseline.agreement is None:
            text = f"{baseline.version} is live but can't be compared with: {baseline.problem}"
            return Judged(baseline.incomparable, text, provenance=provenance, evidence=evidence)
        evidence += (baseline.evaluation.predictions_digest,)
        outcome, summary, details = _summed_up(baseline.agreement, parameters)
        details["facts"] = [["Against", str(baseline.version)], *_facts(baseline.agreement)]
        return Judged(outcome, f"{summary} on {parameters.dataset}", details, provenance, evidence)


def _check_within(name: str, limit: float | None, low: float, high: float) -> None:
    if limit is not None and not low <= limit <= high:
        raise ValueError(f"{name} must lie from {low} to {high}, not at {limit}.")


def _summed_up(found: Agreement, parameters: AgreementParameters) -> tuple[Outcome, str, dict[str, Any]]:
    """The worst of the findings, told first, and all of them."""
    findings = sorted(_findings(found, parameters), key=lambda each: _WORST_FIRST.index(each.outcome))
    details: dict[str, Any] = {"rows": found.n, "stability_index": found.stability_index}
    details |= {"kolmogorov_smirnov": found.kolmogorov_smirnov, "correlation": found.pearson}
    if found.alike is not None:
        details |= {"value": found.alike.value, "low": found.alike.low, "high": found.alike.high}
    needed = [each.rows_needed for each in findings if each.rows_needed is not None]
    if needed:
        details["rows_needed"] = needed[0]
    return findings[0].outcome, "; ".join(each.text for each in findings), details


def _findings(found: Agreement, parameters: AgreementParameters) -> Iterator[_Finding]:
    if parameters.at_least is not None and found.alike is not None:
        yield _alike(found.alike, found.n, parameters.at_least)
    if parameters.least_correlation is not None:
        yield _correlation(found.pearson, parameters.least_correlation)
    if parameters.at_most_psi is not None:
        yield _shift("Stability index", found.stability_index, parameters.at_most_psi)
    if parameters.at_most_ks is not None:
        yield _shift("Kolmogorov–Smirnov distance", found.kolmogorov_smirnov, parameters.at_most_ks)


def _alike(alike: Figure, n: int, limit: float) -> _Finding:
    text = f"Decided alike {_share(alike)}"
    low, high = alike.low, alike.high
    if low is None or high is None:
        return _Finding(Outcome.INCONCLUSIVE, f"{text}: no interval from so few rows")
    if low >= limit:
        return _Finding(Outcome.PASSED, f"{text}, at least {SHARE.figure(limit)}")
    text += f", must be at least {SHARE.figure(limit)}"
    if high < limit:
        return _Finding(Outcome.FAILED, text)
    half_width = high - alike.value if alike.value < limit else alike.value - low
    more = further_rows(n, half_width=half_width, distance=abs(alike.value - limit))
    if more is not None:
        text += f"; needs about {more:,} more row{'s' if more != 1 else ''}"
    return _Finding(Outcome.INCONCLUSIVE, text, more)


def _correlation(correlation: float | None, limit: float) -> _Finding:
    if correlation is None:
        text = "Correlation isn't defined: one of the two predicts the same number for every row"
        return _Finding(Outcome.INCONCLUSIVE, text)
    passed = correlation >= limit
    text = f"Correlation {_plain(correlation)} {'≥' if passed else '<'} {_plain(limit)}"
    return _Finding(Outcome.PASSED if passed else Outcome.FAILED, text)


def _shift(title: str, value: float | None, limit: float) -> _Finding:
    if value is None:
        text = f"{title} isn't defined: these versions have no scores, only decisions. Leave this limit out."
        return _Finding(Outcome.ERROR, text)
    passed = value <= limit
    text = f"{title} {_plain(value)} {'≤' if passed else '>'} {_plain(limit)}"
    return _Finding(Outcome.PASSED if passed else Outcome.FAILED, text)


def _plain(value: float) -> str:
    return METRICS["auc"].figure(value)


def _share(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return SHARE.figure(figure.value)
    return f"{SHARE.figure(figure.value)} ({SHARE.figure(figure.low)} to {SHARE.figure(figure.high)})"


def _facts(found: Agreement) -> Iterator[list[str]]:
    if found.alike is not None:
        yield ["Decided alike", f"{_share(found.alike)} of {found.n:,} rows; {found.alike.method}"]
    if found.decided_yes is not None:
        before, after = (SHARE.figure(share) for share in found.decided_yes)
        yield ["Decided yes", f"{after}; by the live version {before}"]
    if found.moves:
        moves = (f"{each.before} to {each.after}, {each.n:,} rows" for each in found.moves[:NAMED])
        yield ["Decisions that change", "; ".join(moves)]
    if found.pearson is not None:
        ranks = "" if found.spearman is None else f"; of the ranks {_plain(found.spearman)}"
        yield ["Correlation", f"{_plain(found.pearson)}{ranks}"]
    if found.mean_difference is not None:
        yield ["Mean difference", _mean(found.mean_difference)]
    yield ["Stability index", _plain(found.stability_index)]
    if found.kolmogorov_smirnov is not None:
        of = f", of the class {found.shifted_most}" if found.shifted_most else ""
        yield ["Kolmogorov–Smirnov distance", f"{_plain(found.kolmogorov_smirnov)}{of}"]
    yield from _least_agreement(found)


def _mean(figure: Figure) -> str:
    signed = METRICS["auc"].difference
    if figure.low is None or figure.high is None:
        return signed(figure.value)
    return f"{signed(figure.value)} ({signed(figure.low)} to {signed(figure.high)}); {figure.method}"


def _least_agreement(found: Agreement) -> Iterator[list[str]]:
    """The segments where the two agree least, and those too small to tell."""
    is_number = found.task == REGRESSION
    figure, what = (_plain, "mean distance") if is_number else (SHARE.figure, "decided alike")
    told = [each for each in found.segments if each.value is not None]
    for each in told[:NAMED]:
        ends = f" ({figure(each.low)} to {figure(each.high)})" if each.low is not None and each.high is not None else ""
        yield [
            f"{each.column}: {group_name(each.segment)}",
            f"{what} {figure(each.value or 0.0)}{ends}, {each.n:,} rows",
        ]
    small = [f"{each.column}: {group_name(each.segment)}" for each in found.segments if each.value is None]
    if small:
        more = f" and {len(small) - NAMED} more" if len(small) > NAMED else ""
        yield ["Too small to judge", f"{', '.join(small[:NAMED])}{more}"]
