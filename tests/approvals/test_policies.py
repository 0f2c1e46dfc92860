"""Policy documents: what is taken, what is refused and in which words, and which policy governs."""

import copy
import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.reasons import Invalid
from approvals.actions import open_promotion, publish_policy
from approvals.default_policies import PRODUCTION, STAGING, publish_defaults
from approvals.models import Policy, PolicyRevision
from approvals.policies import read_document
from approvals.queries import policy_in_force
from audit.models import AuditEvent
from registry.models import Model, RiskTier, Stage
from tests import factories

GOOD: dict[str, Any] = {
    "opens": "by_hand",
    "due_days": 3,
    "gates": [
        {
            "key": "floor",
            "kind": "metric_threshold",
            "title": "Good enough",
            "parameters": {"metric": "auc", "at_least": 0.8, "dataset": "loan-holdout@1"},
        },
        {"key": "card", "kind": "card_complete", "parameters": {"sections": ["Intended use"]}},
    ],
    "slots": [
        {"key": "model", "title": "Model review", "role": "reviewer", "count": 2},
        {"key": "risk", "role": "approver", "group": "risk", "rests_on": ["card", "baseline"]},
    ],
    "checklist": [{"key": "cost", "text": "Cost is known", "slot": "risk", "rests_on": ["card"]}],
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The good document with one place changed: `gates.0.kind`."""
    document = copy.deepcopy(GOOD)
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place: Any = document
    for step in way:
        place = place[step]
    place[last] = value
    return document


# --- What is read --------------------------------------------------------------------------------------


def test_a_good_document_is_read_as_written() -> None:
    document = read_document(GOOD, target_stage=Stage.PRODUCTION)
    assert [rule.key for rule in document.gates] == ["floor", "card"]
    assert document.gates[0].parameters["at_least"] == 0.8
    assert document.gates[0].shown_title == "Good enough"
    assert document.gates[1].shown_title == "Model card complete"
    assert [(slot.key, slot.title, slot.role, slot.count, slot.group) for slot in document.slots] == [
        ("model", "Model review", "reviewer", 2, ""),
        ("risk", "risk", "approver", 1, "risk"),
    ]
    assert document.slots[1].rests_on == ("card", "baseline")
    assert document.checklist[0].rests_on == ("card",)
    assert (document.opens, document.due_days, document.seats, document.approver_seats) == ("by_hand", 3, 3, 1)


def test_a_slot_and_an_item_rest_on_everything_unless_they_say_otherwise() -> None:
    document = read_document(GOOD, target_stage=Stage.PRODUCTION)
    assert set(document.slots[0].rests_on) == {"artifact", "card", "evidence", "gates", "waivers", "policy", "baseline"}


def test_a_staging_policy_may_have_no_slots() -> None:
    assert read_document({}, target_stage=Stage.STAGING).seats == 0


@pytest.mark.parametrize("document", [STAGING, PRODUCTION])
def test_the_default_documents_are_good(document: dict[str, Any]) -> None:
    read_document(document, target_stage=Stage.PRODUCTION if document["opens"] == "by_hand" else Stage.STAGING)


BAD: list[tuple[Any, str, str]] = [
    # document, code, a word that names the place
    (None, "bad_policy", "mapping"),
    ([GOOD], "bad_policy", "mapping"),
    ("gates: []", "bad_policy", "mapping"),
    ({**GOOD, "gatess": []}, "bad_policy", "gatess"),
    (dict([*GOOD.items(), (7, [])]), "bad_policy", "7"),
    (changed("gates", {"floor": {}}), "bad_policy", "gates"),
    (changed("gates", ["floor"]), "bad_policy", "gates"),
    (changed("slots", "model"), "bad_policy", "slots"),
    (changed("gates.0.key", "Quality Floor"), "bad_policy", "Quality Floor"),
    (changed("gates.0.key", 7), "bad_policy", "gates"),
    (changed("gates.1.key", "floor"), "bad_policy", "floor"),
    (changed("slots.1.key", "model"), "bad_policy", "model"),
    (changed("gates.0.kind", "crystal_ball"), "unknown_gate", "crystal_ball"),
    (changed("gates.0.kind", ["integrity"]), "bad_policy", "integrity"),
    (changed("gates.0.skip", True), "bad_policy", "skip"),
    (changed("gates.0.title", datetime.date(2026, 1, 1)), "bad_policy", "title"),
    (changed("gates.0.parameters", ["auc"]), "bad_gate_parameters", "floor"),
    (changed("gates.0.parameters.at_lest", 0.7), "bad_gate_parameters", "at_lest"),
    (changed("gates.0.parameters", {7: 0.7}), "bad_gate_parameters", "unknown parameter 7"),
    (changed("gates.0.parameters", {"metric": "auc", "at_least": 0.8}), "bad_gate_parameters", "dataset"),
    (changed("gates.0.parameters.at_least", "0.8"), "bad_gate_parameters", "at_least"),
    (changed("gates.0.parameters.at_least", True), "bad_gate_parameters", "at_least"),
    (changed("gates.0.parameters.at_least", float("nan")), "bad_gate_parameters", "at_least"),
    (changed("gates.0.parameters.at_least", float("inf")), "bad_gate_parameters", "at_least"),
    (changed("gates.0.parameters.at_least", None), "bad_gate_parameters", "at_least or at_most"),
    (changed("gates.0.parameters.at_most", 0.9), "bad_gate_parameters", "at_least or at_most"),
    (changed("gates.0.parameters.metric", "beauty"), "bad_gate_parameters", "beauty"),
    (changed("gates.0.parameters.provenance", "reported"), "bad_gate_parameters", "provenance"),
    (changed("gates.1.parameters.sections", "Intended use"), "bad_gate_parameters", "sections"),
    (changed("gates.1.parameters.sections", [1]), "bad_gate_parameters", "sections"),
    (changed("slots.0.role", "operator"), "bad_policy", "operator"),
    (changed("slots.0.role", ["reviewer"]), "bad_policy", "reviewer"),
    (changed("slots.0.count", 0), "bad_policy", "count"),
    (changed("slots.0.count", 21), "bad_policy", "count"),
    (changed("slots.0.count", True), "bad_policy", "count"),
    (changed("slots.0.count", "two"), "bad_policy", "count"),
    (changed("slots.0.title", {"en": "Model"}), "bad_policy", "title"),
    (changed("slots.1.group", 5), "bad_policy", "group"),
    (changed("slots.1.rests_on", ["weather"]), "bad_policy", "weather"),
    (changed("slots.1.rests_on", "card"), "bad_policy", "card"),
    (changed("slots.1.rests_on", [["card"]]), "bad_policy", "card"),
    ({**changed("slots", [{"key": "model", "role": "reviewer"}]), "checklist": []}, "no_approver", "approver"),
    (changed("slots", []), "bad_policy", "risk"),
    (changed("checklist.0.text", ""), "bad_policy", "cost"),
    (changed("checklist.0.text", 5), "bad_policy", "text"),
    (changed("checklist.0.slot", "legal"), "bad_policy", "legal"),
    (changed("checklist.0.slot", ["risk"]), "bad_policy", "slot"),
    (changed("opens", "sesame"), "bad_policy", "sesame"),
    (changed("opens", ["by_hand"]), "bad_policy", "by_hand"),
    (changed("due_days", 0), "bad_policy", "due_days"),
    (changed("due_days", 366), "bad_policy", "due_days"),
    (changed("due_days", True), "bad_policy", "due_days"),
    (changed("due_days", "soon"), "bad_policy", "due_days"),
]


@pytest.mark.parametrize(("document", "code", "named"), BAD, ids=lambda value: value if isinstance(value, str) else "")
def test_a_bad_document_is_refused_naming_the_place(document: Any, code: str, named: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_document(document, target_stage=Stage.PRODUCTION)
    assert refused.value.reason.code == code
    assert named in str(refused.value)


def test_a_regression_margin_must_be_a_finite_share_of_what_is_live() -> None:
    for margin in (-0.01, float("inf"), float("nan")):
        gate = {"key": "no-loss", "kind": "no_regression"}
        gate["parameters"] = {"metric": "auc", "dataset": "loan-holdout@1", "margin": margin}  # type: ignore[assignment]
        with pytest.raises(Invalid, match="margin"):
            read_document({"gates": [gate]}, target_stage=Stage.STAGING)


def test_a_checklist_that_nobody_can_tick_is_refused() -> None:
    with pytest.raises(Invalid, match="nobody to tick"):
        read_document({"checklist": [{"key": "cost", "text": "Known"}]}, target_stage=Stage.STAGING)


# --- Publishing ------------------------------------------------------------------------------------------


def publish(document: Any, name: str = "Loan", **scope: Any) -> PolicyRevision:
    scope.setdefault("target_stage", Stage.PRODUCTION)
    return publish_policy(name, document, actor=None, **scope)


@pytest.fixture
def holdout(db: None) -> None:
    factories.personas()
    factories.holdout()


def test_a_policy_that_names_a_dataset_which_is_not_locked_is_refused_and_nothing_is_kept(holdout: None) -> None:
    before = Policy.objects.count(), PolicyRevision.objects.count(), AuditEvent.objects.count()
    for reference in ("loan-holdout@2", "loan-holdout", "other@1", "loan-holdout@x"):
        with pytest.raises(Invalid, match=reference) as refused:
            publish(changed("gates.0.parameters.dataset", reference))
        assert refused.value.reason.code == "no_such_dataset"
        assert "dataset lock" in refused.value.reason.remedy
    assert (Policy.objects.count(), PolicyRevision.objects.count(), AuditEvent.objects.count()) == before


def test_the_same_document_again_is_the_same_revision(holdout: None, loan: Model) -> None:
    first = publish(GOOD, model=loan)
    events = AuditEvent.objects.count()
    again = publish(copy.deepcopy(GOOD), model=loan)
    assert (again.pk, again.number) == (first.pk, 1)
    assert AuditEvent.objects.count() == events


def test_a_changed_document_is_the_next_revision_and_the_old_one_stays_as_it_was(loan: Model) -> None:
    first = publish(GOOD, model=loan)
    second = publish(changed("due_days", 9), model=loan)
    first.refresh_from_db()
    assert (first.number, first.document["due_days"]) == (1, 3)
    assert (second.number, second.document["due_days"]) == (2, 9)
    assert second.digest != first.digest
    published: Any = AuditEvent.objects.filter(verb="policy.published", subject_name="Loan")
    assert [event.after["revision"] for event in published.order_by("pk")] == [1, 2]


def test_a_change_of_scope_alone_is_on_the_record(loan: Model) -> None:
    publish(GOOD, model=loan)
    revision = publish(GOOD, risk_tier=RiskTier.HIGH)
    assert revision.number == 2
    event: Any = AuditEvent.objects.filter(verb="policy.published").latest("pk")
    assert event.after["revision"] == 2
    assert event.after["risk_tier"] == "high"


def test_open_promotions_keep_the_revision_they_began_with(loan: Model) -> None:
    version = factories.version_of(loan)
    promotion = open_promotion(version, to_stage=Stage.PRODUCTION, actor=factories.persona("dana"))
    began = promotion.policy_revision
    publish({**factories.PRODUCTION_POLICY, "due_days": 30}, name="Production")
    promotion.refresh_from_db()
    assert promotion.policy_revision == began
    assert promotion.state == "checking"


def test_the_narrowest_policy_governs(loan: Model) -> None:
    other = factories.model_named("other")
    everywhere = policy_in_force(loan, Stage.PRODUCTION)
    assert everywhere is not None and everywhere.policy.name == "Production"
    tier = publish(GOOD, name="Medium tier", risk_tier=RiskTier.MEDIUM)
    assert policy_in_force(loan, Stage.PRODUCTION) == tier
    publish(GOOD, name="High tier", risk_tier=RiskTier.HIGH)
    assert policy_in_force(loan, Stage.PRODUCTION) == tier
    own = publish(GOOD, name="Loan only", model=loan)
    newest = publish(changed("due_days", 9), name="Loan only", model=loan)
    assert policy_in_force(loan, Stage.PRODUCTION) == newest != own
    assert policy_in_force(other, Stage.PRODUCTION) == tier
    staging = policy_in_force(loan, Stage.STAGING)
    assert staging is not None and staging.policy.name == "Staging"


def test_two_policies_for_the_same_scope_are_refused(loan: Model) -> None:
    publish(GOOD, name="Loan only", model=loan)
    with pytest.raises(Invalid, match="already a policy"):
        publish(GOOD, name="Loan too", model=loan)


def test_a_policy_has_a_model_or_a_tier_but_not_both(loan: Model) -> None:
    with pytest.raises(Invalid):
        publish(GOOD, model=loan, risk_tier=RiskTier.HIGH)


def test_defaults_are_published_once_and_never_over_policies_that_are_there(loan: Model) -> None:
    before = PolicyRevision.objects.count()
    publish_defaults()
    assert PolicyRevision.objects.count() == before


def test_the_database_itself_refuses_production_without_an_approver(loan: Model) -> None:
    policy = Policy.objects.get(name="Production")
    for seats, approver_seats in ((0, 0), (2, 0)):
        with pytest.raises(IntegrityError), transaction.atomic():
            PolicyRevision.objects.create(
                policy=policy,
                number=99,
                target_stage=Stage.PRODUCTION,
                document={},
                digest="0" * 64,
                seats=seats,
                approver_seats=approver_seats,
            )
