"""A bug in what versions are built on: who may say so, what it holds back, who hears of it, and how it ends."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.actions import create_person, grant_role, revoke_role
from accounts.models import User
from accounts.reasons import Conflict, Forbidden, Invalid, NotFound
from accounts.roles import Role
from approvals.actions import clear_defect, open_promotion, publish_policy, report_defect, roll_back
from approvals.defect_permissions import fetch_defect, why_not_clear_defect, why_not_report_defect
from approvals.defects import resting_on_defects
from approvals.holds import holds_of
from approvals.models import Promotion
from approvals.queries import previous_live
from approvals.standing import marks_of
from audit.models import AuditEvent
from registry.actions import find_or_add_pointer
from registry.lineage import Basis, basis_of_base, basis_of_dataset
from registry.models import DatasetVersion, Defect, Model, Stage, Version
from tests import factories
from tests.approvals.deciding import approve
from tests.approvals.excepting import opened, round_in
from tests.approvals.operating import live, put_live
from tests.factories import persona
from work.models import Mail

COMMIT = Basis("commit", "c" * 40)
NOW = timedelta(0)


@pytest.fixture
def train(version: Version) -> DatasetVersion:
    """What every version of these tests was trained on."""
    return version.trained_on.get()


def report(basis: Basis, who: str = "sam", reason: str = "The March rows are doubled.") -> Defect:
    return report_defect(basis, actor=persona(who), reason=reason)


def clear(defect: Defect, who: str = "omar") -> Defect:
    return clear_defect(defect, actor=persona(who), reason="Loaded anew, and the rows are the same.")


def decided(promotion: Promotion) -> Promotion:
    approve(promotion, persona("riley"), "model")
    approve(promotion, persona("sam"), "risk")
    promotion.refresh_from_db()
    return promotion


def stage_of(version: Version) -> str:
    return Version.objects.get(pk=version.pk).stage


def unused() -> Basis:
    return basis_of_dataset(find_or_add_pointer("spare", kind="git", location="x", pin="d" * 40, actor=persona("dana")))


# --- What it holds back ------------------------------------------------------------------------------------


def test_a_version_is_reviewed_and_approved_and_goes_nowhere_until_the_bug_is_cleared(
    version: Version, train: DatasetVersion
) -> None:
    promotion = factories.finish_gates(opened(version))
    defect = report(basis_of_dataset(train))
    assert promotion.state == "in_review"
    promotion = decided(promotion)
    assert (promotion.state, promotion.look_again_at, stage_of(version)) == ("approved", None, "Staging")
    held = AuditEvent.objects.get(verb="promotion.held")
    assert "Sam Okafor reports a bug in loan-train@1: The March rows are doubled." in held.reason
    assert round_in(promotion, timedelta(days=5)).state == "approved"
    clear(defect)
    assert round_in(promotion, NOW).state == "completed"
    assert stage_of(version) == "Production"


def test_a_bug_reported_after_the_approvals_holds_it_back_too(version: Version) -> None:
    promotion = opened(version, not_before=timezone.now() + timedelta(hours=1))
    promotion = decided(factories.finish_gates(promotion))
    defect = report(COMMIT)
    assert round_in(promotion, timedelta(hours=2)).state == "approved"
    clear(defect)
    assert round_in(promotion, timedelta(hours=2)).state == "completed"


def test_every_one_of_two_bugs_has_to_be_cleared(version: Version, train: DatasetVersion) -> None:
    promotion = factories.finish_gates(opened(version))
    first, second = report(basis_of_dataset(train)), report(COMMIT)
    promotion = decided(promotion)
    clear(first)
    assert round_in(promotion, NOW).state == "approved"
    assert [hold.text[:40] for hold in holds_of(marks_of(promotion), timezone.now())] == [
        "Sam Okafor reports a bug in commit ccccc"
    ]
    clear(second)
    assert round_in(promotion, NOW).state == "completed"


def test_who_left_while_it_was_held_back_counts_no_more(version: Version) -> None:
    defect = report(COMMIT)
    promotion = decided(factories.finish_gates(opened(version)))
    revoke_role(persona("riley").role_grants.get(), actor=None)
    clear(defect)
    assert round_in(promotion, NOW).state == "in_review"


def test_a_policy_that_asks_nobody_is_held_back_too(loan: Model) -> None:
    publish_policy("Staging", {"opens": "by_hand"}, actor=None, target_stage=Stage.STAGING)
    version = factories.version_of(loan)
    defect = report(COMMIT)
    promotion = open_promotion(version, to_stage=Stage.STAGING, actor=persona("dana"))
    assert (promotion.state, stage_of(version)) == ("approved", "None")
    clear(defect)
    assert round_in(promotion, NOW).state == "completed"


def test_a_bug_in_the_base_holds_back_what_is_derived_from_it(loan: Model, version: Version) -> None:
    derived = factories.version_of(loan, base_model=version, trained_on=[], code_commit="e" * 40)
    other = factories.version_of(loan, trained_on=[], code_commit="e" * 40)
    report(basis_of_base(version))
    assert [each for each, _ in resting_on_defects(loan.versions.all(), most=9).rows] == [derived, version]
    derived_promotion, other_promotion = (factories.finish_gates(opened(each)) for each in (derived, other))
    assert (decided(derived_promotion).state, decided(other_promotion).state) == ("approved", "completed")


def test_a_bug_in_data_that_a_gate_measures_on_holds_back_what_that_gate_judges(loan: Model, version: Version) -> None:
    """The version itself doesn't rest on it: its figures are in doubt, and only where they count."""
    measured = {"key": "floor", "kind": "metric_threshold", "parameters": {"metric": "auc", "at_least": 0.6}}
    measured["parameters"] |= {"dataset": "LOAN-holdout@1"}
    defect = report(basis_of_dataset(factories.holdout().dataset_version))
    assert resting_on_defects(loan.versions.all(), most=9).count == 0
    promotion = decided(factories.finish_gates(opened(version, gates=[measured])))
    assert promotion.state == "approved"
    clear(defect)
    assert round_in(promotion, NOW).state == "completed"


def test_data_that_no_gate_of_the_policy_measures_on_holds_nothing_back(version: Version) -> None:
    report(basis_of_dataset(factories.holdout().dataset_version))
    assert decided(factories.finish_gates(opened(version))).state == "completed"


def test_what_is_live_stays_live_and_a_version_that_rests_on_it_can_be_gone_back_to_by_name(loan: Model) -> None:
    first = put_live(loan)
    second = put_live(loan)
    report(COMMIT)
    assert live(loan) == [second.number]
    resting = resting_on_defects(loan.versions.all(), most=1)
    assert ([version for version, _ in resting.rows], resting.count, resting.live) == ([second], 2, 1)
    with pytest.raises(Conflict) as refused:
        roll_back(loan, actor=persona("omar"), reason="Three in the morning.")
    assert str(refused.value) == (
        "No earlier version of loan can be gone back to by itself. loan v1 rests on something with a reported bug: "
        "commit cccccccccccc. Name one to go back to it all the same (to: 1), or take the model down."
    )
    assert refused.value.details == {"doubtful": [1]}
    roll_back(loan, actor=persona("omar"), reason="Three in the morning.", to=first)
    assert live(loan) == [first.number]
    told = AuditEvent.objects.get(verb="model.rolled_back")
    assert told.after == {"live": [1], "warnings": ["A bug is reported in commit cccccccccccc."]}


def test_rollback_passes_over_what_rests_on_a_reported_bug(loan: Model) -> None:
    first, second, _ = (put_live(loan) for _ in range(3))
    defect = report(basis_of_base(second))
    assert previous_live(loan) == first
    clear(defect)
    assert previous_live(loan) == second
    report(basis_of_base(second))
    assert roll_back(loan, actor=persona("omar"), reason="Three in the morning.") == first
    assert AuditEvent.objects.get(verb="model.rolled_back").after == {"live": [first.number]}


# --- Who may ---------------------------------------------------------------------------------------------


def test_approvers_and_operators_may_and_nobody_else(version: Version) -> None:
    may = {
        name for name in ("dana", "riley", "sam", "omar", "ana") if why_not_report_defect(COMMIT, persona(name)) is None
    }
    assert may == {"sam", "omar"}
    with pytest.raises(Forbidden, match="Approvers and operators"):
        report(COMMIT, "dana")
    defect = report(COMMIT)
    with pytest.raises(Forbidden):
        clear(defect, "riley")
    assert Defect.objects.get().is_open


def test_it_takes_a_right_on_a_model_that_rests_on_it(version: Version) -> None:
    elsewhere = factories.person("Olga", Role.OPERATOR, model=factories.model_named("other"))
    here = factories.person("Omid", Role.OPERATOR, model=version.model)
    assert why_not_report_defect(COMMIT, elsewhere) is not None
    assert why_not_report_defect(COMMIT, here) is None
    assert why_not_report_defect(unused(), elsewhere) is None


def test_a_right_that_was_lost_meanwhile_counts_no_more(version: Version) -> None:
    omar = persona("omar")
    assert why_not_report_defect(COMMIT, omar) is None
    revoke_role(persona("omar").role_grants.get(), actor=None)
    with pytest.raises(Forbidden):
        report_defect(COMMIT, actor=omar, reason="The page was open for long.")


def test_a_program_reports_and_never_clears(version: Version) -> None:
    monitor = create_person("monitor", actor=persona("admin"), is_service=True)
    grant_role(Role.OPERATOR, to=monitor, actor=persona("admin"))
    defect = report_defect(COMMIT, actor=monitor, reason="The share of nulls doubled.")
    reason = why_not_clear_defect(defect, monitor)
    assert reason is not None and reason.code == "service"


def test_no_bug_is_reported_in_a_feature(version: Version) -> None:
    with pytest.raises(Conflict, match="dataset version, the commit or the registered base"):
        report(Basis("feature", "amount"))
    with pytest.raises(Conflict):
        report(Basis("base", "hf://org/bert@abc"))


def test_a_reason_is_asked_for_each_time(version: Version) -> None:
    with pytest.raises(Invalid, match="what is wrong"):
        report(COMMIT, reason="  ")
    defect = report(COMMIT)
    with pytest.raises(Invalid, match="why commit cccccccccccc has no bug"):
        clear_defect(defect, actor=persona("omar"), reason="")


def test_one_bug_at_a_time_and_cleared_once(version: Version) -> None:
    defect = report(COMMIT)
    with pytest.raises(Conflict, match="Sam Okafor has reported") as refused:
        report(COMMIT, "omar")
    assert refused.value.details == {"defect": defect.pk}
    clear(defect)
    with pytest.raises(Conflict, match="Omar Haddad has cleared"):
        clear(defect)
    assert report(COMMIT).pk != defect.pk


def test_who_can_not_see_what_has_the_bug_can_not_see_the_bug(loan: Model, version: Version) -> None:
    outsider = factories.person("Olga", Role.OPERATOR, model=factories.model_named("other"))
    commit, base, data = report(COMMIT), report(basis_of_base(version)), report(unused())
    for hidden in (commit, base):
        assert fetch_defect(hidden.pk, actor=persona("dana")) == hidden
        with pytest.raises(NotFound):
            fetch_defect(hidden.pk, actor=outsider)
    assert fetch_defect(data.pk, actor=outsider) == data


# --- Who hears of it ---------------------------------------------------------------------------------------


def letters(who: User | str) -> list[Mail]:
    person = persona(who) if isinstance(who, str) else who
    return list(Mail.objects.filter(kind="defect", recipient=person.email).order_by("pk"))


def test_each_owner_gets_one_letter_that_names_their_own_versions_live_first(loan: Model, version: Version) -> None:
    fare = factories.model_named("fare")
    factories.version_of(fare)
    other = factories.model_named("other")
    factories.version_of(other)
    pat = factories.person("Pat", Role.VIEWER)
    other.owners.set([pat])
    live_one = put_live(loan)
    defect = report(COMMIT)
    (mine,), (theirs,) = letters("dana"), letters(pat)
    assert mine.subject == f"Bug in commit cccccccccccc (report {defect.pk})"
    assert "The March rows are doubled." in mine.text
    assert mine.text.index(str(live_one)) < mine.text.index("fare v1") < mine.text.index(f"{version}\n")
    assert "fare v1" in mine.text and "other v1" not in mine.text
    assert "other v1" in theirs.text and "loan" not in theirs.text
    assert letters("riley") == letters("sam") == []
    clear(defect)
    told = letters("dana")
    assert [each.subject for each in told] == [mine.subject, f"Re: {mine.subject}"]
    assert {each.thread for each in told} == {f"defect-{defect.pk}"}
    assert "Omar Haddad cleared the bug" in told[1].text


def test_the_name_of_a_hidden_base_is_in_no_letter_hold_or_event_of_other_models(loan: Model, version: Version) -> None:
    secret = factories.version_of(factories.model_named("secret"), trained_on=[], code_commit="e" * 40)
    derived = factories.version_of(loan, base_model=secret, trained_on=[], code_commit="f" * 40)
    pat = factories.person("Pat", Role.VIEWER, model=loan)
    loan.owners.set([pat])
    secret.model.owners.set([persona("dana")])
    report(basis_of_base(secret), reason="Wrong weights.")
    (letter,), told = letters(pat), letters("dana")
    assert "A bug is reported in its base version" in letter.text
    assert not any(word in letter.text + letter.subject + letter.link for word in ("secret", "Wrong weights", "Sam"))
    assert "Sam Okafor reports a bug in secret v1" in told[0].text and "Wrong weights." in told[0].text
    promotion = decided(factories.finish_gates(opened(derived)))
    (hold,) = holds_of(marks_of(promotion), timezone.now())
    assert hold.text == "A bug is reported in its base version."
    names = dict(AuditEvent.objects.filter(verb="defect.reported").values_list("model_name", "subject_name"))
    assert names == {"loan": "its base version", "secret": "secret v1"}
    said = dict(AuditEvent.objects.filter(verb="defect.reported").values_list("model_name", "reason"))
    assert said == {"loan": "", "secret": "Wrong weights."}


def test_the_record_of_each_model_names_what_is_held(loan: Model, version: Version) -> None:
    fare = factories.version_of(factories.model_named("fare"))
    defect = report(COMMIT)
    events: Any = {event.model_name: event for event in AuditEvent.objects.filter(verb="defect.reported")}
    assert {name: event.after for name, event in events.items()} == {
        "loan": {"held": [version.number]},
        "fare": {"held": [fare.number]},
    }
    assert {event.subject_name for event in events.values()} == {"commit cccccccccccc"}
    clear(defect)
    cleared = AuditEvent.objects.filter(verb="defect.cleared", actor="omar")
    assert sorted(event.before["held"] for event in cleared) == [[version.number], [fare.number]]
    report(unused())
    assert AuditEvent.objects.filter(verb="defect.reported", model_name="").count() == 1


def test_letter_and_record_tell_what_is_held_from_what_was_only_measured_on_it(loan: Model, version: Version) -> None:
    data = factories.holdout().dataset_version
    built = factories.version_of(loan, trained_on=[data])
    judged = factories.version_of(loan, trained_on=[])
    measured = {"key": "floor", "kind": "metric_threshold", "parameters": {"metric": "auc", "at_least": 0.6}}
    measured["parameters"] |= {"dataset": str(data)}  # type: ignore[operator]
    opened(judged, gates=[measured])
    defect = report(basis_of_dataset(data))
    (letter,) = letters("dana")
    held, doubted = letter.text.split("\nHeld\n")[1].split("\nMeasured on it\n")
    assert [str(each) in held for each in (built, judged, version)] == [True, True, False]
    assert [str(each) in doubted for each in (built, judged, version)] == [False, False, True]
    assert "listed as measured on it are not held: their figures are in doubt." in letter.text
    told = AuditEvent.objects.get(verb="defect.reported")
    assert told.after == {"held": [judged.number, built.number], "measured": [version.number]}
    clear(defect)
    assert AuditEvent.objects.get(verb="defect.cleared").before == told.after


def test_a_letter_about_versions_that_were_only_measured_on_it_promises_no_hold(version: Version) -> None:
    report(basis_of_dataset(factories.holdout().dataset_version))
    (letter,) = letters("dana")
    assert "until the bug is cleared" not in letter.text
    assert "Held" not in letter.text
    assert decided(factories.finish_gates(opened(version))).state == "completed"
