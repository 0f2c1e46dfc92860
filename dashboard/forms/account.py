from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.password_validation import password_validators_help_texts
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from accounts.models import AccessToken, User


class PersonSignInForm(AuthenticationForm):
    """Signing in to pages is for people; a service account's way in is its token."""

    def confirm_login_allowed(self, user: Any) -> None:
        """Raises ValidationError for closed and for service accounts."""
        super().confirm_login_allowed(user)
        if isinstance(user, User) and user.is_service:
            raise ValidationError("A service account signs in by token only.", code="service_account")

    @property
    def is_refused_as_service(self) -> bool:
        """Whether the password was right and the account isn't a person's."""
        return self.has_error(NON_FIELD_ERRORS, code="service_account")


class NewPasswordForm(PasswordChangeForm):
    """The old password and a new one twice, with the rules for it as one plain hint."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].help_text = " ".join(password_validators_help_texts())
        self.fields["new_password2"].label = "New password again"
        self.fields["new_password2"].help_text = ""


class TokenForm(forms.Form):
    """What a new access token is for, what it may do and how long it lives."""

    name = forms.CharField(label="What it is for", max_length=100, help_text="For example: nightly pipeline.")
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        choices=AccessToken.Scope.choices,
        initial=["read", "write"],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one."},
    )
    days = forms.IntegerField(
        label="Days it lives",
        min_value=1,
        max_value=366,
        initial=90,
        help_text="At most 366. A token that may review lives 1 day.",
    )
