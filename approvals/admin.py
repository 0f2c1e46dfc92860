"""Policies in the admin site: write the document as YAML, save, and a new revision is published."""

from typing import Any

import yaml
from django import forms
from django.contrib import admin
from django.http import HttpRequest

from accounts.models import User
from accounts.reasons import Invalid
from approvals.actions import publish_policy
from approvals.actions.policies import check_datasets
from approvals.default_policies import PRODUCTION
from approvals.models import Policy
from approvals.policies import read_document
from registry.plain_yaml import NotYaml, read_plain_yaml


def as_yaml(document: Any) -> str:
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    document = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 30, "cols": 110, "spellcheck": "false"}),
        help_text="YAML. Saving publishes a new revision; open promotions keep the one they began with.",
    )

    class Meta:
        model = Policy
        fields = ("name", "target_stage", "risk_tier", "model")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newest = self.instance.revisions.order_by("-number").first() if self.instance.pk else None
        self.initial["document"] = as_yaml(newest.document if newest else PRODUCTION)

    def clean_document(self) -> Any:
        """The document as plain data, or an error that says where and what."""
        try:
            raw = read_plain_yaml(self.cleaned_data["document"])
        except NotYaml as error:
            raise forms.ValidationError(f"This is not YAML: {error}") from error
        try:
            check_datasets(read_document(raw, target_stage=self.cleaned_data.get("target_stage", "")))
        except Invalid as invalid:
            raise forms.ValidationError(str(invalid)) from invalid
        return raw


@admin.register(Policy)
class PolicyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = PolicyForm
    list_display = ("name", "target_stage", "risk_tier", "model")
    list_select_related = ("model",)

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

    def get_readonly_fields(self, request: HttpRequest, obj: Policy | None = None) -> tuple[str, ...]:
        return ("name",) if obj else ()  # the name is what the record knows it by

    def has_delete_permission(self, request: HttpRequest, obj: Policy | None = None) -> bool:
        return False
