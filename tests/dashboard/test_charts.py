"""What is drawn of stored curves: read right, worded right, small, and of SVG traces only."""

import json
from typing import Any

import numpy as np
import pytest

from dashboard.charts import Chart, Side, Sides
from dashboard.charts.by_task import charts_of
from dashboard.charts.calibration import mean_gap
from dashboard.charts.confusion import confusion_tables
from dashboard.charts.error_sizes import off_by
from dashboard.charts.precision_recall import precise_at
from dashboard.charts.residuals import too_high
from dashboard.charts.roc import found_at
from dashboard.charts.score_distribution import middle
from evidence.judging import Predicted, curves
from evidence.loading import LockedRows
from registry.models import Task

CLASSES = ("ant", "bee", "cat")


def rows_of(task: str, n: int = 500) -> tuple[LockedRows, Predicted]:
    """Rows of the task, and what a middling model says of them."""
    rng = np.random.default_rng(5)
    if task == Task.REGRESSION:
        numbers = rng.normal(100, 20, n)
        return LockedRows(numbers, {}, task=task), Predicted(numbers + rng.normal(2, 10, n))
    if task == Task.MULTICLASS:
        classes = rng.integers(0, 3, n)
        likely = rng.random((n, 3)) + np.eye(3)[classes]
        return LockedRows(classes, {}, task=task, classes=CLASSES), Predicted(likely / likely.sum(axis=1)[:, None])
    positive = rng.random(n) < 0.3
    return LockedRows(positive, {}, task=task), Predicted(0.4 * positive + 0.6 * rng.random(n), 0.5)


def sides_of(task: str, *, beside: bool = False) -> Sides:
    stored = json.loads(json.dumps(curves(*rows_of(task))))
    return Sides(Side("2.0", stored, {"auc": 0.8}), Side("1.0", stored) if beside else None)


def charts(task: str, *, beside: bool = False) -> dict[str, Chart]:
    return {chart.key: chart for chart in charts_of(task, sides_of(task, beside=beside))}


KEYS = {
    Task.BINARY: ["ranking", "precision-recall", "calibration", "scores"],
    Task.MULTICLASS: ["classes", "calibration"],
    Task.REGRESSION: ["error-sizes", "residuals", "where"],
}


@pytest.mark.parametrize("task", Task)
@pytest.mark.parametrize("beside", [False, True])
def test_every_task_has_its_charts_drawn_small_and_with_their_table(task: Task, beside: bool) -> None:
    found = charts(task, beside=beside)
    assert list(found) == KEYS[task]
    for chart in found.values():
        assert {trace["type"] for trace in chart.drawing["data"]} == {"scatter"}
        assert all(len(trace["x"]) == len(trace["y"]) <= 101 for trace in chart.drawing["data"])
        assert "2.0" in chart.finding
        assert {len(row) for row in chart.rows} == {len(chart.heads)}
        assert ("1.0" in chart.caption + chart.finding) is beside
        json.dumps(chart.drawing, allow_nan=False)


@pytest.mark.parametrize("task", Task)
def test_without_stored_curves_nothing_is_drawn(task: Task) -> None:
    assert charts_of(task, Sides(Side("2.0", {}))) == []
    assert confusion_tables(Sides(Side("2.0", {})), target="y") == []


def test_rows_of_one_class_leave_the_charts_that_are_still_defined() -> None:
    rows, predicted = rows_of(Task.BINARY)
    stored = curves(LockedRows(np.ones_like(rows.truth), {}, task=Task.BINARY), predicted)
    found = charts_of(Task.BINARY, Sides(Side("2.0", stored)))
    assert [chart.key for chart in found] == ["calibration", "scores"]
    assert "all of one kind" in found[1].finding


def test_names_of_versions_are_text_in_a_drawing() -> None:
    evil = "<b onclick=alert(1)>2.0"
    stored = curves(*rows_of(Task.BINARY))
    drawn = json.dumps([chart.drawing for chart in charts_of(Task.BINARY, Sides(Side(evil, stored)))])
    assert "<b" not in drawn


def test_the_other_version_is_always_dashed_or_hollow_and_below() -> None:
    for task in Task:
        for chart in charts(task, beside=True).values():
            told = [(trace.get("marker") or trace["line"]) for trace in chart.drawing["data"] if "name" in trace]
            looks = [str(look.get("dash") or look.get("symbol")) for look in told]
            others = [place for place, look in enumerate(looks) if look in {"dash", "dashdot", "circle-open"}]
            assert others == list(range(len(looks) // 2)), chart.key


# --- Figures that are read off a curve, against the rows themselves ------------------------------------


def test_the_ranking_is_read_as_the_rows_say() -> None:
    rows, predicted = rows_of(Task.BINARY)
    negatives = np.sort(predicted.scores[~rows.truth])[::-1]
    allowed = int(0.2 * len(negatives))
    truly = (predicted.scores[rows.truth] > negatives[allowed]).mean()
    assert found_at(sides_of(Task.BINARY).own.curves["roc"], 0.2) == pytest.approx(truly, abs=0.03)


def test_precision_is_read_as_the_rows_say() -> None:
    rows, predicted = rows_of(Task.BINARY)
    order = np.argsort(-predicted.scores)
    right = np.cumsum(rows.truth[order])
    reaches = right >= 0.8 * rows.truth.sum()
    truly = (right / np.arange(1, len(right) + 1))[reaches].max()
    assert precise_at(sides_of(Task.BINARY).own.curves["precision_recall"], 0.8) == pytest.approx(truly, abs=0.03)


def test_the_middle_score_is_the_median_to_the_width_of_a_bin() -> None:
    rows, predicted = rows_of(Task.BINARY)
    found = middle(sides_of(Task.BINARY).own.curves["scores"]["positive"])
    assert found == pytest.approx(np.median(predicted.scores[rows.truth]), abs=0.02)
    assert middle([0, 0]) is None


def test_the_mean_gap_weighs_bins_by_their_rows() -> None:
    assert mean_gap({"score": [0.1, 0.9], "observed": [0.2, 0.5], "n": [300, 100]}) == pytest.approx(0.175)


def test_too_high_is_the_share_of_rows_above_the_truth() -> None:
    rows, predicted = rows_of(Task.REGRESSION)
    truly = (predicted.scores > rows.truth).mean()
    assert too_high(sides_of(Task.REGRESSION).own.curves["residuals"]) == pytest.approx(truly, abs=0.02)


def test_half_of_the_errors_are_within_the_median_error() -> None:
    rows, predicted = rows_of(Task.REGRESSION)
    truly = np.median(np.abs(predicted.scores - rows.truth))
    assert off_by(sides_of(Task.REGRESSION).own.curves["errors"], 0.5) == pytest.approx(truly, rel=0.05)


def test_a_binary_confusion_counts_all_rows_and_names_both_mistakes() -> None:
    counts = {"true_positive": 40, "false_positive": 7, "false_negative": 10, "true_negative": 143}
    (table,) = confusion_tables(Sides(Side("2.0", {"confusion": counts})), target="repaid", positive="yes")
    assert [[cell.count for cell in row.cells] for row in table.rows] == [[40, 10], [7, 143]]
    assert [row.total for row in table.rows] == [50, 150]
    assert table.rows[0].cells[0].share == "80.00%"
    assert "183 of 200 rows rightly: it misses 10" in table.finding
    assert "10 of those with repaid = yes, and says yes to 7 of the others." in table.finding
    assert [[cell.is_right for cell in row.cells] for row in table.rows] == [[True, False], [False, True]]


def test_a_confusion_of_classes_names_the_most_frequent_mistake_and_the_folded_rest() -> None:
    curve: dict[str, Any] = {"classes": ["ant", "bee"], "rows": [[9, 1, 0], [4, 6, 0], [0, 1, 2]], "folded": 5}
    (table,) = confusion_tables(Sides(Side("2.0", {"confusion": curve})), target="kind")
    assert table.decisions == ["ant", "bee", "5 others"]
    assert "Most often bee is taken for ant: 4 times." in table.finding
    assert "puts 15 into" in table.finding


def test_the_curve_is_read_where_it_is_drawn() -> None:
    curve = {"fpr": [0.0, 0.0, 0.5, 1.0], "tpr": [0.0, 0.4, 0.8, 1.0]}
    assert [found_at(curve, at) for at in (0.0, 0.25, 0.5, 0.75, 1.0)] == pytest.approx([0.4, 0.6, 0.8, 0.9, 1.0])
