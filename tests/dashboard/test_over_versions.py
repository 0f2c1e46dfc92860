"""A metric over all versions on the model's page: which, where, what is best, what policies ask, from any number."""

import html
import json
import re
from typing import Any

import pytest

from dashboard.pages import over_versions
from evidence.models import Evaluation, LockedDataset, MetricValue
from registry.models import Model, Stage, Version
from tests import factories
from tests.dashboard.browsing import client_of, page_of, queries_of, section
from tests.dashboard.test_model_versions import bare_version

pytestmark = pytest.mark.django_db


def measured(version: Version, locked: LockedDataset, **values: tuple[float | None, float, float]) -> None:
    """Values with their own interval."""
    evaluation = Evaluation.objects.create(version=version, dataset=locked, provenance="scored", rows=400)
    for metric, (value, low, high) in values.items():
        MetricValue.objects.create(evaluation=evaluation, metric=metric, value=value, low=low, high=high, n=400)


@pytest.fixture
def loan() -> Model:
    """Four versions measured by AUC, a fifth that nobody measured."""
    factories.personas()
    model, locked = factories.model_named(), factories.holdout()
    for number, auc in enumerate((0.70, 0.90, 0.86, 0.60), 1):
        version = bare_version(model, number, label=f"{number}.0.0")
        factories_final(version)
        measured(version, locked, auc=(auc, auc - 0.05, auc + 0.05), log_loss=(1 - auc, 0.9 - auc, 1.1 - auc))
    bare_version(model, 5)
    return model


def factories_final(version: Version, stage: str = Stage.NONE) -> None:
    Version.objects.filter(pk=version.pk).update(finalised_at=version.created_at, artifact_digest="d" * 64, stage=stage)


def part(query: str = "") -> str:
    return section(page_of(factories.persona("riley"), f"/models/loan/{query}"), "measures")


def text_of(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def drawn(markup: str) -> Any:
    found = re.search(r'<script id="over-versions-drawing" type="application/json">(.*?)</script>', markup, re.S)
    assert found is not None
    return json.loads(found[1])


def points(drawing: Any) -> dict[str, float]:
    """What is marked, by the words at each mark."""
    marks = [trace for trace in drawing["data"] if trace["mode"] == "markers"]
    return {words: y for trace in marks for words, y in zip(trace["text"], trace["y"], strict=True)}


def test_every_measured_version_is_marked_with_its_stage_and_interval(loan: Model) -> None:
    Version.objects.filter(number=2).update(stage=Stage.STAGING)
    drawing = drawn(part())
    assert points(drawing) == {
        "1.0.0, Registered: 0.700 (0.650 to 0.750)": 0.7,
        "2.0.0, Staging: 0.900 (0.850 to 0.950)": 0.9,
        "3.0.0, Registered: 0.860 (0.810 to 0.910)": 0.86,
        "4.0.0, Registered: 0.600 (0.550 to 0.650)": 0.6,
    }
    symbols = {trace["name"]: trace["marker"]["symbol"] for trace in drawing["data"] if trace["mode"] == "markers"}
    assert symbols == {"Registered": "circle-open", "Staging": "diamond"}
    assert drawing["layout"]["xaxis"]["ticktext"][::-1] == ["1.0.0", "2.0.0", "3.0.0", "4.0.0"]


def test_the_best_is_named_with_who_may_be_as_good(loan: Model) -> None:
    shown = text_of(part())
    assert "Highest AUC: 2.0.0 , 0.900" in shown
    assert "The interval of 1 other version meets that of 2.0.0, the highest." in shown


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("?metric=log_loss", "Lowest Log loss: 2.0.0 , 0.100"),
        ("?metric=log_loss&direction=higher", "Highest Log loss: 4.0.0 , 0.400"),
        ("?metric=auc&direction=lower", "Lowest AUC: 4.0.0 , 0.600"),
        ("?metric=profit&direction=sideways", "Highest AUC: 2.0.0 , 0.900"),
    ],
)
def test_the_reader_chooses_the_measure_and_which_way_is_best(loan: Model, query: str, says: str) -> None:
    assert says in text_of(part(query))


def test_what_another_evaluator_measured_is_left_out_and_counted(loan: Model) -> None:
    assert "left out" not in text_of(part())
    MetricValue.objects.filter(evaluation__version__number=1).update(value=0.999)
    Evaluation.objects.filter(version__number=1).update(evaluator="0", made_at=loan.created_at)
    shown = part()
    assert "Highest AUC: 2.0.0 , 0.900" in text_of(shown)
    assert "1 version is left out: measured by another evaluator" in text_of(shown)
    assert [words.partition(",")[0] for words in sorted(points(drawn(shown)))] == ["2.0.0", "3.0.0", "4.0.0"]


def test_the_choice_of_measure_stays_while_the_table_is_sorted_and_paged(loan: Model) -> None:
    page = page_of(factories.persona("riley"), "/models/loan/?metric=log_loss&sort=-auc")
    for link in re.findall(r'<a class="sorter" href="([^"]+)"', page):
        assert "metric=log_loss" in link
    assert 'name="sort" value="-auc"' in section(page, "measures")


def test_what_is_live_and_what_policies_ask_is_drawn_beside() -> None:
    live = factories.live_version()
    rival = factories.promotion_in("in_review", model=live.model).version
    shown = part()
    drawing = drawn(shown)
    auc = {each.evaluation.version_id: each.value for each in MetricValue.objects.filter(metric="auc", column="")}
    lines = [(trace["line"]["dash"], trace["y"]) for trace in drawing["data"] if "dash" in trace.get("line", {})]
    assert ("dot", [auc[live.pk]] * 2) in lines
    assert ("dash", [0.6, 0.6]) in lines  # factories.PRODUCTION_POLICY: quality-floor
    assert f"Dotted: what is live, {live.name}." in text_of(shown)
    assert "asks for at least 0.600." in text_of(shown)
    assert auc[rival.pk] in points(drawing).values()


def test_a_label_can_not_become_markup_in_the_drawing(loan: Model) -> None:
    Version.objects.filter(number=1).update(label="<b>1</b>")
    texts = [words for words in points(drawn(part())) if "1" in words]
    assert any("&lt;b&gt;1&lt;/b&gt;" in words for words in texts)
    assert not any("<b>" in words for words in texts)


def test_one_measured_version_is_named_and_not_drawn() -> None:
    factories.personas()
    model, locked = factories.model_named(), factories.holdout()
    version = bare_version(model, 1)
    factories_final(version)
    measured(version, locked, auc=(0.7, 0.6, 0.8))
    shown = part()
    assert "Highest AUC" in text_of(shown)
    assert "<figure" not in shown
    assert "plotly" not in page_of(factories.persona("riley"), "/models/loan/")


def test_where_nothing_is_measured_there_is_no_such_part() -> None:
    factories.personas()
    bare_version(factories.model_named(), 1)
    assert 'id="measures"' not in page_of(factories.persona("riley"), "/models/loan/")


def test_of_more_versions_than_can_be_drawn_the_newest_are(loan: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(over_versions, "MOST_DRAWN", 3)
    shown = part()
    assert [words.partition(",")[0] for words in sorted(points(drawn(shown)))] == ["2.0.0", "3.0.0", "4.0.0"]
    assert "The newest 3 versions that were measured." in text_of(shown)


def test_more_versions_ask_no_more_queries(loan: Model) -> None:
    client, locked = client_of(factories.persona("riley")), factories.holdout()
    few = queries_of(lambda: client.get("/models/loan/"))
    for number in range(6, 30):
        version = bare_version(loan, number)
        factories_final(version)
        measured(version, locked, auc=(0.7, 0.6, 0.8))
    assert queries_of(lambda: client.get("/models/loan/")) == few
