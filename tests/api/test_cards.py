"""A card through the API: read as it was written or as Hugging Face reads it, and revised without overwriting."""

import pytest

from approvals.actions import publish_policy
from registry.models import Stage
from registry.queries import newest_card
from tests import factories
from tests.api.caller import Caller, ok, problem_of

pytestmark = pytest.mark.django_db

CARD = "---\r\nlicense: mit\r\n---\r\n# Kredit – «Wien»\r\n\r\nAUC: {{ metric auc on loan-holdout@1 }}\r\n"


@pytest.fixture
def dana(people) -> Caller:
    return Caller(people.dana)


@pytest.fixture
def version(people):
    return factories.version_of(factories.model_named(), card=CARD, final=False)


def address_of(version) -> str:
    return f"/models/{version.model.name}/versions/{version.number}/card"


def test_a_card_comes_back_as_it_was_written_but_for_line_ends_with_its_digest(dana, version):
    answer = dana.get(address_of(version))
    assert answer.content == CARD.replace("\r\n", "\n").encode()
    assert answer.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert answer.headers["ETag"] == f'"{newest_card(version).digest}"'


def test_an_earlier_revision_is_asked_for_by_its_number(dana, version):
    dana.put(address_of(version), "# Second")
    assert dana.get(address_of(version)).content == b"# Second"
    assert dana.get(address_of(version), revision=1).content == CARD.replace("\r\n", "\n").encode()
    problem_of(dana.get(address_of(version), revision=3), 404, "no_card")


def test_hugging_face_gets_figures_and_an_index_of_the_evidence(dana, version):
    auc = factories.evidence_of(version).values.get(metric="auc", column="")
    text = dana.get(address_of(version), format="huggingface").content.decode()
    assert f"AUC: {auc.value:.3f} (95% interval" in text
    assert "model-index:\n- name: loan v1\n" in text
    assert f"value: {auc.value!r}\n" in text


def test_another_format_is_refused(dana, version):
    assert dana.get(address_of(version), format="pdf").status_code == 422


def test_a_version_without_a_card_has_none_to_read(dana, people):
    bare = factories.version_of(factories.model_named(), card="", final=False)
    problem_of(dana.get(address_of(bare)), 404, "no_card")


def put(caller, version, text, seen):
    return caller.send("PUT", address_of(version), text, "text/markdown", headers={"If-Match": seen})


def test_words_written_on_another_revision_are_a_conflict(dana, version):
    seen = dana.get(address_of(version)).headers["ETag"]
    ok(put(dana, version, "# Second", seen))
    problem = problem_of(put(dana, version, "# Third", seen), 409, "card_moved")
    assert problem["revision"] == 2
    assert newest_card(version).text == "# Second"
    assert ok(put(dana, version, "# Second", seen))["revision"] == 2  # said again: there is nothing to overwrite
    assert ok(dana.put(address_of(version), "# Third"))["revision"] == 3  # who doesn't ask isn't told


@pytest.mark.parametrize("ends", ["\r\n", "\r"])
def test_line_ends_make_no_other_card(dana, version, ends):
    text = "## Intended use\nLoans.\n\n## Limitations\nOne city.\n"
    first = ok(dana.put(address_of(version), text))
    again = ok(dana.put(address_of(version), text.replace("\n", ends)))
    assert (again["revision"], again["digest"]) == (2, first["digest"])
    assert again["sections_present"] == ["Intended use", "Limitations"]


def test_the_sections_missing_are_those_that_the_models_policies_want(dana, version):
    gates = [{"key": "card", "kind": "card_complete", "parameters": {"sections": ["Limitations", "Privacy"]}}]
    publish_policy("Staging", {"gates": gates}, actor=None, target_stage=Stage.STAGING)
    answer = ok(dana.put(address_of(version), factories.CARD))
    demanded_in_production = ["Intended use", "Training data", "Evaluation"]
    assert answer["sections_missing"] == ["Privacy"]
    assert answer["sections_present"] == ["Limitations", *demanded_in_production]
    answer = ok(dana.put(address_of(version), factories.CARD + "## Privacy\nNo names.\n"))
    assert answer["sections_missing"] == []
    assert answer["sections_present"] == ["Limitations", "Privacy", *demanded_in_production]
