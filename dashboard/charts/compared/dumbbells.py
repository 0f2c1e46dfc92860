"""One metric in the groups of the data: for each group how far apart the versions are."""

from collections.abc import Mapping, Sequence
from html import escape

from dashboard.charts.compared.series import Drawn, points
from dashboard.charts.drawing import Chart, layout
from dashboard.figures import SHARE, figure
from evidence.lineup import goodness
from evidence.metrics import Metric

#: Groups drawn; the table beside has all of them.
MOST_DRAWN = 20
_NAME_CUT = 28


def dumbbells(drawn: Drawn, metric: Metric, groups: Mapping[str, Mapping[int, float]], title: str) -> Chart | None:
    """`groups`: by name and version's key the group's figure, in the order drawn. None without a group to draw."""
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
    return Chart(
        "groups", f"{metric.title} by {title.lower()}", drawing, _finding(drawn, metric, shown), caption, heads, rows
    )


def _finding(drawn: Drawn, metric: Metric, shown: Sequence[tuple[str, Mapping[int, float]]]) -> str:
    name, found = max(shown, key=lambda each: max(each[1].values()) - min(each[1].values()))
    names = {each.entry.version.pk: each.name for each in drawn.series}
    ranked = sorted((key for key in found if key in names), key=lambda key: goodness(metric, found[key]))
    if len(ranked) < 2:
        return f"Only one version has figures for {name}."
    worst, best = ranked[0], ranked[-1]
    return (
        f"The versions are farthest apart for {name}: {names[best]} {figure(found[best], metric.unit)}, {names[worst]} "
        f"{figure(found[worst], metric.unit)}."
    )


def _layout(metric: Metric, names: Sequence[str]) -> dict[str, object]:
    cut = [escape(name if len(name) <= _NAME_CUT else f"{name[: _NAME_CUT - 1]}…") for name in names]
    groups = {
        "tickvals": list(range(len(names))),
        "ticktext": cut,
        "range": [len(names) - 0.5, -0.5],
        "showgrid": False,
        "zeroline": False,
    }
    values = {"zeroline": False, **({"tickformat": ".0%"} if metric.unit == SHARE else {})}
    return layout(metric.title, "", xaxis=values, yaxis=groups)
