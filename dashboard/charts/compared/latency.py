"""How long a call takes, of versions timed in turns in one job; other timings are of another host or moment."""

from collections.abc import Sequence

from dashboard.charts.compared.series import Series, points
from dashboard.charts.drawing import Chart, layout
from dashboard.figures import number
from evidence.models import Measurement

_PARTS = ("p50", "p95", "p99")


def latency(timed: Sequence[tuple[Series, Measurement]]) -> Chart | None:
    """None unless two versions were timed together."""
    if len(timed) < 2:
        return None
    marks = [
        points(
            [getattr(each, part) for part in _PARTS],
            [at + 0.12 * (place - len(timed) / 2) for at in range(3)],
            "%{x:.3g} ms",
            series,
        )
        for place, (series, each) in enumerate(timed)
    ]
    parts = {
        "tickvals": [0, 1, 2],
        "ticktext": list(_PARTS),
        "range": [2.6, -0.6],
        "showgrid": False,
        "zeroline": False,
    }
    drawing = {
        "data": marks,
        "layout": layout("Milliseconds of a call", "", xaxis={"rangemode": "tozero"}, yaxis=parts),
    }
    fastest, slowest = (pick(timed, key=lambda each: each[1].p95) for pick in (min, max))
    finding = (
        f"At p95 {fastest[0].name} takes {_milliseconds(fastest[1].p95)} a call, {slowest[0].name} "
        f"{_milliseconds(slowest[1].p95)}."
    )
    rows = [[series.name, *(_milliseconds(getattr(each, part)) for part in _PARTS)] for series, each in timed]
    of = timed[0][1]
    caption = f"Timed in turns on {of.host}, {of.batch_rows:,} row(s) a call. A single timing has no interval."
    return Chart("latency", "Latency", drawing, finding, caption, ["Version", *_PARTS], rows)


def _milliseconds(value: float) -> str:
    return f"{number(value, 3 if value < 1 else 1 if value < 10 else 0)} ms"
