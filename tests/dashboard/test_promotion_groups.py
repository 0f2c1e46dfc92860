"""For whom it gets worse, on the promotion page: losses first and open, and how alike groups are treated."""

import html
import re
from copy import deepcopy

import pytest

from approvals.models import Promotion
from dashboard.figures import figure, span
from evidence.models import Comparison, Evaluation
from tests import factories
from tests.dashboard.browsing import page_of as page_at
from tests.dashboard.browsing import section
from tests.factories import persona, promotion_in

pytestmark = pytest.mark.django_db


def page_of(promotion: Promotion) -> str:
    return html.unescape(page_at(persona("riley"), f"/promotions/{promotion.pk}/"))


def words(part: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", part).replace("\u2060", ""))


def without_folds(part: str) -> str:
    return re.sub(r"<details.*?</details>", "", part, flags=re.DOTALL)


@pytest.fixture
def weak_in_the_south() -> Promotion:
    policy = deepcopy(factories.PRODUCTION_POLICY)
    policy["gates"][0]["parameters"]["at_least"] = 0.1
    policy["gates"][1]["parameters"]["margin"] = 0.9
    factories.policies(production=policy)
    factories.live_version(strength=0.3)
    return factories.run_gates(promotion_in("checking", strength=0.35, weak_for="south"))


@pytest.fixture
def the_same_again() -> Promotion:
    factories.live_version(strength=0.3)
    return factories.run_gates(promotion_in("checking", strength=0.3))


def made_worse(promotion: Promotion, metric: str, group: str) -> None:
    """As if the metric had surely got worse by 0.2 in the group, or overall for no group."""
    stored = Comparison.objects.get(candidate__version=promotion.version)
    rows = stored.by_segment["other_segments"].get(metric, []) if group else stored.result["measures"]
    for row in rows:
        if row["metric"] == metric and row["value"] == group:
            row.update(difference=-0.2, low=-0.3, high=-0.1, verdict="worse")
    stored.save()


def test_groups_that_lose_come_first_and_those_that_gain_are_folded(weak_in_the_south: Promotion) -> None:
    part = section(page_of(weak_in_the_south), "worse")
    assert ">Where it gets worse</h2>" in part
    shown = without_folds(part)
    assert "Region: south" in shown.split("Other measures by group")[0]
    assert '<th scope="row" role="rowheader">Region: north</th>' not in shown
    assert "Show Recall in the other 1 group" in part


def test_other_measures_that_get_worse_stand_open(weak_in_the_south: Promotion) -> None:
    part = section(page_of(weak_in_the_south), "worse")
    assert re.search(r"Other measures by group that get worse: \d", part)
    assert re.search(r"<table class=\"titled.*Region: south", without_folds(part), re.DOTALL)


def test_a_loss_in_another_measure_only_is_named_first_and_its_table_comes_first(the_same_again: Promotion) -> None:
    made_worse(the_same_again, "auc", "north")
    page = page_of(the_same_again)
    said, part = words(section(page, "summary")), section(page, "worse")
    assert "AUC gets worse for region north by 0.200." in said
    assert "No measurable loss" not in said
    assert ">Where it gets worse</h2>" in part
    assert part.index("Measures by group that get worse: 1") < part.index("Recall by group: no measurable loss")


def test_without_any_loss_the_heading_and_the_index_say_so(the_same_again: Promotion) -> None:
    page = page_of(the_same_again)
    assert ">By group: no measurable loss</h2>" in section(page, "worse")
    assert '<a href="#worse">By group</a>' in page
    assert "Where it gets worse" not in page


def test_a_loss_overall_that_no_single_group_shows_is_no_contradiction(the_same_again: Promotion) -> None:
    made_worse(the_same_again, "recall", "")
    said = words(section(page_of(the_same_again), "summary"))
    assert "Recall is worse overall (−20.00 pts); in no single group is the loss measurable." in said
    assert "No measurable loss" not in said


def test_fairness_by_declared_column_stands_beside_what_is_live_though_no_gate_asks(
    the_same_again: Promotion,
) -> None:
    candidate = Evaluation.objects.get(version=the_same_again.version)
    found = candidate.fairness["region"]["disparities"]["selection_rate_ratio"]
    page = page_of(the_same_again)
    shown = words(section(page, "worse").split("Selection rate ratio between groups", 1)[1])
    said = f"{figure(found['value'])} {span(found['low'], found['high'])}"
    assert f"Region {said} {said}" in shown
    assert "/evidence/loan-holdout@1/?against=1#fairness" in page
