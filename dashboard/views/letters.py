"""The address in every letter that stops them: it works without signing in, and only by a press of the button."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.actions import choose_mail
from accounts.letters import person_to_stop
from accounts.models import MailChoice


# Mail programs press it without a page of ours (RFC 8058); the signed address is what proves the right to.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def stop_letters(request: HttpRequest, token: str) -> HttpResponse:
    """Asks whether letters shall stop, and by POST stops them for whom the address was made. Raises Invalid."""
    person = person_to_stop(token)
    if request.method == "POST":
        choose_mail(person, MailChoice.NONE, actor=person, reason="By the link in a letter.")
    return render(request, "pages/letters_stop.html", {"stopped": person.mail_choice == MailChoice.NONE})
