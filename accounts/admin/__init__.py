"""Accounts in the admin site: roles in three steps, people, groups. All writes go through actions."""

from accounts.admin.grants import RoleGrantAdmin
from accounts.admin.groups import GroupAdmin
from accounts.admin.people import PersonAdmin

__all__ = ["GroupAdmin", "PersonAdmin", "RoleGrantAdmin"]
