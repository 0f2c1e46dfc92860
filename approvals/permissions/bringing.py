"""Who may open a promotion and see to it until it is decided."""

from accounts.access import may
from accounts.models import User
from accounts.permissions import why_not_act_for
from accounts.reasons import PersonalReason, Reason
from accounts.roles import CONTRIBUTE, REVIEW
from approvals.gates import GATES
from approvals.models import GateRun, PolicyRevision, Promotion
from approvals.permissions.wording import closed, contributors, in_state
from approvals.standing import barred_people, responsible
from approvals.transitions import Event
from registry.models import Version
from registry.permissions import why_files_are_gone


def why_not_withdraw(promotion: Promotion, user: User) -> Reason | None:
    """The requester or whoever the version came from may; nobody else ends another's promotion this way."""
    if user.pk not in barred_people(promotion):
        text = "Only the requester can withdraw a promotion."
        return PersonalReason("not_requester", text, "A reviewer can reject it.")
    return _contributes(promotion, user) or in_state(promotion, Event.WITHDRAW)


def why_not_resubmit(promotion: Promotion, user: User) -> Reason | None:
    return _contributes(promotion, user) or in_state(promotion, Event.RESUBMIT)


def why_not_rerun(promotion: Promotion, user: User) -> Reason | None:
    model = promotion.version.model
    if not may(user, CONTRIBUTE, model) and not may(user, REVIEW, model):
        text = "You may not run gates of this model."
        return PersonalReason("not_permitted", text, "Its contributors and reviewers may.")
    return None if promotion.is_open else closed(promotion)


def why_not_open(version: Version, user: User, *, on_behalf_of: User | None = None) -> Reason | None:
    if not may(user, CONTRIBUTE, version.model):
        text = f"You may not open promotions of {version.model.name}."
        return PersonalReason("not_permitted", text, contributors(version.model))
    if user.is_service and on_behalf_of is None:
        return Reason("no_person", "A service account acts on behalf of a person.", "Send on_behalf_of: USERNAME.")
    if (reason := why_not_act_for(user, on_behalf_of, version.model)) is not None:
        return reason
    if not version.is_final:
        return Reason("version_open", f"{version} isn't final yet.", "Finalise it first.")
    if version.deprecated_at is not None:
        return Reason("deprecated", f"{version} is deprecated and can't be promoted again.", "Register a new version.")
    return why_files_are_gone(version)


def why_not_take_over(promotion: Promotion, user: User) -> Reason | None:
    """A contributor steps in for a requester who left or contributes no more; programs don't."""
    if user.is_service:
        return PersonalReason("service", "A service account can't take over a promotion.", "A contributor can.")
    if (reason := _contributes(promotion, user)) is not None:
        return reason
    if not promotion.is_open:
        return closed(promotion)
    model = promotion.version.model
    there = [person for person in responsible(promotion) if not person.is_service and may(person, CONTRIBUTE, model)]
    if there:
        names = " and ".join(person.display_name for person in there)
        return Reason("requester_there", f"{names} still sees to this promotion.", "Ask there, or open your own.")
    return None


def why_not_restart(promotion: Promotion, user: User, newest: PolicyRevision | None) -> Reason | None:
    """`newest` is the revision now in force for the promotion's model and stage."""
    if (reason := _contributes(promotion, user)) is not None:
        return reason
    if not promotion.is_open:
        return closed(promotion)
    if newest is None or newest.pk == promotion.policy_revision_id:
        return Reason("policy_current", f"It runs under {promotion.policy_revision} already, which is in force.")
    return None


def why_not_report(run: GateRun, user: User) -> Reason | None:
    """The answer of an external check comes from the program the policy names, or from a contributing one."""
    gate = GATES[run.kind]
    if not gate.awaits:
        return Reason("not_external", f"The gate {run.key} is decided here, not reported.", "Run it again instead.")
    if not user.is_active:
        return PersonalReason("inactive", "This account is not active.")
    named = gate.read_parameters(run.parameters).reporters
    if user.username not in named and (named or not user.is_service):
        who = ", ".join(named) or "A service account with the role Contributor"
        return PersonalReason("not_reporter", f"You can't report the gate {run.key}.", f"{who} reports it.")
    promotion = run.promotion
    if not named and not may(user, CONTRIBUTE, promotion.version.model):
        return _no_contributor(promotion)
    return None if promotion.is_open else closed(promotion)


def _contributes(promotion: Promotion, user: User) -> Reason | None:
    return None if may(user, CONTRIBUTE, promotion.version.model) else _no_contributor(promotion)


def _no_contributor(promotion: Promotion) -> Reason:
    return PersonalReason("not_permitted", "You are no contributor here.", contributors(promotion.version.model))
