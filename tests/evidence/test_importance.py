"""Permutation importance against its definition, an independent implementation, and repeated sampling."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

from evidence.importance import (
    LEAST_ROWS,
    REPEATS,
    Finding,
    Reliance,
    Shuffling,
    estimate_of,
    reliance_of,
    steady,
)

NAMES = ("told", "alike", "noise")


def world(rows: int, rng: np.random.Generator, task: str = "binary") -> tuple[Any, Any]:
    """Three features, the second much like the first, the third for nothing; and a truth that rests on two."""
    values = rng.normal(size=(rows, 3))
    values[:, 1] = 0.7 * values[:, 0] + 0.7 * values[:, 1]
    if task == "regression":
        return values, values[:, 0] * (1 + values[:, 1]) + rng.standard_t(3, rows)
    return values, rng.random(rows) < 1 / (1 + np.exp(1.5 - 1.2 * values[:, 0] - 0.5 * values[:, 1]))


def answer(values: Any, task: str = "binary") -> Any:
    """A model that has learnt something of it, with an interaction."""
    number = values[:, 0] * (1 + 0.6 * values[:, 1])
    return number if task == "regression" else 1 / (1 + np.exp(1 - number))


def weighed(
    values: Any, truth: Any, metric: str, feature: int, *, seed: int, task: str = "binary", weight: Any = None
) -> Reliance:
    """The importance of one feature, all rows taken."""
    shuffling = Shuffling.draw(len(truth), 3, seed)
    columns = {name: values[:, place] for place, name in enumerate(NAMES)}
    moved = np.stack(list(shuffling.inputs(columns, [feature]).values()), axis=1)
    own, weights = truth[shuffling.rows], None if weight is None else weight[shuffling.rows]
    usual = answer(values[shuffling.rows], task)
    shuffled = steady(answer(moved, task).reshape(REPEATS, -1), usual)
    return reliance_of(
        NAMES[feature],
        metric,
        estimate_of(metric, own, usual, weights),
        [estimate_of(metric, own, scores, weights) for scores in shuffled],
        shuffling.shifts[feature],
    )


def test_with_every_shift_it_is_the_mean_over_all_pairs_of_rows() -> None:
    """Fisher, Rudin & Dominici's e_switch: each row with the feature of each other row, none with its own."""
    values, truth = world(60, np.random.default_rng(1))
    shifts = np.arange(1, 60)
    usual = answer(values)
    shuffled = [
        answer(np.column_stack([np.roll(values[:, 0], -shift), values[:, 1], values[:, 2]])) for shift in shifts
    ]
    found = reliance_of(
        "told",
        "log_loss",
        estimate_of("log_loss", truth, usual),
        [estimate_of("log_loss", truth, scores) for scores in shuffled],
        shifts,
    )
    pairs = []
    for receiver in range(60):
        for giver in set(range(60)) - {receiver}:
            chance = answer(np.array([[values[giver, 0], *values[receiver, 1:]]]))[0]
            pairs.append(-np.log(chance if truth[receiver] else 1 - chance))
    assert found.drop == pytest.approx(np.mean(pairs) - log_loss(truth, usual), rel=1e-12)


def test_it_is_scikit_learns_permutation_importance_within_its_interval() -> None:
    values, truth = world(2000, np.random.default_rng(2))
    fitted = LogisticRegression().fit(values, truth)
    theirs = permutation_importance(fitted, values, truth, scoring="roc_auc", n_repeats=30, random_state=1)
    shuffling = Shuffling.draw(2000, 3)
    columns = {name: values[:, place] for place, name in enumerate(NAMES)}
    moved = np.stack(list(shuffling.inputs(columns, range(3)).values()), axis=1)
    own, usual = truth[shuffling.rows], fitted.predict_proba(values[shuffling.rows])[:, 1]
    blocks = fitted.predict_proba(moved)[:, 1].reshape(3, REPEATS, -1)
    for feature in range(3):
        after = [estimate_of("auc", own, scores) for scores in blocks[feature]]
        found = reliance_of("", "auc", estimate_of("auc", own, usual), after, shuffling.shifts[feature])
        assert found.low <= theirs.importances_mean[feature] <= found.high
        assert found.drop == pytest.approx(theirs.importances_mean[feature], abs=0.01)


@pytest.mark.parametrize("weighted", [False, True])
def test_auc_is_scikit_learns_and_its_influence_what_leaving_a_row_out_changes(weighted: bool) -> None:
    rng = np.random.default_rng(3)
    truth, scores = rng.random(300) < 0.3, np.round(rng.random(300), 2)
    weight = rng.gamma(2, 1, 300) if weighted else None
    found = estimate_of("auc", truth, scores, weight)
    assert found.value == pytest.approx(roc_auc_score(truth, scores, sample_weight=weight), abs=1e-12)
    weights = np.ones(300) if weight is None else weight
    for row in (0, 7, int(np.argmax(truth))):
        less = weights.copy()
        less[row] *= 0.999
        slope = (found.value - roc_auc_score(truth, scores, sample_weight=less)) / 0.001
        assert found.influence[row] / 300 == pytest.approx(slope, rel=0.01, abs=1e-7)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("metric", "task"), [("log_loss", "binary"), ("auc", "binary"), ("mae", "regression")])
@pytest.mark.slow
def test_intervals_cover_the_importance_as_often_as_they_say(metric: str, task: str, weighted: bool) -> None:
    """Over 600 samples of 300 rows each; the margin is 3 standard errors of that share, and 1 point for few rows."""
    rng = np.random.default_rng(4)
    values, truth = world(400_000, rng, task)
    weight = rng.gamma(2, 1, 400_000) if weighted else None
    moved = values.copy()
    moved[:, 0] = np.roll(values[:, 0], 1)
    sign = -1 if metric == "auc" else 1
    before, after = (estimate_of(metric, truth, answer(each, task), weight).value for each in (values, moved))
    covered = 0
    for sample in range(600):
        values, truth = world(300, rng, task)
        drawn = rng.gamma(2, 1, 300) if weighted else None
        found = weighed(values, truth, metric, 0, seed=sample, task=task, weight=drawn)
        covered += found.low <= sign * (after - before) <= found.high
    assert covered / 600 == pytest.approx(0.95, abs=0.01 + 3 * np.sqrt(0.95 * 0.05 / 600))


def test_a_feature_the_model_takes_no_notice_of_is_worth_exactly_nothing() -> None:
    values, truth = world(300, np.random.default_rng(5))
    assert weighed(values, truth, "log_loss", 2, seed=1) == Reliance("noise", 0.0, 0.0, 0.0)


def test_rounding_of_a_model_does_not_count() -> None:
    usual = np.array([0.1, 0.5, 1e6])
    shuffled = np.array([[0.1 + 1e-9, 0.6, 1e6 + 0.1]])
    assert steady(shuffled, usual).tolist() == [[0.1, 0.6, 1e6]]


def test_no_row_keeps_its_own_value_and_each_gives_as_often_as_it_gets() -> None:
    columns = {"a": np.arange(1000), "b": np.arange(1000).astype(str).astype(object)}
    shuffling = Shuffling.draw(1000, 2)
    moved = shuffling.inputs(columns, [1])
    own = np.tile(shuffling.rows, REPEATS)
    assert moved["a"].tolist() == own.tolist()
    given = moved["b"].astype(int)
    assert (given != own).all()
    assert np.bincount(given).tolist() == [REPEATS] * 1000
    pairs = set(zip(own.tolist(), given.tolist(), strict=True))
    assert len(pairs) == REPEATS * 1000


def test_the_same_seed_draws_the_same_rows() -> None:
    one, other = Shuffling.draw(5000, 3, seed=8), Shuffling.draw(5000, 3, seed=8)
    assert len(one.rows) == 2000
    np.testing.assert_array_equal(one.rows, other.rows)
    np.testing.assert_array_equal(one.shifts, other.shifts)


@pytest.mark.parametrize(("rows", "features"), [(LEAST_ROWS - 1, 3), (10_000, 9000)])
def test_too_few_rows_for_so_many_features_are_refused(rows: int, features: int) -> None:
    with pytest.raises(ValueError, match=rf"{rows:,} rows and {features:,} features leave"):
        Shuffling.draw(rows, features)


def test_a_finding_is_sorted_and_comes_back_as_it_was_stored() -> None:
    found = Finding.of(
        "mae", 3.0, [Reliance("b", -0.5, -1.0, 0.0), Reliance("c", 1.0, 0.5, 1.5), Reliance("a", 3, 2, 4)]
    )
    assert [each.feature for each in found.features] == ["a", "c", "b"]
    assert found.shares() == {"a": 0.75, "c": 0.25, "b": 0.0}
    assert Finding.from_dict(found.to_dict()) == found
    assert Finding.of("mae", 3.0, [Reliance("b", 0.0, 0.0, 0.0)]).shares() == {}
