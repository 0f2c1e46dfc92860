"""Which charts a task has, in the order in which they are shown."""

from dashboard.charts.calibration import calibration_chart
from dashboard.charts.class_recall import class_recall_chart
from dashboard.charts.drawing import Chart, Sides
from dashboard.charts.error_sizes import error_sizes_chart
from dashboard.charts.precision_recall import precision_recall_chart
from dashboard.charts.residuals import residual_chart
from dashboard.charts.residuals_by_prediction import residuals_by_prediction_chart
from dashboard.charts.roc import roc_chart
from dashboard.charts.score_distribution import score_distribution_chart
from registry.models import Task


def charts_of(task: str, sides: Sides) -> list[Chart]:
    """Every chart of the task whose curve is stored."""
    if task == Task.REGRESSION:
        found = [error_sizes_chart(sides), residual_chart(sides), residuals_by_prediction_chart(sides)]
    elif task == Task.MULTICLASS:
        found = [class_recall_chart(sides), calibration_chart(sides, of_likeliest=True)]
    else:
        found = [
            roc_chart(sides),
            precision_recall_chart(sides),
            calibration_chart(sides),
            score_distribution_chart(sides),
        ]
    return [chart for chart in found if chart is not None]
