"""Time, memory and size of the versions compared; times only where they were taken in turns in one job."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.charts.compared.latency import latency
from dashboard.charts.compared.series import Series
from dashboard.charts.drawing import Chart
from evidence.lineup import Lineup
from evidence.models import Measurement

#: Measurements looked through: a version is measured anew by each gate run.
_LOOKED_THROUGH = 200


@dataclass(frozen=True)
class SpeedRow:
    """A version's measurement among those taken together; without one `why_not` says what there is instead."""

    series: Series
    measurement: Measurement | None
    why_not: str


@dataclass(frozen=True)
class Speed:
    rows: list[SpeedRow]
    chart: Chart | None

    @property
    def together(self) -> Measurement | None:
        """Any of those taken together: where, when and how; None when no two were."""
        return next((row.measurement for row in self.rows if row.measurement), None)


def speed_of(lineup: Lineup, series: Sequence[Series]) -> Speed:
    """The job that measured most of the versions together, the newest of equals; one query."""
    versions = [each.entry.version.pk for each in series]
    found = Measurement.objects.filter(version__in=versions, dataset=lineup.locked).defer("rounds")
    taken = list(found.order_by("-made_at", "-pk")[:_LOOKED_THROUGH])
    jobs: defaultdict[object, dict[int, Measurement]] = defaultdict(dict)
    for each in taken:
        jobs[each.together].setdefault(each.version_id, each)
    chosen = max(jobs.values(), key=len, default={})
    chosen = chosen if len(chosen) > 1 else {}
    alone = {each.version_id: each for each in reversed(taken)}
    rows = [_row(each, chosen, alone) for each in series]
    timed = [(row.series, row.measurement) for row in rows if row.measurement]
    return Speed(rows, latency(timed))


def _row(series: Series, chosen: dict[int, Measurement], alone: dict[int, Measurement]) -> SpeedRow:
    key = series.entry.version.pk
    if key in chosen:
        return SpeedRow(series, chosen[key], "")
    other = alone.get(key)
    if other is None:
        return SpeedRow(series, None, "never timed on these data")
    where = f"on {other.host}, {other.made_at:%Y-%m-%d %H:%M} UTC"
    return SpeedRow(series, None, f"not comparable: timed by itself, at another moment ({where})")
