from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import may_everywhere
from accounts.reasons import NotFound
from accounts.roles import ADMINISTER
from dashboard.pages.gate_wording import gate_kinds
from dashboard.pages.policies import policy_page, policy_rows, visible_policies
from dashboard.signed_in import SignedInRequest, signed_in
from dashboard.views.page_keys import key_from


@require_safe
@signed_in
def policies(request: SignedInRequest) -> HttpResponse:
    """Every policy that holds for models in general or for one the reader can see."""
    context = {
        "rows": policy_rows(request.user),
        "kinds": gate_kinds(),
        "may_edit": may_everywhere(request.user, ADMINISTER),
    }
    return render(request, "pages/policies.html", context)


@require_safe
@signed_in
def policy(request: SignedInRequest, number: int) -> HttpResponse:
    """One policy, in its newest revision or the one asked for by `revision`."""
    found = visible_policies(request.user).filter(pk=number).first()
    page = policy_page(found, key_from(request, "revision")) if found else None
    if page is None:
        raise NotFound("not_found", f"There is no policy {number} that you can see, or not this revision of it.")
    context = {"page": page, "may_edit": may_everywhere(request.user, ADMINISTER)}
    return render(request, "pages/policy.html", context)
