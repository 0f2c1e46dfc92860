"""The sections that a card's writer starts from: what policies offer, and what their gates demand."""

import pytest

from accounts.reasons import Invalid
from approvals.actions import publish_policy
from approvals.card_templates import wanted_sections
from approvals.gates.card_complete import SECTIONS
from approvals.policies import read_document
from registry.models import Stage
from tests import factories

STAGING = {"gates": [{"key": "card", "kind": "card_complete", "parameters": {"sections": ["Ethics", "limitations"]}}]}
OFFERED = ["Purpose", {"title": "Limitations", "hint": "For whom is it worse?"}]


@pytest.mark.django_db
def test_policies_offer_sections_with_hints_before_those_that_gates_demand():
    model = factories.model_named()
    publish_policy("Staging", {**STAGING, "card_sections": OFFERED}, actor=None, target_stage=Stage.STAGING)
    wanted = [(section.title, section.hint) for section in wanted_sections(model)]
    assert wanted[:3] == [("Purpose", ""), ("Limitations", "For whom is it worse?"), ("Ethics", "")]


@pytest.mark.django_db
def test_without_policies_there_are_the_usual_sections_each_with_a_hint():
    wanted = wanted_sections(factories.model_named())
    assert [section.title for section in wanted] == SECTIONS
    assert all(section.hint for section in wanted)


def document(sections):
    return read_document({"card_sections": sections}, target_stage=Stage.STAGING)


def test_a_document_says_its_sections():
    assert [(each.title, each.hint) for each in document(OFFERED).card_sections] == [
        ("Purpose", ""),
        ("Limitations", "For whom is it worse?"),
    ]
    assert read_document({}, target_stage=Stage.STAGING).card_sections == ()


@pytest.mark.parametrize(
    "sections",
    [
        "Purpose",
        [3],
        [""],
        ["# Purpose"],
        ["two\nlines"],
        ["x" * 101],
        ["Purpose", "PURPOSE"],
        [{"hint": "x"}],
        [{"title": "A", "body": "x"}],
        [{"title": "A", "hint": "ends --> here"}],
        [{"title": "A", "hint": 5}],
        [f"S{number}" for number in range(51)],
    ],
    ids=repr,
)
def test_sections_that_could_not_be_headings_are_refused(sections):
    with pytest.raises(Invalid, match="card_sections: ") as refused:
        document(sections)
    assert refused.value.reason.remedy == "Write titles, or {title: …, hint: …}."
