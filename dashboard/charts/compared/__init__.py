"""Several versions in one drawing: a file for each chart, all of stored evidence."""

from dashboard.charts.compared.calibration_gap import calibration_gap
from dashboard.charts.compared.classes import class_recall
from dashboard.charts.compared.error_sizes import error_sizes
from dashboard.charts.compared.precision_recall import precision_recall
from dashboard.charts.compared.residuals import residuals
from dashboard.charts.compared.roc import roc
from dashboard.charts.compared.scores import score_spread
from dashboard.charts.compared.series import Drawn
from dashboard.charts.compared.values import values_with_intervals
from dashboard.charts.drawing import Chart
from registry.models import Task


def compared_charts(task: str, drawn: Drawn) -> list[Chart]:
    """Every chart of the task whose curves are stored, in the order shown."""
    found = [values_with_intervals(drawn, task), *_CURVES[Task(task)](drawn)]
    return [chart for chart in found if chart is not None]


_CURVES = {
    Task.BINARY: lambda drawn: [
        roc(drawn),
        precision_recall(drawn),
        calibration_gap(drawn),
        score_spread(drawn, "positive"),
        score_spread(drawn, "negative"),
    ],
    Task.MULTICLASS: lambda drawn: [class_recall(drawn), calibration_gap(drawn)],
    Task.REGRESSION: lambda drawn: [error_sizes(drawn), residuals(drawn)],
}
