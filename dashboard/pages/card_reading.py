"""The page of a model card: to read, to compare with another wording, to review."""

from dataclasses import dataclass

from accounts.models import User
from accounts.reasons import NotFound
from dashboard.pages.card import CardRights, ShownCard, card_rights, shown_card
from dashboard.pages.card_difference import Difference, difference_between
from dashboard.pages.card_sections import SectionsRead, sections_read
from registry.models import CardRevision, Version
from registry.queries import newest_card

REVISIONS_SHOWN = 25
OTHERS_OFFERED = 50


@dataclass(frozen=True)
class Asked:
    """What the address asks for: revision `read` in place of the newest, the `whole` of it, and the difference from
    the newest card of the version `against`, else from the own revision `revision`. Numbers; None asks nothing."""

    read: int | None = None
    revision: int | None = None
    against: int | None = None
    whole: bool = False


@dataclass(frozen=True)
class Compared:
    """The wording that the card is compared with, and the difference from there to the card."""

    revision: CardRevision
    difference: Difference


@dataclass(frozen=True)
class CardPage:
    """`card` is what is read, None where there is none; `is_newest` says whether it is what counts now."""

    version: Version
    card: ShownCard | None
    is_newest: bool
    rights: CardRights
    asked: Asked
    compared: Compared | None
    sections: SectionsRead | None
    revisions: list[CardRevision]
    others: list[Version]


def card_page(version: Version, user: User, asked: Asked) -> CardPage:
    """The page; a fixed number of queries. Raises NotFound for a wording that isn't there."""
    newest = newest_card(version)
    read = _revision(version, asked.read) if asked.read is not None else newest
    is_newest = read is not None and newest is not None and read.pk == newest.pk
    card = shown_card(read, whole=asked.whole) if read else None
    revisions = version.card_revisions.select_related("written_by", "reviewed_by").defer("text").order_by("-number")
    return CardPage(
        version=version,
        card=card,
        is_newest=is_newest,
        rights=card_rights(version, newest, user),
        asked=asked,
        compared=_compared(version, read, asked) if read else None,
        sections=sections_read(version, newest, user) if newest and is_newest else None,
        revisions=list(revisions[:REVISIONS_SHOWN]),
        others=_others(version),
    )


def _revision(version: Version, number: int) -> CardRevision:
    found = version.card_revisions.select_related("written_by", "reviewed_by").filter(number=number).first()
    if found is None:
        raise NotFound("no_such_revision", f"The card of {version} has no revision {number}.", "Its page lists them.")
    return found


def _compared(version: Version, read: CardRevision, asked: Asked) -> Compared | None:
    if asked.against is not None:
        other = Version.objects.filter(model=version.model_id, number=asked.against).first()
        before = newest_card(other) if other else None
        if before is None:
            raise NotFound("no_card", f"Version {asked.against} of {version.model.name} has no card to compare with.")
    elif asked.revision is not None:
        before = _revision(version, asked.revision)
    else:
        return None
    return Compared(before, difference_between(before.text, read.text))


def _others(version: Version) -> list[Version]:
    """Versions of the model whose cards this one can be compared with, the newest first."""
    found = Version.objects.filter(model=version.model_id, card_revisions__isnull=False).exclude(pk=version.pk)
    return list(found.distinct().only("number", "label", "model_id").order_by("-number")[:OTHERS_OFFERED])
