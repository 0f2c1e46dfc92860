"""Roles in three steps: add a role grant, choose who, which and where, save. All writes go through actions."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import actions
from accounts.models import RoleGrant, User
from accounts.roles import Role


class RoleGrantForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = RoleGrant
        fields = ("user", "group", "role", "model")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        user = cleaned.get("user")
        if user and user.is_service and cleaned.get("role") in {Role.REVIEWER, Role.APPROVER, Role.ADMINISTRATOR}:
            self.add_error("role", f"{user} is a service account; only people decide.")
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


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]
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
