"""The compare page: several versions side by side, all of stored evidence, and who may have comparisons made."""

import re
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from dashboard.figures import figure, span
from dashboard.pages import compare_differs
from evidence.actions import EvidenceMissing, compare_evaluations, lock_dataset, report_metrics
from evidence.actions import ask as asking
from evidence.actions.evaluate import store_evaluation
from evidence.asked import TASK
from evidence.labels import Declaration
from evidence.loading import load_rows
from evidence.metrics import METRICS
from evidence.models import Comparison, Evaluation, Measurement, MetricValue, Provenance
from evidence.tasks import compare_task
from registry.actions import create_dataset
from registry.models import Model, Version
from tests import factories
from tests.dashboard.browsing import client_of, page_of, queries_of, section
from tests.dashboard.test_evidence_page import measured
from tests.factories import persona
from work.models import Job

pytestmark = pytest.mark.django_db

BASE = "/models/loan/compare/"
THREE = f"{BASE}?versions=1,2,3&dataset=loan-holdout@1&baseline=1"


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html)).replace("&#x27;", "'")


def evaluated(count: int, **facts: Any) -> list[Evaluation]:
    """So many versions of loan, each with evidence of its own."""
    factories.personas()
    model = factories.model_named()
    return [
        factories.evidence_of(factories.version_of(model, **facts), strength=0.1 + 0.1 * at, seed=at)
        for at in range(1, count + 1)
    ]


@pytest.fixture
def three() -> list[Evaluation]:
    return evaluated(3)


def shown(address: str = THREE, who: str = "riley", status: int = 200) -> str:
    return page_of(persona(who), address, status)


# --- What stands side by side ------------------------------------------------------------------------


def test_every_figure_stands_with_its_own_interval(three: list[Evaluation]) -> None:
    told = words(section(shown(), "measures"))
    for evaluation in three:
        for value in evaluation.values.filter(column=""):
            unit = METRICS[value.metric].unit
            assert figure(value.value, unit) in told
            assert span(value.low, value.high, unit) in told
    assert told.count("not compared yet") == 2 * 9


def test_a_stored_comparison_gives_the_difference_its_interval_and_its_verdict(three: list[Evaluation]) -> None:
    stored = compare_evaluations(three[1], three[0])
    told = words(section(shown(), "measures"))
    auc = next(each for each in stored.result["measures"] if each["metric"] == "auc")
    assert f"{auc['difference']:+.3f}" in told
    assert f"{auc['low']:+.3f} to {auc['high']:+.3f}" in told
    assert told.count("not compared yet") == 9


def test_a_comparison_made_the_other_way_round_is_read_from_this_side(three: list[Evaluation]) -> None:
    compare_evaluations(three[1], three[0])
    ahead = words(section(shown(), "measures"))
    back = words(section(shown(THREE.replace("baseline=1", "baseline=2")), "measures"))
    auc = next(each for each in Comparison.objects.get().result["measures"] if each["metric"] == "auc")
    assert f"{auc['difference']:+.3f}" in ahead
    assert f"{-auc['difference']:+.3f}".replace("-", "\N{MINUS SIGN}") in back


def test_the_finding_names_who_leads(three: list[Evaluation]) -> None:
    for candidate, baseline in ((1, 0), (2, 0), (2, 1)):
        compare_evaluations(three[candidate], three[baseline])
    assert "v3 is best on" in section(shown(), "summary")


def test_what_cannot_be_compared_says_why(three: list[Evaluation]) -> None:
    model = three[0].version.model
    factories.version_of(model)
    claimed = factories.version_of(model)
    report_metrics(claimed, three[0].dataset.dataset_version, {"auc": 0.4242}, actor=factories.persona("dana"))
    Evaluation.objects.filter(pk=three[1].pk).update(evaluator="2")
    page = shown(f"{BASE}?versions=1,2,3,4,5&baseline=1")
    told = words(section(page, "summary"))
    assert "v4 was never measured." in told
    assert "v2 was measured by evaluator 2, v1 by 3" in told
    assert "What is known of v5 is its pipeline’s own report" in told.replace("&#x2019;", "’")
    assert "0.424 not compared: reported only" in " ".join(words(section(page, "measures")).split())


def test_a_baseline_that_was_never_measured_leaves_the_others_ranked(three: list[Evaluation]) -> None:
    factories.version_of(three[0].version.model)
    compare_evaluations(three[1], three[0])
    page = shown(f"{BASE}?versions=1,2,4&baseline=4")
    assert "v4 was never measured." in words(section(page, "summary"))
    assert '<span class="best">best</span>' in section(page, "measures")


def test_versions_of_another_task_are_not_compared(three: list[Evaluation]) -> None:
    other = factories.version_of(three[0].version.model, task="regression")
    assert "v4 was never measured." in words(shown(f"{BASE}?versions=1,4&baseline=1"))
    Evaluation.objects.filter(pk=three[2].pk).update(version=other)
    assert "v4 is of another task than v1." in words(shown(f"{BASE}?versions=1,4&baseline=1"))


def test_what_a_version_rests_on_is_named_only_to_who_sees_it(three: list[Evaluation]) -> None:
    hidden = factories.version_of(factories.model_named("secret"))
    Version.objects.filter(pk=three[1].version_id).update(base_model=hidden)
    viewer = factories.person("Vera", "viewer", model=three[0].version.model)
    told = section(page_of(viewer, THREE), "differs")
    assert "secret" not in told
    assert "a version of a model that you don" in told
    assert "secret v1" in section(shown(), "differs")


def test_a_metric_missing_in_one_version_leaves_the_page_whole(three: list[Evaluation]) -> None:
    MetricValue.objects.filter(evaluation=three[2], metric="auc").delete()
    compare_evaluations(three[2], three[0])
    row = re.search(r"<tr>\s*<th scope=\"row\">AUC.*?</tr>", section(shown(), "measures"), re.DOTALL)
    assert row is not None
    assert "not measured" in row[0]


def test_groups_are_shown_by_the_metric_and_column_asked_for(three: list[Evaluation]) -> None:
    stored = compare_evaluations(three[1], three[0])
    told = words(section(shown(f"{THREE}&metric=auc&column=region"), "groups"))
    judged = stored.by_segment["other_segments"]["auc"]
    assert {each["value"] for each in judged} == {"north", "south"}
    for each in judged:
        assert f"{each['difference']:+.3f}".replace("-", "\N{MINUS SIGN}") in told


def test_fixed_and_broken_rows_are_counted_and_linked(three: list[Evaluation]) -> None:
    counts = compare_evaluations(three[1], three[0]).result["decisions"]
    part = section(shown(), "cases")
    assert "Lost" not in part
    assert part.count('data-label="Broken"') == part.count('data-label="Fixed"') > 0
    assert f"{counts['broken']}" in words(part)
    assert f"{counts['fixed']}" in words(part)
    assert "/models/loan/cases/?version=2&amp;against=1&amp;dataset=loan-holdout%401" in part
    back = section(shown(THREE.replace("baseline=1", "baseline=2")), "cases")
    assert "/models/loan/cases/?version=1&amp;against=2&amp;dataset=loan-holdout%401" in back


def test_times_are_compared_only_where_they_were_taken_together(three: list[Evaluation]) -> None:
    first = measured(three[0].version, three[0].dataset, p95=2.5)
    second = measured(three[1].version, three[0].dataset, p95=3.5)
    Measurement.objects.filter(pk=second.pk).update(together=first.together)
    measured(three[2].version, three[0].dataset, p95=1.5, host="elsewhere")
    told = words(section(shown(), "speed"))
    assert "2.5 ms" in told
    assert "3.5 ms" in told
    assert "1.5 ms" not in told
    assert "not comparable: timed by itself, at another moment (on elsewhere" in told


# --- What differs ------------------------------------------------------------------------------------


def test_only_what_differs_stands_open() -> None:
    factories.personas()
    model = factories.model_named()
    same = {"learning_rate": 0.05, "depth": 6}
    factories.evidence_of(factories.version_of(model, parameters=same))
    factories.evidence_of(factories.version_of(model, parameters=same | {"depth": 8}))
    part = section(shown(f"{BASE}?versions=1,2"), "differs")
    parameters = part.split('id="differs-signature"')[0]
    opened, _, folded = parameters.partition("Show 1 unchanged")
    assert "<ins>8</ins>" in opened
    assert "learning_rate" not in opened
    assert "learning_rate" in folded


def test_many_differences_are_told_apart_in_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each row is looked at by itself: rows held against each other would take the square of their number."""

    def held(*_: object) -> bool:
        raise AssertionError("two rows were held against each other")

    factories.personas()
    model = factories.model_named()
    versions = [
        factories.version_of(model, parameters={f"p{at}": at if at % 2 else number for at in range(40)})
        for number in (100, 200)
    ]
    for version in versions:
        factories.evidence_of(version)
    monkeypatch.setattr(compare_differs.Row, "__eq__", held)
    told = section(shown(f"{BASE}?versions=1,2"), "differs")
    assert "Show 8 further changes" in told
    assert "Show 20 unchanged" in told


def test_a_breaking_change_says_who_is_affected() -> None:
    factories.personas()
    model = factories.model_named()
    factories.evidence_of(factories.version_of(model, features=["amount", "age"]))
    factories.evidence_of(factories.version_of(model, features=["amount"]))
    told = words(section(shown(f"{BASE}?versions=1,2&baseline=1"), "differs"))
    assert "v2 breaks callers of v1 . Callers that send it and rely on its effect: input age removed" in " ".join(
        told.split()
    )


# --- Choosing ----------------------------------------------------------------------------------------


def test_without_versions_what_is_live_and_the_newest_are_proposed(three: list[Evaluation]) -> None:
    page = shown(BASE)
    assert re.findall(r'value="(\d)" checked', page) == ["3", "2", "1"]


def test_the_highest_figure_of_all_versions_is_called_that_and_not_the_best(three: list[Evaluation]) -> None:
    MetricValue.objects.filter(evaluation=three[1], metric="auc", column="").update(value=0.999)
    assert "highest AUC of all versions: v2 , 0.999" in words(shown())
    assert "highest AUC of all versions on loan-holdout@1: v2 , 0.999" in words(shown(BASE))
    Evaluation.objects.filter(pk=three[1].pk).update(evaluator="2", made_at=three[0].made_at - timedelta(days=1))
    assert "highest AUC of all versions: v3 ," in words(shown())
    Model.objects.update(primary_metric="log_loss")
    assert "lowest Log loss of all versions" in words(shown(BASE))


def test_lists_of_versions_read_no_curves(three: list[Evaluation]) -> None:
    client = client_of(persona("riley"))
    for address in (BASE, "/models/loan/"):
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        assert [query["sql"] for query in asked if '"curves"' in query["sql"] or '"fairness"' in query["sql"]] == []


def test_one_version_or_seven_lead_back_to_the_list(three: list[Evaluation]) -> None:
    assert "1 version is chosen; a comparison has 2 to 6." in shown(f"{BASE}?versions=1")
    assert "7 versions are chosen" in shown(f"{BASE}?versions=1,2,3,4,5,6,7")


def test_a_version_or_dataset_that_is_not_there_is_not_found(three: list[Evaluation]) -> None:
    shown(f"{BASE}?versions=1,99", status=404)
    shown(f"{BASE}?versions=1,2&dataset=nowhere@1", status=404)


def test_two_hundred_versions_are_searched_and_paged(three: list[Evaluation]) -> None:
    first = three[0].version
    fields = {"model": first.model, "features": [], "task": "binary", "registered_by": first.registered_by}
    Version.objects.bulk_create(
        Version(
            number=number,
            label=f"9.{number}.0",
            decision_threshold=0.5,
            artifact_digest="d" * 64,
            finalised_at=timezone.now(),
            **fields,
        )
        for number in range(4, 204)
    )
    page = shown(f"{BASE}?choose=1&versions=2")
    assert re.findall(r'name="versions" value="(\d+)"( checked)?', page)[0] == ("2", " checked")
    assert len(re.findall(r'name="versions"', page)) == 26
    older = re.search(r'name="choose" value="(\d+)">Older', page)
    assert older is not None
    assert f'value="{int(older[1]) - 1}"' in shown(f"{BASE}?choose={older[1]}&versions=2")
    found = shown(f"{BASE}?choose=1&find=9.77.&versions=2")
    assert re.findall(r'name="versions" value="(\d+)"', found) == ["2", "77"]


def test_any_version_of_the_list_can_be_the_baseline_and_comparing_follows_the_list(three: list[Evaluation]) -> None:
    page = shown(f"{BASE}?choose=1&versions=2")
    offered = re.search(r'<select id="baseline".*?</select>', page, re.DOTALL)
    assert offered is not None
    assert re.findall(r'value="(\d*)"', offered[0]) == ["", "2", "3", "1"]
    assert "the first" in offered[0]
    assert page.index("</table>") < page.index(offered[0]) < page.index('type="submit">Compare</button>')


def test_the_address_is_the_same_however_the_form_sends_it(three: list[Evaluation]) -> None:
    for query in ("versions=3&versions=1", "versions=1,3", "versions=3,1&baseline=1"):
        stable = '<a href="/models/loan/compare/?versions=1,3&amp;dataset=loan-holdout@1&amp;baseline=1">stable link'
        assert stable in shown(f"{BASE}?{query}")


# --- Having comparisons made -------------------------------------------------------------------------


def ask(who: str, **changed: Any) -> Any:
    sent = {"versions": ["1", "2", "3"], "dataset": "loan-holdout@1", "baseline": "1", **changed}
    return client_of(persona(who)).post(BASE, sent)


def test_missing_comparisons_are_made_by_a_worker_once(three: list[Evaluation]) -> None:
    assert ask("riley").status_code == 302
    assert ask("dana").status_code == 302
    jobs = list(Job.objects.filter(task=TASK))
    assert len(jobs) == 3
    assert AuditEvent.objects.filter(verb="evidence.comparison_asked").count() == 1
    assert "3 comparisons to go" in shown()
    for job in jobs:
        compare_task(job.pk)
        compare_task(job.pk)
    pairs = set(Comparison.objects.values_list("candidate__version__number", "baseline__version__number"))
    assert pairs == {(2, 1), (3, 1), (3, 2)}
    assert "not compared yet" not in section(shown(), "measures")


def test_the_part_that_asks_for_itself_ends_by_loading_the_page(three: list[Evaluation]) -> None:
    ask("riley")
    answer = client_of(persona("riley")).get(f"{THREE}&part=asked")
    assert 'hx-trigger="every 2s"' in answer.content.decode()
    assert "HX-Refresh" not in answer.headers
    for job in Job.objects.filter(task=TASK):
        compare_task(job.pk)
    answer = client_of(persona("riley")).get(f"{THREE}&part=asked")
    assert "hx-trigger" not in answer.content.decode()
    assert answer.headers["HX-Refresh"] == "true"


def test_asking_how_far_they_are_reads_no_curves_and_no_groups(three: list[Evaluation]) -> None:
    compare_evaluations(three[1], three[0])
    ask("riley")
    client = client_of(persona("riley"))
    with CaptureQueriesContext(connection) as asked:
        assert client.get(f"{THREE}&part=asked").status_code == 200
    large = ('"curves"', '"by_segment"', '"fairness"')
    assert [query["sql"] for query in asked if any(part in query["sql"] for part in large)] == []


def test_who_only_sees_the_model_is_told_who_may_ask(three: list[Evaluation]) -> None:
    assert ask("omar").status_code == 403
    assert not Job.objects.filter(task=TASK).exists()
    page = shown(who="omar")
    assert "Compare them row by row" not in page
    assert "Contributors and reviewers of loan have its versions compared." in words(page)


def test_evidence_that_is_gone_is_said_and_can_be_asked_again(three: list[Evaluation], monkeypatch: Any) -> None:
    def gone(*_: Any) -> None:
        raise EvidenceMissing("data_gone", "The rows are gone from the store.", "Restore it.")

    monkeypatch.setattr(asking, "compare_evaluations", gone)
    ask("riley", versions=["1", "2"])
    compare_task(Job.objects.get(task=TASK).pk)
    told = words(section(shown(f"{BASE}?versions=1,2"), "summary"))
    assert "v2 against v1 could not be compared. The rows are gone from the store." in told
    assert "Compare them row by row" in told


# --- How much is asked of the database ---------------------------------------------------------------


def queries_for(address: str) -> int:
    shown(address)
    return queries_of(lambda: shown(address))


def test_six_versions_ask_as_much_as_two() -> None:
    made = evaluated(6)
    for candidate in made[2:]:
        compare_evaluations(candidate, made[0])
    two, six = (f"{BASE}?versions={numbers}&baseline=1" for numbers in ("1,2", "1,2,3,4,5,6"))
    assert queries_for(two) == queries_for(six)


def test_ten_thousand_rows_ask_as_much_as_ten() -> None:
    factories.personas()
    lines = ["id,region,approved", *(f"r{row},{row // 2 % 60},{'yes' if row % 2 else 'no'}" for row in range(10_000))]
    declared = Declaration(id_column="id", target="approved", positive="yes", segments=["region"])
    wide = lock_dataset(
        create_dataset("wide", actor=persona("sam")), ["\n".join(lines).encode()], declared, actor=persona("sam")
    )
    model, rows = factories.model_named(), load_rows(wide)
    factories.holdout(rows=10)
    for seed in (1, 2):
        version = factories.version_of(model)
        factories.evidence_of(version)
        scores = np.random.default_rng(seed).random(10_000)
        store_evaluation(version, wide, rows, scores, provenance=Provenance.SCORED)
    few, many = (f"{BASE}?versions=1,2&baseline=1&dataset={name}@1" for name in ("loan-holdout", "wide"))
    assert queries_for(few) == queries_for(many)
    assert "Show the other 48 groups" in shown(many)
