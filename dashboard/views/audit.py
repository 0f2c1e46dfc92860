from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from accounts.reasons import Invalid, refuse_if
from accounts.roles import AUDIT
from audit.export import FORMS, export_events
from dashboard.forms.audit import RecordFilterForm
from dashboard.pages.audit import audit_page
from dashboard.signed_in import SignedInRequest, signed_in
from dashboard.views.page_keys import key_from
from registry.permissions import why_not_export
from registry.queries import models_on_record_for


@require_safe
@signed_in
def audit(request: SignedInRequest) -> HttpResponse:
    """The record, newest first; filtered by exact model, verb, user name and days, paged by the last event seen."""
    form, before = RecordFilterForm(request.GET), key_from(request, "before")
    page = audit_page(request.user, form, before)
    return render(request, "pages/audit.html", {"page": page, "form": form, "before": before})


# By POST though it reads: it puts its own event on the record, and no address that is opened may do that.
@require_POST
@signed_in
def export_record(request: SignedInRequest) -> StreamingHttpResponse:
    """The record of the models the reader audits as a file, under the page's filters."""
    form, wanted = RecordFilterForm(request.POST), request.POST.get("format", "")
    if not form.is_valid() or wanted not in FORMS:
        raise Invalid("bad_filter", "That can't be looked for.", "Go back to the audit page and filter again.")
    filters = form.filters_for(request.user)
    refuse_if(why_not_export(request.user, filters.model))
    audited = models_on_record_for(request.user, AUDIT)
    export = export_events(filters, form=wanted, actor=request.user, visible_models=audited)
    return StreamingHttpResponse(export.content, content_type=export.content_type, headers=export.headers)
