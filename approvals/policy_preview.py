"""What publishing a policy would mean: in short, against the revision in force, and what looks like a mistake."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from django.contrib.auth.models import Group
from django.db.models import Count, Q

from approvals.models import OPEN_STATES, Policy, PolicyRevision, Promotion
from approvals.policies import Document, Slot, digest_of_document, read_document


@dataclass(frozen=True)
class ChangedLine:
    """A line of the difference: `sign` is + for a new one, - for one that goes, empty for one that stays."""

    sign: str
    text: str


@dataclass(frozen=True)
class Preview:
    """`number` is the revision that would be published; `changed` is empty when nothing in the document would."""

    number: int
    in_short: str
    gates: list[str]
    slots: list[str]
    holds_for: str
    moves_scope: bool
    changed: list[ChangedLine]
    open_promotions: int
    doubts: list[str]

    @property
    def changes_anything(self) -> bool:
        return self.number == 1 or self.moves_scope or bool(self.changed)


#: The names a document uses, as its author would order them; others follow by the alphabet.
_ORDER = (
    *("opens", "due_days", "remind_days", "escalate_to", "expires_days", "change_window", "gates", "slots"),
    *("checklist", "key", "kind", "title", "text", "role", "count", "group", "slot", "parameters", "rests_on"),
    *("metric", "dataset", "segment", "card_sections", "hint"),
)


def as_yaml(document: Any) -> str:
    """The document as YAML, its names always in the same order: PostgreSQL doesn't keep the one they came in."""
    return yaml.safe_dump(_arranged(document), sort_keys=False, allow_unicode=True, width=100)


def _arranged(value: Any) -> Any:
    if isinstance(value, list):
        return [_arranged(each) for each in value]
    if not isinstance(value, dict):
        return value
    names = sorted(value, key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), str(name)))
    return {name: _arranged(value[name]) for name in names}


def preview_of(policy: Policy, raw: Any, in_force: PolicyRevision | None) -> Preview:
    """What publishing `raw` for the policy, as its form filled it in, would mean."""
    document = read_document(raw, target_stage=policy.target_stage)
    stored = Policy.objects.select_related("model").filter(pk=policy.pk).first()
    open_now = Promotion.objects.filter(policy_revision__policy=policy.pk, state__in=OPEN_STATES)
    return Preview(
        number=in_force.number + 1 if in_force else 1,
        in_short=in_short(document),
        gates=[f"{rule.shown_title} ({rule.key})" for rule in document.gates],
        slots=[_slot(slot) for slot in document.slots],
        holds_for=holds_for(policy),
        moves_scope=stored is not None and holds_for(stored) != holds_for(policy),
        changed=list(_changed(in_force.document, raw)) if in_force else [],
        open_promotions=open_now.count() if policy.pk else 0,
        doubts=_doubts(document),
    )


def in_short(document: Document) -> str:
    """`4 gates, 2 slots, 3 checklist items, due in 5 days`."""
    counts = (("gate", document.gates), ("slot", document.slots), ("checklist item", document.checklist))
    told = [f"{len(entries)} {name}{'' if len(entries) == 1 else 's'}" for name, entries in counts]
    if document.slots:
        return ", ".join([*told, f"due in {document.due_days} day{'' if document.due_days == 1 else 's'}"])
    return ", ".join([*told, "moves by itself once every gate has passed"])


def holds_for(policy: Policy) -> str:
    """Which promotions it is about, in words."""
    stage = f"promotions to {policy.get_target_stage_display()}"
    if policy.model is not None:
        return f"{stage} of the model {policy.model.name} only"
    if policy.risk_tier:
        return f"{stage} of models of {policy.get_risk_tier_display().lower()}, unless a model has its own policy"
    return f"{stage} of every model without a narrower policy"


def _slot(slot: Slot) -> str:
    people = f"{slot.count} {slot.role}{'' if slot.count == 1 else 's'}"
    return f"{slot.title}: {people}{f' of the group {slot.group}' if slot.group else ''}"


def _changed(before: Any, after: Any) -> Iterator[ChangedLine]:
    """The document's lines with two of context, both written the same way: comments and layout don't count."""
    if digest_of_document(before) == digest_of_document(after):
        return
    lines = difflib.unified_diff(as_yaml(before).splitlines(), as_yaml(after).splitlines(), n=2, lineterm="")
    for line in list(lines)[2:]:  # past the two names of files
        yield ChangedLine("", "…") if line.startswith("@@") else ChangedLine(line[0].strip(), line[1:])


def _doubts(document: Document) -> list[str]:
    """What can be published and still would never work: a group that isn't there, or has too few people."""
    wanted = [(slot.group, slot.count, f"Slot {slot.key}") for slot in document.slots if slot.group]
    if document.escalate_to:
        wanted.append((document.escalate_to, 1, "escalate_to"))
    members = Count("user", filter=Q(user__is_active=True, user__is_service=False))
    groups = Group.objects.filter(name__in=[name for name, _, _ in wanted]).annotate(size=members)
    sizes = dict(groups.values_list("name", "size"))
    return [_doubt(what, name, count, sizes.get(name)) for name, count, what in wanted if sizes.get(name, 0) < count]


def _doubt(what: str, group: str, count: int, size: int | None) -> str:
    if size is None:
        return f"{what} names the group {group}, which isn't there. Groups are under Authentication and Authorization."
    members = "one active member" if size == 1 else f"{size or 'no'} active members"
    return f"{what} asks for {count} of the group {group}, which has {members}."
