"""Several versions side by side, as the API answers them."""

from typing import Any
from urllib.parse import urlencode

from api.answers import page_url, version_line
from evidence.asked import Pair, jobs_asked
from evidence.differences import Difference
from evidence.lineup import RULE, Entry, Lineup, finding_of
from evidence.metrics import Metric
from evidence.models import MetricValue
from work.models import Job

_DIFFERENCE = ("difference", "low", "high", "level", "method", "verdict", "reason")


def compare_answer(lineup: Lineup) -> dict[str, Any]:
    """What the page shows of them: figures, standings, differences from the baseline, and for whom it gets worse."""
    jobs = jobs_asked(lineup.missing_pairs)
    return {
        "model": lineup.model.name,
        "dataset": str(lineup.locked),
        "rows": lineup.locked.rows,
        "baseline": lineup.baseline.version.number,
        "finding": finding_of(lineup),
        "rule": RULE,
        "versions": [_version(entry) for entry in lineup.entries],
        "measures": [_measure(lineup, metric) for metric in lineup.metrics],
        "worse_segments": [told for entry in lineup.others for told in _worse(lineup, entry)],
        "not_compared_yet": [_numbers(pair) for pair in lineup.missing_pairs],
        "waited_for": [_numbers(pair) for pair, job in jobs if job.state in Job.OPEN],
        "came_to_nothing": [
            {"versions": _numbers(pair), "why": job.error} for pair, job in jobs if job.state == Job.State.FAILED
        ],
        "url": _address(lineup),
    }


def _numbers(pair: Pair) -> list[int]:
    return [evaluation.version.number for evaluation in pair]


def _version(entry: Entry) -> dict[str, Any]:
    provenance = entry.evaluation.provenance if entry.evaluation else ""
    return version_line(entry.version) | {"provenance": provenance, "why_not_compared": entry.why_not}


def _measure(lineup: Lineup, metric: Metric) -> dict[str, Any]:
    values = [_value(lineup, entry, metric) for entry in lineup.entries]
    told = {"metric": metric.key, "title": metric.title, "direction": metric.direction, "unit": metric.unit}
    return told | {"values": values}


def _value(lineup: Lineup, entry: Entry, metric: Metric) -> dict[str, Any]:
    found = entry.values.get(metric.key)
    paired = None if entry is lineup.baseline else lineup.difference(entry, lineup.baseline, metric.key)
    return {
        "version": entry.version.number,
        **_figure(found),
        "standing": lineup.standings[metric.key].get(entry.version.pk, ""),
        "difference": _difference(paired) if paired else None,
    }


def _figure(found: MetricValue | None) -> dict[str, Any]:
    if found is None:
        return {"value": None, "low": None, "high": None, "n": 0, "reason": ""}
    return {name: getattr(found, name) for name in ("value", "low", "high", "n", "reason")}


def _difference(paired: Difference) -> dict[str, Any]:
    return {name: getattr(paired, name) for name in _DIFFERENCE}


def _worse(lineup: Lineup, entry: Entry) -> list[dict[str, Any]]:
    comparison = lineup.comparison(entry, lineup.baseline)
    return [
        {
            "version": entry.version.number,
            "metric": each.metric,
            "column": each.column,
            "segment": each.value,
            "difference": each.difference,
            "low": each.low,
            "high": each.high,
        }
        for each in (comparison.segments if comparison else [])
        if each.verdict == "worse"
    ]


def _address(lineup: Lineup) -> str:
    numbers = sorted(entry.version.number for entry in lineup.entries)
    told = {
        "versions": ",".join(map(str, numbers)),
        "dataset": str(lineup.locked),
        "baseline": lineup.baseline.version.number,
    }
    return f"{page_url(f'models/{lineup.model.name}/compare/')}?{urlencode(told, safe=',@')}"
