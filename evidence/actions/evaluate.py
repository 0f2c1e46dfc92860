from collections.abc import Callable
from typing import cast

import numpy as np
import numpy.typing as npt
from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import User
from audit.actions import record
from evidence import events
from evidence.isolation import Isolation, Limits
from evidence.loading import LockedRows, load_rows, load_scores, scores_file
from evidence.metrics import Value
from evidence.metrics.binary import measure, roc_curve
from evidence.models import Evaluation, ExposureEntry, LockedDataset, MetricValue, Provenance
from evidence.runtimes import NEVER_EXECUTED, Prediction, RuntimeRefused, predict
from evidence.tables import Column, typed
from registry.models import ArtifactFile, Version
from registry.stores import store
from registry.subjects import version_subject

#: Raise it when the measuring code changes what it computes: earlier evaluations are then no longer reused.
EVALUATOR = "1"
#: What keeps a metric stored for a segment: recall is what a group of people notices.
SEGMENT_METRIC = "recall"

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

    Raises EvidenceMissing when the artifact can't be run: never executed formats without predictions handed
    in, files that can't be read, inputs that don't fit, a model that takes too long or too much memory.
    """
    if (found := existing_evaluation(version, locked)) is not None:
        return found
    if version.format in NEVER_EXECUTED:
        raise EvidenceMissing(
            "not_executable",
            f"{version} is a {version.format} file, which is never executed here, and no predictions were handed in "
            f"for {locked}.",
            f"Make them from GET /datasets/{locked.dataset_version.dataset.name}/versions/"
            f"{locked.dataset_version.number}/inputs and hand them in with `assaydesk predict`.",
        )
    report(0.1, "reading data")
    rows = load_rows(locked)
    twins = Evaluation.objects.filter(
        artifact_digest=version.artifact_digest, dataset=locked, evaluator=EVALUATOR, provenance=Provenance.EXECUTED
    )
    # Of the same format as well: by another one the same files would be run otherwise, or not at all.
    twin = twins.filter(version__format=version.format).select_related("version").first()
    if twin is not None and twin.version.features == version.features and twin.version.signature == version.signature:
        prediction = Prediction(load_scores(twin), cast(Isolation, twin.isolation), twin.seconds or 0.0, twin.log)
    else:
        report(0.3, "running the model")
        prediction = _run(version, locked, rows)
    report(0.8, "measuring")
    return store_evaluation(version, locked, rows, prediction.scores, provenance=Provenance.EXECUTED, ran=prediction)


def _run(version: Version, locked: LockedDataset, rows: LockedRows) -> Prediction:
    file = _model_file(version)
    if store().digest_now(file.sha256) != file.sha256:
        raise EvidenceMissing(
            "bytes_changed",
            f"{file.path} of {version} in the store is gone or not what was registered.",
            "Restore the artifact store from its backup, then run the gate again.",
        )
    limits = Limits(
        seconds=settings.GATE_SECONDS, cpu_seconds=settings.GATE_SECONDS, memory_bytes=settings.GATE_MEMORY_BYTES
    )
    contract = {key: version.signature[key] for key in ("output", "positive_index") if key in version.signature}
    with store().as_file(file.sha256) as artifact:
        try:
            return predict(
                version.format,
                artifact=artifact,
                name=file.path,
                columns=_inputs(version, locked, rows),
                contract=contract,
                limits=limits,
                require_bubblewrap=settings.REQUIRE_ISOLATION,
            )
        except RuntimeRefused as refused:
            raise EvidenceMissing(refused.code, refused.text, refused.remedy) from refused


def _model_file(version: Version) -> ArtifactFile:
    fitting = [file for file in version.files.all() if file.path.endswith(f".{version.format}")]
    if len(fitting) != 1:
        raise EvidenceMissing(
            "unclear_artifact",
            f"{version} has {len(fitting)} files ending in .{version.format}; exactly one is run.",
            "Register a version with one such file.",
        )
    return fitting[0]


def _inputs(version: Version, locked: LockedDataset, rows: LockedRows) -> dict[str, Column]:
    # The id and the target aren't offered: a model that is fed the labels would look perfect.
    missing = [name for name in version.features if name not in locked.input_columns]
    if missing:
        raise EvidenceMissing(
            "inputs_do_not_fit",
            f"{version} wants {', '.join(missing)}, which the locked dataset doesn't offer.",
            "Register a version with the dataset's column names, or lock a dataset that has them.",
        )
    return {name: typed(rows.table.columns[name]) for name in version.features}


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
    """Measures the scores and stores all of it at once. Two at a time: the first stays, the second gets it."""
    values = _measured(rows, scores, version.decision_threshold)
    predictions = store().keep([scores_file(scores)], limit=2**40)
    evaluation = Evaluation(
        version=version,
        dataset=locked,
        provenance=provenance,
        evaluator=EVALUATOR,
        artifact_digest=version.artifact_digest,
        predictions_digest=predictions.sha256,
        rows=len(scores),
        curves={"roc": roc_curve(rows.truth, scores)},
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
            ExposureEntry.objects.create(
                dataset=locked,
                what=ExposureEntry.What.RESULT,
                who=actor.username if actor else "",
                version=str(version),
            )
            after = {"dataset": str(locked), "provenance": provenance, "predictions": predictions.sha256}
            record(verb, version_subject(version), actor=actor, after=after)
    except IntegrityError:
        found = existing_evaluation(version, locked)
        if found is None:
            raise
        return found
    return evaluation


def _measured(rows: LockedRows, scores: npt.NDArray[np.float64], threshold: float) -> list[MetricValue]:
    values = [_row(value) for value in measure(rows.truth, scores, threshold)]
    for column, groups in rows.segments.items():
        for group in np.unique(groups):
            inside = groups == group
            measured = measure(rows.truth[inside], scores[inside], threshold)
            values += [_row(value, column, str(group)) for value in measured if value.metric == SEGMENT_METRIC]
    return values


def _row(value: Value, column: str = "", segment: str = "") -> MetricValue:
    return MetricValue(
        metric=value.metric, column=column, segment=segment, value=value.value, n=value.n, reason=value.reason
    )
