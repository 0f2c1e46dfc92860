"""A model card as pages show it: rendered, with figures from evidence, and what the reader may do with it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from accounts.access import may
from accounts.models import User
from accounts.reasons import Invalid
from accounts.roles import CONTRIBUTE, REVIEW
from dashboard.pages.card_figures import body_as_html
from dashboard.readable import as_text
from registry.cards import read_card
from registry.models import CardRevision, Version
from registry.permissions import why_not_own_card

#: So many bytes of a card are shown at first: about ten minutes of reading.
SHOWN_BYTES = 48_000
_HEADING = re.compile(r"<(/?)h([1-6])>")


@dataclass(frozen=True)
class ShownCard:
    """A card, rendered below a heading of the second level; `front_matter` as pairs of name and text, `hidden` how
    many bytes aren't shown, `has_figures` whether stored ones are among its words."""

    revision: CardRevision | None
    html: SafeString
    front_matter: list[tuple[str, str]]
    problem: str = ""
    hidden: int = 0
    has_figures: bool = False


@dataclass(frozen=True)
class CardRights:
    """What the reader may do with the card; `why_not_review` says it where a reviewer can't."""

    may_revise: bool
    may_review: bool
    why_not_review: str


def shown_card(revision: CardRevision, *, whole: bool = False) -> ShownCard:
    """A revision rendered harmlessly, its first 48 kB unless the `whole` is asked for; one query at most."""
    return _shown(revision.text, revision.version, revision, whole=whole)


def previewed_card(text: str, version: Version, *, whole: bool = False) -> ShownCard:
    """Words that aren't stored yet, as they would be shown of the version; as much of them as `shown_card` shows."""
    return _shown(text, version, None, whole=whole)


def _shown(text: str, version: Version, revision: CardRevision | None, *, whole: bool) -> ShownCard:
    """Front matter that can't be read is said so, with the words as they are."""
    try:
        card = read_card(text)
    except Invalid as invalid:
        body, front_matter, problem = text, [], str(invalid)
    else:
        body, front_matter, problem = card.body, as_pairs(card.front_matter), ""
    first = body if whole else _beginning(body)
    hidden = len(body.encode()) - len(first.encode())
    html = below_section(body_as_html(first, version))
    return ShownCard(revision, html, front_matter, problem, hidden, has_figures='class="from-evidence"' in html)


def below_section(html: str) -> SafeString:
    """Moves a card's headings below the page's own second level, none deeper by more than one than the one before it.
    `html` was sanitised: no heading has attributes."""
    above: list[int] = []

    def lowered(heading: re.Match[str]) -> str:
        level = int(heading[2])
        if not heading[1]:
            above[:] = [*(upper for upper in above if upper < level), level]
        return f"<{heading[1]}h{min(2 + len(above), 6)}>"

    return mark_safe(_HEADING.sub(lowered, html))  # noqa: S308  # from registry.card_figures.slotted and a template


def _beginning(body: str) -> str:
    """As many whole lines as fit, all of them where they do."""
    if len(encoded := body.encode()) <= SHOWN_BYTES:
        return body
    first = encoded[:SHOWN_BYTES].decode(errors="ignore")
    return first[: first.rfind("\n") + 1] or first


def as_pairs(values: Any) -> list[tuple[str, str]]:
    """A mapping as pairs of name and readable text; anything else as one pair."""
    if not isinstance(values, Mapping):
        return [("value", as_text(values))] if values else []
    return [(as_text(name), as_text(value)) for name, value in values.items()]


def card_rights(version: Version, newest: CardRevision | None, user: User) -> CardRights:
    reviews = may(user, REVIEW, version.model) and newest is not None and newest.reviewed_by_id is None
    own = why_not_own_card(newest, user) if reviews and newest is not None else None
    return CardRights(
        may_revise=may(user, CONTRIBUTE, version.model),
        may_review=reviews and own is None,
        why_not_review=f"{own.text} {own.remedy}" if own else "",
    )
