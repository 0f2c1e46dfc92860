"""What tests of the admin site ask of its pages."""

from audit.models import AuditEvent

GRANTS = "/admin/accounts/rolegrant/"
PEOPLE = "/admin/accounts/user/"


def events(verb):
    return list(AuditEvent.objects.filter(verb=verb).order_by("id"))


def errors_of(response):
    return response.context["adminform"].form.errors
