"""What people declare of a file that is to be locked. It is kept when the file is refused; the file itself is not."""

from typing import Any

from django import forms
from django.conf import settings

from accounts.reasons import Refusal
from dashboard.figures import file_size
from evidence.labels import Declaration
from evidence.models import LockedDataset
from registry.models import Task

_CODES = {
    "id_column": ("missing_ids", "duplicate_ids"),
    "target": ("missing_labels", "not_numeric", "too_many_classes", "bad_label", "one_class"),
    "positive": ("positive_without_target", "not_declared", "positive_without_binary", "not_binary"),
    "task": ("unknown_task",),
    "segments": ("too_many_segments", "segment_too_long", "segment_not_printable", "column_used_twice"),
    "weight": ("bad_weights",),
}
#: Beside which field a refusal of the file stands, by its code; all others stand beside the file.
_FIELD = {code: field for field, codes in _CODES.items() for code in codes}
_DECLARED_AS = {"id": "id_column", "target": "target", "weight": "weight", "segment": "segments"}


class LockingForm(forms.Form):
    """A file and what its columns are for."""

    file = forms.FileField(label="File", help_text="CSV in UTF-8, or Parquet.")
    id_column = forms.CharField(label="Id column", max_length=128, help_text="Names each row, once.")
    task = forms.ChoiceField(label="Task", choices=Task.choices, help_text="Of the models that it judges.")
    target = forms.CharField(
        label="Target column", max_length=128, required=False, help_text="The truth. Empty: the rows have no labels."
    )
    positive = forms.CharField(
        label="Positive label", max_length=128, required=False, help_text="The value of a binary target that is a yes."
    )
    segments = forms.CharField(
        label="Segment columns", max_length=2000, required=False, help_text="With commas between them."
    )
    weight = forms.CharField(
        label="Weight column", max_length=128, required=False, help_text="How much each row counts. Empty: all alike."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        most = file_size(settings.MAX_DATASET_BYTES)
        self.fields["file"].help_text = f"CSV in UTF-8, or Parquet; at most {most}."

    @property
    def declaration(self) -> Declaration:
        """What was declared; of a form that is valid."""
        told = self.cleaned_data
        return Declaration(
            id_column=told["id_column"],
            target=told["target"],
            positive=told["positive"],
            segments=[name.strip() for name in told["segments"].split(",") if name.strip()],
            task=told["task"],
            weight=told["weight"],
        )

    def refuse(self, refusal: Refusal) -> None:
        """Puts the words of the refusal beside the field that it is about."""
        declared_as = _DECLARED_AS.get(refusal.details.get("declared_as", ""), "file")
        self.add_error(_FIELD.get(refusal.reason.code, declared_as), str(refusal.reason))


def declared_before(locked: LockedDataset | None) -> dict[str, str]:
    """What the form begins with: as the newest locked version has it."""
    if locked is None:
        return {}
    return {
        "id_column": locked.id_column,
        "task": locked.task,
        "target": locked.target,
        "positive": locked.positive_label,
        "segments": ", ".join(locked.segment_columns),
        "weight": locked.weight_column,
    }
