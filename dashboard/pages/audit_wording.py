"""What an event says as a sentence: gates by their titles, with what they found; its other fields in a line."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from approvals import events
from approvals.models import Promotion
from approvals.standing import document_of
from audit.models import AuditEvent
from dashboard import figures

Change = tuple[str, str, str]
BRIEF_FIELDS, BRIEF_LENGTH = 4, 90
_DIGEST = re.compile(r"[0-9a-f]{40,64}")
#: What an event about a gate says before its promotion and after it.
_OF_GATES = {
    events.GATE_FINISHED.name: ("finished the gate {gate} of", ": {outcome}"),
    events.GATE_REPORTED.name: ("reported the external check {gate} of", ": {outcome}"),
    events.GATE_RERUN.name: ("ran the gate {gate} of", " again"),
    events.GATE_ACKNOWLEDGED.name: ("acknowledged the inconclusive gate {gate} of", ""),
    events.GATE_WAIVED.name: ("waived the gate {gate} of", ""),
    events.WAIVER_VOIDED.name: ("voided the waiver of the gate {gate} of", ""),
}
#: Said by the sentence already.
_SAID = {"gate", "outcome"}


@dataclass(frozen=True)
class Sentence:
    """The words before the subject and after it; `left` are the fields these don't tell."""

    before: str
    after: str
    left: list[Change]


@dataclass(frozen=True)
class GateTitles:
    """Titles of gates by promotion, both as keys in texts; a gate that the policy doesn't name goes by its key."""

    of: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def title(self, promotion: str, key: str) -> str:
        return self.of.get(promotion, {}).get(key, key)


def gate_titles(found: Iterable[AuditEvent]) -> GateTitles:
    """Of the promotions that these events are about; one query however many."""
    keys = {each.subject_id for each in found if each.subject_kind == "promotion" and each.subject_id.isdigit()}
    promotions = Promotion.objects.filter(pk__in=keys).select_related("policy_revision")
    return GateTitles(
        {str(each.pk): {rule.key: rule.shown_title for rule in document_of(each).gates} for each in promotions}
    )


def sentence_of(event: AuditEvent, changed: list[Change], titles: GateTitles) -> Sentence:
    """What the page writes around the event's subject."""
    told: dict[str, Any] = event.after if isinstance(event.after, dict) else {}
    gate = told.get("gate")
    if event.verb in _OF_GATES and isinstance(gate, str):
        before, after = _OF_GATES[event.verb]
        words = {"gate": titles.title(event.subject_id, gate), "outcome": told.get("outcome", "")}
        left = [change for change in changed if change[0] not in _SAID]
        return Sentence(before.format(**words), after.format(**words), left)
    after = event.after_subject
    return Sentence(event.before_subject, f" {after}" if after else "", _with_titles(event, changed, told, titles))


def _with_titles(event: AuditEvent, changed: list[Change], told: Mapping[str, Any], titles: GateTitles) -> list[Change]:
    """Gates that a promotion is blocked by are keys on the record."""
    failed = told.get("failed")
    if event.verb != events.PROMOTION_BLOCKED.name or not isinstance(failed, list):
        return changed
    named = ", ".join(titles.title(event.subject_id, str(key)) for key in failed)
    return [(name, before, named if name == "failed" else after) for name, before, after in changed]


def brief(changed: Iterable[Change]) -> str:
    """The first changes in a line: `stage Staging → Production`."""
    told = [_told(*change) for change in changed if change[1] or change[2]]
    return ", ".join(told[:BRIEF_FIELDS]) + (", …" if len(told) > BRIEF_FIELDS else "")


def _told(name: str, before: str, after: str) -> str:
    if name == "summary":  # a sentence already
        return after or before
    told = " → ".join(_shortened(text) for text in (before, after) if text)
    return told if name == "value" else f"{name.replace('_', ' ')} {told}"


def _shortened(text: str) -> str:
    if _DIGEST.fullmatch(text):
        return figures.short_digest(text)
    return text if len(text) <= BRIEF_LENGTH else text[:BRIEF_LENGTH] + "…"
