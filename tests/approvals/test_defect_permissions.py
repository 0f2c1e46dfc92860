"""Who may know of a reported bug, report one and clear it; never somebody whose own promotion it holds."""

from datetime import timedelta

import pytest

from accounts.actions import create_person, edit_person, grant_role, revoke_role
from accounts.models import User
from accounts.reasons import Forbidden, NotFound
from accounts.roles import Role
from approvals.actions import (
    clear_defect,
    open_promotion,
    publish_policy,
    report_defect,
    take_over_promotion,
    withdraw_promotion,
)
from approvals.defect_permissions import fetch_defect, shown_defect, why_not_clear_defect, why_not_report_defect
from approvals.models import Policy, Promotion
from approvals.queries import in_force_among, policy_in_force
from registry.lineage import Basis, basis_of_dataset
from registry.models import Defect, Model, Stage, Version
from tests import factories
from tests.approvals.deciding import approve
from tests.approvals.excepting import GATES, SLOTS, round_in
from tests.approvals.operating import publish_own
from tests.factories import HOLDOUT, persona

COMMIT = Basis("commit", "c" * 40)
UNUSED = Basis("commit", "d" * 40)
JUDGING = {"key": "floor", "kind": "metric_threshold", "parameters": {"metric": "auc", "at_least": 0.6}}
JUDGING["parameters"] |= {"dataset": HOLDOUT}  # type: ignore[operator]


def report(basis: Basis = COMMIT, who: User | None = None) -> Defect:
    return report_defect(basis, actor=who or persona("omar"), reason="The seed was the target.")


def holdout() -> Basis:
    return basis_of_dataset(factories.holdout().dataset_version)


def why_not_clear(defect: Defect, who: User) -> str:
    """The reason as this person has it now; "" for none."""
    return str(why_not_clear_defect(defect, User.objects.get(pk=who.pk)) or "")


@pytest.fixture
def both(loan: Model) -> User:
    """Somebody who brings versions and might decide on those of others."""
    return factories.person("Bo Both", Role.CONTRIBUTOR, Role.APPROVER, Role.OPERATOR)


def opened(version: Version, by: User, on_behalf_of: User | None = None) -> Promotion:
    publish_own(version.model, {"gates": GATES, "slots": SLOTS})
    return open_promotion(version, to_stage=Stage.PRODUCTION, actor=by, reason="Ready.", on_behalf_of=on_behalf_of)


# --- Four eyes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["requested", "registered", "on behalf", "taken over"])
def test_who_may_not_decide_on_a_promotion_clears_no_bug_that_holds_it(loan: Model, both: User, way: str) -> None:
    dana = persona("dana")
    pipeline = create_person("pipeline", actor=persona("admin"), is_service=True)
    grant_role(Role.CONTRIBUTOR, to=pipeline, actor=persona("admin"))
    version = factories.version_of(loan, by=both if way == "registered" else dana)
    by, behalf = {"requested": (both, None), "on behalf": (pipeline, both)}.get(way, (dana, None))
    promotion = factories.finish_gates(opened(version, by, behalf))
    if way == "taken over":
        dana.is_active = False
        edit_person(dana, actor=None)
        take_over_promotion(promotion, actor=both, reason="Dana left.")
    defect = report()
    approve(promotion, persona("riley"), "model")
    approve(promotion, persona("sam"), "risk")
    told = why_not_clear(defect, both)
    assert f"it holds promotion {promotion.pk}, and" in told
    assert "Omar Haddad may, and approvers and operators of a model that rests on it." in told
    with pytest.raises(Forbidden):
        clear_defect(defect, actor=both, reason="It is nothing.")
    assert round_in(promotion, timedelta(days=1)).state == "approved"
    clear_defect(defect, actor=persona("omar"), reason="Trained anew.")
    assert round_in(promotion, timedelta(0)).state == "completed"


def test_nor_does_who_reported_it(loan: Model, both: User) -> None:
    promotion = opened(factories.version_of(loan, by=both), persona("dana"))
    defect = report(who=both)
    assert "you registered this version" in why_not_clear(defect, both)
    assert "Other approvers and operators" in why_not_clear(defect, both)
    withdraw_promotion(promotion, actor=persona("dana"), reason="Trained anew.")
    assert why_not_clear(defect, both) == ""  # a version of theirs that nobody wants promoted holds nothing


def test_nor_is_a_promotion_judged_on_the_data_freed_by_who_asked_for_it(loan: Model, both: User) -> None:
    version = factories.version_of(loan)
    factories.evidence_of(version)
    publish_own(loan, {"gates": [JUDGING], "slots": SLOTS})
    open_promotion(version, to_stage=Stage.PRODUCTION, actor=both, reason="Ready.")
    assert "you requested this promotion" in why_not_clear(report(holdout()), both)


def test_a_role_that_one_gave_oneself_clears_nothing(loan: Model) -> None:
    factories.version_of(loan)
    ada = factories.person("Ada", Role.ADMINISTRATOR)
    grant_role(Role.OPERATOR, to=ada, actor=ada)
    ada = User.objects.get(pk=ada.pk)
    assert why_not_report_defect(COMMIT, ada) is None
    defect = report()
    assert "You may not clear a bug in commit cccccccccccc." in why_not_clear(defect, ada)
    grant_role(Role.APPROVER, to=ada, actor=persona("admin"))
    assert why_not_clear(defect, ada) == ""


# --- Whose models ------------------------------------------------------------------------------------------


def test_measuring_a_version_on_the_data_gives_no_say_over_what_it_holds(loan: Model) -> None:
    publish_policy("Production", {"gates": [], "slots": SLOTS}, actor=None, target_stage=Stage.PRODUCTION)
    publish_own(loan, {"gates": [JUDGING], "slots": SLOTS})
    toy = factories.model_named("toy")
    pat = factories.person("Pat", Role.CONTRIBUTOR, Role.APPROVER, model=toy)
    here = factories.person("Omid", Role.APPROVER, model=loan)
    defect = report(holdout())
    factories.evidence_of(factories.version_of(toy, by=pat, trained_on=[], code_commit="e" * 40))
    assert "You may not clear a bug in loan-holdout@1." in why_not_clear(defect, pat)
    assert why_not_report_defect(holdout(), pat) is None  # whose figures are wrong there may say so
    assert why_not_clear(defect, here) == ""


def test_a_policy_that_names_the_data_gives_a_say_while_it_is_in_force(loan: Model) -> None:
    other = factories.model_named("other")
    olga = factories.person("Olga", Role.OPERATOR, model=other)
    defect = report(holdout())
    assert why_not_clear(defect, olga) == ""  # the policy for all models names it
    assert why_not_report_defect(holdout(), olga) is None
    factories.version_of(loan, trained_on=[factories.holdout().dataset_version])
    publish_own(other, {"gates": [], "slots": SLOTS})
    assert "You may not clear" in why_not_clear(defect, olga)
    assert why_not_report_defect(holdout(), olga) is not None


def test_the_policies_in_force_read_together_are_those_read_one_by_one(loan: Model) -> None:
    high, own = factories.model_named("high"), factories.model_named("own")
    Model.objects.filter(pk=high.pk).update(risk_tier="high")
    for name, limits in (("Tier", {"risk_tier": "high"}), ("Own", {"model": own}), ("Low", {"risk_tier": "low"})):
        publish_policy(name, {"slots": SLOTS}, actor=None, target_stage=Stage.PRODUCTION, **limits)  # type: ignore[arg-type]
    publish_policy("Tier", {"gates": [], "slots": SLOTS}, actor=None, target_stage=Stage.PRODUCTION, risk_tier="high")
    newest = [policy.revisions.order_by("-number")[0] for policy in Policy.objects.all()]
    for model in (loan, Model.objects.get(pk=high.pk), own):
        one_by_one = {policy_in_force(model, stage) for stage in (Stage.STAGING, Stage.PRODUCTION)}
        assert set(in_force_among(newest, model)) == one_by_one


def test_who_reported_it_may_take_it_back_without_a_role_for_it(loan: Model) -> None:
    factories.version_of(loan)
    rae = factories.person("Rae", Role.APPROVER)
    defect = report(who=rae)
    revoke_role(rae.role_grants.get(), actor=None)
    assert why_not_clear(defect, rae) == ""
    assert fetch_defect(defect.pk, actor=User.objects.get(pk=rae.pk)) == defect
    rae.is_active = False
    edit_person(rae, actor=None)
    assert "not active" in why_not_clear(defect, rae)
    assert "Rae" not in why_not_clear(defect, persona("riley"))  # who left is named to nobody


def test_a_program_that_reported_it_does_not_clear_it(loan: Model) -> None:
    monitor = create_person("monitor", actor=persona("admin"), is_service=True)
    grant_role(Role.OPERATOR, to=monitor, actor=persona("admin"))
    assert "service account" in why_not_clear(report(who=monitor), monitor)


# --- Where nothing rests on it yet -------------------------------------------------------------------------


def test_a_bug_in_a_commit_that_nothing_rests_on_is_seen_and_cleared_by_who_could_report_it(loan: Model) -> None:
    here = factories.person("Omid", Role.OPERATOR, model=loan)
    defect = report(UNUSED, here)
    for who in (here, persona("sam"), persona("omar")):
        assert shown_defect(UNUSED, actor=who) == defect
        assert why_not_clear(defect, who) == ""
    assert shown_defect(UNUSED, actor=persona("dana")) is None
    with pytest.raises(NotFound):
        fetch_defect(defect.pk, actor=persona("dana"))
    clear_defect(fetch_defect(defect.pk, actor=here), actor=here, reason="Another commit was meant.")
    assert shown_defect(UNUSED, actor=here) is None


def test_who_reported_it_sees_it_even_when_only_hidden_versions_rest_on_it(loan: Model) -> None:
    here = factories.person("Omid", Role.OPERATOR, model=loan)
    defect = report(UNUSED, here)
    factories.version_of(factories.model_named("secret"), code_commit=UNUSED.text, trained_on=[])
    here = User.objects.get(pk=here.pk)
    assert shown_defect(UNUSED, actor=here) == defect
    assert shown_defect(UNUSED, actor=factories.person("Olga", Role.OPERATOR, model=loan)) is None
