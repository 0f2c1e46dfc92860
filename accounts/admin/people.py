"""People and service accounts: added, edited, closed; never deleted."""

from collections.abc import Callable
from copy import copy
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, UserChangeForm
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts import actions
from accounts.models import User
from accounts.permissions import why_not_service
from accounts.queries import roles_held


class PersonForm(UserChangeForm):  # type: ignore[type-arg]
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("is_service") and (reason := why_not_service(self.instance)) is not None:
            self.add_error("is_service", str(reason))
        return cleaned


class PasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]
    """Another person's password, set (or taken away) by the action, so that it is on the record who did it."""

    def __init__(self, *args: Any, actor: User, tell: Callable[[str], None], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor, self.tell = actor, tell
        ends = " Their other sessions and all their access tokens end with the old one."
        self.fields["password1"].help_text += ends

    def save(self, commit: bool = True) -> Any:
        wanted = self.cleaned_data["password1"] if self.cleaned_data["set_usable_password"] else None
        if ended := actions.change_password(self.user, wanted, actor=self.actor):
            self.tell(f"{ended} access token{pluralize(ended)} of {self.user} ended.")
        return self.user


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]
    form = PersonForm
    list_display = ("username", "display_name", "email", "is_active", "is_service", "rights")
    list_filter = ("is_active", "is_service", "groups")
    # Rights are given as role grants; Django's own permission boxes would be a second, unseen way.
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email", "is_service")}),
        ("Sign-in", {"fields": ("is_active",)}),
        ("Groups", {"fields": ("groups",), "description": "A group's roles are everybody's who is in it."}),
        ("What this account may do", {"fields": ("roles", "rights")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "first_name", "last_name", "email", "is_service")}),
        (
            "Sign-in",
            {
                "fields": ("usable_password", "password1", "password2"),
                "description": "A service account needs no password: it comes by token only.",
            },
        ),
    )
    filter_horizontal = ("groups",)

    @admin.display(description="Roles")
    def roles(self, person: User) -> SafeString:
        """Every role that reaches the account, and where to grant one more."""
        told = (
            (held.title, held.where, f"through group {held.group}" if held.group else "directly", held.number)
            for held in roles_held(person)
        )
        listed = format_html_join("", "{} on {}, {} (grant {})<br>", told) or format_html("{}<br>", "None yet")
        grant = f"{reverse('admin:accounts_rolegrant_add')}?user={person.pk}"
        return format_html('{}<a href="{}">Grant a role</a>', listed, grant)

    @admin.display(description="Rights")
    def rights(self, person: User) -> SafeString:
        address = reverse("person_rights", args=[person.username])
        return format_html('<a href="{}">What {} may do, and why</a>', address, person.username)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        # The name is what the record knows them by.
        return ("username", "roles", "rights") if obj else ("roles", "rights")

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        assert isinstance(request.user, User)
        acting = copy(self)  # Django gives the form no request; this instance is shared by all of them
        tell = partial(messages.info, request)
        acting.change_password_form = partial(PasswordForm, actor=request.user, tell=tell)
        return super(PersonAdmin, acting).user_change_password(request, id, form_url)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        keep = actions.edit_person if change else actions.add_person
        keep(obj, actor=request.user)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        if "groups" in form.cleaned_data:
            actions.change_groups(form.instance, form.cleaned_data["groups"], actor=request.user)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False  # people leave by being made inactive; what they did stays theirs
