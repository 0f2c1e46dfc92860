"""Rotation: policies that name a worn dataset name a newer version of it, all of them or none."""

import copy
from typing import Any

import pytest

from accounts.reasons import Forbidden, Invalid
from accounts.roles import Role
from approvals.actions import open_promotion, publish_policy, rotate_dataset
from approvals.impact import policies_naming
from approvals.models import PolicyRevision, State
from audit.models import AuditEvent
from evidence.actions import lock_dataset
from evidence.labels import Declaration
from evidence.models import LockedDataset
from registry.actions import create_dataset
from registry.models import Dataset, Stage
from tests import factories

pytestmark = pytest.mark.django_db

DECLARED = Declaration("id", "approved", "yes", ["region"])


@pytest.fixture
def adam() -> Any:
    """An administrator of all models."""
    factories.personas()
    return factories.person("Adam", Role.ADMINISTRATOR)


def lock(header: str = "id,amount,region,approved", declared: Declaration = DECLARED, rows: int = 40) -> LockedDataset:
    lines = [f"n{row},{row},{'north' if row % 4 < 2 else 'south'},{'yes' if row % 2 else 'no'}" for row in range(rows)]
    wanted = [header, *lines]
    return lock_dataset(
        Dataset.objects.get(name="loan-holdout"), ["\n".join(wanted).encode()], declared, actor=factories.persona("sam")
    )


def document_in_force(name: str) -> dict[str, Any]:
    newest = PolicyRevision.objects.filter(policy__name=name).order_by("-number")[0]
    return dict(newest.document)


def test_every_policy_that_names_the_old_data_names_the_newer(adam: Any) -> None:
    factories.policies()
    before, staging = document_in_force("Production"), document_in_force("Staging")
    model = factories.model_named("fare")
    shouted = copy.deepcopy(factories.PRODUCTION_POLICY)
    shouted["gates"][0]["parameters"]["dataset"] = "LOAN-Holdout@1"
    publish_policy("Fare", shouted, actor=None, target_stage=Stage.PRODUCTION, model=model)
    old, later = factories.holdout(), lock()
    published = rotate_dataset(old, later, actor=adam)
    assert [str(revision) for revision in published] == ["Production revision 3", "Fare revision 2"]
    after = document_in_force("Production")
    assert [gate["parameters"]["dataset"] for gate in after["gates"][:2]] == ["loan-holdout@2"] * 2
    for gate in after["gates"][:2]:
        gate["parameters"]["dataset"] = "loan-holdout@1"
    assert after == before
    assert document_in_force("Fare")["gates"][0]["parameters"]["dataset"] == "loan-holdout@2"
    assert document_in_force("Staging") == staging
    assert published[1].policy.model == model


def test_a_rotation_is_on_the_record_with_each_revision(adam: Any) -> None:
    factories.policies()
    rotate_dataset(factories.holdout(), lock(), actor=adam)
    event = AuditEvent.objects.get(verb="dataset.rotated")
    assert (event.actor, event.subject_name) == (adam.username, "loan-holdout@2")
    assert event.after == {"instead_of": "loan-holdout@1", "policies": ["Production revision 3"]}
    assert AuditEvent.objects.filter(verb="policy.published", actor=adam.username).count() == 1


def test_a_second_time_nothing_is_left_to_do(adam: Any) -> None:
    factories.policies()
    old, later = factories.holdout(), lock()
    rotate_dataset(old, later, actor=adam)
    assert rotate_dataset(old, later, actor=adam) == []
    assert AuditEvent.objects.filter(verb="dataset.rotated").count() == 1


def test_open_promotions_keep_the_revision_they_began_with(adam: Any) -> None:
    promotion = factories.promotion_in(State.IN_REVIEW)
    rotate_dataset(factories.holdout(), lock(), actor=adam)
    promotion.refresh_from_db()
    assert promotion.policy_revision.number == 2
    version = factories.version_of(promotion.version.model)
    later = open_promotion(version, to_stage=Stage.PRODUCTION, actor=factories.persona("dana"), reason="Ready.")
    assert later.policy_revision.number == 3


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
def test_only_administrators_of_all_models_rotate(role: str) -> None:
    factories.personas()
    factories.policies()
    old, later = factories.holdout(), lock()
    of_one = factories.person("Ada", Role.ADMINISTRATOR, model=factories.model_named())
    for someone in (factories.person("Someone", role), of_one):
        with pytest.raises(Forbidden, match="administrators of all models"):
            rotate_dataset(old, later, actor=someone)
    assert not PolicyRevision.objects.filter(number=3).exists()


@pytest.mark.parametrize(
    ("header", "declared", "told"),
    [
        ("id,sum,region,approved", DECLARED, "it lacks the columns amount"),
        (
            "id,amount,region,approved",
            Declaration("id", "approved", task="multiclass", segments=["region"]),
            "it is locked for multiclass models, not binary",
        ),
        (
            "id,amount,region,approved",
            Declaration("id", segments=["region"]),
            "gate quality-floor of Production: loan-holdout@2 has no labels",
        ),
    ],
)
def test_data_that_do_not_fit_are_refused_by_name_and_nothing_is_published(
    adam: Any, header: str, declared: Declaration, told: str
) -> None:
    factories.policies()
    with pytest.raises(Invalid) as refused:
        rotate_dataset(factories.holdout(), lock(header, declared), actor=adam)
    assert refused.value.reason.code == "does_not_fit"
    assert told in refused.value.reason.text
    assert not PolicyRevision.objects.filter(number=3).exists()


def test_a_refusal_of_one_policy_leaves_all_as_they_are(adam: Any) -> None:
    factories.policies()
    gates = [{"key": "south", "kind": "segment_floor", "parameters": {}}]
    gates[0]["parameters"] = {"metric": "recall", "column": "region", "at_least": 0.1, "dataset": "loan-holdout@1"}
    staging = {"opens": "by_hand", "gates": gates}
    publish_policy("Staging", staging, actor=None, target_stage=Stage.STAGING)
    without_groups = lock(declared=Declaration("id", "approved", "yes"))
    with pytest.raises(Invalid, match="gate south of Staging"):
        rotate_dataset(factories.holdout(), without_groups, actor=adam)
    assert PolicyRevision.objects.filter(policy__name="Production").count() == 2


def test_only_a_later_version_of_the_same_dataset_takes_its_place(adam: Any) -> None:
    factories.policies()
    old, later = factories.holdout(), lock()
    other = create_dataset("other", actor=factories.persona("sam"))
    elsewhere = lock_dataset(other, [b"id,approved\na,yes\nb,no"], Declaration("id", "approved", "yes"), actor=adam)
    for one, two in ((later, old), (old, old), (old, elsewhere)):
        with pytest.raises(Invalid, match="no later version"):
            rotate_dataset(one, two, actor=adam)


def test_policies_of_models_that_the_reader_can_not_see_are_not_named(adam: Any) -> None:
    factories.policies()
    secret = factories.model_named("secret")
    publish_policy("Secret", factories.PRODUCTION_POLICY, actor=None, target_stage=Stage.PRODUCTION, model=secret)
    vera = factories.person("Vera", Role.VIEWER, model=factories.model_named())

    def seen_by(reader: Any) -> dict[str, list[str]]:
        found = policies_naming(["loan-holdout@1", "loan-holdout@2"], actor=reader)
        return {reference: [revision.policy.name for revision in each] for reference, each in found.items()}

    assert seen_by(adam) == {"loan-holdout@1": ["Production", "Secret"]}
    assert seen_by(vera) == {"loan-holdout@1": ["Production"]}
