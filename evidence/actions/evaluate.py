from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import User
from audit.actions import record
from evidence import events
from evidence.columnar import Column
from evidence.fairness import measure_fairness
from evidence.fitting import in_dataset_order, why_not_judged_on
from evidence.isolation import Isolation, Limits
from evidence.judging import Predicted, curves, measure, measure_segments
from evidence.loading import LockedRows, load_inputs, load_rows, load_scores, scores_file
from evidence.metrics import Value
from evidence.models import Evaluation, ExposureEntry, LockedDataset, MetricValue, Provenance
from evidence.runtimes import NEVER_EXECUTED, SUFFIXES, Prediction, Run, RuntimeRefused, predict
from registry.models import ArtifactFile, Task, Version
from registry.stores import BytesGone, store
from registry.subjects import version_subject

#: Raise it when the measuring code changes what it computes: earlier evaluations are then no longer reused.
EVALUATOR = "3"

Report = Callable[[float, str], None]


class EvidenceMissing(Exception):
    """There is no evidence and it can't be made here; its text says why and what to do, its `code` stays the same."""

    def __init__(self, code: str, text: str, remedy: str) -> None:
        super().__init__(f"{text.rstrip('.')}. {remedy}".strip())
        self.code = code


def _unheard(share: float, word: str) -> None:
    """Nobody watches the progress."""


def existing_evaluation(version: Version, locked: LockedDataset) -> Evaluation | None:
    return Evaluation.objects.filter(version=version, dataset=locked, evaluator=EVALUATOR).first()


def evaluate(version: Version, locked: LockedDataset, *, report: Report = _unheard) -> Evaluation:
    """The evaluation of a version on a locked dataset: the one there is, or one made now by running the artifact.

    Raises EvidenceMissing when the version's task or classes aren't the dataset's, and when the artifact can't be
    run: never executed formats without predictions handed in, files that can't be read, inputs that don't fit, a
    model that takes too long or too much memory.
    """
    if (found := existing_evaluation(version, locked)) is not None:
        return found
    if (misfit := why_not_judged_on(version, locked)) is not None:
        raise EvidenceMissing(misfit.code, misfit.text, misfit.remedy)
    if version.format in NEVER_EXECUTED:
        raise EvidenceMissing(
            "not_executable",
            f"{version} is a {version.format} file, which is never executed here, and no predictions were handed in "
            f"for {locked}.",
            f"Make them from GET /datasets/{locked.dataset_version.dataset.name}/versions/"
            f"{locked.dataset_version.number}/inputs and hand them in with `assaydesk predict`.",
        )
    report(0.1, "reading data")
    rows = locked_rows(locked)
    twins = Evaluation.objects.filter(
        artifact_digest=version.artifact_digest, dataset=locked, evaluator=EVALUATOR, provenance=Provenance.EXECUTED
    )
    # Of the same format as well: by another one the same files would be run otherwise, or not at all.
    twin = twins.filter(version__format=version.format).select_related("version").first()
    if twin is not None and _runs_alike(twin.version, version):
        prediction = Prediction(stored_scores(twin), cast(Isolation, twin.isolation), twin.seconds or 0.0, twin.log)
    else:
        report(0.3, "running the model")
        prediction = _run(version, locked)
    report(0.8, "measuring")
    return store_evaluation(version, locked, rows, prediction.scores, provenance=Provenance.EXECUTED, ran=prediction)


def locked_rows(locked: LockedDataset) -> LockedRows:
    """What the dataset's rows are judged by. Raises EvidenceMissing when they are gone from the store, or changed."""
    with _reading(locked):
        return load_rows(locked)


@contextmanager
def _reading(locked: LockedDataset) -> Iterator[None]:
    try:
        yield
    except BytesGone as gone:
        text = f"The rows of {locked} can't be read: {gone.reason.text}"
        raise EvidenceMissing("data_gone", text, gone.reason.remedy) from gone


def stored_scores(evaluation: Evaluation) -> npt.NDArray[np.float64]:
    """Its predictions. Raises EvidenceMissing when they are gone from the store, or changed."""
    try:
        return load_scores(evaluation)
    except BytesGone as gone:
        raise EvidenceMissing("data_gone", gone.reason.text, gone.reason.remedy) from gone


def _runs_alike(one: Version, other: Version) -> bool:
    """Whether the same files give the same predictions as either version."""
    return (one.task, one.features, one.contract) == (other.task, other.features, other.contract)


def _run(version: Version, locked: LockedDataset) -> Prediction:
    with model_file(version) as (name, artifact):
        try:
            prediction = predict(run_of(version, name, artifact, inputs_of(version, locked)))
        except RuntimeRefused as refused:
            raise EvidenceMissing(refused.code, refused.text, refused.remedy) from refused
    return replace(prediction, scores=in_dataset_order(version, locked, prediction.scores))


def run_of(version: Version, name: str, artifact: Path, columns: Mapping[str, Column]) -> Run:
    """A run of the version's file on these columns, fed as its contract says, within this installation's limits."""
    return Run(
        version.format,
        artifact,
        name,
        columns,
        {"task": version.task, **version.contract},
        Limits(
            seconds=settings.GATE_SECONDS, cpu_seconds=settings.GATE_SECONDS, memory_bytes=settings.GATE_MEMORY_BYTES
        ),
        settings.REQUIRE_ISOLATION,
    )


@contextmanager
def model_file(version: Version) -> Iterator[tuple[str, Path]]:
    """Name and place of the one file of the version that is run, its bytes read again first.

    Raises EvidenceMissing when it isn't clear which, or when the bytes aren't what was registered.
    """
    file = _file_to_run(version)
    if store().digest_now(file.sha256) != file.sha256:
        raise EvidenceMissing(
            "bytes_changed",
            f"{file.path} of {version} in the store is gone or not what was registered.",
            "Restore the artifact store from its backup, then run the gate again.",
        )
    with store().as_file(file.sha256) as artifact:
        yield file.path, artifact


def _file_to_run(version: Version) -> ArtifactFile:
    files, suffixes = list(version.files.all()), SUFFIXES.get(version.format, (f".{version.format}",))
    # The plainest suffix decides: model.lightgbm is the model, whatever notes.txt lies beside it.
    by_suffix = ([file for file in files if file.path.endswith(suffix)] for suffix in suffixes)
    fitting = next(filter(None, by_suffix), [])
    if len(fitting) != 1:
        raise EvidenceMissing(
            "unclear_artifact",
            f"{version} has {len(fitting)} files ending in {' or '.join(suffixes)}; exactly one is run.",
            f"Register a version with one file ending in {suffixes[0]}.",
        )
    return fitting[0]


def inputs_of(version: Version, locked: LockedDataset) -> dict[str, Column]:
    """The columns that the version is given, in its order. Raises EvidenceMissing naming those that aren't offered."""
    # The id and the target aren't offered: a model that is fed the labels would look perfect.
    missing = [name for name in version.features if name not in locked.input_columns]
    if missing:
        raise EvidenceMissing(
            "inputs_do_not_fit",
            f"{version} wants {', '.join(missing)}, which the locked dataset doesn't offer.",
            "Register a version with the dataset's column names, or lock a dataset that has them.",
        )
    with _reading(locked):
        return load_inputs(locked, version.features)


def store_evaluation(
    version: Version,
    locked: LockedDataset,
    rows: LockedRows,
    scores: npt.NDArray[np.float64],
    *,
    provenance: str,
    ran: Prediction | None = None,
    actor: User | None = None,
) -> Evaluation:
    """Measures the scores and stores all of it at once. Two at a time: the first stays, the second gets it.

    `scores` are as `Prediction` has them, classes in the dataset's order.
    """
    predicted = Predicted(scores, version.decision_threshold)
    values = _measured(rows, predicted) if locked.is_labelled else []
    predictions = store().keep([scores_file(scores)], limit=2**40)
    evaluation = Evaluation(
        version=version,
        dataset=locked,
        provenance=provenance,
        evaluator=EVALUATOR,
        artifact_digest=version.artifact_digest,
        predictions_digest=predictions.sha256,
        rows=len(scores),
        curves=curves(rows, predicted) if locked.is_labelled else {},
        fairness=_fairness(rows, predicted) if locked.is_labelled and locked.task == Task.BINARY else {},
        isolation=ran.isolation if ran else "",
        seconds=ran.seconds if ran else None,
        log=ran.log if ran else "",
        made_by=actor,
    )
    verb = events.PREDICTIONS_HANDED_IN if actor else events.VERSION_EVALUATED
    try:
        with transaction.atomic():
            evaluation.save()
            for value in values:
                value.evaluation = evaluation
            MetricValue.objects.bulk_create(values)
            who = actor.username if actor else ""
            ExposureEntry.objects.create(dataset=locked, what=ExposureEntry.What.RESULT, who=who, version=str(version))
            after = {"dataset": str(locked), "provenance": provenance, "predictions": predictions.sha256}
            record(verb, version_subject(version), actor=actor, after=after)
    except IntegrityError:
        found = existing_evaluation(version, locked)
        if found is None:
            raise
        return found
    return evaluation


def _measured(rows: LockedRows, predicted: Predicted) -> list[MetricValue]:
    overall = [_row(value) for value in measure(rows, predicted)]
    return overall + [_row(value, column, segment) for column, segment, value in measure_segments(rows, predicted)]


def _fairness(rows: LockedRows, predicted: Predicted) -> dict[str, object]:
    """Of every segment column, to be kept."""
    decided = predicted.scores >= predicted.decides_at
    return {
        column: measure_fairness(rows.truth, decided, groups, column=column, weight=rows.weight).to_dict()
        for column, groups in rows.segments.items()
    }


def _row(value: Value, column: str = "", segment: str = "") -> MetricValue:
    return MetricValue(
        metric=value.metric,
        column=column,
        segment=segment,
        value=value.value,
        low=value.low,
        high=value.high,
        method=value.method,
        n=value.n,
        reason=value.reason,
    )
