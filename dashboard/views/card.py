"""A version's model card: reading and reviewing it, writing it, taking it away as a file."""

from collections.abc import Callable
from dataclasses import replace

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.reasons import Conflict, Invalid, NotFound, Refusal, TooLarge
from accounts.roles import CONTRIBUTE, REVIEW
from approvals.intake import review_card, revise_card
from dashboard.pages.card_editing import Editor, fresh_editor
from dashboard.pages.card_reading import Asked, card_page
from dashboard.signed_in import SignedInRequest, signed_in
from dashboard.views.page_keys import key_from
from evidence.card_export import in_hugging_face_format
from registry.actions import mark_section_reviewed
from registry.card_sections import with_sections
from registry.cards import with_plain_line_ends
from registry.models import CardRevision, Version
from registry.queries import fetch_version, newest_card

#: A downloaded file opened by a browser must not run as a page of ours.
FILE_POLICY = "default-src 'none'; sandbox"


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def card(request: SignedInRequest, name: str, number: int) -> HttpResponse:
    """The card to read; `read`, `revision`, `against` and `whole` choose what of it. Its forms review it."""
    if request.method != "POST":
        return _reading(request, fetch_version(name, number, actor=request.user))
    try:
        return _review(request, fetch_version(name, number, actor=request.user, permission=REVIEW))
    except Refusal as refusal:
        if refusal.status in {403, 404}:
            raise
        return _reading(request, fetch_version(name, number, actor=request.user), refusal)


def _reading(request: SignedInRequest, version: Version, refusal: Refusal | None = None) -> HttpResponse:
    asked = Asked(
        read=key_from(request, "read"),
        revision=key_from(request, "revision"),
        against=key_from(request, "against"),
        whole="whole" in request.GET,
    )
    context = {"page": card_page(version, request.user, asked), "reason": refusal.reason if refusal else None}
    return render(request, "pages/card.html", context, status=refusal.status if refusal else 200)


def _review(request: SignedInRequest, version: Version) -> HttpResponse:
    """Of one section where its digest is sent, else of the whole card."""
    revision = newest_card(version)
    if revision is None:
        raise Invalid("no_card", f"{version} has no card to review.", "A contributor writes it.")
    if request.POST.get("seen") != revision.digest:
        text = f"Not noted: {revision.written_by.display_name} wrote revision {revision.number} of the card meanwhile."
        raise Conflict("card_moved", text, "Read it, then decide again.")
    if digest := request.POST.get("section", ""):
        mark_section_reviewed(revision, digest=digest, actor=request.user)
        return redirect(f"{request.path}#sections")
    review_card(revision, actor=request.user)
    return redirect(request.path)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def edit_card(request: SignedInRequest, name: str, number: int) -> HttpResponse:
    """The card to write. Whatever the form is asked for, the words in it come back; saving leads to the card."""
    version = fetch_version(name, number, actor=request.user, permission=CONTRIBUTE)
    if request.method != "POST":
        return _editing(request, fresh_editor(version))
    editor = Editor(version, with_plain_line_ends(request.POST.get("text", "")), request.POST.get("seen", ""))
    action = request.POST.get("action", "")
    try:
        if action not in ACTIONS:
            raise Invalid("unknown_action", f"This page has no form named {action!r}.", "Press one of its buttons.")
        return ACTIONS[action](request, editor)
    except Refusal as refusal:
        return _editing(request, replace(editor, reason=refusal.reason), refusal.status)


def _editing(request: SignedInRequest, editor: Editor, status: int = 200) -> HttpResponse:
    return render(request, "pages/card_edit.html", {"page": editor}, status=status)


def _preview(request: SignedInRequest, editor: Editor) -> HttpResponse:
    return _editing(request, replace(editor, previews=True))


def _preview_whole(request: SignedInRequest, editor: Editor) -> HttpResponse:
    return _editing(request, replace(editor, previews=True, whole=True))


def _add_sections(request: SignedInRequest, editor: Editor) -> HttpResponse:
    return _editing(request, replace(editor, text=with_sections(editor.text, editor.wanted)))


def _import(request: SignedInRequest, editor: Editor) -> HttpResponse:
    """The words of a file into the form, to be looked at before they are saved."""
    file = request.FILES.get("file")
    if file is None or file.size is None:
        raise Invalid("no_file", "No file was chosen.", "Choose a README.md, then take its words.")
    if file.size > settings.MAX_CARD_BYTES:
        text = f"{file.name} has {file.size:,} bytes; a card has at most {settings.MAX_CARD_BYTES:,} (256 KiB)."
        raise TooLarge("card_too_large", text, "Shorten it.")
    try:
        text = with_plain_line_ends(file.read().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Invalid(
            "not_text", f"{file.name} is not text in UTF-8.", "Save it as UTF-8 and take it again."
        ) from error
    replaced = editor.text if editor.text.strip() != text.strip() else ""
    return _editing(request, replace(editor, text=text, previews=True, replaced=replaced))


def _save(request: SignedInRequest, editor: Editor) -> HttpResponse:
    version = editor.version
    try:
        revise_card(version, text=editor.text, actor=request.user, written_on=editor.seen)
    except Conflict as conflict:
        theirs = newest_card(version)
        seen = theirs.digest if theirs else ""
        return _editing(request, replace(editor, reason=conflict.reason, theirs=theirs, seen=seen), conflict.status)
    return redirect("card", version.model.name, version.number)


ACTIONS: dict[str, Callable[[SignedInRequest, Editor], HttpResponse]] = {
    "preview": _preview,
    "whole": _preview_whole,
    "sections": _add_sections,
    "import": _import,
    "save": _save,
}


@require_safe
@signed_in
def card_file(request: SignedInRequest, name: str, number: int) -> HttpResponse:
    """The newest card as README.md: as it was written, or with `format=huggingface` as Hugging Face's tools read it."""
    version = fetch_version(name, number, actor=request.user)
    revision = newest_card(version)
    if revision is None:
        raise NotFound("no_card", f"{version} has no card.", "A contributor writes it.")
    response = HttpResponse(_text(request, revision), content_type="text/markdown; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="README.md"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = FILE_POLICY
    return response


def _text(request: SignedInRequest, revision: CardRevision) -> str:
    return in_hugging_face_format(revision) if request.GET.get("format") == "huggingface" else revision.text
