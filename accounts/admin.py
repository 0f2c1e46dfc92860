"""Roles in three steps: add a role grant, choose who, which and where, save. All writes go through actions."""

from copy import copy
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, UserChangeForm
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from accounts import actions
from accounts.models import RoleGrant, User
from accounts.permissions import why_not_hold, why_not_service


class RoleGrantForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = RoleGrant
        fields = ("user", "group", "role", "model")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        holder = cleaned.get("user") or cleaned.get("group")
        if holder and (reason := why_not_hold(holder, cleaned.get("role", ""))) is not None:
            self.add_error("role", str(reason))
        return cleaned


@admin.register(RoleGrant)
class RoleGrantAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = RoleGrantForm
    list_display = ("role", "holder", "where", "granted_by", "granted_at")
    list_filter = ("role",)
    list_select_related = ("user", "group", "model", "granted_by")
    search_fields = ("user__username", "group__name", "model__name")

    @admin.display(description="Who")
    def holder(self, grant: RoleGrant) -> str:
        return str(grant.user) if grant.user else f"group {grant.group}"

    @admin.display(description="Where")
    def where(self, grant: RoleGrant) -> str:
        return str(grant.model) if grant.model else "all models"

    def has_change_permission(self, request: HttpRequest, obj: RoleGrant | None = None) -> bool:
        return False  # a grant is given or revoked, so that the record says what happened

    def save_model(self, request: HttpRequest, obj: RoleGrant, form: Any, change: bool) -> None:
        holder = obj.user or obj.group
        assert holder is not None and isinstance(request.user, User)
        granted = actions.grant_role(obj.role, to=holder, model=obj.model, actor=request.user)
        obj.pk = granted.pk

    def delete_model(self, request: HttpRequest, obj: RoleGrant) -> None:
        assert isinstance(request.user, User)
        actions.revoke_role(obj, actor=request.user)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[RoleGrant]) -> None:
        for grant in queryset:
            self.delete_model(request, grant)


class PersonForm(UserChangeForm):  # type: ignore[type-arg]
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("is_service") and (reason := why_not_service(self.instance)) is not None:
            self.add_error("is_service", str(reason))
        return cleaned


class PasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]
    """Another person's password, set (or taken away) by the action, so that it is on the record who did it."""

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor

    def save(self, commit: bool = True) -> Any:
        wanted = self.cleaned_data["password1"] if self.cleaned_data["set_usable_password"] else None
        actions.change_password(self.user, wanted, actor=self.actor)
        return self.user


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]
    form = PersonForm
    list_display = ("username", "display_name", "email", "is_active", "is_service")
    list_filter = ("is_active", "is_service", "groups")
    # Rights are given as role grants; Django's own permission boxes would be a second, unseen way.
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email", "is_service")}),
        ("Sign-in", {"fields": ("is_active",)}),
        ("Groups", {"fields": ("groups",)}),
    )
    filter_horizontal = ("groups",)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        return ("username",) if obj else ()  # the name is what the record knows them by

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        assert isinstance(request.user, User)
        acting = copy(self)  # Django gives the form no request; this instance is shared by all of them
        acting.change_password_form = partial(PasswordForm, actor=request.user)
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


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    # Without Django's permission boxes: a group gets its rights as role grants, which are on the record.
    fields = ("name",)
    search_fields = ("name",)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return False  # policies name groups by their name

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return False  # its grants would go with it, unrecorded

    def save_model(self, request: HttpRequest, obj: Group, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        actions.add_group(obj, actor=request.user)
