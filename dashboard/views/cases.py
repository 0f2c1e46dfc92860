from dataclasses import replace

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.reasons import Invalid, NotFound, Refusal
from accounts.roles import VIEW_ROWS
from audit.spreadsheets import csv_lines
from dashboard.pages.cases import ANY, ORDERS, Chosen, cases_page, compared_pairs, file_rows
from dashboard.signed_in import SignedInRequest, signed_in
from dashboard.views.page_keys import key_from
from evidence.actions.cases import export_cases, show_cases
from evidence.cases import BY_CHANGE, Asked, check_asked, comparison_of, count_cases, segment_asked
from evidence.fitting import why_not_judged_on
from evidence.models import LockedDataset
from evidence.permissions import why_not_see_rows
from evidence.queries import locked_dataset_named
from registry.models import Model, Version
from registry.queries import fetch_model, fetch_version


@require_GET
@signed_in
def cases(request: SignedInRequest, name: str) -> HttpResponse:
    """The rows behind a comparison. Rows that are shown are noted, in the ledger and on the record.

    A GET elsewhere changes nothing; here it writes that somebody looked, because looking is what is counted. So rows
    are shown only when the address names an outcome, and no cache keeps the page.
    """
    model = fetch_model(name, actor=request.user)
    if not request.GET.get("against"):
        return _choice(request, model)
    chosen = _chosen(request, model)
    asked = _asked(request, chosen.locked)
    may_see = why_not_see_rows(model, request.user) is None
    wanted = chosen.comparison if request.GET.get("outcome") and may_see else None
    shown = show_cases(wanted, asked, actor=request.user) if wanted else None
    page = cases_page(model, chosen, request.user, asked=asked, shown=shown)
    response = render(request, "pages/cases.html", {"model": model, "page": page})
    response["Cache-Control"] = "no-store"
    return response


@require_GET
@signed_in
def cases_file(request: SignedInRequest, name: str) -> StreamingHttpResponse:
    """The rows asked for as CSV, as many as are given away at once; noted before the first of them leaves."""
    model = fetch_model(name, actor=request.user, permission=VIEW_ROWS)
    chosen = _chosen(request, model)
    asked = replace(_asked(request, chosen.locked), after=None)
    if chosen.comparison is None:
        raise NotFound("not_compared", f"{chosen.candidate} and {chosen.baseline} were not compared.")
    rows = export_cases(chosen.comparison, asked, actor=request.user)
    lines = csv_lines(file_rows(chosen, rows, fitting=count_cases(chosen.comparison, asked)))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{model.name}-v{chosen.candidate.number}-rows.csv"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response


def _choice(request: SignedInRequest, model: Model) -> HttpResponse:
    """The comparisons there are, for who didn't say which."""
    version, dataset = key_from(request, "version"), request.GET.get("dataset", "")
    context = {"model": model, "pairs": compared_pairs(model, version=version, dataset=dataset), "version": version}
    return render(request, "pages/cases_choice.html", context)


def _chosen(request: SignedInRequest, model: Model) -> Chosen:
    """What the address names. Raises NotFound for what isn't there and Invalid for what never could be compared."""
    candidate, baseline = (_version(request, model, key) for key in ("version", "against"))
    reference = request.GET.get("dataset", "")
    locked = locked_dataset_named(reference)
    if locked is None:
        raise NotFound("not_found", f"There is no locked dataset {reference!r}.", "Write it as name@number.")
    if candidate == baseline:
        raise Invalid("same_version", f"{candidate} can't be compared with itself.", "Name another version.")
    if not locked.is_labelled:
        text = f"{locked} has no labels, so nobody knows which answers are right."
        raise Invalid("no_labels", text, "Name a dataset with labels.")
    for version in (candidate, baseline):
        if (misfit := why_not_judged_on(version, locked)) is not None:
            raise Refusal.because(misfit)
    return Chosen(candidate, baseline, locked, comparison_of(candidate, baseline, locked))


def _version(request: SignedInRequest, model: Model, key: str) -> Version:
    number = key_from(request, key)
    if number is None:
        raise Invalid("no_version", f"The address names no {key}.", "Write ?version=4&against=3&dataset=name@1.")
    return fetch_version(model.name, number, actor=request.user)


def _asked(request: SignedInRequest, locked: LockedDataset) -> Asked:
    sent = request.GET
    column, segment = segment_asked(sent.get("segment", ""), locked)
    outcome = sent.get("outcome", "")
    by = sent.get("by") or BY_CHANGE
    asked = Asked(
        "" if outcome == ANY else outcome, column, segment, ORDERS.get(by, by), after=key_from(request, "after")
    )
    check_asked(asked, locked)
    return asked
