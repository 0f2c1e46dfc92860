from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import pluralize
from django.urls import reverse_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.actions import change_password as change_password_of
from accounts.actions import choose_mail, issue_token, revoke_token
from accounts.models import AccessToken, MailChoice
from accounts.queries import usable_tokens
from accounts.reasons import Invalid, NotFound, Reason, Refusal
from dashboard.forms.account import NewPasswordForm, PersonSignInForm, TokenForm
from dashboard.pages.account import MAIL_CHOSEN, account_page
from dashboard.signed_in import SignedInRequest, signed_in
from dashboard.whole_numbers import whole_number

#: Apart from the ids of other forms on the page.
IDS_OF_FIELDS = "new_%s"

sign_in = LoginView.as_view(authentication_form=PersonSignInForm)
sign_out = LogoutView.as_view()


class ChangePassword(PasswordChangeView):
    """The signed-in person's own password; other sessions of theirs end with it."""

    form_class = NewPasswordForm
    template_name = "pages/password.html"
    success_url = reverse_lazy("account")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(tokens=usable_tokens(self.request.user).count(), **kwargs)  # type: ignore[arg-type]

    def form_valid(self, form: Any) -> HttpResponse:
        ended = change_password_of(form.user, form.cleaned_data["new_password1"], actor=form.user)
        update_session_auth_hash(self.request, form.user)
        tokens = f", and {ended} access token{pluralize(ended)} ended" if ended else ""
        messages.success(self.request, f"Your password is changed. Other devices are signed out{tokens}.")
        return redirect(self.get_success_url())


change_password = signed_in(ChangePassword.as_view())


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in
def account(request: SignedInRequest) -> HttpResponse:
    """Who the reader is and what they may do; issues and revokes their tokens and takes their choice of letters
    (`action` says which)."""
    if request.method != "POST":
        return _page(request, TokenForm(auto_id=IDS_OF_FIELDS))
    action = request.POST.get("action")
    if action == "issue":
        return _issue(request)
    if action == "revoke":
        return _revoke(request)
    if action == "choose_mail":
        return _choose_mail(request)
    raise Invalid("unknown_action", f"This page has no form named {action!r}.", "Reload the page.")


def _page(
    request: SignedInRequest, form: TokenForm, *, shown_once: str = "", reason: Reason | None = None, status: int = 200
) -> HttpResponse:
    context = {"page": account_page(request.user), "form": form, "shown_once": shown_once, "reason": reason}
    return render(request, "pages/account.html", context, status=status)


def _issue(request: SignedInRequest) -> HttpResponse:
    form = TokenForm(request.POST, auto_id=IDS_OF_FIELDS)
    if not form.is_valid():
        return _page(request, form, status=422)
    wanted = form.cleaned_data
    try:
        _, text = issue_token(
            request.user, actor=request.user, scopes=wanted["scopes"], days=wanted["days"], name=wanted["name"]
        )
    except Refusal as refusal:
        return _page(request, form, reason=refusal.reason, status=refusal.status)
    # In the answer itself, never by a redirect: an address would keep the secret in histories and logs.
    return _page(request, TokenForm(auto_id=IDS_OF_FIELDS), shown_once=text)


def _revoke(request: SignedInRequest) -> HttpResponse:
    key = whole_number(request.POST.get("token", ""))
    token = AccessToken.objects.filter(user=request.user, pk=key).first() if key is not None else None
    if token is None:
        raise NotFound("no_such_token", "There is no such token of yours.")
    revoke_token(token, actor=request.user)
    return redirect("account")


def _choose_mail(request: SignedInRequest) -> HttpResponse:
    choose_mail(request.user, request.POST.get("choice", ""), actor=request.user)
    messages.success(request, MAIL_CHOSEN[MailChoice(request.user.mail_choice)])
    return redirect("account")
