from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from approvals.gates.base import DATASET, Gate, Judged, Parameters, Side, meaning
from approvals.gates.sizes import size_in_words
from approvals.models.gates import Outcome
from evidence.importance import IMPORTANCE_METRICS, Finding, Reliance
from evidence.metrics import METRICS, why_not_measured
from evidence.models import Importance, LockedDataset, Provenance
from evidence.runtimes import RUNTIMES

MOST_SHOWN = 10
_CHOICES = tuple(dict.fromkeys(metric for metrics in IMPORTANCE_METRICS.values() for metric in metrics))


@dataclass(frozen=True)
class ExplainabilityParameters(Parameters):
    """Where a model's inputs are weighed, and what none of them may carry."""

    dataset: str = field(metadata=DATASET)
    report: str = field(
        default="",
        metadata=meaning("the path, among the version's files, of a report that is taken where it can't be run here"),
    )
    metric: str = field(
        default="",
        metadata=meaning(f"what shuffling an input costs: {', '.join(_CHOICES)}; unless said, the first the model has"),
    )
    most_share: float | None = field(
        default=None, metadata=meaning("the most that one input may carry of all importance, as a share: 0.8")
    )
    not_by: list[str] = field(
        default_factory=list, metadata=meaning("inputs that must not matter: none whose 95% interval lies above 0")
    )


class Explainability(Gate):
    kind = "explainability"
    title = "Explained"
    help = (
        "Is it known which inputs the model answers by, and are they ones it may answer by? The worker shuffles each "
        "input among the rows and tells how much worse the model gets (permutation importance). Of inputs that tell "
        "the same each looks less important than they are together: one that seems not to matter may still be told by "
        "another. A version that isn't run here needs a report among its files, else the gate is inconclusive."
    )
    parameters_class = ExplainabilityParameters
    rests_on = frozenset({"evidence"})
    explains = True

    def check_parameters(self, parameters: ExplainabilityParameters) -> None:
        if parameters.most_share is not None and not 0 < parameters.most_share <= 1:
            raise ValueError("most_share must be above 0 and at most 1.")
        if parameters.metric and parameters.metric not in _CHOICES:
            raise ValueError(f"metric must be one of {', '.join(_CHOICES)}, not {parameters.metric!r}.")

    def dataset(self, parameters: ExplainabilityParameters) -> str:
        return parameters.dataset

    def why_not_on(self, locked: LockedDataset, parameters: ExplainabilityParameters) -> str:
        if not locked.is_labelled:
            return f"{locked} has no labels, so nothing says what shuffling an input costs"
        if parameters.metric and (misfit := why_not_measured(parameters.metric, locked.task)):
            return misfit
        unknown = [name for name in parameters.not_by if name not in locked.input_columns]
        return f"{locked} has no input {', '.join(unknown)}" if unknown else ""

    def check(self, candidate: Side, baseline: Side | None, parameters: ExplainabilityParameters) -> Judged:
        importance = _chosen(candidate.importances, parameters.metric)
        if importance is None and (candidate.unreadable or candidate.data_gone):
            # No report speaks for a file that isn't what was registered, and what was lost is to be restored.
            return Judged(Outcome.ERROR, candidate.problem)
        if importance is None:
            return _by_report(candidate, parameters)
        finding = Finding.from_dict(importance.result)
        objections = [*_forbidden(finding, parameters.not_by), *_too_heavy(finding, parameters.most_share)]
        return Judged(
            Outcome.FAILED if objections else Outcome.PASSED,
            f"{'; '.join(objections) if objections else _leading(finding)} on {parameters.dataset}",
            _details(importance, finding),
            Provenance.EXECUTED,
            (importance.digest,),
        )


def _chosen(importances: Sequence[Importance], metric: str) -> Importance | None:
    return next((each for each in importances if metric in {"", each.metric}), None)


def _forbidden(finding: Finding, not_by: Sequence[str]) -> list[str]:
    found = [each for each in finding.features if each.feature in not_by and each.low > 0]
    return [f"{each.feature} matters: {_cost(finding, each)}" for each in found]


def _too_heavy(finding: Finding, most_share: float | None) -> list[str]:
    if most_share is None:
        return []
    heavy = [(name, share) for name, share in finding.shares().items() if share > most_share]
    return [f"{name} carries {share:.0%} of all importance, more than {most_share:.0%}" for name, share in heavy]


def _leading(finding: Finding) -> str:
    """The inputs that matter most, in words."""
    shares = [f"{name} {share:.0%}" for name, share in finding.shares().items() if share > 0]
    if not shares:
        return "No input matters: shuffling none makes it worse"
    more = len(finding.features) - 3
    return f"Rests on {', '.join(shares[:3])}{f' and {more} more inputs' if more > 1 else ''}"


def _cost(finding: Finding, reliance: Reliance) -> str:
    metric = METRICS[finding.metric]
    sign = 1 if metric.direction == "lower" else -1
    ends = sorted((sign * reliance.low, sign * reliance.high), key=abs)
    between = " to ".join(metric.difference(end) for end in ends)
    return f"{metric.title} {metric.difference(sign * reliance.drop)} when shuffled ({between})"


def _details(importance: Importance, finding: Finding) -> dict[str, Any]:
    shares = finding.shares()
    shown = finding.features[:MOST_SHOWN]
    facts = [[each.feature, f"{_cost(finding, each)}, {shares.get(each.feature, 0):.0%} of all"] for each in shown]
    if left := len(finding.features) - len(shown):
        facts.append(["Others", f"{left} more input{'s' if left > 1 else ''}, each of them worth less"])
    drawn = f"{importance.rows:,} rows drawn by seed {importance.seed}, each input shuffled {importance.repeats} times"
    facts += [["Sample", drawn], ["Method", finding.method]]
    return {"importance": importance.pk, "value": finding.value, "facts": facts}


def _by_report(candidate: Side, parameters: ExplainabilityParameters) -> Judged:
    """What a version comes to that couldn't be run on shuffled rows."""
    version = candidate.version
    runs_here = version.format in RUNTIMES
    attached = version.files.filter(path=parameters.report, size__gt=0).first() if parameters.report else None
    if attached is None:
        return Judged(Outcome.ERROR if runs_here else Outcome.INCONCLUSIVE, _missing(candidate, parameters.report))
    provenance, evidence = Provenance.REPORTED, (attached.sha256,)
    told = f"{attached.path}, {size_in_words(attached.size)}, came with {version}"
    if parameters.not_by or parameters.most_share is not None:
        text = f"{told}; which inputs matter can't be told here, so read it. {candidate.problem}"
        return Judged(Outcome.INCONCLUSIVE, text, provenance=provenance, evidence=evidence)
    return Judged(Outcome.PASSED, told, provenance=provenance, evidence=evidence)


def _missing(candidate: Side, report: str) -> str:
    problem = candidate.problem or f"{candidate.version} was weighed by other metrics only."
    return f"{problem} Among its files is no {report}." if report else problem
