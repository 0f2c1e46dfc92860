"""Granting a role in three steps, and revoking it with a reason. Every error stands beside its field."""

from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import RoleGrant, User
from accounts.permissions import why_not_hold
from accounts.queries import SET_UP
from accounts.roles import IN_WORDS, PERMITS, VIEW, Role


class AccountField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Accounts by name, with the user name that tells two of one name apart."""

    def label_from_instance(self, obj: Any) -> str:
        kind = ", service account" if obj.is_service else ""
        return f"{obj.display_name} ({obj.username}{kind})"


def role_choices() -> list[tuple[str, SafeString]]:
    """Each role with what it permits; that everybody with a role sees the model is said once, of the viewer."""
    return [(role, format_html("{}: {}", role.label, permitted_in_words(role))) for role in Role]


def permitted_in_words(role: str) -> str:
    beyond = [words for permission, words in IN_WORDS.items() if permission in PERMITS[role] and permission != VIEW]
    return "; ".join(beyond) or IN_WORDS[VIEW]


class RoleGrantForm(forms.ModelForm):  # type: ignore[type-arg]
    user = AccountField(
        label="Person",
        required=False,
        queryset=User.objects.none(),
        empty_label="Choose a person",
        help_text="One person or service account; leave it empty to choose a group.",
    )
    group = forms.ModelChoiceField(
        label="Or group",
        required=False,
        queryset=Group.objects.none(),
        empty_label="Choose a group",
        help_text="Instead of a person. Everybody in the group gets the role, and whoever joins it later.",
    )
    role = forms.ChoiceField(
        label="Role",
        widget=forms.RadioSelect,
        help_text="Every role also lets its holder see the model.",
        error_messages={"required": "Choose one of the roles."},
    )

    class Meta:
        model = RoleGrant
        fields = ("user", "group", "role", "model")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["user"].queryset = User.objects.filter(is_active=True).order_by("first_name", "last_name", "username")
        fields["group"].queryset = Group.objects.order_by("name")
        fields["role"].choices = role_choices()
        fields["model"].empty_label = "All models, also those registered later"
        fields["model"].help_text = "Choose one to grant the role there only."

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        user, group, role = cleaned.get("user"), cleaned.get("group"), cleaned.get("role")
        if user and group:
            self.add_error("group", "Choose a person or a group, not both.")
        elif not user and not group and not self.has_error("user") and not self.has_error("group"):
            self.add_error("user", "Choose a person, or a group below.")
        elif role and (holder := user or group):
            self._check_role(holder, role, cleaned.get("model"))
        return cleaned

    def _check_role(self, holder: User | Group, role: str, model: Any) -> None:
        if (reason := why_not_hold(holder, role)) is not None:
            self.add_error("role", str(reason))
        held = {"user" if isinstance(holder, User) else "group": holder}
        granted = RoleGrant.objects.filter(role=role, model=model, **held).select_related("granted_by").first()
        if granted is not None:
            by = granted.granted_by or SET_UP
            self.add_error("role", f"{holder} is {Role(role).label.lower()} there already, granted by {by}.")

    def validate_constraints(self) -> None:
        """Nothing: clean has asked the same already, and says it beside the field instead of over the page."""


class RevokeForm(forms.Form):
    reason = forms.CharField(
        label="Why",
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text="It goes on the record with your name.",
        error_messages={"required": "Say why: whoever reads the record later will ask."},
    )
