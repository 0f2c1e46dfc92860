"""Who can't decide on a promotion, whatever roles they hold."""

import pytest
from django.contrib.auth.models import Group

from accounts.actions import change_groups, create_person, edit_person, grant_role, revoke_role
from accounts.models import RoleGrant, User
from accounts.reasons import Forbidden
from accounts.roles import Role
from approvals.actions import (
    open_promotion,
)
from approvals.intake import finalise_version
from approvals.models import Promotion, State
from approvals.standing import barred_people
from registry.actions import NewVersion, add_artifact_file, register_version
from registry.models import Model, Stage, Version
from tests import factories
from tests.approvals.deciding import approve, refusal_of, standing, with_policy
from tests.factories import persona

# --- Separation of duties ---


def test_requester_cannot_approve_own_promotion_whatever_roles_they_hold(in_review: Promotion) -> None:
    dana = persona("dana")
    grant_role(Role.APPROVER, to=dana, actor=None)
    refusal = refusal_of(in_review, dana)
    assert isinstance(refusal, Forbidden)
    assert refusal.reason.code == "requester"
    assert "you requested" in str(refusal) or "you registered" in str(refusal)


def test_registrant_cannot_approve_a_promotion_that_somebody_else_requested(loan: Model) -> None:
    registrant = factories.person("Rick Registrant", Role.CONTRIBUTOR, Role.APPROVER)
    version = factories.version_of(loan, by=registrant)
    factories.evidence_of(version)
    promotion = factories.promotion_in(State.IN_REVIEW, version=version)
    assert promotion.requested_by != registrant
    assert refusal_of(promotion, registrant).reason.text == "You can't decide: you registered this version."


@pytest.mark.parametrize("of", ["version", "promotion"])
def test_the_person_a_service_acted_for_cannot_approve(loan: Model, of: str) -> None:
    behind = factories.person("Bea Behind", Role.APPROVER, Role.CONTRIBUTOR)
    service = create_person("pipeline", actor=None, is_service=True)
    grant_role(Role.CONTRIBUTOR, to=service, actor=None)
    version = factories.version_of(loan)
    factories.evidence_of(version)
    if of == "version":
        Version.objects.filter(pk=version.pk).update(on_behalf_of=behind)
    promotion = open_promotion(
        version,
        to_stage=Stage.PRODUCTION,
        actor=service if of == "promotion" else persona("dana"),
        on_behalf_of=behind if of == "promotion" else None,
    )
    factories.finish_gates(promotion)
    refusal = refusal_of(promotion, behind)
    assert refusal.reason.code == "requester"
    assert "on your behalf" in refusal.reason.text


def test_a_service_account_cannot_approve_even_with_a_grant_that_slipped_in(in_review: Promotion) -> None:
    service = create_person("robot", actor=None)
    grant_role(Role.APPROVER, to=service, actor=None)
    User.objects.filter(pk=service.pk).update(is_service=True)
    assert refusal_of(in_review, service).reason.code == "service"


def test_a_superuser_gets_no_approval_by_being_one(in_review: Promotion) -> None:
    assert refusal_of(in_review, persona("admin")).reason.code == "not_reviewer"


def test_a_role_granted_to_oneself_fills_no_slot(in_review: Promotion) -> None:
    selma = factories.person("Selma Made")
    grant = grant_role(Role.APPROVER, to=selma, actor=selma)
    assert refusal_of(in_review, selma, "risk").reason.code == "self_granted"
    revoke_role(grant, actor=None)
    grant_role(Role.APPROVER, to=selma, actor=persona("admin"))
    assert approve(in_review, selma, "risk").state == "in_review"


def test_a_role_that_one_granted_to_one_s_own_group_fills_no_slot(in_review: Promotion) -> None:
    selma, group = factories.person("Selma Made"), Group.objects.create(name="insiders")
    change_groups(selma, [group], actor=persona("admin"))
    grant_role(Role.APPROVER, to=group, actor=selma)
    assert isinstance(refusal_of(in_review, selma, "risk"), Forbidden)
    other = factories.person("Ola Other")
    change_groups(other, [group], actor=persona("admin"))
    assert standing(approve(in_review, other, "risk")) == [other.username]


def test_a_reviewer_of_another_model_cannot_approve(in_review: Promotion) -> None:
    elsewhere = factories.person("Ed Elsewhere", Role.APPROVER, model=factories.model_named("other"))
    assert refusal_of(in_review, elsewhere).reason.code == "not_reviewer"


def test_a_reviewer_cannot_fill_the_approver_s_slot(in_review: Promotion) -> None:
    refusal = refusal_of(in_review, persona("riley"), "risk", ticks=[])
    assert isinstance(refusal, Forbidden)
    assert (refusal.reason.code, refusal.reason.remedy) == ("not_your_slot", "Yours: model.")


def test_a_slot_that_is_not_there_is_refused_by_name(in_review: Promotion) -> None:
    refusal = refusal_of(in_review, persona("sam"), "luck", ticks=[])
    assert (refusal.reason.code, "luck" in refusal.reason.text) == ("no_such_slot", True)


def test_a_group_slot_wants_a_member_who_also_holds_the_role(loan: Model, version: Version) -> None:
    slots = [{"key": "legal", "role": "approver", "group": "legal"}]
    promotion = with_policy(loan, version, slots=slots)
    group = Group.objects.create(name="legal")
    member = factories.person("Mo Member")
    change_groups(member, [group], actor=None)
    assert refusal_of(promotion, persona("sam"), "legal").reason.code == "no_slot"  # holds the role, not the group
    assert refusal_of(promotion, member, "legal").reason.code == "not_reviewer"  # the group, not the role
    grant_role(Role.APPROVER, to=group, actor=None)
    assert approve(promotion, member, "legal").state == "completed"


def test_the_refusal_names_who_decides(in_review: Promotion) -> None:
    assert refusal_of(in_review, persona("ana")).reason.remedy == "Riley Chen or Sam Okafor decide next."


# --- Those who leave ---


def test_a_reviewer_who_loses_the_role_stops_counting_before_completion(in_review: Promotion) -> None:
    approve(in_review, persona("riley"), "model")
    revoke_role(RoleGrant.objects.get(user=persona("riley")), actor=None)
    assert approve(in_review, persona("sam"), "risk").state == "in_review"
    successor = factories.person("Nora Next", Role.REVIEWER)
    assert approve(in_review, successor, "model").state == "completed"


def test_a_reviewer_who_is_deactivated_stops_counting_before_completion(in_review: Promotion) -> None:
    riley = persona("riley")
    approve(in_review, riley, "model")
    riley.is_active = False
    edit_person(riley, actor=None)
    assert approve(in_review, persona("sam"), "risk").state == "in_review"
    assert approve(in_review, factories.person("Nora Next", Role.REVIEWER), "model").state == "completed"


def test_a_reviewer_who_left_the_slot_s_group_stops_counting(loan: Model, version: Version) -> None:
    slots = [{"key": "legal", "group": "legal"}, {"key": "risk", "role": "approver"}]
    promotion = with_policy(loan, version, slots=slots)
    change_groups(persona("riley"), [Group.objects.create(name="legal")], actor=None)
    approve(promotion, persona("riley"), "legal")
    change_groups(persona("riley"), [], actor=None)
    assert approve(promotion, persona("sam"), "risk").state == "in_review"


def test_a_person_finalises_what_a_service_registered_for_them_and_cannot_approve_it(loan: Model) -> None:
    behind = factories.person("Bea Behind", Role.APPROVER, Role.CONTRIBUTOR)
    service = create_person("pipeline", actor=None, is_service=True)
    grant_role(Role.CONTRIBUTOR, to=service, actor=None)
    new = NewVersion(format="pickle", features=["amount"])
    version = register_version(loan, new, actor=service, on_behalf_of=behind)
    add_artifact_file(version, "model.pkl", [b"model"], actor=behind)
    version, [opened] = finalise_version(version, actor=behind)
    assert (opened.requested_by, opened.on_behalf_of) == (behind, None)
    assert set(barred_people(opened)) == {behind.pk, service.pk}
