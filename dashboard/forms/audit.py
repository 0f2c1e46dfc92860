from datetime import date
from operator import itemgetter
from typing import Any

from django import forms
from django.http import QueryDict

from accounts.models import User
from audit.periods import moment_from
from audit.queries import Filters
from audit.verbs import REGISTERED
from registry.queries import name_on_record


class RecordFilterForm(forms.Form):
    """What a reader looks for in the record: exact model, verb, user name and promotion, from one day to another."""

    model = forms.CharField(label="Model", required=False, max_length=128)
    # Text, not a choice: a verb that was retired can still be looked for by its name.
    verb = forms.CharField(label="What happened", required=False, max_length=64, widget=forms.Select)
    actor = forms.CharField(label="Who (user name)", required=False, max_length=150)
    promotion = forms.IntegerField(label="Promotion (number)", required=False, min_value=1)
    since = forms.DateField(label="From", required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    until = forms.DateField(label="To", required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))

    def __init__(self, asked: QueryDict) -> None:
        super().__init__(asked, auto_id="filter-%s")
        fields: dict[str, Any] = self.fields
        fields["verb"].widget.choices = [("", "Anything"), *_verbs_by_subject()]
        for name in ("model", "actor"):
            fields[name].widget.attrs["autocomplete"] = "off"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", "This day is before the first one.")
        return cleaned

    @property
    def asked(self) -> dict[str, str]:
        """What is looked for, as an address carries it."""
        return {name: str(value) for name, value in self.cleaned_data.items() if value}

    def filters_for(self, reader: User, before: int | None = None) -> Filters:
        """The same for the record's queries; days are those of the installation's time zone."""
        asked = self.cleaned_data
        return Filters(
            model=name_on_record(asked["model"], reader),
            verb=asked["verb"],
            actor=asked["actor"],
            before=before,
            promotion=asked["promotion"],
            since=moment_from(_day(asked["since"])),
            until=moment_from(_day(asked["until"]), as_end=True),
        )


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _verbs_by_subject() -> list[tuple[str, list[tuple[str, str]]]]:
    """What can happen to each kind of thing, as a field to choose from groups it."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name, verb in REGISTERED.items():
        groups.setdefault(name.partition(".")[0], []).append((name, verb.with_gap))
    return [
        (subject.replace("_", " ").capitalize(), sorted(groups[subject], key=itemgetter(1)))
        for subject in sorted(groups)
    ]
