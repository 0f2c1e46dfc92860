"""Policies in the admin site: write the document as YAML, look at what it means, then publish it as a revision."""

import hashlib
import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.functional import cached_property

from accounts.models import User
from accounts.reasons import Invalid
from approvals.actions import publish_policy
from approvals.actions.policies import check_datasets
from approvals.default_policies import PRODUCTION
from approvals.gates import GATES
from approvals.models import Policy, PolicyRevision
from approvals.policies import PARTS, digest_of_document, read_document
from approvals.policy_lines import line_of
from approvals.policy_preview import Preview, as_yaml, preview_of
from registry.models import RiskTier
from registry.plain_yaml import NotYaml, read_plain_yaml

REVISIONS_SHOWN = 50


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    """It is published when it comes back as it was previewed: `previewed` is what the reader looked at."""

    document = forms.CharField(
        label="What it asks",
        strip=False,  # leading spaces count in YAML, and lines are told by number
        widget=forms.Textarea(attrs={"cols": 100, "spellcheck": "false", "class": "yaml"}),
        help_text="YAML; what can stand in it is listed below. Comments and layout aren't kept.",
    )

    class Meta:
        model = Policy
        fields = ("name", "target_stage", "risk_tier", "model")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["document"] = as_yaml(self.in_force.document if self.in_force else PRODUCTION)
        told = {
            "name": "What people and the record call it. It can't be changed later.",
            "target_stage": "It is asked when a version is to move there.",
            "risk_tier": "Only for models of this tier. Leave it empty for every tier, or when you choose a model.",
            "model": "Only for this model; it then wins over every wider policy. Leave it empty for all models.",
        }
        fields: dict[str, Any] = self.fields
        for name, text in told.items():
            if name in fields:
                fields[name].help_text = text
        fields["risk_tier"].choices = [("", "Any tier"), *RiskTier.choices]
        fields["model"].empty_label = "Any model"
        lines = self.initial["document"].count("\n")
        fields["document"].widget.attrs["rows"] = min(max(lines + 3, 12), 40)

    @cached_property
    def in_force(self) -> PolicyRevision | None:
        return self.instance.revisions.order_by("-number").first() if self.instance.pk else None

    def clean_document(self) -> Any:
        """The document as plain data, or an error that says in which line and what."""
        text = self.cleaned_data["document"]
        try:
            raw = read_plain_yaml(text)
        except NotYaml as error:
            raise forms.ValidationError(f"This is not YAML: {error}") from error
        try:
            check_datasets(read_document(raw, target_stage=self.cleaned_data.get("target_stage", "")))
        except Invalid as invalid:
            raise forms.ValidationError(_with_line(text, str(invalid))) from invalid
        return raw

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("model") and cleaned.get("risk_tier"):
            self.add_error("risk_tier", "Choose a risk tier or a model, not both.")
        scope = {name: cleaned.get(name) for name in ("target_stage", "risk_tier", "model")}
        other = Policy.objects.filter(**scope).exclude(pk=self.instance.pk).first()
        if other is not None:
            self.add_error("target_stage", f"The policy {other} holds there already. Change that one instead.")
        return cleaned

    def validate_constraints(self) -> None:
        """Nothing: clean has asked the same already, and says it beside the field instead of over the page."""

    def is_valid(self) -> bool:
        """Whether it can be published: without errors, and looked at as it is."""
        return super().is_valid() and "_save" in self.data and self.data.get("previewed") == self.token

    @property
    def token(self) -> str:
        """Names everything a preview shows, the revision it was compared with included."""
        asked = {name: str(self.cleaned_data.get(name)) for name in ("name", "target_stage", "risk_tier", "model")}
        asked |= {"document": digest_of_document(self.cleaned_data["document"])}
        asked |= {"policy": str(self.instance.pk), "after": str(self.in_force.number if self.in_force else 0)}
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()

    @cached_property
    def preview(self) -> Preview | None:
        """What publishing would mean; None before anything was sent, and while there are errors."""
        if not self.is_bound or self.errors:
            return None
        return preview_of(self.instance, self.cleaned_data["document"], self.in_force)

    @property
    def was_edited_after_preview(self) -> bool:
        return bool(self.data.get("previewed")) and "_save" in self.data and self.data.get("previewed") != self.token


def _with_line(text: str, said: str) -> str:
    line = line_of(text, said)
    return f"Line {line}, “{text.splitlines()[line - 1].strip()}”: {said}" if line else said


@admin.register(Policy)
class PolicyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = PolicyForm
    fieldsets = (
        ("1. Which promotions it is asked for", {"fields": ("name", "target_stage", "risk_tier", "model")}),
        ("2. What it asks", {"fields": ("document",)}),
    )
    list_display = ("name", "target_stage", "risk_tier", "model")
    list_filter = ("target_stage", "risk_tier")
    list_select_related = ("model",)
    search_fields = ("name", "model__name")

    class Media:
        css = {"all": ("assaydesk/admin.css",)}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(request, {"title": "Policies", **(extra_context or {})})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        revisions = PolicyRevision.objects.select_related("published_by").order_by("-number")
        number = int(object_id) if object_id and object_id.isdecimal() and len(object_id) < 19 else 0
        shown = {
            "title": "Change a policy" if object_id else "Add a policy",
            "kinds": [_kind(kind) for kind in sorted(GATES)],
            "parts": PARTS,
            "revisions": revisions.filter(policy=number)[:REVISIONS_SHOWN],
        }
        return super().changeform_view(request, object_id, form_url, {**shown, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: Policy, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        revision = publish_policy(
            obj.name,
            form.cleaned_data["document"],
            actor=request.user,
            target_stage=obj.target_stage,
            risk_tier=obj.risk_tier,
            model=obj.model,
        )
        obj.pk = revision.policy_id
        text = f"Revision {revision.number} is in force. Promotions that are open keep the one they began with."
        messages.info(request, text)

    def get_readonly_fields(self, request: HttpRequest, obj: Policy | None = None) -> tuple[str, ...]:
        return ("name",) if obj else ()  # the name is what the record knows it by

    def has_delete_permission(self, request: HttpRequest, obj: Policy | None = None) -> bool:
        return False


def _kind(kind: str) -> dict[str, Any]:
    gate = GATES[kind]
    return {"kind": kind, "title": gate.title, "help": gate.help, "parameters": gate.parameters_help()}
