from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.reasons import refuse_if
from dashboard.pages.compare import compare_page, waiting_of
from dashboard.pages.compare_choice import Asked, asked_of, choice_page
from dashboard.pages.models import catalogue
from dashboard.signed_in import SignedInRequest, signed_in
from evidence.actions import ask_comparisons
from evidence.comparables import baseline_among, chosen_versions, comparable_datasets, dataset_to_compare_on
from evidence.lineup import Lineup
from evidence.permissions import why_not_ask_comparison
from evidence.queries import lineup_of
from registry.models import Model
from registry.queries import fetch_model, primary_version


@require_safe
@signed_in
def compare_models(request: SignedInRequest) -> HttpResponse:
    """Whose versions to compare: the catalogue, each model leading to the choice of its versions."""
    search, after = request.GET.get("q", "").strip(), request.GET.get("after", "")
    found = catalogue(request.user, search=search, after=after)
    return render(request, "pages/compare_models.html", {"catalogue": found, "search": search, "after": after})


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def compare(request: SignedInRequest, name: str) -> HttpResponse:
    """Versions side by side, or the list to choose them from; POST has a worker make the comparisons that are missing.

    `versions` are numbers, `dataset` is name@number, `baseline` one of the versions; `metric` and `column` choose what
    groups are looked at by. With `part=asked`, how far the comparisons are that were asked for.
    """
    model = fetch_model(name, actor=request.user)
    if request.method == "POST":
        refuse_if(why_not_ask_comparison(model, request.user))
    asked = asked_of(request.POST if request.method == "POST" else request.GET)
    if not asked.can_be_compared:
        return render(request, "pages/compare_choice.html", {"page": choice_page(model, asked), "model": model})
    is_part = request.method == "POST" or request.GET.get("part") == "asked"
    lineup = _lineup(model, asked, drawn=not is_part)
    if lineup is None:
        return render(request, "pages/compare_nothing.html", {"model": model, "asked": asked})
    whole = Asked(
        versions=asked.versions,
        dataset=str(lineup.locked),
        baseline=lineup.baseline.version.number,
        metric=asked.metric,
        column=asked.column,
    )
    if request.method == "POST":
        return _ask(request, lineup, whole)
    if request.GET.get("part") == "asked":
        return _how_far(request, lineup, whole)
    return _page(request, lineup, whole)


def _lineup(model: Model, asked: Asked, *, drawn: bool) -> Lineup | None:
    """None while none of the versions was measured on labelled data."""
    versions = chosen_versions(model, asked.versions)
    locked = dataset_to_compare_on(model, asked.dataset, versions)
    if locked is None:
        return None
    baseline = baseline_among(model, asked.baseline, versions)
    return lineup_of(model, versions, locked, baseline, drawn=drawn)


def _page(request: SignedInRequest, lineup: Lineup, asked: Asked) -> HttpResponse:
    datasets, live = comparable_datasets(lineup.model), primary_version(lineup.model)
    page = compare_page(lineup, request.user, asked=asked, datasets=datasets)
    return render(request, "pages/compare.html", {"page": page, "model": lineup.model, "live": live})


def _how_far(request: SignedInRequest, lineup: Lineup, asked: Asked) -> HttpResponse:
    """The part that asks for itself again; once nothing is left to wait for, the page is loaded anew."""
    waiting = waiting_of(lineup)
    address = asked.address(lineup.model)
    response = render(request, "compare/asked.html", {"waiting": waiting, "address": address})
    if not waiting.open:
        response["HX-Refresh"] = "true"
    return response


def _ask(request: SignedInRequest, lineup: Lineup, asked: Asked) -> HttpResponse:
    if not ask_comparisons(lineup.model, lineup.missing_pairs, actor=request.user):
        messages.info(request, "Nothing is left to compare: it is stored, or a worker is at it.")
    return redirect(asked.address(lineup.model))
