"""What is said above the compared charts: nobody is ranked there whom the table of measures doesn't rank."""

from types import SimpleNamespace
from typing import Any

import pytest

from dashboard.charts.compared.calibration_gap import calibration_gap
from dashboard.charts.compared.classes import class_recall
from dashboard.charts.compared.dumbbells import dumbbells
from dashboard.charts.compared.series import Drawn, Series
from evidence.differences import Difference
from evidence.metrics import METRICS


def drawn(*curves: dict[str, Any], **standings: Any) -> Drawn:
    """v1, v2 … with these curves."""
    entries: list[Any] = [
        SimpleNamespace(version=SimpleNamespace(pk=at, name=f"v{at}"), value=lambda _: 0.012)
        for at in range(1, len(curves) + 1)
    ]
    found = [Series(at, entry, curve) for at, (entry, curve) in enumerate(zip(entries, curves, strict=True), 1)]
    return Drawn(found, standings)


def calibration(gap: float) -> dict[str, Any]:
    return {"calibration": {"score": [0.4], "observed": [0.4 + gap], "low": [0.3], "high": [0.6], "n": [400]}}


@pytest.mark.parametrize(
    ("standings", "says"),
    [
        ({1: "best"}, "v1 stays nearest to what happens: Calibration error 1.20%."),
        (
            {1: "joint best", 2: "joint best"},
            "Joint best by Calibration error: v1 and v2.",
        ),
        ({}, "Scores are off from what happens, on average over the rows, by: v1 1.00 pts; v2 2.00 pts."),
    ],
)
def test_calibration_is_ranked_as_the_table_ranks_it(standings: dict[int, str], says: str) -> None:
    chart = calibration_gap(drawn(calibration(0.01), calibration(0.02), calibration_error=standings))
    assert chart is not None
    assert chart.finding == says


def judged(group: str, difference: float, half: float, verdict: Any) -> Difference:
    low, high = difference - half, difference + half
    return Difference(
        "recall", 400, 0.5, 0.5 + difference, difference, low, high, 0.95, "", verdict, "", "region", group
    )


FIGURES = {name: {1: 0.5, 2: 0.6} for name in ("north", "south")}


def said_of_groups(*found: Difference) -> str:
    chart = dumbbells(drawn({}, {}), METRICS["recall"], FIGURES, "Region", judged={2: found})
    assert chart is not None
    return chart.finding


def test_no_group_is_named_where_none_differs_measurably() -> None:
    told = said_of_groups(judged("north", -0.3, 0.4, "same"), judged("south", 0.01, 0.02, "same"))
    assert told == "No group shows a measurable difference."


def test_the_group_that_differs_most_surely_is_named_not_the_noisiest() -> None:
    told = said_of_groups(judged("north", -0.3, 0.29, "worse"), judged("south", 0.05, 0.01, "better"))
    assert told == "Surest for south: v2 is better than v1, Recall +5.00 pts (+4.00 to +6.00)."


def test_groups_of_versions_that_were_not_compared_are_not_ranked() -> None:
    assert said_of_groups() == "No version is compared with the baseline row by row in these groups."


def recalls(**found: tuple[float, float, float]) -> dict[str, Any]:
    values, lows, highs = zip(*found.values(), strict=True)
    return {"recall": {"classes": [*found], "recall": values, "low": lows, "high": highs, "n": [9] * len(found)}}


def test_the_class_named_is_one_in_which_intervals_part() -> None:
    noisy = {"rare": (0.2, 0.0, 0.6), "common": (0.70, 0.69, 0.71)}
    other = {"rare": (0.9, 0.5, 1.0), "common": (0.75, 0.74, 0.76)}
    chart = class_recall(drawn(recalls(**noisy), recalls(**other)))
    assert chart is not None
    assert chart.finding == "They differ most surely in common: found in v1 70.00%; v2 75.00%."
    alike = class_recall(drawn(recalls(**noisy), recalls(**{**other, "common": (0.71, 0.70, 0.72)})))
    assert alike is not None
    assert alike.finding == "In no class do the versions’ own intervals part."
