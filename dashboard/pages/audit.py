"""The record as a page: events with links to what they are about, where that can be seen."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from accounts.models import User
from accounts.reasons import Reason
from accounts.roles import AUDIT
from audit.models import AuditEvent
from audit.queries import events_page
from dashboard.forms.audit import RecordFilterForm
from dashboard.pages.audit_wording import Change, GateTitles, brief, gate_titles, sentence_of
from dashboard.pages.defects import impact_address
from dashboard.readable import as_text
from registry.lineage import basis_of_defect
from registry.models import Defect, Version
from registry.permissions import why_not_export
from registry.queries import models_on_record_for


@dataclass(frozen=True)
class EventRow:
    """One event, its subject between the words `before` and `after`; `changes` are triples of field, before and
    after, `brief` those in a line that the words don't tell.

    `address` is empty for who may not see it.
    """

    event: AuditEvent
    before: str
    after: str
    url: str
    brief: str
    changes: list[Change]
    address: str


@dataclass(frozen=True)
class AuditPage:
    """Events and how to go on: `older` and `newest` are the ends of addresses, `asked` what was looked for."""

    rows: list[EventRow]
    asked: dict[str, str]
    newest: str
    older: str
    sees_all: bool
    audits_all: bool
    why_not_export: Reason | None


def audit_page(user: User, form: RecordFilterForm, before: int | None) -> AuditPage:
    """One page of the events this person may see: all for auditors, else those about models they see. None at all
    when the form asks for something that can't be: showing everything instead would mislead."""
    shown, audited = models_on_record_for(user), models_on_record_for(user, AUDIT)
    if not form.is_valid():
        return AuditPage([], {}, "", "", shown is None, audited is None, None)
    filters = form.filters_for(user, before)
    page = events_page(filters, visible_models=shown)
    return AuditPage(
        rows=_rows(page.events, audited),
        asked=form.asked,
        newest="?" + urlencode(form.asked) if before else "",
        older="?" + urlencode({**form.asked, "before": page.next_before}) if page.next_before else "",
        sees_all=shown is None,
        audits_all=audited is None,
        why_not_export=why_not_export(user, filters.model),
    )


def _rows(events: Iterable[AuditEvent], addresses: Collection[str] | None) -> list[EventRow]:
    events = list(events)
    known = {"version": _version_addresses(events), "defect": _defect_addresses(events)}
    titles = gate_titles(events)
    return [_row(event, known, addresses, titles) for event in events]


def _row(
    event: AuditEvent, known: dict[str, dict[str, str]], addresses: Collection[str] | None, titles: GateTitles
) -> EventRow:
    changed = changes(event.before, event.after)
    said = sentence_of(event, changed, titles)
    return EventRow(
        event=event,
        before=said.before,
        after=said.after,
        url=known[event.subject_kind].get(event.subject_id, "") if event.subject_kind in known else _address(event),
        brief=brief(said.left),
        changes=changed,
        address=event.address if addresses is None or event.model_name in addresses else "",
    )


def _version_addresses(events: Iterable[AuditEvent]) -> dict[str, str]:
    """Pages of the versions that events are about, by their key as text, in one query."""
    keys = {event.subject_id for event in events if event.subject_kind == "version" and event.subject_id.isdigit()}
    found = Version.objects.filter(pk__in=keys).values_list("pk", "model__name", "number")
    return {str(pk): reverse("version", args=[name, number]) for pk, name, number in found}


def _defect_addresses(events: Iterable[AuditEvent]) -> dict[str, str]:
    """Where what rests on the thing with the bug is shown. Not for base versions, which may be hidden from readers of
    the models derived from them."""
    keys = {event.subject_id for event in events if event.subject_kind == "defect" and event.subject_id.isdigit()}
    found = Defect.objects.filter(pk__in=keys, base=None).select_related("dataset_version__dataset")
    return {str(defect.pk): impact_address(basis_of_defect(defect)) for defect in found}


def _address(event: AuditEvent) -> str:
    if event.subject_kind == "model":
        return reverse("model", args=[event.subject_name])
    if event.subject_kind in {"promotion", "policy"} and event.subject_id.isdigit():
        return reverse(event.subject_kind, args=[int(event.subject_id)])
    if event.subject_kind == "dataset":
        return _dataset_address(event.subject_name)
    return ""


def _dataset_address(subject: str) -> str:
    """Of a dataset version, written name@number; a dataset is created as number 0, which is none."""
    name, _, number = subject.partition("@")
    if number.isdecimal() and int(number):
        return reverse("dataset_version", args=[name, int(number)])
    return reverse("dataset", args=[name])


def changes(before: Any, after: Any) -> list[Change]:
    """Field by field, in alphabetical order, what an event changed; values that are no mappings count as one field."""
    before, after = _as_fields(before), _as_fields(after)
    return [(name, _text(before.get(name)), _text(after.get(name))) for name in sorted({**before, **after})]


def _as_fields(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    return value if isinstance(value, dict) else {"value": value}


def _text(value: Any) -> str:
    if value is None or value in ([], {}):
        return ""
    return as_text(_by_name(value))


def _by_name(value: Any) -> Any:
    """PostgreSQL doesn't keep the order of names: the record reads alike on every database."""
    if isinstance(value, dict):
        return {name: _by_name(value[name]) for name in sorted(value)}
    return list(map(_by_name, value)) if isinstance(value, list) else value
