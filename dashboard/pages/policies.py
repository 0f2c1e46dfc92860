"""Policies in words: what they ask, of whom, for which models."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import OuterRef, Q, QuerySet, Subquery

from accounts.access import visible
from accounts.models import User
from accounts.roles import Role
from approvals.models import Policy, PolicyRevision
from approvals.policies import PARTS, ChecklistItem, Document, Slot, read_document
from approvals.queries import policy_in_force
from approvals.seals import PART_TITLES
from dashboard.pages.gate_wording import asks
from registry.models import Model, RiskTier

REVISIONS_SHOWN = 50


@dataclass(frozen=True)
class PolicyRow:
    """A policy with its newest revision; `scope` says for which models it holds."""

    policy: Policy
    scope: str
    revision: PolicyRevision
    document: Document


@dataclass(frozen=True)
class PolicyInForce:
    """The policy that governs a model's way to a stage; None for both where there is none."""

    stage: str
    revision: PolicyRevision | None
    document: Document | None


@dataclass(frozen=True)
class SlotRow:
    """A slot with who can fill it, and the checklist items that its people answer for alone."""

    slot: Slot
    who: str
    rests_on: str


@dataclass(frozen=True)
class GateRow:
    title: str
    kind: str
    asks: str


@dataclass(frozen=True)
class ItemRow:
    item: ChecklistItem
    whose: str
    rests_on: str


@dataclass(frozen=True)
class PolicyPage:
    row: PolicyRow
    newest: int
    gates: list[GateRow]
    slots: list[SlotRow]
    items: list[ItemRow]
    revisions: list[PolicyRevision]


def policy_for(model: Model, stage: str) -> PolicyInForce:
    revision = policy_in_force(model, stage)
    document = read_document(revision.document, target_stage=revision.target_stage) if revision else None
    return PolicyInForce(stage, revision, document)


def visible_policies(user: User) -> QuerySet[Policy]:
    """Policies that hold for models in general, and those of single models the person can see."""
    models = visible(Model.objects.all(), actor=user, model_path="pk")
    shown = Policy.objects.filter(Q(model=None) | Q(model__in=models))
    return shown.select_related("model").order_by("target_stage", "model__name", "risk_tier", "name")


def policy_rows(user: User) -> list[PolicyRow]:
    """Every visible policy with its newest revision, Production first; two queries."""
    newest = PolicyRevision.objects.filter(policy=OuterRef("pk")).order_by("-number").values("pk")[:1]
    policies = list(visible_policies(user).annotate(newest=Subquery(newest)))
    revisions = PolicyRevision.objects.select_related("published_by").in_bulk([each.newest for each in policies])
    return [_row(each, revisions[each.newest]) for each in policies if each.newest in revisions]


def policy_page(policy: Policy, number: int | None) -> PolicyPage | None:
    """A policy in one revision, the newest by default; None when it has no such revision."""
    revisions = list(policy.revisions.select_related("published_by").order_by("-number")[:REVISIONS_SHOWN])
    shown = policy.revisions.select_related("published_by").filter(number=number).first() if number else None
    shown = revisions[0] if number is None and revisions else shown
    if shown is None:
        return None
    row = _row(policy, shown)
    return PolicyPage(
        row=row,
        newest=revisions[0].number,
        gates=[GateRow(rule.shown_title, rule.kind, asks(rule)) for rule in row.document.gates],
        slots=[SlotRow(slot, _who(slot), rests_on(slot.rests_on)) for slot in row.document.slots],
        items=[_item(row.document, item) for item in row.document.checklist],
        revisions=revisions,
    )


def _row(policy: Policy, revision: PolicyRevision) -> PolicyRow:
    document = read_document(revision.document, target_stage=revision.target_stage)
    return PolicyRow(policy, scope_of(policy), revision, document)


def scope_of(policy: Policy) -> str:
    """For which models a policy holds, in words."""
    if policy.model is not None:
        return f"only {policy.model.name}"
    if policy.risk_tier:
        return f"models of {RiskTier(policy.risk_tier).label.lower()}"
    return "all other models"


def _who(slot: Slot) -> str:
    role = Role(slot.role).label.lower()
    people = f"{slot.count} {role}s" if slot.count > 1 else f"one {role}"
    return f"{people} of the group {slot.group}" if slot.group else people


def rests_on(parts: Iterable[str]) -> str:
    """What a mark stands on, in words: it falls when one of these changes."""
    chosen = list(parts)
    if set(chosen) == set(PARTS):
        return "everything"
    titles = {**PART_TITLES, "gates": "the gates’ outcomes"}
    return ", ".join(titles[part] for part in PARTS if part in chosen)


def _item(document: Document, item: ChecklistItem) -> ItemRow:
    slot = document.slot(item.slot)
    return ItemRow(item, slot.title if slot else "any slot", rests_on(item.rests_on))
