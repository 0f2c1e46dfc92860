"""Groups: added by name; members are chosen at each person, roles granted to the group."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as GroupAdminOfDjango  # its module registers the page replaced here
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from accounts import actions
from accounts.models import User

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(GroupAdminOfDjango):
    # Without Django's permission boxes: a group gets its rights as role grants, which are on the record.
    search_fields = ("name",)
    readonly_fields = ("members", "roles")

    def get_fields(self, request: HttpRequest, obj: Group | None = None) -> tuple[str, ...]:
        return ("name", "members", "roles") if obj else ("name",)

    @admin.display(description="Members")
    def members(self, group: Group) -> SafeString | str:
        people = User.objects.filter(groups=group).order_by("username")
        return format_html_join(", ", "{} ({})", ((each, each.username) for each in people)) or "Nobody yet"

    @admin.display(description="Roles of every member")
    def roles(self, group: Group) -> SafeString | str:
        grants = group.role_grants.select_related("user", "group", "model").order_by("model__name", "role")
        where = ((each.get_role_display(), each.model or "all models") for each in grants)
        return format_html_join(", ", "{} on {}", where) or "None yet: add a role grant for the group"

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return False  # policies name groups by their name

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return False  # its grants would go with it, unrecorded

    def save_model(self, request: HttpRequest, obj: Group, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        actions.add_group(obj, actor=request.user)
