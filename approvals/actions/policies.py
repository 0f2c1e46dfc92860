from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from accounts.reasons import Invalid, refuse_if
from approvals import events
from approvals.impact import names
from approvals.models import Policy, PolicyRevision
from approvals.permissions import why_not_edit_policies
from approvals.policies import Document, digest_of_document, read_document
from approvals.subjects import policy_subject
from audit.actions import record
from evidence.models import LockedDataset
from evidence.queries import locked_dataset_named
from registry.models import Model
from registry.subjects import dataset_subject


@transaction.atomic
def publish_policy(
    name: str,
    document: Any,
    *,
    actor: User | None,
    target_stage: str,
    risk_tier: str = "",
    model: Model | None = None,
) -> PolicyRevision:
    """Publishes a policy's next revision, making the policy if it is new. The same document for the same scope
    again changes nothing.

    Promotions that are open keep the revision they began with. Raises Invalid for a document that can't be
    right, for a locked dataset that isn't there, and for a scope another policy has.
    """
    read = read_document(document, target_stage=target_stage)
    check_datasets(read)
    policy = Policy.objects.select_for_update().filter(name=name).first() or Policy(name=name)
    scope_before = (policy.target_stage, policy.risk_tier, policy.model)
    policy.target_stage, policy.risk_tier, policy.model = scope = target_stage, risk_tier, model
    try:
        policy.full_clean()
    except ValidationError as error:
        raise Invalid("bad_policy", f"Policy {name}: {' '.join(error.messages)}") from error
    policy.save()
    newest = policy.revisions.order_by("-number").first()
    digest = digest_of_document(document)
    if newest is not None and newest.digest == digest and scope == scope_before:
        return newest
    revision = PolicyRevision.objects.create(
        policy=policy,
        number=newest.number + 1 if newest else 1,
        target_stage=target_stage,
        document=document,
        digest=digest,
        seats=read.seats,
        approver_seats=read.approver_seats,
        published_by=actor,
    )
    after = {"revision": revision.number, "digest": digest, "stage": target_stage, "risk_tier": risk_tier}
    record(events.POLICY_PUBLISHED, policy_subject(policy), actor=actor, after=after)
    return revision


def check_datasets(document: Document) -> None:
    """Raises Invalid when a gate names a dataset on which it could never be answered, or none that is locked here."""
    for rule in document.gates:
        parameters = rule.gate.read_parameters(rule.parameters)
        reference = rule.gate.dataset(parameters)
        if not reference:
            continue
        locked = locked_dataset_named(reference)
        if locked is None:
            raise Invalid(
                "no_such_dataset",
                f"Gate {rule.key} names the dataset {reference!r}, which isn't locked here.",
                "Lock it first (assaydesk dataset lock), and write it as name@number.",
            )
        if problem := rule.gate.why_not_on(locked, parameters):
            raise Invalid(
                "gate_does_not_fit", f"Gate {rule.key}: {problem}.", "Name another dataset, or change the gate."
            )


@transaction.atomic
def rotate_dataset(old: LockedDataset, new: LockedDataset, *, actor: User) -> list[PolicyRevision]:
    """The next revision of every policy whose gates name `old`, naming `new` in its place: of all of them or of none.

    Without such a policy nothing happens. Raises Forbidden for who may not edit policies, and Invalid naming
    what is in the way: `new` is no later version of the same dataset, is for another task, lacks columns that models
    are fed from `old`, or can't answer a gate.
    """
    refuse_if(why_not_edit_policies(actor))
    was, now = old.dataset_version, new.dataset_version
    if was.dataset_id != now.dataset_id or was.number >= now.number:
        raise Invalid("not_newer", f"{new} is no later version of what {old} is.", "Name a later one of its dataset.")
    policies = Policy.objects.select_for_update().order_by("pk")
    newest = [policy.revisions.order_by("-number").first() for policy in policies]
    naming = [revision for revision in newest if revision and names(revision.document, str(old))]
    documents = {revision.pk: _naming_instead(revision.document, old, new) for revision in naming}
    problems = _why_no_stand_in(old, new) if naming else []
    problems += [problem for each in naming for problem in _gates_unanswered(each, documents[each.pk], new)]
    if problems:
        text = f"{new} can't take the place of {old}: {'; '.join(problems)}."
        raise Invalid("does_not_fit", text, "Lock a version that has what is missing, or edit these policies.")
    published = [_published_again(revision, documents[revision.pk], actor) for revision in naming]
    if published:
        after = {"instead_of": str(old), "policies": [str(revision) for revision in published]}
        record(events.DATASET_ROTATED, dataset_subject(new.dataset_version), actor=actor, after=after)
    return published


def _naming_instead(document: dict[str, Any], old: LockedDataset, new: LockedDataset) -> dict[str, Any]:
    def renamed(value: Any) -> Any:
        return str(new) if str(value).casefold() == str(old).casefold() else value

    gates = [
        gate | {"parameters": {name: renamed(value) for name, value in gate["parameters"].items()}}
        if gate.get("parameters")
        else gate
        for gate in document["gates"]
    ]
    return {**document, "gates": gates}


def _why_no_stand_in(old: LockedDataset, new: LockedDataset) -> list[str]:
    """What models evaluated on `old` would miss on `new`."""
    problems = [] if new.task == old.task else [f"it is locked for {new.task} models, not {old.task}"]
    missing = [name for name in old.input_columns if name not in new.input_columns]
    return [*problems, f"it lacks the columns {', '.join(missing)}"] if missing else problems


def _gates_unanswered(revision: PolicyRevision, document: dict[str, Any], new: LockedDataset) -> list[str]:
    problems = []
    for rule in read_document(document, target_stage=revision.target_stage).gates:
        parameters = rule.gate.read_parameters(rule.parameters)
        asked = rule.gate.dataset(parameters).casefold() == str(new).casefold()
        if asked and (problem := rule.gate.why_not_on(new, parameters)):
            problems.append(f"gate {rule.key} of {revision.policy}: {problem}")
    return problems


def _published_again(revision: PolicyRevision, document: dict[str, Any], actor: User) -> PolicyRevision:
    policy = revision.policy
    return publish_policy(
        policy.name,
        document,
        actor=actor,
        target_stage=policy.target_stage,
        risk_tier=policy.risk_tier,
        model=policy.model,
    )
