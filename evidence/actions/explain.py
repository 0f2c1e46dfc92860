import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import IntegrityError, transaction

from audit.actions import record
from evidence import events
from evidence.actions.evaluate import (
    EvidenceMissing,
    Report,
    evaluate,
    inputs_of,
    locked_rows,
    model_file,
    run_of,
    stored_scores,
)
from evidence.columnar import Column
from evidence.fitting import in_dataset_order
from evidence.importance import (
    IMPORTANCE_METRICS,
    REPEATS,
    Finding,
    Reliance,
    Shuffling,
    estimate_of,
    reliance_of,
    steady,
)
from evidence.metrics.means import Floats
from evidence.models import Evaluation, ExposureEntry, Importance, LockedDataset, Provenance
from evidence.runtimes import RUNTIMES, RuntimeRefused, predict
from registry.models import Version
from registry.subjects import version_subject

#: Values that are laid out for one run of the model: 80 MB.
MOST_VALUES = 10_000_000
ATTACH = "Attach a report of how it was explained elsewhere to the version, and name it in the gate."


def explain(version: Version, locked: LockedDataset, *, report: Report) -> list[Importance]:
    """What each feature is worth to the version on a locked dataset, by each metric of `IMPORTANCE_METRICS`.

    The plainest metric comes first. It is what there is, or computed now by running the artifact on shuffled rows.

    Raises EvidenceMissing as `evaluate` does; also when the version isn't run here (its code is "not_executable"),
    when the dataset has no labels, and when it has too few rows for so many features.
    """
    _refuse_unless_run_here(version, locked)
    evaluation = evaluate(version, locked, report=lambda share, word: report(0.4 * share, word))
    if evaluation.provenance != Provenance.EXECUTED:
        raise EvidenceMissing("not_executable", f"{version} wasn't run here but scored by predictions", ATTACH)
    if found := _stored(evaluation) or _of_a_twin(evaluation):
        return found
    report(0.4, "shuffling inputs")
    shuffling = _shuffling(version, locked)
    findings = _findings(evaluation, shuffling, report)
    return _store(evaluation, findings, rows=len(shuffling.rows), repeats=REPEATS, seed=shuffling.seed)


def _refuse_unless_run_here(version: Version, locked: LockedDataset) -> None:
    if version.format not in RUNTIMES:
        text = f"{version} is a {version.format} file, which isn't run here, so its inputs can't be shuffled"
        raise EvidenceMissing("not_executable", text, ATTACH)
    if not locked.is_labelled:
        text = f"{locked} has no labels, so nothing says what shuffling an input costs"
        raise EvidenceMissing("no_labels", text, "Name a labelled dataset.")


def _shuffling(version: Version, locked: LockedDataset) -> Shuffling:
    try:
        return Shuffling.draw(locked.rows, len(version.features))
    except ValueError as error:
        raise EvidenceMissing("too_few_rows", f"{version} on {locked}: {error}", ATTACH) from error


def _stored(evaluation: Evaluation) -> list[Importance]:
    """In the order of the task's metrics; empty when nothing is stored."""
    order = IMPORTANCE_METRICS[evaluation.dataset.task]
    found = Importance.objects.filter(evaluation=evaluation).select_related("evaluation")
    return sorted(found, key=lambda each: order.index(each.metric))


def _of_a_twin(evaluation: Evaluation) -> list[Importance]:
    """What the same files, run alike on the same rows, were found to rest on. Kept for this version too."""
    twins = Importance.objects.filter(
        evaluation__artifact_digest=evaluation.artifact_digest,
        evaluation__predictions_digest=evaluation.predictions_digest,
        evaluation__dataset=evaluation.dataset,
        evaluation__version__format=evaluation.version.format,
        evaluation__version__features=evaluation.version.features,
    ).order_by("pk")
    by_metric = {each.metric: each for each in twins}
    if not by_metric:
        return []
    one = next(iter(by_metric.values()))
    findings = [Finding.from_dict(each.result) for each in by_metric.values()]
    return _store(evaluation, findings, rows=one.rows, repeats=one.repeats, seed=one.seed)


def _findings(evaluation: Evaluation, shuffling: Shuffling, report: Report) -> list[Finding]:
    version, locked = evaluation.version, evaluation.dataset
    rows = locked_rows(locked)
    truth = rows.truth[shuffling.rows]
    weight = None if rows.weight is None else rows.weight[shuffling.rows]
    usual = stored_scores(evaluation)[shuffling.rows]
    metrics = [metric for metric in IMPORTANCE_METRICS[locked.task] if metric != "auc" or len(set(truth.tolist())) == 2]
    before = {metric: estimate_of(metric, truth, usual, weight) for metric in metrics}
    reliances: dict[str, list[Reliance]] = {metric: [] for metric in metrics}
    for place, shuffled in _shuffled_scores(version, locked, shuffling, report):
        for metric in metrics:
            after = [estimate_of(metric, truth, scores, weight) for scores in steady(shuffled, usual)]
            shifts = shuffling.shifts[place]
            reliances[metric].append(reliance_of(version.features[place], metric, before[metric], after, shifts))
    return [Finding.of(metric, before[metric].value, reliances[metric]) for metric in metrics]


def _shuffled_scores(
    version: Version, locked: LockedDataset, shuffling: Shuffling, report: Report
) -> Iterator[tuple[int, Floats]]:
    """For each feature by place: the predictions of its repeats, [repeats, rows] or [repeats, rows, classes]."""
    columns = inputs_of(version, locked)
    together = max(1, MOST_VALUES // (len(shuffling.rows) * REPEATS * len(columns)))
    with model_file(version) as (name, artifact):
        for start in range(0, len(columns), together):
            report(0.4 + 0.5 * start / len(columns), "shuffling inputs")
            places = range(start, min(start + together, len(columns)))
            scores = _predicted(version, locked, name, artifact, shuffling.inputs(columns, places))
            blocks = scores.reshape(len(places), REPEATS, len(shuffling.rows), *scores.shape[1:])
            yield from zip(places, blocks, strict=True)


def _predicted(version: Version, locked: LockedDataset, name: str, artifact: Any, columns: dict[str, Column]) -> Floats:
    try:
        scores = predict(run_of(version, name, artifact, columns)).scores
    except RuntimeRefused as refused:
        raise EvidenceMissing(refused.code, refused.text, refused.remedy) from refused
    return in_dataset_order(version, locked, scores)


def _store(
    evaluation: Evaluation, findings: Sequence[Finding], *, rows: int, repeats: int, seed: int
) -> list[Importance]:
    """Two at a time: the first's stay, the second gets them."""
    try:
        with transaction.atomic():
            for finding in findings:
                Importance.objects.create(
                    evaluation=evaluation,
                    metric=finding.metric,
                    rows=rows,
                    repeats=repeats,
                    seed=seed,
                    result=finding.to_dict(),
                    digest=_digest(finding),
                )
            _tell(evaluation, findings)
    except IntegrityError:
        if not (found := _stored(evaluation)):
            raise
        return found
    return _stored(evaluation)


def _digest(finding: Finding) -> str:
    return hashlib.sha256(json.dumps(finding.to_dict(), sort_keys=True).encode()).hexdigest()


def _tell(evaluation: Evaluation, findings: Sequence[Finding]) -> None:
    version, locked = evaluation.version, evaluation.dataset
    ExposureEntry.objects.create(dataset=locked, what=ExposureEntry.What.RESULT, version=str(version))
    after = {"dataset": str(locked), **{finding.metric: _digest(finding) for finding in findings}}
    record(events.VERSION_EXPLAINED, version_subject(version), actor=None, after=after)
