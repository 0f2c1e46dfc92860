"""Role grants: given in three steps, revoked with a reason, never edited."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts import actions
from accounts.admin.grant_forms import RevokeForm, RoleGrantForm
from accounts.models import RoleGrant, User

_ALL_MODELS = "all"


class WhereFilter(admin.SimpleListFilter):
    title = "where"
    parameter_name = "where"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        named = RoleGrant.objects.exclude(model=None).order_by("model__name").values_list("model", "model__name")
        return [(_ALL_MODELS, "All models"), *((str(key), name) for key, name in named.distinct())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[RoleGrant]) -> QuerySet[RoleGrant]:
        chosen = self.value()
        if chosen == _ALL_MODELS:
            return queryset.filter(model=None)
        is_key = chosen is not None and chosen.isdecimal() and len(chosen) < 19
        return queryset.filter(model=int(chosen or 0)) if is_key else queryset


class HolderFilter(admin.SimpleListFilter):
    title = "holder"
    parameter_name = "holder"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("people", "People"), ("services", "Service accounts"), ("groups", "Groups"), ("closed", "Closed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[RoleGrant]) -> QuerySet[RoleGrant]:
        kinds: dict[str | None, dict[str, Any]] = {
            "people": {"user__is_service": False},
            "services": {"user__is_service": True},
            "groups": {"user": None},
            "closed": {"user__is_active": False},
        }
        return queryset.filter(**kinds.get(self.value(), {}))


@admin.register(RoleGrant)
class RoleGrantAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = RoleGrantForm
    fieldsets = (
        ("Step 1 of 3: who", {"fields": ("user", "group")}),
        ("Step 2 of 3: which role", {"fields": ("role",)}),
        ("Step 3 of 3: where", {"fields": ("model",)}),
    )
    list_display = ("role", "holder", "where", "granted_by", "granted_at", "revoke")
    list_filter = ("role", HolderFilter, WhereFilter, "group")
    list_select_related = ("user", "group", "model", "granted_by")
    search_fields = ("user__username", "user__first_name", "user__last_name", "group__name", "model__name")
    search_help_text = "Part of a person's, group's or model's name."
    ordering = ("-granted_at", "-pk")

    class Media:
        css = {"all": ("assaydesk/admin.css",)}

    actions = ("revoke_chosen",)

    @admin.display(description="Who", ordering="user__username")
    def holder(self, grant: RoleGrant) -> SafeString | str:
        if grant.user is None:
            return f"group {grant.group}"
        rights = reverse("person_rights", args=[grant.user.username])
        kind = " (service account)" if grant.user.is_service else ""
        return format_html('<a href="{}">{}</a>{}', rights, grant.user, kind)

    @admin.display(description="Where", ordering="model__name")
    def where(self, grant: RoleGrant) -> str:
        return str(grant.model) if grant.model else "all models"

    @admin.display(description="Take back")
    def revoke(self, grant: RoleGrant) -> SafeString:
        address = reverse("admin:accounts_rolegrant_delete", args=[grant.pk])
        return format_html('<a href="{}" aria-label="Revoke: {}">Revoke…</a>', address, grant)

    def has_change_permission(self, request: HttpRequest, obj: RoleGrant | None = None) -> bool:
        return False  # a grant is given or revoked, so that the record says what happened

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Who holds which role, and where", **(extra_context or {})})

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().add_view(request, form_url, {"title": "Grant a role", **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: RoleGrant, form: Any, change: bool) -> None:
        holder = obj.user or obj.group
        assert holder is not None and isinstance(request.user, User)
        granted = actions.grant_role(obj.role, to=holder, model=obj.model, actor=request.user)
        obj.pk = granted.pk
        if obj.user == request.user:
            text = "You granted this role to yourself: decisions you make by it on promotions don't count."
            messages.warning(request, text)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        offered = super().get_actions(request)
        offered.pop("delete_selected", None)  # it would ask for no reason
        return offered

    @admin.action(description="Revoke the chosen roles…", permissions=["delete"])
    def revoke_chosen(self, request: HttpRequest, queryset: QuerySet[RoleGrant]) -> HttpResponse:
        return self._revoke(request, list(queryset))

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Django's "delete" is our "revoke"."""
        grant = self.get_object(request, unquote(object_id))
        if not self.has_delete_permission(request, grant):
            raise PermissionDenied
        if grant is None:
            messages.warning(request, "That role was revoked already.")
            return redirect("admin:accounts_rolegrant_changelist")
        return self._revoke(request, [grant])

    def _revoke(self, request: HttpRequest, grants: Sequence[RoleGrant]) -> HttpResponse:
        """Asks for the reason, then revokes; the form names the grants again, so both ways here post alike."""
        assert isinstance(request.user, User)
        form = RevokeForm(request.POST if "_revoke" in request.POST else None)
        if not form.is_valid():
            context = {**self.admin_site.each_context(request), "opts": self.opts, "form": form, "grants": grants}
            title = "Revoke this role?" if len(grants) == 1 else f"Revoke these {len(grants)} roles?"
            return TemplateResponse(request, "admin/accounts/rolegrant/revoke.html", {**context, "title": title})
        for grant in grants:
            words = str(grant)
            actions.revoke_role(grant, actor=request.user, reason=form.cleaned_data["reason"])
            messages.success(request, f"Revoked: {words}.")
        return redirect("admin:accounts_rolegrant_changelist")
