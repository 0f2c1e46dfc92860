"""The one chart of the promotion page: how candidate and live rank cases, find classes, or how far off they are."""

from dashboard.charts import Chart, Side, Sides
from dashboard.charts.class_recall import class_recall_chart
from dashboard.charts.error_sizes import error_sizes_chart
from dashboard.charts.roc import roc_chart
from dashboard.pages.promotion_evidence import Evidence
from registry.models import Task

_CHARTS = {Task.REGRESSION: error_sizes_chart, Task.MULTICLASS: class_recall_chart, Task.BINARY: roc_chart}


def chart_of(evidence: Evidence) -> Chart | None:
    """The chart of the version's task; None without an evaluation that has its curve."""
    if evidence.candidate is None:
        return None
    own_values = {value.metric: value.value for value in evidence.own_values}
    own = Side(evidence.version.name, evidence.candidate.curves, own_values)
    other = None
    if evidence.comparison and evidence.live and evidence.baseline:
        other = Side(evidence.live.name, evidence.baseline.curves)
    measures = evidence.comparison.measures if evidence.comparison else []
    return _CHARTS[Task(evidence.version.task)](Sides(own, other, {each.metric: each for each in measures}))
