from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import require_somewhere
from accounts.reasons import NotFound
from accounts.roles import VIEW
from dashboard.pages.dataset_version import dataset_version_page
from dashboard.pages.datasets import dataset_list, dataset_page
from dashboard.signed_in import SignedInRequest, signed_in
from dashboard.views.page_keys import key_from
from registry.queries import dataset_versions_named, datasets_named


@require_safe
@signed_in
def datasets(request: SignedInRequest) -> HttpResponse:
    """Every dataset, searched by `q`: they belong to no model, so whoever sees any model sees them."""
    require_somewhere(request.user, VIEW)
    search, after = request.GET.get("q", "").strip(), request.GET.get("after", "")
    context = {"found": dataset_list(search=search, after=after), "search": search, "after": after}
    return render(request, "pages/datasets.html", context)


@require_safe
@signed_in
def dataset(request: SignedInRequest, name: str) -> HttpResponse:
    """A dataset with its versions, newest first."""
    require_somewhere(request.user, VIEW)
    found = datasets_named(name).first()
    if found is None:
        raise NotFound("not_found", f"There is no dataset named {name!r}.")
    before = key_from(request, "before")
    context = {"page": dataset_page(found, request.user, before=before), "before": before}
    return render(request, "pages/dataset.html", context)


@require_safe
@signed_in
def dataset_version(request: SignedInRequest, name: str, number: int) -> HttpResponse:
    """One version of a dataset with its declaration, what rests on it, and its exposure ledger."""
    require_somewhere(request.user, VIEW)
    found = dataset_versions_named(f"{name}@{number}").select_related("locked__locked_by", "created_by").first()
    if found is None:
        raise NotFound("not_found", f"There is no dataset version {name}@{number}.")
    before = key_from(request, "ledger_before")
    context = {"page": dataset_version_page(found, request.user, ledger_before=before), "ledger_before": before}
    return render(request, "pages/dataset_version.html", context)
