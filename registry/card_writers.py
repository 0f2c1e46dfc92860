"""Who wrote what of a card: whoever did is no second pair of eyes on it."""

from dataclasses import dataclass

from django.db.models import IntegerField, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from accounts.models import User
from registry.card_sections import Section, sections_of
from registry.models import CardRevision


def written_for(revisions: QuerySet[CardRevision], user: User) -> QuerySet[CardRevision]:
    """Those of one version's revisions that this person wrote, or a program whose version is theirs."""
    version = Q(version__registered_by=user) | Q(version__on_behalf_of=user)
    return revisions.filter(Q(written_by=user) | Q(written_by__is_service=True) & version)


def up_to(revision: CardRevision) -> QuerySet[CardRevision]:
    """The revision and those before it, without their texts, the newest first."""
    found = CardRevision.objects.filter(version=revision.version_id, number__lte=revision.number)
    return found.select_related("written_by").defer("text").order_by("-number")


def since_review(revision: CardRevision) -> QuerySet[CardRevision]:
    """The revision and those before it that came after the last one that was reviewed as a whole: what somebody
    else has not read yet."""
    reviewed = up_to(revision).filter(number__lt=revision.number).exclude(reviewed_by=None).values("number")[:1]
    return up_to(revision).filter(number__gt=Coalesce(Subquery(reviewed), Value(0), output_field=IntegerField()))


@dataclass(frozen=True)
class _Wording:
    """What of a revision says who wrote a section: digests by title, and those that were read in it."""

    revision: CardRevision
    digests: dict[str, str]
    read: frozenset[str]

    def of(self, section: Section) -> str:
        """The digest of the section as it stood then: the same words, else those under its title; empty for none."""
        return section.digest if section.digest in self.digests.values() else self.digests.get(section.title, "")


class SectionHistory:
    """A card's sections from its first revision to this one. Two queries, however many there are of either."""

    def __init__(self, revision: CardRevision) -> None:
        found = up_to(revision).defer(None).prefetch_related("section_reviews").order_by("number")
        self._wordings = [_wording(each) for each in found]

    def writings_of(self, section: Section) -> list[CardRevision]:
        """The revisions that brought these words, at first or again, and those whose words they came from that nobody
        had read before they were changed to these."""
        brought: list[CardRevision] = []
        drafts: list[CardRevision] = []
        before = ""
        for wording in self._wordings:
            digest = wording.of(section)
            if digest and digest != before:
                (brought if digest == section.digest else drafts).append(wording.revision)
            if digest != section.digest and digest in wording.read:
                drafts.clear()
            before = digest
        return brought + drafts


def _wording(revision: CardRevision) -> _Wording:
    digests = {section.title: section.digest for section in sections_of(revision.text)}
    marked = {mark.digest for mark in revision.section_reviews.all()}
    return _Wording(revision, digests, frozenset(digests.values() if revision.reviewed_by_id else marked))
