from collections.abc import Mapping
from math import isfinite

from django.db import transaction

from accounts.models import User
from accounts.reasons import Conflict, Invalid, refuse_if
from audit.actions import record
from evidence import events
from evidence.metrics import METRICS, metrics_of, why_not_measured
from evidence.models import ReportedMetric
from registry.models import DatasetVersion, Version
from registry.permissions import why_not_complete
from registry.subjects import version_subject

#: What figures can't lie outside of. The others are any number.
_BETWEEN_0_AND_1 = frozenset(
    {"auc", "average_precision", "accuracy", "precision", "recall", "f1", "macro_recall", "macro_f1", "brier"}
    | {"calibration_error"}
)
_NOT_NEGATIVE = frozenset({"log_loss", "rmspe", "mape", "rmse", "mae"})


@transaction.atomic
def report_metrics(
    version: Version, dataset: DatasetVersion, values: Mapping[str, float], *, actor: User
) -> list[ReportedMetric]:
    """Notes what a pipeline says it measured of its version over all rows of a dataset version, as `reported`.

    Saying the same again changes nothing. Raises Forbidden for anybody but the registrant, Invalid for a metric that
    the version's task doesn't have or a value that can't be one, and Conflict for another value than was said before.
    """
    refuse_if(why_not_complete(version, actor))
    if not values:
        raise Invalid("no_metrics", "No metric was sent.", f"Known: {_known(version)}.")
    for metric, value in values.items():
        _check(version, metric, value)
    Version.objects.select_for_update().get(pk=version.pk)  # of two at once the second sees what the first said
    there = {claim.metric: claim for claim in version.reported_metrics.filter(dataset=dataset)}
    for metric, value in values.items():
        if metric in there and there[metric].value != value:
            raise Conflict(
                "reported_already",
                f"{METRICS[metric].title} of {version} on {dataset} was reported as {there[metric].value:g} already.",
                "What was said stands; register a new version.",
            )
    missing = {metric: value for metric, value in values.items() if metric not in there}
    ReportedMetric.objects.bulk_create(
        ReportedMetric(version=version, dataset=dataset, metric=metric, value=value, reported_by=actor)
        for metric, value in missing.items()
    )
    if missing:
        after = {"dataset": str(dataset), "metrics": missing}
        record(events.METRICS_REPORTED, version_subject(version), actor=actor, after=after)
    return list(version.reported_metrics.filter(dataset=dataset, metric__in=values).order_by("pk"))


def _check(version: Version, metric: str, value: float) -> None:
    if metric not in METRICS:
        raise Invalid("unknown_metric", f"{metric!r} is no metric that is known here.", f"Known: {_known(version)}.")
    if misfit := why_not_measured(metric, version.task):
        raise Invalid("wrong_metric", f"{misfit}.", f"Known: {_known(version)}.")
    title = METRICS[metric].title
    if not isfinite(value):
        raise Invalid("bad_value", f"{title} is no finite number: {value}.", "Leave out what isn’t defined.")
    if metric in _BETWEEN_0_AND_1 and not 0 <= value <= 1:
        raise Invalid("bad_value", f"{title} lies between 0 and 1, not at {value:g}.", "Send shares as 0.87, not 87.")
    if metric in _NOT_NEGATIVE and value < 0:
        raise Invalid("bad_value", f"{title} is never below 0; {value:g} was sent.")


def _known(version: Version) -> str:
    return ", ".join(metric.key for metric in metrics_of(version.task))
