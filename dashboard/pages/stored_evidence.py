"""Reading the evidence that a promotion page shows, in a few queries however much there is."""

from collections.abc import Iterable
from dataclasses import dataclass

from approvals.gates.no_regression import RegressionParameters
from approvals.models import Outcome, Promotion
from approvals.policies import Document, GateRule
from approvals.standing import Marks
from dashboard.pages.evidence_agreement import AgreementView, view_of
from dashboard.pages.promotion_evidence import Evidence
from evidence.actions.evaluate import EVALUATOR
from evidence.comparison import Comparison
from evidence.metrics import METRICS
from evidence.models import Agreement as StoredAgreement
from evidence.models import Comparison as StoredComparison
from evidence.models import Evaluation, MetricValue
from registry.models import Version


@dataclass(frozen=True)
class _Stored:
    """What the store holds of both versions: evaluations by version and dataset, comparisons by evaluations."""

    evaluations: dict[tuple[int, str], Evaluation]
    comparisons: dict[tuple[int, int], Comparison]
    own_values: dict[int, list[MetricValue]]

    def evaluation(self, version: Version | None, reference: str) -> Evaluation | None:
        return self.evaluations.get((version.pk, reference.casefold())) if version else None


def evidence_for(marks: Marks, *, by_segment: bool = False) -> list[Evidence]:
    """One for each locked dataset that the policy's gates name, those of comparing gates first. Three queries.

    `by_segment` loads the large part of comparisons too: every metric by group.
    """
    promotion = marks.promotion
    compared = _comparisons(promotion, by_segment=by_segment)
    stored = _Stored(_evaluations(promotion), compared, _own_values(promotion.version))
    return [_evidence(marks, reference, stored) for reference in _references(marks.document)]


def _evidence(marks: Marks, reference: str, stored: _Stored) -> Evidence:
    version, live = marks.promotion.version, marks.promotion.baseline
    candidate, baseline = stored.evaluation(version, reference), stored.evaluation(live, reference)
    compared = stored.comparisons.get((candidate.pk, baseline.pk)) if candidate and baseline else None
    rules = _regression_rules(marks.document)
    return Evidence(
        dataset=str(candidate.dataset) if candidate else reference,
        version=version,
        live=live,
        candidate=candidate,
        baseline=baseline,
        comparison=compared,
        own_values=stored.own_values.get(candidate.pk, []) if candidate else [],
        rules=[rule for rule in rules if rule.dataset.casefold() == reference.casefold()],
        absence="" if compared else _why_absent(marks, reference, candidate, baseline),
        is_judged_by=any(_judges(rule) for rule in marks.document.gates if _names(rule, reference)),
    )


def agreements_for(promotion: Promotion) -> list[AgreementView]:
    """What candidate and live version were found to say alike, by dataset; one query."""
    sides = {"candidate__version": promotion.version_id, "baseline__version": promotion.baseline_id}
    newest = {"candidate__evaluator": EVALUATOR, "baseline__evaluator": EVALUATOR}
    found = StoredAgreement.objects.filter(**sides, **newest).select_related(
        "candidate__version__model", "candidate__dataset__dataset_version__dataset", "baseline__version__model"
    )
    return [view_of(each) for each in found.order_by("pk")]


def _judges(rule: GateRule) -> bool:
    gate = rule.gate
    return not (gate.agrees or gate.explains or gate.plan(gate.read_parameters(rule.parameters)))


def _names(rule: GateRule, reference: str) -> bool:
    return _dataset(rule).casefold() == reference.casefold()


def _dataset(rule: GateRule) -> str:
    return rule.gate.dataset(rule.gate.read_parameters(rule.parameters))


def _why_absent(marks: Marks, reference: str, candidate: Evaluation | None, baseline: Evaluation | None) -> str:
    version, live = marks.promotion.version, marks.promotion.baseline
    if any(run.outcome == Outcome.PENDING for run in marks.runs):
        return "The gates are still measuring. What changes appears here when they are through."
    if candidate is None:
        return f"There is no evidence of {version} on {reference}; its gates say why."
    if live is None:
        was = "is" if marks.promotion.is_open else "was"
        return f"Nothing {was} live, so there {was} nothing to compare {version.name} with. These are its own figures."
    if baseline is None:
        return (
            f"{live} is live but has no evidence on {reference}, so nobody can say what changes. "
            f"These are {version.name}’s own figures."
        )
    if any(rule.gate.compares for rule in marks.document.gates):
        return f"{version.name} was not compared with {live.name}; the gates say why. These are its own figures."
    return f"No gate of this policy compares {version.name} with {live.name}. These are its own figures."


def _references(document: Document) -> list[str]:
    """The datasets the gates name, each once, those of comparing gates first."""
    named = [_dataset(rule) for rule in sorted(document.gates, key=lambda rule: not rule.gate.compares)]
    return list({reference.casefold(): reference for reference in reversed(named) if reference}.values())[::-1]


def _regression_rules(document: Document) -> list[RegressionParameters]:
    read = (rule.gate.read_parameters(rule.parameters) for rule in document.gates)
    return [parameters for parameters in read if isinstance(parameters, RegressionParameters)]


def _evaluations(promotion: Promotion) -> dict[tuple[int, str], Evaluation]:
    """Of both versions, by version and the dataset's name."""
    versions = [pk for pk in (promotion.version_id, promotion.baseline_id) if pk]
    found: Iterable[Evaluation] = Evaluation.objects.filter(version__in=versions, evaluator=EVALUATOR).select_related(
        "dataset__dataset_version__dataset"
    )
    return {(each.version_id, str(each.dataset).casefold()): each for each in found}


def _comparisons(promotion: Promotion, *, by_segment: bool) -> dict[tuple[int, int], Comparison]:
    found = StoredComparison.objects.filter(
        candidate__version=promotion.version_id, baseline__version=promotion.baseline_id
    )
    if not by_segment:
        slim = found.defer("by_segment")
        return {(each.candidate_id, each.baseline_id): Comparison.from_dict(each.result) for each in slim}
    return {
        (each.candidate_id, each.baseline_id): Comparison.from_dict(each.result | each.by_segment) for each in found
    }


def _own_values(version: Version) -> dict[int, list[MetricValue]]:
    """The version's overall figures, by evaluation, in the order in which metrics are listed everywhere."""
    found: dict[int, list[MetricValue]] = {}
    order = list(METRICS)
    values = MetricValue.objects.filter(evaluation__version=version, column="")
    for value in sorted(values, key=lambda value: order.index(value.metric)):
        found.setdefault(value.evaluation_id, []).append(value)
    return found
