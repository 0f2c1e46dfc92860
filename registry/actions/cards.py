import hashlib

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.reasons import Conflict
from audit.actions import record
from registry import events
from registry.cards import check_card
from registry.models import CardRevision, Version
from registry.permissions import why_not_own_card
from registry.subjects import version_subject


def add_card_revision(version: Version, *, text: str, actor: User) -> CardRevision:
    """The version's card in a new wording, checked and stored. Raises what `check_card` does."""
    check_card(text)
    return store_card_revision(version, text=text, actor=actor)


@transaction.atomic
def store_card_revision(version: Version, *, text: str, actor: User) -> CardRevision:
    """A wording that `check_card` passed; the same again changes nothing and returns the revision there is."""
    Version.objects.select_for_update().get(pk=version.pk)
    digest = hashlib.sha256(text.encode()).hexdigest()
    newest = version.card_revisions.order_by("-number").first()
    if newest is not None and newest.digest == digest:
        return newest
    revision = CardRevision.objects.create(
        version=version, number=newest.number + 1 if newest else 1, text=text, digest=digest, written_by=actor
    )
    after = {"revision": revision.number, "digest": digest}
    record(events.CARD_REVISED, version_subject(version), actor=actor, after=after)
    return revision


@transaction.atomic
def mark_card_reviewed(revision: CardRevision, *, actor: User) -> CardRevision:
    """Notes that the actor read this revision and stands by it. Its writer can't, nor whom a program wrote it for."""
    if (reason := why_not_own_card(revision, actor)) is not None:
        raise Conflict.because(reason)
    marked = CardRevision.objects.filter(pk=revision.pk, reviewed_by=None)
    if not marked.update(reviewed_by=actor, reviewed_at=timezone.now()):
        raise Conflict("card_reviewed", "This revision of the card was reviewed already.")
    after = {"revision": revision.number, "digest": revision.digest}
    record(events.CARD_REVIEWED, version_subject(revision.version), actor=actor, after=after)
    revision.refresh_from_db()
    return revision
