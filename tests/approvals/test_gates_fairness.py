"""How far groups may be apart. Of each group it is chosen here how many of its rows of either kind get a yes."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from accounts.reasons import Invalid
from approvals.actions import publish_policy
from approvals.gates import GATES
from evidence.actions import lock_dataset
from evidence.actions.evaluate import store_evaluation
from evidence.labels import Declaration
from evidence.loading import load_rows
from evidence.models import LockedDataset, Provenance
from registry.actions import create_dataset
from registry.models import Model, Version
from registry.stores import store
from tests import factories
from tests.approvals.judging import judge

ASKED = {"dataset": "people@1", "column": "region"}
DIFFERENCE = {**ASKED, "measure": "selection_rate_difference"}
RATIO = {**ASKED, "measure": "selection_rate_ratio"}

#: Of a group's positive rows, of its negative rows: how many get a yes, of how many.
Share = tuple[int, int]


def locked_as(name: str, lines: list[str], **declared: Any) -> LockedDataset:
    told = {"target": "approved", "positive": "yes", "segments": ["region"], **declared}
    dataset = create_dataset(name, actor=factories.persona("sam"))
    declaration = Declaration(id_column="id", **told)
    return lock_dataset(dataset, ["\n".join(lines).encode()], declaration, actor=factories.persona("sam"))


def treating(loan: Model, weighted: bool = False, **groups: tuple[Share, Share]) -> Version:
    """A version that decides so; rows that get a yes weigh 3, others 1, where that counts."""
    rows = [
        (group, label, number < yes)
        for group, shares in groups.items()
        for label, (yes, many) in zip(("yes", "no"), shares, strict=True)
        for number in range(many)
    ]
    lines = [
        f"r{place},{place},{group},{label},{3 if decided else 1}" for place, (group, label, decided) in enumerate(rows)
    ]
    declared = {"weight": "counts"} if weighted else {}
    locked = locked_as("people", ["id,amount,region,approved,counts", *lines], **declared)
    version = factories.version_of(loan)
    scores = np.array([0.9 if decided else 0.1 for *_, decided in rows])
    ran = {"provenance": Provenance.SCORED, "actor": factories.persona("dana")}
    store_evaluation(version, locked, load_rows(locked), scores, **ran)
    return version


def test_groups_treated_much_alike_pass_with_the_largest_difference_there_can_be(loan: Model) -> None:
    version = treating(loan, north=((300, 500), (100, 500)), south=((280, 500), (100, 500)))
    run = judge(version, "fairness", at_most=0.08, **DIFFERENCE)
    assert run.outcome == "passed"
    assert run.details["value"] == pytest.approx(0.4 - 0.38)
    assert run.details["high"] < 0.08
    assert run.summary.startswith("Selection rate difference by region 2.00 pts (0.00 pts to ")
    assert run.summary.endswith(", at most 8.00 pts: north against south")


def test_groups_surely_too_far_apart_fail_by_name(loan: Model) -> None:
    groups = {"north": ((90, 100), (50, 100)), "south": ((50, 100), (10, 100)), "west": ((70, 100), (30, 100))}
    run = judge(treating(loan, **groups), "fairness", at_most=0.1, **DIFFERENCE)
    assert run.outcome == "failed"
    assert run.details["value"] == pytest.approx(0.4)
    assert run.details["low"] > 0.1
    assert "must be at most 10.00 pts: north against south" in run.summary


def test_an_interval_over_the_limit_is_inconclusive_and_says_how_many_rows_would_tell(loan: Model) -> None:
    version = treating(loan, north=((60, 100), (20, 100)), south=((50, 100), (14, 100)))
    run = judge(version, "fairness", at_most=0.1, **DIFFERENCE)
    assert run.outcome == "inconclusive"
    assert run.details["low"] < 0.1 < run.details["high"]
    assert f"needs about {run.details['rows_needed']:,} more rows of these two" in run.summary


def test_positive_rows_are_asked_for_where_only_they_count(loan: Model) -> None:
    version = treating(loan, north=((60, 100), (20, 100)), south=((50, 100), (14, 100)))
    run = judge(version, "fairness", at_most=0.12, **{**DIFFERENCE, "measure": "equal_opportunity"})
    assert run.outcome == "inconclusive"
    assert f"needs about {run.details['rows_needed']:,} more positive rows of these two" in run.summary


@pytest.mark.parametrize(("south", "outcome"), [(250, "passed"), (100, "failed"), (205, "inconclusive")])
def test_four_fifths_is_a_floor_for_the_ratio(loan: Model, south: int, outcome: str) -> None:
    version = treating(loan, north=((250, 500), (0, 1)), south=((south, 500), (0, 1)))
    run = judge(version, "fairness", at_least=0.8, **RATIO)
    assert run.outcome == outcome
    assert run.details["value"] == pytest.approx(south / 250)
    assert f"{south / 250:.3f} (" in run.summary
    assert "at least 0.800" in run.summary


def test_equal_opportunity_looks_at_positive_rows_and_equalised_odds_at_negative_ones_too(loan: Model) -> None:
    version = treating(loan, north=((400, 500), (250, 500)), south=((400, 500), (50, 500)))
    assert judge(version, "fairness", measure="equal_opportunity", at_most=0.1, **ASKED).outcome == "passed"


def test_equalised_odds_fail_when_only_false_positives_differ(loan: Model) -> None:
    version = treating(loan, north=((400, 500), (250, 500)), south=((400, 500), (50, 500)))
    run = judge(version, "fairness", measure="equalised_odds", at_most=0.1, **ASKED)
    assert (run.outcome, run.details["value"]) == ("failed", pytest.approx(0.4))
    facts = dict(run.details["facts"])
    assert facts["Farthest apart"] == (
        "north has the highest false positive rate, south the lowest, 1,000 negative rows in both"
    )
    assert facts["north"].count(";") == 1  # both rates


def test_a_group_s_rate_is_told_with_wilson_s_interval_and_its_rows(loan: Model) -> None:
    version = treating(loan, north=((60, 100), (20, 100)), south=((50, 100), (20, 100)))
    facts = dict(judge(version, "fairness", at_most=0.2, **DIFFERENCE).details["facts"])
    own = stats.binomtest(80, 200).proportion_ci(confidence_level=0.95, method="wilson")
    assert facts["north"] == f"Selection rate 40.00% ({100 * own.low:.2f}% to {100 * own.high:.2f}%) of 200 rows"
    assert "Newcombe" in facts["Method"]


def test_a_group_that_is_too_small_is_named_and_not_judged(loan: Model) -> None:
    groups = {"north": ((60, 100), (20, 100)), "south": ((60, 100), (20, 100)), "west": ((0, 14), (0, 15))}
    run = judge(treating(loan, **groups), "fairness", at_most=0.2, **DIFFERENCE)
    assert run.outcome == "passed"
    assert run.summary.endswith("; too small to judge: west")
    assert (
        dict(run.details["facts"])["west"] == "Selection rate 0.00%: too few to judge, 29 rows; at least 30 are needed"
    )


def test_with_one_group_large_enough_nothing_can_be_told(loan: Model) -> None:
    version = treating(loan, north=((60, 100), (20, 100)), south=((5, 29), (20, 100)))
    run = judge(version, "fairness", measure="equal_opportunity", at_most=0.2, **ASKED)
    assert run.outcome == "inconclusive"
    assert "fewer than two groups have 30 positive rows" in run.summary


def test_rows_count_by_their_weight(loan: Model) -> None:
    version = treating(loan, weighted=True, north=((50, 100), (0, 50)), south=((25, 100), (0, 50)))
    run = judge(version, "fairness", at_most=0.5, **DIFFERENCE)
    assert run.details["value"] == pytest.approx(3 * 50 / (3 * 50 + 100) - 3 * 25 / (3 * 25 + 125))


def test_it_reads_what_was_stored_and_no_row_again(loan: Model) -> None:
    version = treating(loan, north=((60, 100), (20, 100)), south=((60, 100), (20, 100)))
    evaluation = version.evaluations.get()
    for digest in (evaluation.predictions_digest, evaluation.dataset.rows_digest):
        store().remove(digest)
    assert judge(version, "fairness", at_most=0.2, **DIFFERENCE).outcome == "passed"


def test_a_candidate_without_evidence_is_an_error_not_a_pass(loan: Model) -> None:
    treating(loan, north=((60, 100), (20, 100)))
    run = judge(factories.version_of(loan, format="pickle"), "fairness", at_most=1.0, **DIFFERENCE)
    assert run.outcome == "error"
    assert "assaydesk predict" in run.summary


def refused(said: str, **parameters: Any) -> None:
    gate = {"key": "asked", "kind": "fairness", "parameters": {**DIFFERENCE, "at_most": 0.1, **parameters}}
    with pytest.raises(Invalid, match=said):
        publish_policy("Asked", {"gates": [gate]}, actor=None, target_stage="Staging")


def test_a_column_without_groups_is_refused_when_the_policy_is_published(loan: Model) -> None:
    treating(loan, north=((1, 2), (1, 2)))
    refused("amount is no segment column of people@1, which has region", column="amount")


def test_data_without_labels_are_refused_when_the_policy_is_published(loan: Model) -> None:
    locked_as("people", ["id,amount,region", "r1,1,north", "r2,2,south"], target="", positive="")
    refused("people@1 has no labels.* name a labelled dataset")


def test_data_of_numbers_are_refused_when_the_policy_is_published(loan: Model) -> None:
    lines = ["id,amount,region,approved", "r1,1,north,5", "r2,2,south,6"]
    locked_as("people", lines, task="regression", positive="")
    refused("fairness is measured of binary models, and people@1 is locked for regression models")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"measure": "charm"}, "unknown measure 'charm'; known: selection_rate_difference, "),
        ({"measure": "equalised_odds"}, "equalised_odds has the limit at_most"),
        ({"measure": "equalised_odds", "at_least": 0.8}, "equalised_odds has the limit at_most"),
        ({"measure": "selection_rate_ratio", "at_most": 0.8}, "selection_rate_ratio has the limit at_least"),
        (
            {"measure": "selection_rate_ratio", "at_most": 0.8, "at_least": 0.8},
            "give that, and no at_most",
        ),
        ({"measure": "equalised_odds", "at_most": 5}, "must lie from 0 to 1, not 5"),
        ({"measure": "equalised_odds", "at_most": "little"}, "at_most must be a number"),
    ],
)
def test_wrong_parameters_are_refused_by_name(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        GATES["fairness"].read_parameters({**ASKED, **wrong})
