"""Figures with their own intervals, a row for each metric that shares the axis."""

from dashboard.charts.compared.series import Drawn, Series, bars, points
from dashboard.charts.drawing import Chart, layout
from dashboard.figures import figure, span
from evidence.metrics import METRICS
from evidence.models import MetricValue
from registry.models import Task

#: What is drawn on one axis: figures of one kind, of which more is better (or less, of numbers' errors).
_ON_ONE_AXIS = {
    Task.BINARY: ("auc", "average_precision", "accuracy", "precision", "recall", "f1"),
    Task.MULTICLASS: ("accuracy", "macro_recall", "macro_f1"),
    Task.REGRESSION: ("rmse", "mae"),
}
#: Of the height of a metric's row, what its versions spread over.
_SPREAD = 0.75
#: So many marks, one below the other, are told apart at the usual height.
_MARKS_SEEN = 18


def values_with_intervals(drawn: Drawn, task: str) -> Chart | None:
    """None where no version has any of them."""
    metrics = [
        key for key in _ON_ONE_AXIS[Task(task)] if any(each.entry.value(key) is not None for each in drawn.series)
    ]
    if not metrics:
        return None
    marks = [_marks(series, at, len(drawn.series), metrics) for at, series in enumerate(drawn.series)]
    titles = [METRICS[key].title for key in metrics]
    rows_axis = {
        "tickvals": list(range(len(metrics))),
        "ticktext": titles,
        "range": [len(metrics) - 0.5, -0.5],
        "showgrid": False,
        "zeroline": False,
    }
    better = "More is better." if Task(task) != Task.REGRESSION else "Less is better."
    drawing = {"data": marks, "layout": layout("Value", "", xaxis={"zeroline": False}, yaxis=rows_axis)}
    heads = ["Measure", *(head for each in drawn.series for head in (each.name, "95% interval"))]
    rows = [
        [METRICS[key].title, *(text for each in drawn.series for text in _read(each.entry.values.get(key), key))]
        for key in metrics
    ]
    caption = f"Values with 95% intervals, each version’s own. {better}"
    is_tall = len(metrics) * len(drawn.series) > _MARKS_SEEN
    return Chart("values", "Values", drawing, _finding(drawn, metrics), caption, heads, rows, is_tall)


def _marks(series: Series, at: int, among: int, metrics: list[str]) -> dict[str, object]:
    offset = _SPREAD * ((at + 0.5) / among - 0.5)
    found = [(place, series.entry.values[key]) for place, key in enumerate(metrics) if key in series.entry.values]
    values = [value.value for _, value in found]
    intervals = bars(values, [(value.low, value.high) for _, value in found], series)
    return points(values, [place + offset for place, _ in found], "%{x:.3f}", series, error_x=intervals)


def _read(value: MetricValue | None, metric: str) -> tuple[str, str]:
    if value is None:
        return "not measured", ""
    unit = METRICS[metric].unit
    return figure(value.value, unit), span(value.low, value.high, unit)


def _finding(drawn: Drawn, metrics: list[str]) -> str:
    led: dict[str, list[str]] = {}
    for key in metrics:
        if len(leaders := drawn.leaders(key)) == 1:
            led.setdefault(leaders[0].name, []).append(METRICS[key].title)
    if not led:
        return "On none of these measures does one version stand out."
    return "; ".join(f"{name} has the best {_listed(titles)}" for name, titles in led.items()) + "."


def _listed(titles: list[str]) -> str:
    *others, last = titles
    return f"{', '.join(others)} and {last}" if others else last
