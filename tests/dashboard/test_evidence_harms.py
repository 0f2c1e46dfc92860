"""For whom other measures get worse, on the promotion page below the groups."""

import re
from copy import deepcopy
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from approvals.models import Promotion
from dashboard.pages.evidence_harms import other_harms
from evidence.comparison import Comparison, Difference
from evidence.models import Comparison as StoredComparison
from evidence.models import LockedDataset
from tests import factories
from tests.dashboard.browsing import client_of, page_of, section
from tests.factories import persona


def difference(metric: str, low: float, high: float, verdict: Any, value: str = "north") -> Difference:
    middle = (low + high) / 2
    return Difference(
        metric, 50, 0.5, 0.5 + middle, middle, low, high, 0.95, "x", verdict, column="region", value=value
    )


def compared(others: dict[str, list[Difference]]) -> Comparison:
    return Comparison("binary", 100, 0.95, [], [], {}, 0, others)


def test_only_what_is_wholly_worse_is_listed_the_surest_first() -> None:
    found = other_harms(
        compared(
            {
                "auc": [difference("auc", -0.90, -0.05, "worse"), difference("auc", -0.1, 0.1, "same", "south")],
                # A higher log loss is worse, and this one is nine half-widths from 0.
                "log_loss": [
                    difference("log_loss", 0.9, 1.1, "worse"),
                    difference("log_loss", -2, -1, "better", "west"),
                ],
                "f1": [difference("f1", -0.06, -0.02, "worse", "east")],
            }
        )
    )
    assert [(harm.measure, harm.group) for harm in found] == [
        ("Log loss", "Region: north"),
        ("F1", "Region: east"),
        ("AUC", "Region: north"),
    ]


@pytest.fixture
def promotion(db: None) -> Promotion:
    policy = deepcopy(factories.PRODUCTION_POLICY)
    policy["gates"][0]["parameters"]["at_least"] = 0.1
    policy["gates"][1]["parameters"]["margin"] = 0.9
    factories.policies(production=policy)
    factories.live_version(strength=0.3)
    return factories.run_gates(factories.promotion_in("checking", strength=0.35, weak_for="south"))


def test_the_page_lists_every_measure_and_group_that_the_stored_comparison_calls_worse(promotion: Promotion) -> None:
    stored = StoredComparison.objects.get(candidate__version=promotion.version, baseline__version=promotion.baseline)
    worse = [row for rows in stored.by_segment["other_segments"].values() for row in rows if row["verdict"] == "worse"]
    told = section(page_of(persona("riley"), f"/promotions/{promotion.pk}/"), "worse")
    fold = re.search(r"Other measures by group that get worse: (\d+)", told)
    assert fold and int(fold[1]) == len(worse) > 0
    assert told.count("<small>Region: south</small>") == len(worse)


def test_refreshing_the_gates_leaves_the_large_part_of_comparisons_alone(promotion: Promotion) -> None:
    with CaptureQueriesContext(connection) as asked:
        client_of(persona("riley")).get(f"/promotions/{promotion.pk}/?part=gates")
    comparing = [each["sql"] for each in asked if 'FROM "evidence_comparison"' in each["sql"]]
    assert comparing
    assert not any('"by_segment"' in sql for sql in comparing)


def test_weighted_rows_are_said_to_be_weighted(promotion: Promotion) -> None:
    address = f"/promotions/{promotion.pk}/"
    assert "weighted by" not in page_of(persona("riley"), address)
    LockedDataset.objects.update(weight_column="exposure")
    assert "loan-holdout@1, weighted by exposure" in page_of(persona("riley"), address)


def test_the_page_leads_to_all_evidence_beside_the_live_version(promotion: Promotion) -> None:
    page = page_of(persona("riley"), f"/promotions/{promotion.pk}/")
    address = "/models/loan/versions/2/evidence/loan-holdout@1/?against=1"
    assert f'href="{address}"' in page
    assert "Against v1" in page_of(persona("riley"), address)


def test_own_figures_carry_their_intervals(db: None) -> None:
    promotion = factories.run_gates(factories.promotion_in("checking"))
    auc = promotion.version.evaluations.get().values.get(metric="auc", column="")
    told = section(page_of(persona("riley"), f"/promotions/{promotion.pk}/"), "changes")
    assert f"{auc.low:.3f} to {auc.high:.3f}" in told
