"""What a policy says, read strictly from its document.

```yaml
opens: on_finalize        # or by_hand; a policy without slots moves by itself once its gates pass
due_days: 5               # when its reviewers should have decided
remind_days: 1            # so long before that they are reminded; 0: not
escalate_to: model-risk   # a group that is told when it is overdue
expires_days: 90          # an open promotion is closed as expired after so many days
change_window: {days: [mon, tue, wed, thu], from: "09:00", to: "16:00", zone: Europe/Oslo}
gates:
  - key: quality-floor
    kind: metric_threshold
    parameters: {metric: auc, at_least: 0.80, dataset: loan-holdout@1}
slots:
  - {key: risk, title: Business risk, role: approver, count: 1}
checklist:
  - {key: cost, text: Its running cost is known and accepted, slot: risk, rests_on: [card]}
card_sections:            # what a card's template offers beyond what card_complete demands; a hint is a comment in it
  - Intended use
  - {title: Limitations, hint: For whom is it worse?}
```
"""

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeGuard

from django.conf import settings

from accounts.models import User
from accounts.reasons import Invalid
from accounts.roles import APPROVE, REVIEW, Role
from approvals.card_sections import read_wanted_sections
from approvals.change_windows import ChangeWindow, read_change_window
from approvals.gates import GATES, Gate
from registry.card_sections import WantedSection
from registry.models import Stage

_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,63}\Z")
#: What a mark can rest on; "gates" stands for every gate's outcome.
PARTS = ("artifact", "card", "evidence", "gates", "waivers", "policy", "baseline")
_KNOWN = (
    *("gates", "slots", "checklist", "opens", "due_days", "remind_days", "escalate_to", "expires_days"),
    *("change_window", "card_sections"),
)
OPENS = ("on_finalize", "by_hand")
SLOT_PERMISSIONS = {Role.REVIEWER: REVIEW, Role.APPROVER: APPROVE}


@dataclass(frozen=True)
class GateRule:
    key: str
    kind: str
    parameters: dict[str, Any] = field(default_factory=dict)
    title: str = ""

    @property
    def gate(self) -> Gate:
        return GATES[self.kind]

    @property
    def shown_title(self) -> str:
        return self.title or self.gate.title


@dataclass(frozen=True)
class Slot:
    """Places for `count` people of a role, or of a group within it; one person fills one place."""

    key: str
    title: str
    role: str = Role.REVIEWER
    count: int = 1
    group: str = ""
    rests_on: tuple[str, ...] = PARTS

    @property
    def permission(self) -> str:
        return SLOT_PERMISSIONS[Role(self.role)]

    def admits(self, user: User) -> bool:
        """Whether the slot's group, if it names one, has the user; rights are asked for elsewhere."""
        return not self.group or any(group.name == self.group for group in user.groups.all())


@dataclass(frozen=True)
class ChecklistItem:
    key: str
    text: str
    slot: str = ""
    rests_on: tuple[str, ...] = PARTS


@dataclass(frozen=True)
class Document:
    gates: tuple[GateRule, ...] = ()
    slots: tuple[Slot, ...] = ()
    checklist: tuple[ChecklistItem, ...] = ()
    opens: str = "by_hand"
    due_days: int = 5
    remind_days: int = 1
    escalate_to: str = ""
    expires_days: int = 90
    change_window: ChangeWindow | None = None
    card_sections: tuple[WantedSection, ...] = ()

    @property
    def seats(self) -> int:
        return sum(slot.count for slot in self.slots)

    @property
    def approver_seats(self) -> int:
        return sum(slot.count for slot in self.slots if slot.role == Role.APPROVER)

    def remind_at(self, due: datetime) -> datetime:
        """When reviewers are reminded of what is due then; the due time itself if they aren't."""
        return due - timedelta(days=self.remind_days)

    def first_reminder(self, due: datetime, now: datetime) -> datetime:
        """When to write next to reviewers who are asked now, and so told when it is due. Who is asked when that is
        over has a day."""
        if now < (remind_at := self.remind_at(due)):
            return remind_at
        return due if now < due else now + timedelta(days=1)

    def gate(self, key: str) -> GateRule:
        return next(rule for rule in self.gates if rule.key == key)

    def slot(self, key: str) -> Slot | None:
        return next((slot for slot in self.slots if slot.key == key), None)

    def items_of(self, slot: str) -> list[ChecklistItem]:
        """The items a person in this slot answers for: the slot's own and those of everybody."""
        return [item for item in self.checklist if item.slot in {"", slot}]


def read_document(raw: Any, *, target_stage: str) -> Document:
    """A policy's document from plain data (YAML or JSON). Raises Invalid naming the place and the remedy."""
    if not isinstance(raw, dict):
        raise Invalid("bad_policy", "A policy is a mapping with gates, slots and checklist.")
    _refuse_unknown(raw, set(_KNOWN), "The policy")
    document = Document(
        gates=tuple(_gate_rule(entry) for entry in _entries(raw, "gates")),
        slots=tuple(_slot(entry) for entry in _entries(raw, "slots")),
        checklist=tuple(_item(entry) for entry in _entries(raw, "checklist")),
        opens=raw.get("opens", "by_hand"),
        due_days=_days(raw, "due_days", 5),
        remind_days=_remind_days(raw),
        escalate_to=_text(raw, "escalate_to", "The policy"),
        expires_days=_days(raw, "expires_days", 90),
        change_window=_change_window(raw.get("change_window")),
        card_sections=_card_sections(raw.get("card_sections") or []),
    )
    _check_whole(document, target_stage)
    return document


def _entries(raw: dict[str, Any], name: str) -> list[dict[str, Any]]:
    entries = raw.get(name) or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Invalid("bad_policy", f"{name} must be a list of mappings.")
    for entry in entries:
        if not isinstance(entry.get("key"), str) or not _KEY.match(entry["key"]):
            raise Invalid("bad_policy", f"Each of {name} needs a key of small letters, digits and dashes: {entry}.")
    keys = [entry["key"] for entry in entries]
    doubled = {key for key in keys if keys.count(key) > 1}
    if doubled:
        raise Invalid("bad_policy", f"{name} uses the key {', '.join(sorted(doubled))} twice.", "Keys must differ.")
    return entries


def _refuse_unknown(entry: dict[str, Any], known: set[str], what: str) -> None:
    if unknown := set(entry) - known:
        raise Invalid(
            "bad_policy",
            f"{what} has unknown keys: {', '.join(map(str, unknown))}.",
            f"Known: {', '.join(sorted(known))}.",
        )


def _text(entry: dict[str, Any], name: str, what: str) -> str:
    """A word of the document, "" if it isn't there. YAML makes dates and numbers of words that look like them."""
    value = entry.get(name, "")
    if not isinstance(value, str):
        raise Invalid("bad_policy", f"{what} has the {name} {value!r}, which isn't text.", "Put it in quotes.")
    return value


def _is_whole(value: Any, *, most: int) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def _gate_rule(entry: dict[str, Any]) -> GateRule:
    what = f"Gate {entry['key']}"
    _refuse_unknown(entry, {"key", "kind", "parameters", "title"}, what)
    if _text(entry, "kind", what) not in GATES:
        raise Invalid(
            "unknown_gate",
            f"{what} is of the unknown kind {entry.get('kind')!r}.",
            f"Known kinds: {', '.join(sorted(GATES))}.",
        )
    rule = GateRule(entry["key"], entry["kind"], entry.get("parameters") or {}, _text(entry, "title", what))
    try:
        rule.gate.read_parameters(rule.parameters)
    except ValueError as error:
        raise Invalid("bad_gate_parameters", f"{what}: {error}") from error
    return rule


def _slot(entry: dict[str, Any]) -> Slot:
    what = f"Slot {entry['key']}"
    _refuse_unknown(entry, {"key", "title", "role", "count", "group", "rests_on"}, what)
    role, count = _text(entry, "role", what) or Role.REVIEWER, entry.get("count", 1)
    if role not in SLOT_PERMISSIONS:
        raise Invalid("bad_policy", f"{what} names the role {role!r}.", "A slot is for a reviewer or an approver.")
    if not _is_whole(count, most=20):
        raise Invalid("bad_policy", f"{what} must have a count from 1 to 20, not {count!r}.")
    title, group = _text(entry, "title", what) or entry["key"], _text(entry, "group", what)
    return Slot(entry["key"], title, role, count, group, _rests_on(entry, what))


def _item(entry: dict[str, Any]) -> ChecklistItem:
    what = f"Checklist item {entry['key']}"
    _refuse_unknown(entry, {"key", "text", "slot", "rests_on"}, what)
    if not _text(entry, "text", what).strip():
        raise Invalid("bad_policy", f"{what} has no text.", "Say what the person confirms by ticking it.")
    return ChecklistItem(entry["key"], entry["text"], _text(entry, "slot", what), _rests_on(entry, what))


def _rests_on(entry: dict[str, Any], what: str) -> tuple[str, ...]:
    parts = entry.get("rests_on") or list(PARTS)
    if not isinstance(parts, list) or any(part not in PARTS for part in parts):
        raise Invalid("bad_policy", f"{what} rests on {parts!r}.", f"Choose from {', '.join(PARTS)}.")
    return tuple(parts)


def _days(raw: dict[str, Any], name: str, default: int) -> int:
    days = raw.get(name, default)
    if not _is_whole(days, most=365):
        raise Invalid("bad_policy", f"{name} must be a whole number from 1 to 365, not {days!r}.")
    return days


def _remind_days(raw: dict[str, Any]) -> int:
    due = _days(raw, "due_days", 5)
    days: int = raw.get("remind_days", min(1, due - 1))
    if not (_is_whole(days, most=due - 1) or days == 0) or isinstance(days, bool):
        text = f"remind_days must be a whole number from 0 to {due - 1}, not {days!r}."
        raise Invalid("bad_policy", text, "It counts from the due time back, so it must be less than due_days.")
    return days


def _change_window(raw: Any) -> ChangeWindow | None:
    if raw is None:
        return None
    try:
        return read_change_window(raw, default_zone=settings.TIME_ZONE)
    except ValueError as error:
        raise Invalid("bad_policy", f"change_window: {error}") from error


def _card_sections(raw: Any) -> tuple[WantedSection, ...]:
    try:
        return read_wanted_sections(raw)
    except ValueError as error:
        raise Invalid("bad_policy", f"card_sections: {error}", "Write titles, or {title: …, hint: …}.") from error


def _check_whole(document: Document, target_stage: str) -> None:
    if document.opens not in OPENS:
        raise Invalid("bad_policy", f"opens is {document.opens!r}.", "It must be on_finalize or by_hand.")
    for item in document.checklist:
        if item.slot and document.slot(item.slot) is None:
            raise Invalid("bad_policy", f"Checklist item {item.key} names the slot {item.slot!r}, which isn't there.")
    if target_stage == Stage.PRODUCTION and not document.approver_seats:
        raise Invalid(
            "no_approver", "A policy for Production needs a slot for an approver.", "Add a slot with role: approver."
        )
    if document.checklist and not document.slots:
        raise Invalid("bad_policy", "The checklist has nobody to tick it.", "Add a slot, or remove the checklist.")


def digest_of_document(raw: Any) -> str:
    return hashlib.sha256(json.dumps(raw, sort_keys=True).encode()).hexdigest()
