"""Versions side by side: who is best, who ties, and a comparison seen from the other side."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from evidence import lineup as lining_up
from evidence.comparing import binary
from evidence.comparison import Comparison
from evidence.groups import Groups
from evidence.lineup import Entry, Lineup, finding_of
from evidence.turning import turned

ROWS = 600


def value(figure: float | None, low: float | None = None, high: float | None = None) -> Any:
    return SimpleNamespace(value=figure, low=low, high=high)


def sure(figure: float) -> Any:
    return value(figure, figure, figure)


def lineup(*figures: dict[str, Any], pairs: dict[tuple[int, int], Comparison] | None = None) -> Lineup:
    """Versions 1, 2, 3 with these figures by metric; the first is the baseline."""
    entries: list[Any] = []
    task = "regression" if "mean_signed_error" in figures[0] else "binary"
    for number, found in enumerate(figures, 1):
        version = SimpleNamespace(pk=number, number=number, name=f"v{number}", task=task)
        entries.append(Entry(version, SimpleNamespace(), found))  # type: ignore[arg-type]
    return Lineup(SimpleNamespace(), SimpleNamespace(), entries, pairs or {})  # type: ignore[arg-type]


def of_two(seed: int) -> tuple[Any, Any, Any]:
    draw = np.random.default_rng(seed)
    truth = draw.random(ROWS) < 0.4
    return truth, 0.3 * truth + 0.7 * draw.random(ROWS), 0.6 * truth + 0.4 * draw.random(ROWS)


def compared(truth: Any, before: Any, after: Any) -> Comparison:
    places = np.arange(ROWS) % 3
    groups = {"region": Groups(("east", "north", "south"), places)}
    return binary.compare(truth, before, after, baseline_threshold=0.5, candidate_threshold=0.5, segments=groups)


# --- Best and joint best -----------------------------------------------------------------------------


def test_the_best_follows_the_direction_of_the_metric() -> None:
    standings = lineup(
        {"auc": value(0.7, 0.69, 0.71), "log_loss": value(0.3, 0.29, 0.31)},
        {"auc": value(0.9, 0.89, 0.91), "log_loss": value(0.6, 0.59, 0.61)},
    ).standings
    assert standings == {"auc": {2: "best"}, "log_loss": {1: "best"}}


def test_own_intervals_apart_are_enough_to_be_ahead_and_such_that_meet_leave_it_open() -> None:
    far, near, best = (0.70, 0.68, 0.72), (0.85, 0.82, 0.88), (0.87, 0.84, 0.90)
    assert lineup(*({"auc": value(*each)} for each in (far, best))).standings == {"auc": {2: "best"}}
    assert lineup(*({"auc": value(*each)} for each in (far, near, best))).standings == {"auc": {}}


@pytest.mark.parametrize(
    ("one", "other", "standing"),
    [
        ((5.0, 4.5, 5.5), (-5.1, -5.6, -4.6), {}),  # on either side, about as far off
        ((0.2, -0.3, 0.7), (-0.5, -0.6, -0.4), {}),  # the first may be 0 to 0.7 off
        ((0.1, -0.2, 0.3), (-0.5, -0.6, -0.4), {1: "best"}),
        ((5.0, 4.5, 5.5), (-7.0, -7.5, -6.5), {1: "best"}),
        ((5.0, None, None), (-5.0, None, None), {1: "joint best", 2: "joint best"}),
        ((5.0, None, None), (-5.1, None, None), {}),
    ],
)
def test_what_is_best_near_zero_is_held_by_its_distance_from_it(one: Any, other: Any, standing: Any) -> None:
    told = lineup(*({"mean_signed_error": value(*each)} for each in (one, other))).standings
    assert told == {"mean_signed_error": standing}


def test_a_paired_interval_decides_where_there_is_one() -> None:
    truth, before, after = of_two(3)
    found = compared(truth, before, after)
    auc = next(each for each in found.measures if each.metric == "auc")
    assert auc.verdict == "better"
    assert auc.baseline is not None
    assert auc.candidate is not None
    # Own intervals as wide as this meet; paired, the second is surely better.
    wide = [{"auc": value(figure, figure - 0.5, figure + 0.5)} for figure in (auc.baseline, auc.candidate)]
    assert lineup(*wide).standings == {"auc": {}}
    assert lineup(*wide, pairs={(2, 1): found}).standings == {"auc": {2: "best"}}
    assert lineup(*wide, pairs={(1, 2): turned(found)}).standings == {"auc": {2: "best"}}


def test_without_any_interval_nobody_is_ranked_but_equals() -> None:
    equal, other = [[{"calibration_error": value(figure)} for figure in told] for told in ((0.1, 0.1), (0.1, 0.1, 0.2))]
    assert lineup(*equal).standings == {"calibration_error": {1: "joint best", 2: "joint best"}}
    assert lineup(*other).standings == {"calibration_error": {}}


def test_a_metric_of_one_version_has_no_best() -> None:
    assert lineup({"auc": value(0.9)}, {"auc": value(None)}).standings == {"auc": {}}


def test_who_cannot_be_compared_is_not_ranked() -> None:
    whole = lineup(*({"auc": sure(figure)} for figure in (0.7, 0.8, 0.99)))
    barred = Entry(whole.entries[2].version, whole.entries[2].evaluation, whole.entries[2].values, "other evaluator")
    ranked = Lineup(whole.model, whole.locked, [*whole.entries[:2], barred], {})
    assert ranked.standings == {"auc": {2: "best"}}


def test_the_finding_counts_who_is_best() -> None:
    told = finding_of(
        lineup(
            {"auc": sure(0.7), "recall": sure(0.9), "f1": sure(0.5)},
            {"auc": sure(0.8), "recall": sure(0.8), "f1": sure(0.5)},
        )
    )
    assert told == "v1 is best on 1 of 3 measures (Recall), v2 on 1; on 1 several are joint best."


def test_the_finding_says_that_nobody_was_compared_row_by_row() -> None:
    told = finding_of(lineup({"auc": value(0.7, 0.6, 0.8)}, {"auc": value(0.75, 0.65, 0.85)}))
    assert told == "Who is best can’t be told before these versions are compared row by row."


def test_where_some_were_compared_and_nobody_can_be_ranked_it_says_what_that_waits_for() -> None:
    truth, before, after = of_two(3)
    wide = [{"auc": value(figure, figure - 0.5, figure + 0.5)} for figure in (0.9, 0.85, 0.8)]
    told = finding_of(lineup(*wide, pairs={(2, 1): compared(truth, before, after)}))
    assert told.startswith("On no measure can a best version be named before all versions are compared row by row.")


def test_the_finding_names_what_gets_worse_over_all_rows() -> None:
    truth, before, after = of_two(3)
    figures = [{"auc": value(figure, figure - 0.5, figure + 0.5)} for figure in (0.9, 0.7)]
    told = finding_of(lineup(*figures, pairs={(2, 1): compared(truth, after, before)}))
    assert "v2 is worse than v1 on AUC." in told


def test_reported_figures_are_shown_and_rank_nobody() -> None:
    whole = lineup({"auc": sure(0.7)}, {"auc": sure(0.8)})
    told = Entry(whole.entries[1].version, reported={"auc": 0.99, "f1": 0.9}, why_not="reported only")
    line = Lineup(whole.model, whole.locked, [*whole.entries, told], {})
    assert [metric.key for metric in line.metrics] == ["auc", "f1"]
    assert line.standings == {"auc": {2: "best"}, "f1": {}}


def test_a_group_of_rows_without_a_value_is_named_where_it_loses() -> None:
    truth, before, _ = of_two(4)
    places = np.arange(ROWS) % 2
    after = np.where(places == 0, 1 - before, before)
    groups = {"home_region": Groups(("", "south"), places)}
    found = binary.compare(truth, before, after, baseline_threshold=0.5, candidate_threshold=0.5, segments=groups)
    told = finding_of(lineup({"auc": sure(0.8)}, {"auc": sure(0.7)}, pairs={(2, 1): found}))
    assert "v2 loses for home region no value: Recall" in told


# --- From the other side -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_comparison_turned_is_the_one_made_the_other_way_round(seed: int) -> None:
    truth, before, after = of_two(seed)
    there, back = turned(compared(truth, before, after)), compared(truth, after, before)
    assert there.decisions == back.decisions
    assert there.segment_decisions == back.segment_decisions
    assert [each.value for each in there.segments] == [each.value for each in back.segments]
    for one, other in zip(there.measures, back.measures, strict=True):
        assert (one.metric, one.verdict) == (other.metric, other.verdict)
        assert one.difference == pytest.approx(other.difference)
        # What is resampled draws anew; everything else is the same number.
        assert one.low == pytest.approx(other.low, abs=2e-3)
        assert one.high == pytest.approx(other.high, abs=2e-3)


def test_a_comparison_is_turned_once_however_often_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Comparison] = []
    monkeypatch.setattr(lining_up, "turned", lambda found: (made.append(found), turned(found))[1])
    found = compared(*of_two(6))
    whole = lineup({"auc": sure(0.7)}, {"auc": sure(0.8)}, {"auc": sure(0.9)}, pairs={(1, 2): found})
    first, second, third = whole.entries
    assert [(one.version.number, other.version.number) for one, other in missing(whole)] == [(3, 1), (3, 2)]
    assert made == []
    assert whole.comparison(second, first) is whole.comparison(second, first)
    assert whole.comparison(first, second) is found
    assert whole.comparison(third, first) is None
    assert len(made) == 1


def missing(whole: Lineup) -> list[tuple[Entry, Entry]]:
    by_evaluation = {id(entry.evaluation): entry for entry in whole.entries}
    return [(by_evaluation[id(one)], by_evaluation[id(other)]) for one, other in whole.missing_pairs]


def test_turning_twice_gives_the_same_back() -> None:
    found = compared(*of_two(5))
    assert turned(turned(found)) == found
