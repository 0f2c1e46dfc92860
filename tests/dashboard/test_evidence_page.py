"""The evidence page of a version: all that is stored is there to be read, and reading computes nothing."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from dashboard.figures import figure
from evidence.actions import lock_dataset
from evidence.actions.agree import agree_evaluations
from evidence.actions.compare import compare_evaluations
from evidence.actions.evaluate import store_evaluation
from evidence.fairness import Fairness
from evidence.importance import Finding, Reliance
from evidence.labels import Declaration
from evidence.loading import load_rows
from evidence.metrics import METRICS
from evidence.models import Evaluation, Importance, LockedDataset, Measurement, MetricValue, Provenance
from registry.actions import create_dataset
from registry.models import Version
from registry.stores.local import LocalStore
from tests import factories
from tests.dashboard.browsing import page_of, queries_of, section
from tests.factories import persona

pytestmark = pytest.mark.django_db


@pytest.fixture
def evaluation() -> Evaluation:
    factories.personas()
    factories.policies()
    return factories.evidence_of(factories.version_of(factories.model_named()))


def address(evaluation: Evaluation, **query: Any) -> str:
    asked = "&".join(f"{key}={value}" for key, value in query.items())
    version = evaluation.version
    return f"/models/{version.model.name}/versions/{version.number}/evidence/{evaluation.dataset}/?{asked}"


def shown(evaluation: Evaluation, status: int = 200, **query: Any) -> str:
    return page_of(persona("riley"), address(evaluation, **query), status)


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


def another(evaluation: Evaluation, **told: Any) -> Evaluation:
    """Of a second version of the same model."""
    return factories.evidence_of(factories.version_of(evaluation.version.model), **told)


def measured(version: Version, locked: LockedDataset, **told: Any) -> Measurement:
    figures = {"p50": 1.3, "p95": 2.5, "p99": 12.0, "idle_bytes": 1, "peak_bytes": 52_000_000, "rounds": [], "n": 900}
    return Measurement.objects.create(
        version=version,
        dataset=locked,
        together=uuid4(),
        isolation="limits",
        **{**figures, "host": "bench-1", "batch_rows": 1, **told},
    )


def explained(evaluation: Evaluation, features: int = 3) -> Importance:
    told = tuple(Reliance(f"feature {at}", 0.3 - 0.1 * at, 0.25 - 0.1 * at, 0.35 - 0.1 * at) for at in range(features))
    found = Finding("log_loss", 0.4, told)
    return Importance.objects.create(
        evaluation=evaluation, metric="log_loss", rows=400, repeats=5, seed=7, result=found.to_dict(), digest="d" * 64
    )


# --- What is shown -----------------------------------------------------------------------------------


def test_every_overall_figure_stands_with_its_interval_and_how_that_was_made(evaluation: Evaluation) -> None:
    told = section(shown(evaluation), "measures")
    values = evaluation.values.filter(column="")
    assert len(values) == 9
    for value in values:
        metric = METRICS[value.metric]
        assert metric.title in told
        assert figure(value.value, metric.unit) in told
        assert value.method in words(told)
        if value.low is not None:
            assert f"{figure(value.low, metric.unit).rstrip('%')} to" in words(told)


def test_the_head_says_where_the_figures_come_from(evaluation: Evaluation) -> None:
    head = words(shown(evaluation))
    for told in ("400 rows", "executed here on locked data", "isolated by bubblewrap", "evaluator 3"):
        assert told in head


def test_a_version_by_itself_is_drawn_with_its_own_figure(evaluation: Evaluation) -> None:
    auc = evaluation.values.get(metric="auc", column="").value
    assert f"v1 ranks cases with an AUC of {auc:.3f}; guessing has 0.500." in shown(evaluation)


def test_figures_of_an_earlier_evaluator_say_so(evaluation: Evaluation) -> None:
    assert "earlier evaluator" not in shown(evaluation)
    Evaluation.objects.update(evaluator="1")
    assert "Measured by an earlier evaluator." in shown(evaluation)


def test_groups_are_looked_at_by_the_measure_asked_for(evaluation: Evaluation) -> None:
    for asked, metric in (("", "recall"), ("log_loss", "log_loss")):
        told = section(shown(evaluation, metric=asked), "groups")
        for value in evaluation.values.filter(column="region", metric=metric):
            assert value.segment in told
            known = METRICS[metric]
            assert f'data-label="{known.title}">{figure(value.value, known.unit)}' in told


def test_the_worst_group_comes_first_whichever_way_the_measure_runs(evaluation: Evaluation) -> None:
    for metric, worst in (("recall", 0.1), ("log_loss", 9.0)):
        evaluation.values.filter(column="region", segment="south", metric=metric).update(value=worst)
        told = section(shown(evaluation, metric=metric), "groups")
        assert told.index(">south<") < told.index(">north<")


def test_all_measures_by_group_stand_in_one_table(evaluation: Evaluation) -> None:
    told = section(shown(evaluation, metric="all"), "groups")
    for value in evaluation.values.filter(column="region"):
        assert figure(value.value, METRICS[value.metric].unit) in told


def test_a_small_group_is_named_and_not_judged(evaluation: Evaluation) -> None:
    evaluation.values.filter(column="region", segment="south").update(n=29)
    told = section(shown(evaluation), "groups")
    assert "Too small to be judged: south (29 positive rows)." in words(told)
    assert ">south<" not in told


def test_an_unknown_measure_is_not_found(evaluation: Evaluation) -> None:
    shown(evaluation, status=404, metric="rmse")


def test_there_is_no_page_without_evidence(evaluation: Evaluation) -> None:
    bare = factories.version_of(evaluation.version.model)
    page_of(persona("riley"), f"/models/loan/versions/{bare.number}/evidence/loan-holdout@1/", 404)
    page_of(persona("riley"), "/models/loan/versions/1/evidence/loan-holdout@2/", 404)


def test_fairness_shows_the_stored_measures_and_rates(evaluation: Evaluation) -> None:
    told = words(section(shown(evaluation), "fairness"))
    stored = Fairness.from_dict(evaluation.fairness["region"])
    gap = stored.disparities["selection_rate_difference"]
    assert gap.value is not None
    assert f"{100 * gap.value:.2f} pts" in told
    assert f"{gap.highest} above {gap.lowest}, by selection rate" in told
    assert "Its 95% interval allows for every pair of groups" in told
    for group in stored.groups:
        assert all(figure(rate.value, "share") in told for rate in group.rates.values())


def test_importance_names_what_carries_most_and_what_does_not_matter(evaluation: Evaluation) -> None:
    assert "No feature was shuffled yet" in shown(evaluation)
    explained(evaluation, features=4)
    told = words(section(shown(evaluation), "importance"))
    assert "feature 0 carries 50.00% of all importance; 1 of 4 features doesn’t measurably matter." in told
    assert "+0.250 to +0.350" in told


def test_the_newest_measurements_say_host_batch_and_times(evaluation: Evaluation) -> None:
    for batch in range(1, 8):
        measured(evaluation.version, evaluation.dataset, batch_rows=1000 + batch)
    told = words(section(shown(evaluation), "speed"))
    for text in ("bench-1", "1.3 ms", "2.5 ms", "12 ms", "52.0 MB", "1,007"):
        assert text in told
    assert "1,002" not in told


def test_a_label_with_markup_and_a_group_of_many_letters_are_text(evaluation: Evaluation) -> None:
    Version.objects.filter(pk=evaluation.version_id).update(label="<img src=x>")
    evaluation.values.filter(segment="south").update(segment="<b>" + "w" * 120)
    page = shown(evaluation)
    assert "<img src=x" not in page
    assert "<b>ww" not in page


# --- Beside another version --------------------------------------------------------------------------


def test_beside_a_compared_version_differences_and_both_curves_are_shown(evaluation: Evaluation) -> None:
    better = another(evaluation, strength=0.7)
    compare_evaluations(better, evaluation)
    page = shown(better, against=1)
    assert "Better on" in words(section(page, "summary"))
    assert "v2 ranks cases better than v1" in page
    assert "Solid: v2. Dashed: v1." in page
    assert "v1 finds" in section(page, "curves")
    assert "Recall against v1" in words(section(page, "groups"))
    assert "Log loss against v1" in words(section(shown(better, against=1, metric="log_loss"), "groups"))


def test_without_a_stored_comparison_no_difference_is_claimed(evaluation: Evaluation) -> None:
    another(evaluation, strength=0.7)
    page = shown(evaluation, against=2)
    assert "was not compared with v2 row by row" in words(page)
    assert "Dashed: v2." in page
    assert "ranks cases better" not in page


def test_figures_of_the_version_beside_stand_in_the_table_and_comparing_is_a_link_away(evaluation: Evaluation) -> None:
    other = another(evaluation, strength=0.4)
    assert "Its interval" not in section(shown(evaluation), "measures")
    page = shown(evaluation, against=2)
    auc = other.values.get(metric="auc", column="")
    measures = section(page, "measures")
    assert f'data-label="v2">{auc.value:.3f}' in measures
    assert f"{auc.low:.3f} to {auc.high:.3f}" in measures
    comparing = (
        'href="/models/loan/compare/?versions=1,2&amp;dataset=loan-holdout%401&amp;baseline=2">Compare v1 with v2'
    )
    assert comparing in section(page, "against-title")


def test_a_comparison_the_other_way_round_is_pointed_at(evaluation: Evaluation) -> None:
    better = another(evaluation, strength=0.7)
    assert "is the comparison there is" not in shown(evaluation, against=2)
    compare_evaluations(better, evaluation)
    assert "/versions/2/evidence/loan-holdout@1/?against=1" in section(shown(evaluation, against=2), "against-title")


def test_a_version_without_evidence_can_not_stand_beside(evaluation: Evaluation) -> None:
    factories.version_of(evaluation.version.model)
    assert "There is no evidence of v2 on loan-holdout@1" in words(shown(evaluation, against=2))
    shown(evaluation, status=404, against=77)


def test_only_versions_with_evidence_are_offered(evaluation: Evaluation) -> None:
    factories.version_of(evaluation.version.model)
    another(evaluation)
    offered = re.search(r'<select id="against".*?</select>', shown(evaluation), re.DOTALL)
    assert offered
    assert re.findall(r'value="(\d*)"', offered[0]) == ["", "3"]


# --- Without labels ----------------------------------------------------------------------------------


@pytest.fixture
def unlabelled(evaluation: Evaluation) -> list[Evaluation]:
    """Evaluations of two versions on recent rows that nobody has labelled."""
    dataset = create_dataset("recent", actor=persona("sam"))
    lines = ["id,amount,region", *(f"r{row},{row},{'north' if row % 3 else 'south'}" for row in range(300))]
    declared = Declaration(id_column="id", target="", task="binary", segments=["region"])
    locked = lock_dataset(dataset, ["\n".join(lines).encode()], declared, actor=persona("sam"))
    rows, rng = load_rows(locked), np.random.default_rng(3)
    before = rng.random(300)
    after = np.where(np.arange(300) == 41, 1 - before, before)
    versions = [evaluation.version, factories.version_of(evaluation.version.model)]
    return [
        store_evaluation(version, locked, rows, scores, provenance=Provenance.SCORED, actor=persona("dana"))
        for version, scores in zip(versions, (before, after), strict=True)
    ]


def test_without_labels_agreement_with_the_other_version_is_shown(unlabelled: list[Evaluation]) -> None:
    before, after = unlabelled
    assert "has no labels, so nothing is judged right or wrong" in shown(after)
    agree_evaluations(after, before)
    told = words(section(shown(after), "agreement"))
    assert "99.67% of 300 rows as v1 does; about 1 would be decided differently." in told
    for text in ("Stability index (PSI)", "Kolmogorov–Smirnov", "Region: north", "Region: south", "row 42:"):
        assert text in told


# --- Reading never computes --------------------------------------------------------------------------


@pytest.fixture
def shut_the_store(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Whoever wants to compute must read rows or scores from the store, and finds it shut."""

    def shut(*_: object) -> None:
        raise AssertionError("a page read rows or scores from the store")

    def shut_store() -> None:
        for name in ("open", "as_file"):
            monkeypatch.setattr(LocalStore, name, shut)

    return shut_store


def test_no_page_of_evidence_reads_rows_or_scores(
    unlabelled: list[Evaluation], shut_the_store: Callable[[], None]
) -> None:
    ours = Evaluation.objects.get(dataset__dataset_version__dataset__name="loan-holdout")
    better = another(ours, strength=0.7)
    compare_evaluations(better, ours)
    agree_evaluations(unlabelled[1], unlabelled[0])
    shut_the_store()
    with pytest.raises(AssertionError, match="read rows"):
        load_rows(ours.dataset)
    for metric in ("", "auc", "all"):
        shown(better, against=1, metric=metric)
    shown(unlabelled[1])
    page_of(persona("riley"), f"/models/loan/versions/{better.version.number}/")


def test_the_number_of_queries_is_the_same_however_much_there_is(evaluation: Evaluation) -> None:
    better = another(evaluation, strength=0.7)
    compare_evaluations(better, evaluation)
    measured(better.version, better.dataset)
    explained(better, features=2)
    few = {metric: queries_of(lambda metric=metric: shown(better, against=1, metric=metric)) for metric in ("", "all")}
    for _ in range(3):
        another(evaluation)
        measured(better.version, better.dataset)
    MetricValue.objects.bulk_create(
        MetricValue(evaluation=better, metric=metric, column="region", segment=f"group {at}", value=0.5, n=50)
        for at in range(60)
        for metric in ("recall", "auc")
    )
    Importance.objects.all().delete()
    explained(better, features=40)
    for metric, queries in few.items():
        assert queries_of(lambda metric=metric: shown(better, against=1, metric=metric)) == queries


def test_many_groups_open_below_the_worst_of_them(evaluation: Evaluation) -> None:
    MetricValue.objects.bulk_create(
        MetricValue(
            evaluation=evaluation, metric="recall", column="region", segment=f"g{at}", value=0.5 + at / 200, n=50
        )
        for at in range(60)
    )
    told = section(shown(evaluation), "groups")
    assert "Show the other 50 groups" in told
