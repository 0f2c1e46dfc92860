from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from accounts.reasons import Invalid
from approvals import events
from approvals.models import Policy, PolicyRevision
from approvals.policies import Document, digest_of_document, read_document
from approvals.subjects import policy_subject
from audit.actions import record
from evidence.queries import locked_dataset_named
from registry.models import Model


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
