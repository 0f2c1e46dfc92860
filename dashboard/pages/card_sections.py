"""What of a card still needs reading: each section beside what a reviewer read of it before."""

from dataclasses import dataclass
from typing import Any

from django.db.models import F

from dashboard.pages.card_difference import Difference, difference_between
from registry.card_sections import Section, sections_of
from registry.models import CardRevision, CardSectionReview, Version

SECTIONS_SHOWN = 60


@dataclass(frozen=True)
class SectionStanding:
    """A section of the newest revision. `read_by` in revision `read_in`; else `changed` since the last reviewed
    revision, or `is_new`: not in it at all, and neither where none was reviewed yet."""

    section: Section
    read_by: str = ""
    read_in: int = 0
    changed: Difference | None = None
    is_new: bool = False

    @property
    def needs_reading(self) -> bool:
        return not self.read_by


@dataclass(frozen=True)
class SectionsRead:
    """The sections of a revision in order, `more` of them not; `since` is the last revision reviewed as a whole."""

    sections: list[SectionStanding]
    more: int
    since: CardRevision | None

    @property
    def unread(self) -> int:
        return sum(standing.needs_reading for standing in self.sections)


def sections_read(version: Version, newest: CardRevision) -> SectionsRead:
    """Two queries, however many sections, revisions and marks there are."""
    reviewed = version.card_revisions.exclude(reviewed_by=None).select_related("reviewed_by").order_by("-number")
    since = reviewed.first()
    found = CardSectionReview.objects.filter(revision__version=version).select_related("reviewed_by")
    marks = {mark.digest: mark for mark in found.annotate(number=F("revision__number")).order_by("-pk")}
    sections = sections_of(newest.text)
    standing = [_standing(section, marks.get(section.digest), since) for section in sections[:SECTIONS_SHOWN]]
    return SectionsRead(standing, len(sections) - len(standing), since)


def _standing(section: Section, mark: Any, since: CardRevision | None) -> SectionStanding:
    if mark is not None:
        return SectionStanding(section, mark.reviewed_by.display_name, mark.number)
    if since is None or since.reviewed_by is None:
        return SectionStanding(section)
    before = {each.title: each for each in sections_of(since.text)}
    if section.digest in {each.digest for each in before.values()}:
        return SectionStanding(section, since.reviewed_by.display_name, since.number)
    if (earlier := before.get(section.title)) is None:
        return SectionStanding(section, is_new=True)
    return SectionStanding(section, changed=difference_between(earlier.text.rstrip(), section.text.rstrip()))
