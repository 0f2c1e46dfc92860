"""How much of each class a model of several classes finds, the least found first."""

from dashboard.charts.drawing import Chart, Curve, Sides, dots, layout, line_key, styles
from dashboard.figures import SHARE, figure, span


def class_recall_chart(sides: Sides) -> Chart | None:
    """Classes stand in the version's own order, the other version's beside them; None without an evaluation."""
    drawn = [(side, _by_class(curve)) for side, curve in sides.curves("recall") if curve["n"]]
    if not drawn:
        return None
    classes = list(drawn[0][1])
    points = [
        dots(
            [name for name in classes if name in found],
            [found[name][0] for name in classes if name in found],
            [found[name][1:3] for name in classes if name in found],
            "%{y:.1%} of %{x} found",
            name=side.name,
            look=look,
        )
        for side, found, look in styles(drawn)
    ]
    (own, found), *_ = drawn
    least, (recall, *_, n) = next(iter(found.items()))
    finding = f"The class that {own.name} finds least is {least}: {figure(recall, SHARE)} of its {n:,} rows."
    caption = (
        f"{line_key(sides, marks=('Filled', 'Hollow'))} Bars: 95% intervals, each by itself. The least found first."
    )
    heads = ["Class", *(head for side, _ in reversed(drawn) for head in (f"{side.name} finds", "95% interval")), "Rows"]
    rows = [
        [name, *(text for _, each in reversed(drawn) for text in _read(each, name)), f"{found[name][3]:,}"]
        for name in classes
    ]
    return Chart("classes", "Found by class", {"data": points, "layout": _LAYOUT}, finding, caption, heads, rows)


def _by_class(curve: Curve) -> dict[str, tuple[float, float, float, int]]:
    rows = zip(*(curve[key] for key in ("classes", "recall", "low", "high", "n")), strict=True)
    return {str(name): (recall, low, high, n) for name, recall, low, high, n in rows}


def _read(found: Curve, name: str) -> tuple[str, str]:
    recall, low, high, _ = found.get(name, (None, None, None, 0))
    return figure(recall, SHARE), span(low, high, SHARE)


_LAYOUT = layout(
    "Class",
    "Found, share of its rows",
    # Digits are names of classes, not numbers.
    xaxis={"type": "category"},
    yaxis={"tickformat": ".0%"},
) | {"scattermode": "group", "scattergap": 0.5}  # beside each other, so that equals don't hide one another
