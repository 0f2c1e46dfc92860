"""Rates by group against pandas; measures of the worst pair against every pair by hand, and by simulation."""

from __future__ import annotations

import json
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.fairness import MEASURES, Disparity, Fairness, judge_fairness, measure_fairness
from evidence.groups import Groups
from evidence.score_intervals import share_differences, wilson

ROWS = st.lists(
    st.tuples(st.booleans(), st.booleans(), st.sampled_from("abcd"), st.sampled_from([0.5, 1.0, 3.0])),
    min_size=1,
    max_size=80,
)


def table(rows):
    return pd.DataFrame(rows, columns=["truth", "decided", "group", "weight"])


def fairness(frame, *, weighted=False, least_rows=1, **options):
    return measure_fairness(
        frame.truth.to_numpy(bool),
        frame.decided.to_numpy(bool),
        Groups.of(frame.group.to_numpy(str)),
        column="region",
        weight=frame.weight.to_numpy(float) if weighted else None,
        least_rows=least_rows,
        **options,
    )


def rates_by_pandas(frame, weighted):
    """Selection, true positive and false positive rate of each group; NaN where no row counts."""
    weight = frame.weight if weighted else pd.Series(1.0, frame.index)
    found = {}
    for rate, rows in (
        ("selection_rate", frame.truth | True),
        ("true_positive_rate", frame.truth),
        ("false_positive_rate", ~frame.truth),
    ):
        counted = pd.DataFrame({"group": frame.group, "yes": weight * frame.decided, "all": weight})[rows]
        sums = counted.groupby("group").sum()
        found[rate] = (sums.yes / sums["all"]).to_dict()
    return found


def farthest(shares):
    """The largest difference and the smallest ratio over every pair of groups."""
    pairs = list(permutations(shares.values(), 2))
    return max(a - b for a, b in pairs), min((a / b for a, b in pairs if b > 0), default=None)


def lending(seed=0, rows=3000, shares=(0.5, 0.4, 0.3)):
    """Loans in three regions, granted more or less often."""
    random = np.random.default_rng(seed)
    group = random.integers(0, len(shares), rows)
    return pd.DataFrame(
        {
            "truth": random.random(rows) < 0.4,
            "decided": random.random(rows) < np.array(shares)[group],
            "group": np.array([f"region {place}" for place in range(len(shares))])[group],
            "weight": random.choice([0.5, 1, 4], rows),
        }
    )


@pytest.mark.parametrize("weighted", [False, True])
@given(ROWS)
def test_rates_and_measures_equal_those_of_pandas(weighted, rows):
    frame = table(rows)
    result, expected = fairness(frame, weighted=weighted), rates_by_pandas(frame, weighted)
    assert [each.group for each in result.groups] == sorted(set(frame.group))
    for each in result.groups:
        for rate, value in each.rates.items():
            assert value.value == pytest.approx(expected[rate].get(each.group), abs=1e-12)
    for measure, rate, place in (
        ("selection_rate_difference", "selection_rate", 0),
        ("selection_rate_ratio", "selection_rate", 1),
        ("equal_opportunity", "true_positive_rate", 0),
    ):
        shares = expected[rate]
        wanted = farthest(shares)[place] if len(shares) > 1 else None
        assert result.disparities[measure].value == pytest.approx(wanted, abs=1e-12)


@given(ROWS)
def test_equalised_odds_is_the_larger_of_both_rates_differences(rows):
    frame = table(rows)
    found, expected = fairness(frame).disparities["equalised_odds"], rates_by_pandas(frame, weighted=False)
    both = [expected["true_positive_rate"], expected["false_positive_rate"]]
    if min(map(len, both)) < 2:
        assert found.value is None
        assert "fewer than two groups" in found.reason
        return
    assert found.value == pytest.approx(max(farthest(shares)[0] for shares in both), abs=1e-12)
    shares = expected[found.rate]
    assert shares[found.highest] - shares[found.lowest] == pytest.approx(found.value, abs=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
@given(ROWS)
@settings(max_examples=50)
def test_every_interval_holds_its_value_and_nothing_is_without_a_number(weighted, rows):
    result = fairness(table(rows), weighted=weighted)
    for found in result.disparities.values():
        if found.value is not None:
            assert 0 <= found.low <= found.value + 1e-12
            assert found.value - 1e-12 <= found.high <= 1
    stored = json.dumps(result.to_dict(), allow_nan=False)
    assert Fairness.from_dict(json.loads(stored)) == result


def test_the_interval_is_the_largest_end_of_every_pair_widened_for_all_of_them():
    frame = lending()
    found = fairness(frame).disparities["selection_rate_difference"]
    level = 1 - 0.05 / 3
    one = {
        name: wilson(np.array(rows.decided.mean()), np.array(len(rows)), level) for name, rows in frame.groupby("group")
    }
    ends = [share_differences(a, b) for a, b in permutations(one.values(), 2)]
    assert found.low == pytest.approx(max(low for low, _ in ends))
    assert found.high == pytest.approx(max(high for _, high in ends))
    assert (found.lowest, found.highest) == ("region 2", "region 0")
    assert found.method == "Newcombe's hybrid score, widened for 3 pairs"
    assert found.n == frame.group.isin(["region 0", "region 2"]).sum()


def test_groups_with_few_rows_are_named_and_not_judged():
    frame = pd.concat([lending(shares=(0.5, 0.5)), lending(rows=20, shares=(1.0,)).assign(group="tiny")])
    result = fairness(frame, least_rows=30)
    tiny = result.groups[-1]
    assert (tiny.group, tiny.n) == ("tiny", 20)
    assert tiny.rates["selection_rate"].value == 1
    assert tiny.rates["selection_rate"].low is None
    assert tiny.rates["selection_rate"].reason == "20 rows; at least 30 are needed"
    assert tiny.rates["true_positive_rate"].reason.endswith("positive rows; at least 30 are needed")
    assert "tiny" not in {found.highest for found in result.disparities.values()}


def test_one_judged_group_leaves_nothing_to_compare():
    found = fairness(lending(shares=(0.5,)), least_rows=30).disparities["equal_opportunity"]
    assert (found.value, found.reason) == (
        None,
        "fewer than two groups have 30 positive rows: nothing to compare",
    )


def test_nobody_selected_has_no_ratio_but_a_difference_of_nothing():
    result = fairness(lending(shares=(0.0, 0.0)))
    assert result.disparities["selection_rate_ratio"].reason == 'no row of any group is decided "yes"'
    difference = result.disparities["selection_rate_difference"]
    assert difference.value == 0 < difference.high < 0.01


def test_lengths_that_differ_are_refused():
    with pytest.raises(ValueError, match="differ in length"):
        measure_fairness(np.array([True]), np.array([True, False]), Groups.of(["a"]), column="region")


SAMPLES = 1000


def coverage(shares, weighted, measure, seed=4):
    """How often the interval of the worst pair holds what is true, over fresh samples of the same groups."""
    random = np.random.default_rng(seed)
    sizes = np.linspace(150, 300, len(shares)).astype(int)
    group = np.repeat(np.arange(len(shares)), sizes)
    groups, truth = Groups.of(group.astype(str)), np.ones(len(group), bool)
    weight = random.choice([0.5, 1, 4], len(group)) if weighted else None
    true = min(shares) / max(shares) if MEASURES[measure].is_ratio else max(shares) - min(shares)
    hits = 0
    for _ in range(SAMPLES):
        decided = random.random(len(group)) < np.array(shares)[group]
        found = measure_fairness(truth, decided, groups, column="region", weight=weight).disparities[measure]
        hits += found.low <= true <= found.high
    return hits / SAMPLES


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("measure", ["selection_rate_difference", "selection_rate_ratio"])
def test_intervals_of_two_groups_hold_as_often_as_they_say(measure, weighted):
    assert 0.93 <= coverage((0.45, 0.3), weighted, measure) <= 0.98


@pytest.mark.parametrize("shares", [(0.3, 0.3, 0.3, 0.3), (0.5, 0.3, 0.3, 0.1)])
@pytest.mark.parametrize("measure", ["selection_rate_difference", "selection_rate_ratio"])
def test_intervals_of_the_worst_of_many_pairs_hold_at_least_as_often_as_they_say(measure, shares):
    assert coverage(shares, weighted=False, measure=measure) >= 0.945


def result_with(measure, value, low, high, n=100):
    found = Disparity(measure, value, low, high, n, reason="" if value is not None else "nothing to compare")
    return Fairness("region", 0.95, 30, [], {measure: found})


@pytest.mark.parametrize(
    ("measure", "low", "high", "limit", "outcome"),
    [
        ("selection_rate_difference", 0.01, 0.05, 0.05, "passed"),
        ("selection_rate_difference", 0.06, 0.20, 0.05, "failed"),
        ("selection_rate_difference", 0.01, 0.20, 0.05, "inconclusive"),
        ("selection_rate_ratio", 0.80, 0.95, 0.80, "passed"),
        ("selection_rate_ratio", 0.40, 0.75, 0.80, "failed"),
        ("selection_rate_ratio", 0.70, 0.95, 0.80, "inconclusive"),
    ],
)
def test_the_whole_interval_decides(measure, low, high, limit, outcome):
    assert judge_fairness(result_with(measure, (low + high) / 2, low, high), measure, limit).outcome == outcome


def test_an_inconclusive_answer_says_how_many_rows_would_settle_it():
    found = result_with("equal_opportunity", 0.04, 0.0, 0.12)
    # Half-width 0.08, distance 0.02: four times as narrow takes sixteen times the rows.
    assert judge_fairness(found, "equal_opportunity", 0.06).rows_needed == 1500
    assert judge_fairness(found, "equal_opportunity", 0.04).rows_needed is None


def test_nothing_to_compare_is_inconclusive_with_its_reason():
    judged = judge_fairness(result_with("equal_opportunity", None, None, None), "equal_opportunity", 0.1)
    assert (judged.outcome, judged.reason) == ("inconclusive", "nothing to compare")


def test_a_limit_that_is_no_share_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        judge_fairness(fairness(lending()), "equal_opportunity", 1.2)
