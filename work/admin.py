"""Letters as operators of the site see them: what was sent, what waits and why. Their words stay closed."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import pluralize

from work.models import Job, Mail
from work.outbox import send_again

_FATES = {
    Mail.Fate.SENT: Q(sent_at__isnull=False),
    Mail.Fate.WAITING: Q(sent_at=None, job__state__in=Job.OPEN),
    Mail.Fate.REFUSED: Q(sent_at=None, job__isnull=False) & ~Q(job__state__in=Job.OPEN),
    Mail.Fate.PUT_OFF: Q(sent_at=None, job=None, put_off_for__isnull=False),
    Mail.Fate.TOLD: Q(sent_at=None, job=None, put_off_for=None),
}


class FateFilter(admin.SimpleListFilter):
    """By what became of letters, with how many there are of each that didn't arrive."""

    title = "what became of it"
    parameter_name = "fate"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(fate.value, f"{fate.label}{self._count(fate)}") for fate in Mail.Fate]

    def _count(self, fate: Mail.Fate) -> str:
        if fate not in {Mail.Fate.WAITING, Mail.Fate.REFUSED}:
            return ""
        return f" ({Mail.objects.filter(_FATES[fate]).count()})"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Mail]) -> QuerySet[Mail]:
        chosen = self.value()
        return queryset.filter(_FATES[Mail.Fate(chosen)]) if chosen in Mail.Fate.values else queryset


@admin.register(Mail)
class MailAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("written_at", "recipient", "subject", "what_became_of_it", "attempts", "next_try", "last_error")
    list_display_links = ("subject",)
    list_filter = (FateFilter, "kind")
    list_select_related = ("job",)
    search_fields = ("recipient", "subject")
    ordering = ("-written_at", "-pk")
    fields = (*list_display, "kind", "sent_at", "told_in")
    readonly_fields = fields
    show_full_result_count = False
    actions = ("send_again",)

    @admin.display(description="What became of it")
    def what_became_of_it(self, mail: Mail) -> str:
        return Mail.Fate(mail.fate).label

    @admin.display(description="Attempts")
    def attempts(self, mail: Mail) -> int | str:
        return mail.job.attempt if mail.job else ""

    @admin.display(description="Next try")
    def next_try(self, mail: Mail) -> Any:
        return mail.job.not_before if mail.job and mail.fate == Mail.Fate.WAITING else None

    @admin.display(description="Last error")
    def last_error(self, mail: Mail) -> str:
        return mail.job.error if mail.job and mail.sent_at is None else ""

    @admin.action(description="Send again what was not delivered", permissions=["view"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Mail]) -> None:
        actor: Any = request.user
        sent = sum(send_again(mail, actor=actor) for mail in queryset)
        words = f"{sent} letter{pluralize(sent)} will be tried again."
        messages.info(request, words if sent else "None of these letters was given up.")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Mail | None = None) -> bool:
        return False  # what was written to somebody stays as it was

    def has_delete_permission(self, request: HttpRequest, obj: Mail | None = None) -> bool:
        return False
