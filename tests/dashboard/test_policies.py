"""Policies in words, read-only."""

import re
from typing import Any

import pytest

from accounts.actions import grant_role
from approvals.actions import publish_policy
from approvals.gates import GATES
from approvals.models import Policy
from tests import factories
from tests.dashboard.browsing import client_of, page_of, queries_of, section

pytestmark = pytest.mark.django_db

EXACTING: dict[str, Any] = {
    "due_days": 2,
    "gates": [
        {"key": "floor", "kind": "metric_threshold", "parameters": {
            "metric": "recall", "at_least": 0.7, "dataset": factories.HOLDOUT, "provenance": "executed"}},
        {"key": "loss", "kind": "metric_threshold", "parameters": {
            "metric": "log_loss", "at_most": 0.5, "dataset": factories.HOLDOUT}},
        {"key": "young", "kind": "no_regression", "title": "The young lose nothing", "parameters": {
            "metric": "recall", "dataset": factories.HOLDOUT, "margin": 0.02, "segment": "region=north"}},
        {"key": "auc", "kind": "no_regression", "parameters": {"metric": "auc", "dataset": factories.HOLDOUT}},
        {"key": "card", "kind": "card_complete", "parameters": {"sections": ["Intended use"]}},
    ],
    "slots": [
        {"key": "risk", "title": "Business risk", "role": "approver", "count": 2, "group": "Risk"},
        {"key": "model", "title": "Model review", "rests_on": ["card", "gates"]},
    ],
    "checklist": [{"key": "cost", "text": "Its cost is known", "slot": "risk"}],
}  # fmt: skip


@pytest.fixture
def people() -> Any:
    return factories.personas()


@pytest.fixture
def exacting(people: Any) -> Policy:
    factories.policies()
    model = factories.model_named("loan")
    return publish_policy("Exacting", EXACTING, actor=people.admin, target_stage="Production", model=model).policy


def words(text: str) -> str:
    """A piece of a page without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text))


def test_every_gate_is_told_in_words(people: Any, exacting: Policy) -> None:
    gates = words(section(page_of(people.riley, f"/policies/{exacting.pk}/"), "gates"))
    assert "Recall of at least 70.00% on loan-holdout@1, run here" in gates
    assert "Log loss of at most 0.500 on loan-holdout@1" in gates
    assert "The young lose nothing Recall among region north at most 2.00 pts worse than what is live" in gates
    assert "AUC no worse than what is live, on loan-holdout@1" in gates
    assert "The card has text under Intended use" in gates


def test_slots_and_checklist_say_who_and_what_they_rest_on(people: Any, exacting: Policy) -> None:
    page = page_of(people.riley, f"/policies/{exacting.pk}/")
    slots = words(section(page, "slots"))
    assert "Business risk 2 approvers of the group Risk everything" in slots
    assert "Model review one reviewer the model card, the gates’ outcomes" in slots
    assert "Its cost is known Business risk everything" in words(section(page, "checklist"))
    assert "2 days after review starts" in words(section(page, "rules"))


def test_a_policy_without_slots_says_that_versions_move_by_themselves(people: Any) -> None:
    factories.policies()
    staging = Policy.objects.get(name="Staging")
    page = page_of(people.riley, f"/policies/{staging.pk}/")
    assert "a version moves by itself" in section(page, "slots")
    assert "by itself, when a version is finalised" in section(page, "rules")


def test_the_list_tells_scope_and_newest_revision(people: Any, exacting: Policy) -> None:
    publish_policy("Exacting", {**EXACTING, "due_days": 3}, actor=None, target_stage="Production", model=exacting.model)
    page = words(page_of(people.riley, "/policies/"))
    assert re.search(r"Exacting revision 2 Production only loan 5 2 Business risk, 1 Model review", page)
    assert "all other models" in page


def test_an_earlier_revision_stays_readable_and_says_so(people: Any, exacting: Policy) -> None:
    publish_policy("Exacting", {**EXACTING, "due_days": 3}, actor=None, target_stage="Production", model=exacting.model)
    page = page_of(people.riley, f"/policies/{exacting.pk}/?revision=1")
    assert "This is an earlier revision." in page
    assert "2 days after review starts" in words(page)
    assert "3 days after review starts" in words(page_of(people.riley, f"/policies/{exacting.pk}/"))


def test_a_revision_that_is_not_there_is_not_found(people: Any, exacting: Policy) -> None:
    page_of(people.riley, f"/policies/{exacting.pk}/?revision=9", 404)
    page_of(people.riley, "/policies/99999/", 404)


def test_a_policy_of_a_hidden_model_does_not_give_away_its_name(people: Any, exacting: Policy) -> None:
    other = factories.model_named("other")
    viewer = factories.person("Vera Low")
    grant_role("viewer", to=viewer, actor=None, model=other)
    assert "Exacting" not in page_of(viewer, "/policies/")
    page_of(viewer, f"/policies/{exacting.pk}/", 404)


def test_editing_is_offered_to_administrators_only(people: Any, exacting: Policy) -> None:
    grant_role("administrator", to=people.admin, actor=None)
    address = f"/policies/{exacting.pk}/"
    assert f"/admin/approvals/policy/{exacting.pk}/change/" in page_of(people.admin, address)
    assert "/admin/" not in page_of(people.sam, address)
    assert "/admin/" not in page_of(people.sam, "/policies/")


def test_policies_are_only_read_here(people: Any, exacting: Policy) -> None:
    assert client_of(people.admin).post(f"/policies/{exacting.pk}/").status_code == 405


def test_the_number_of_queries_does_not_grow_with_policies_and_revisions(people: Any, exacting: Policy) -> None:
    client = client_of(people.riley)

    def queries() -> int:
        return queries_of(lambda: (client.get("/policies/"), client.get(f"/policies/{exacting.pk}/")))

    few = queries()
    for number in range(10):
        model = factories.model_named(f"model-{number}")
        publish_policy(f"Policy {number}", EXACTING, actor=None, target_stage="Production", model=model)
        changed = {**EXACTING, "due_days": 10 + number}
        publish_policy("Exacting", changed, actor=None, target_stage="Production", model=exacting.model)
    assert queries() == few


def test_every_kind_of_gate_is_listed_with_its_parameters_for_people_who_write_policies(people: Any) -> None:
    page = page_of(people.riley, "/policies/")
    kinds = words(page[page.index('id="kinds"') :])
    for kind in GATES:
        assert kind in kinds
    assert "at_most_bytes the ceiling in bytes, or as text: &quot;200 MB&quot;" in kinds
    assert "a whole number or text, must be given" in kinds
    assert "a number, optional" in kinds
    assert "a whole number; 30 unless given" in kinds


@pytest.mark.parametrize(
    ("kind", "parameters", "told"),
    [
        ("segment_floor", {"metric": "recall", "dataset": factories.HOLDOUT, "column": "region", "at_least": 0.7},
         "Recall of at least 70.00% in every region of loan-holdout@1 with 30 rows or more"),
        ("artifact_size", {"at_most_bytes": "1.5 GiB"}, "All files together at most 1.6 GB"),
        ("latency", {"dataset": factories.HOLDOUT, "at_most_ms": 5, "at_most_ratio": 1.5},
         "p95 of one call of 1 row of loan-holdout@1: at most 5 ms and 1.5 times that of what is live"),
        ("memory", {"dataset": factories.HOLDOUT, "at_most_bytes": "300 MB", "batch_rows": 64},
         "Peak memory with 64 rows of loan-holdout@1 in one call: at most 300.0 MB"),
        ("cost", {"dataset": factories.HOLDOUT, "price_per_hour": 1.2, "currency": "€", "at_most": 0.0005},
         "1,000 predictions at € 1.2 an hour, 100 rows of loan-holdout@1 in one call: at most € 0.0005"),
        ("fairness", {"dataset": factories.HOLDOUT, "column": "region", "measure": "selection_rate_ratio",
                      "at_least": 0.8},
         "Selection rate ratio between any two of region at least 0.800, on loan-holdout@1"),
        ("fairness", {"dataset": factories.HOLDOUT, "column": "region", "measure": "equalised_odds", "at_most": 0.05},
         "Equalised odds difference between any two of region at most 5.00 pts, on loan-holdout@1"),
        ("agreement", {"dataset": factories.HOLDOUT, "at_least": 0.95, "at_most_psi": 0.1},
         "Says what the live version says of loan-holdout@1: at least 95.00% decided alike, stability index at most "
         "0.100"),
        ("card_reviewed", {}, "Somebody other than its writer reviewed the card’s newest revision"),
    ],
)  # fmt: skip
def test_a_gate_s_parameters_are_told_in_words(people: Any, kind: str, parameters: dict[str, Any], told: str) -> None:
    factories.policies()
    document = {"gates": [{"key": "asked", "kind": kind, "parameters": parameters}]}
    policy = publish_policy("Asked", document, actor=None, target_stage="Staging", risk_tier="high").policy
    assert told in words(section(page_of(people.riley, f"/policies/{policy.pk}/"), "gates"))
