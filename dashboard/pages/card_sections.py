"""What of a card still needs reading: each section beside what a reviewer read of it before."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import F

from accounts.access import may
from accounts.models import User
from accounts.roles import REVIEW
from dashboard.pages.card_difference import Difference, difference_between
from registry.card_sections import Section, sections_of
from registry.models import CardRevision, CardSectionReview, Version
from registry.permissions import OwnSections

SECTIONS_SHOWN = 60


@dataclass(frozen=True)
class SectionStanding:
    """A section of the newest revision. `read_by` in revision `read_in`; else `changed` since the last reviewed
    revision, or `is_new`: not in it at all, and neither where none was reviewed yet. `may_mark` says whether the reader
    may mark it as read, `why_not_mark` why a reviewer can't."""

    section: Section
    read_by: str = ""
    read_in: int = 0
    changed: Difference | None = None
    is_new: bool = False
    may_mark: bool = False
    why_not_mark: str = ""

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


def sections_read(version: Version, newest: CardRevision, reader: User) -> SectionsRead:
    """Three queries, however many sections, revisions and marks there are, and two more where the reader wrote some."""
    reviewed = version.card_revisions.exclude(reviewed_by=None).select_related("reviewed_by").order_by("-number")
    since = reviewed.first()
    found = CardSectionReview.objects.filter(revision__version=version).select_related("reviewed_by")
    marks = {mark.digest: mark for mark in found.annotate(number=F("revision__number")).order_by("-pk")}
    sections, before = sections_of(newest.text), _Before.of(since)
    standing = [_standing(section, marks.get(section.digest), before) for section in sections[:SECTIONS_SHOWN]]
    if newest.reviewed_by_id is None and may(reader, REVIEW, version.model):
        own = OwnSections(newest, reader)
        standing = [_for_reviewer(each, own) if each.needs_reading else each for each in standing]
    return SectionsRead(standing, len(sections) - len(standing), since)


@dataclass(frozen=True)
class _Before:
    """The sections of the last revision reviewed as a whole, by title and as digests; of none where there is none."""

    number: int
    reviewer: str
    sections: Mapping[str, Section]
    digests: frozenset[str]

    @classmethod
    def of(cls, revision: CardRevision | None) -> "_Before | None":
        if revision is None or revision.reviewed_by is None:
            return None
        sections = {each.title: each for each in sections_of(revision.text)}
        digests = frozenset(each.digest for each in sections.values())
        return cls(revision.number, revision.reviewed_by.display_name, sections, digests)


def _standing(section: Section, mark: Any, before: _Before | None) -> SectionStanding:
    if mark is not None:
        return SectionStanding(section, mark.reviewed_by.display_name, mark.number)
    if before is None:
        return SectionStanding(section)
    if section.digest in before.digests:
        return SectionStanding(section, before.reviewer, before.number)
    if (earlier := before.sections.get(section.title)) is None:
        return SectionStanding(section, is_new=True)
    return SectionStanding(section, changed=difference_between(earlier.text.rstrip(), section.text.rstrip()))


def _for_reviewer(standing: SectionStanding, own: OwnSections) -> SectionStanding:
    reason = own.why_not(standing.section)
    return replace(standing, may_mark=reason is None, why_not_mark=reason.text if reason else "")
