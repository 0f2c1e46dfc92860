"""Figures in cards come from what is stored, and from nowhere else; the export tells them to Hugging Face's tools."""

import pytest
import yaml
from django.db import connection
from django.test.utils import CaptureQueriesContext

from approvals.intake import revise_card
from evidence.card_export import in_hugging_face_format
from evidence.card_figures import card_figures
from registry.card_figures import FigureAsked
from registry.cards import read_card
from registry.queries import newest_card
from tests import factories

pytestmark = pytest.mark.django_db

AUC = FigureAsked("auc", "loan-holdout@1")
NORTH = FigureAsked("recall", "Loan-Holdout@1", "region", "north")


@pytest.fixture
def version():
    factories.personas()
    return factories.version_of(factories.model_named(), final=False)


def stored(evaluation, **where):
    return evaluation.values.get(**{"column": "", "segment": "", **where})


def test_a_figure_is_the_stored_one(version):
    evaluation = factories.evidence_of(version)
    figures = card_figures(version, [AUC, NORTH])
    assert figures[AUC].value == stored(evaluation, metric="auc")
    assert figures[NORTH].value == stored(evaluation, metric="recall", column="region", segment="north")
    assert figures[NORTH].of_what == "Loan-Holdout@1 where region is north"


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (FigureAsked("auc", "loan-holdout@2"), "no evidence yet"),
        (FigureAsked("auc", "loan-holdout@1", "region", "moon"), "no evidence yet"),
        (FigureAsked("rmse", "loan-holdout@1"), "RMSE doesn't exist for binary models"),
        (FigureAsked("beauty", "loan-holdout@1"), "there is no metric beauty"),
    ],
)
def test_what_is_not_stored_says_why(version, asked, why):
    factories.evidence_of(version)
    figure = card_figures(version, [asked])[asked]
    assert figure.value is None
    assert why in figure.why_none


def test_figures_of_another_version_are_not_borrowed(version):
    factories.evidence_of(factories.version_of(version.model, final=False))
    assert card_figures(version, [AUC])[AUC].why_none == "no evidence yet"


def test_any_number_of_figures_is_one_query(version):
    factories.evidence_of(version)
    asked = [AUC, NORTH, *(FigureAsked("auc", f"d{number}@1") for number in range(50))]
    with CaptureQueriesContext(connection) as queries:
        assert len(card_figures(version, asked)) == 52
    assert len(queries) == 1
    with CaptureQueriesContext(connection) as queries:
        card_figures(version, [])
    assert len(queries) == 0


# --- As Hugging Face's tools read it ------------------------------------------------------------------

CARD = """---
license: mit
custom: {kept: [1, two]}
model-index:
- name: elsewhere
  results:
  - task: {type: t}
    metrics: [{type: acc, value: 0.5}]
- name: loan v1
  results:
  - source: {name: Assaydesk, url: old}
    metrics: [{type: roc_auc, value: 0.1}]
---
# Loan

AUC is {{ metric auc on loan-holdout@1 }}, on others {{ metric auc on other_set@3 }}.
"""


@pytest.fixture
def exported(version):
    evaluation = factories.evidence_of(version)
    revise_card(version, text=CARD, actor=factories.persona("dana"))
    return evaluation, in_hugging_face_format(newest_card(version))


def test_the_export_keeps_unknown_keys_and_replaces_only_our_own_results(exported):
    front_matter = read_card(exported[1]).front_matter
    assert list(front_matter) == ["license", "custom", "model-index"]
    assert front_matter["custom"] == {"kept": [1, "two"]}
    assert [entry["name"] for entry in front_matter["model-index"]] == ["loan v1", "elsewhere"]
    assert "url: old" not in yaml.safe_dump(front_matter["model-index"])


def test_the_index_has_every_stored_figure(exported, settings):
    evaluation, text = exported
    (result,) = read_card(text).front_matter["model-index"][0]["results"]
    told = {metric["type"]: metric for metric in result["metrics"]}
    values = evaluation.values.filter(column="").exclude(value=None)
    assert len(told) == values.count() > 5
    auc = stored(evaluation, metric="auc")
    assert told["roc_auc"]["value"] == auc.value
    assert told["roc_auc"]["args"] == {"interval": [auc.low, auc.high], "level": 0.95, "rows": auc.n}
    assert result["dataset"]["name"] == "loan-holdout@1"
    assert result["source"]["url"] == f"{settings.PUBLIC_URL}/models/loan/versions/1/evidence/loan-holdout@1/"


def test_placeholders_become_figures_with_where_they_come_from(exported):
    evaluation, text = exported
    auc = stored(evaluation, metric="auc")
    assert f"AUC is {auc.value:.3f} (95% interval {auc.low:.3f} to {auc.high:.3f}; 400 rows of loan-holdout@1, " in text
    assert "executed here on locked data)" in text
    assert r"(AUC on other\_set@3: no evidence yet)" in text
    assert "{{" not in text


def test_exporting_what_was_exported_says_the_same_of_the_evidence(exported, version):
    revise_card(version, text=exported[1], actor=factories.persona("dana"))
    again = in_hugging_face_format(newest_card(version))
    assert read_card(again).front_matter == read_card(exported[1]).front_matter


def test_a_card_without_front_matter_or_evidence_is_exported_as_it_is(version):
    revise_card(version, text="# Loan\n", actor=factories.persona("dana"))
    assert in_hugging_face_format(newest_card(version)) == "# Loan\n"
