"""One metric in the groups of the data: for each group how far apart the versions are."""

from collections.abc import Mapping, Sequence
from html import escape

from dashboard.charts.compared.series import Drawn, Series, points
from dashboard.charts.drawing import Chart, layout
from dashboard.figures import SHARE, difference, figure, interval
from evidence.differences import Difference
from evidence.groups import group_name
from evidence.metrics import Metric

#: Groups drawn; the table beside has all of them.
MOST_DRAWN = 20
_NAME_CUT = 28


def dumbbells(
    drawn: Drawn,
    metric: Metric,
    groups: Mapping[str, Mapping[int, float]],
    title: str,
    *,
    judged: Mapping[int, Sequence[Difference]],
) -> Chart | None:
    """None without a group to draw.

    `groups`: by name and version's key the group's figure, in the order drawn. `judged`: by version's key what was
    judged of groups against the baseline.
    """
    shown = list(groups.items())[:MOST_DRAWN]
    if not shown:
        return None
    ends = [(min(found.values()), max(found.values())) for _, found in shown]
    rods = {
        "type": "scatter",
        "mode": "lines",
        "x": [place for low, high in ends for place in (low, high, None)],
        "y": [place for at in range(len(ends)) for place in (at, at, None)],
        "line": {"color": "var(--line-2)", "width": 2},
        "hoverinfo": "skip",
    }
    form = ":.1%" if metric.unit == SHARE else ":.4g"
    marks = []
    for series in drawn.series:
        key = series.entry.version.pk
        places = [(found[key], at) for at, (_, found) in enumerate(shown) if key in found]
        marks.append(points([x for x, _ in places], [y for _, y in places], f"%{{x{form}}}", series))
    rows = [
        [name, *(figure(found.get(each.entry.version.pk), metric.unit) for each in drawn.series)]
        for name, found in shown
    ]
    drawing = {"data": [rods, *marks], "layout": _layout(metric, [name for name, _ in shown])}
    left = f" The first {MOST_DRAWN} of {len(groups)} groups." if len(groups) > MOST_DRAWN else ""
    caption = f"{metric.title} by {title.lower()}, all rows of each group.{left}"
    heads = [title, *(each.name for each in drawn.series)]
    told = [(series, each) for series in drawn.series for each in judged.get(series.entry.version.pk, ())]
    return Chart(
        "groups", f"{metric.title} by {title.lower()}", drawing, _finding(drawn, metric, told), caption, heads, rows
    )


def _finding(drawn: Drawn, metric: Metric, judged: Sequence[tuple[Series, Difference]]) -> str:
    """The surest difference from the baseline in any group, by the end of its interval that lies nearest to zero."""
    if not judged:
        return "No version is compared with the baseline row by row in these groups."
    parted = [(series, each) for series, each in judged if each.verdict in ("better", "worse")]
    if not parted:
        return "No group shows a measurable difference."
    series, surest = max(parted, key=lambda each: min(abs(each[1].low or 0.0), abs(each[1].high or 0.0)))
    baseline = next((each.name for each in drawn.series if each.place == 1), "the baseline")
    shift = f"{difference(surest.difference, metric.unit)} ({interval(surest.low, surest.high, metric.unit)})"
    told = f"{series.name} is {surest.verdict} than {baseline}, {metric.title} {shift}"
    return f"Surest for {group_name(surest.value)}: {told}."


def _short(name: str) -> str:
    """Both ends of a long name: what tells groups apart is often the last of it."""
    if len(name) <= _NAME_CUT:
        return name
    kept = _NAME_CUT // 2
    return f"{name[: kept - 1]}…{name[-kept:]}"


def _layout(metric: Metric, names: Sequence[str]) -> dict[str, object]:
    cut = [escape(_short(name)) for name in names]
    groups = {
        "tickvals": list(range(len(names))),
        "ticktext": cut,
        "range": [len(names) - 0.5, -0.5],
        "showgrid": False,
        "zeroline": False,
    }
    values = {"zeroline": False, **({"tickformat": ".0%"} if metric.unit == SHARE else {})}
    return layout(metric.title, "", xaxis=values, yaxis=groups)
