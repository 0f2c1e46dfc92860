import hashlib

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.reasons import Conflict, NotFound
from audit.actions import record
from registry import events
from registry.card_sections import sections_of
from registry.models import CardRevision, CardSectionReview, Version
from registry.permissions import OwnSections, why_not_own_card
from registry.subjects import version_subject


@transaction.atomic
def store_card_revision(version: Version, *, text: str, actor: User, written_on: str | None = None) -> CardRevision:
    """A wording that `accepted_card` gave; the same again changes nothing and returns the revision there is.

    `written_on` is the digest of the revision that the writer had before them, "" for none. Raises Conflict when
    another one is the newest by now; None doesn't ask.
    """
    Version.objects.select_for_update().get(pk=version.pk)
    digest = hashlib.sha256(text.encode()).hexdigest()
    newest = version.card_revisions.order_by("-number").first()
    if newest is not None and newest.digest == digest:
        return newest
    if written_on is not None and written_on != (newest.digest if newest else ""):
        raise _moved(newest)
    revision = CardRevision.objects.create(
        version=version, number=newest.number + 1 if newest else 1, text=text, digest=digest, written_by=actor
    )
    after = {"revision": revision.number, "digest": digest}
    record(events.CARD_REVISED, version_subject(version), actor=actor, after=after)
    return revision


def _moved(newest: CardRevision | None) -> Conflict:
    if newest is None:
        return Conflict(
            "card_moved", "Not saved: there is no card of which these would be new words.", "Read it again."
        )
    text = f"Not saved: {newest.written_by.display_name} wrote revision {newest.number} of the card meanwhile."
    return Conflict("card_moved", text, "Read it, then decide again; your words are kept.", revision=newest.number)


@transaction.atomic
def mark_card_reviewed(revision: CardRevision, *, actor: User) -> CardRevision:
    """Notes that the actor read this revision and stands by it. Who wrote in the card since its last review can't, nor
    whom a program wrote in it for."""
    if (reason := why_not_own_card(revision, actor)) is not None:
        raise Conflict.because(reason)
    marked = CardRevision.objects.filter(pk=revision.pk, reviewed_by=None)
    if not marked.update(reviewed_by=actor, reviewed_at=timezone.now()):
        raise Conflict("card_reviewed", "This revision of the card was reviewed already.")
    after = {"revision": revision.number, "digest": revision.digest}
    record(events.CARD_REVIEWED, version_subject(revision.version), actor=actor, after=after)
    revision.refresh_from_db()
    return revision


@transaction.atomic
def mark_section_reviewed(revision: CardRevision, *, digest: str, actor: User) -> CardSectionReview:
    """Notes that the actor read one section of this revision; marked twice, the first mark stays.

    Raises NotFound when no section of it has the digest, and Conflict for who wrote that section.
    """
    section = next((each for each in sections_of(revision.text) if each.digest == digest), None)
    if section is None:
        raise NotFound("no_such_section", f"No section of {revision} reads so.", "Read it again, then decide.")
    if (reason := OwnSections(revision, actor).why_not(section)) is not None:
        raise Conflict.because(reason)
    Version.objects.select_for_update().get(pk=revision.version_id)
    if (found := revision.section_reviews.filter(digest=digest).first()) is not None:
        return found
    marked = CardSectionReview.objects.create(
        revision=revision, section=section.title[:200], digest=digest, reviewed_by=actor
    )
    after = {"revision": revision.number, "section": marked.section, "digest": digest}
    record(events.CARD_SECTION_REVIEWED, version_subject(revision.version), actor=actor, after=after)
    return marked
