from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.reasons import NotFound
from dashboard.pages.evidence import Asked, evidence_of_version, evidence_page, metric_asked
from dashboard.signed_in import SignedInRequest, signed_in
from dashboard.views.page_keys import key_from
from evidence.queries import locked_dataset_named
from registry.models import Version
from registry.queries import fetch_version


@require_safe
@signed_in
def evidence(request: SignedInRequest, name: str, number: int, dataset: str, dataset_number: int) -> HttpResponse:
    """What is stored of a version on a locked dataset; `metric` chooses what groups are looked at by, and `against`
    another version of the model, by number, to be drawn beside it."""
    version = fetch_version(name, number, actor=request.user)
    reference = f"{dataset}@{dataset_number}"
    locked = locked_dataset_named(reference)
    evaluation = evidence_of_version(version, locked) if locked else None
    if evaluation is None:
        raise NotFound(
            "no_evidence", f"There is no evidence of {version} on {reference}.", "Its page lists what there is."
        )
    asked = Asked(metric_asked(request.GET.get("metric", ""), version.task), _other(request, version))
    return render(request, "pages/evidence.html", {"page": evidence_page(evaluation, asked)})


def _other(request: SignedInRequest, version: Version) -> Version | None:
    """The version of the same model named in `against`; None for none, or itself. Raises NotFound as fetching does."""
    number = key_from(request, "against")
    if number is None or number == version.number:
        return None
    return fetch_version(version.model.name, number, actor=request.user)
