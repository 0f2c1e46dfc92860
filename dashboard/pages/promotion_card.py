"""The model card on the promotion page: rendered, and what changed in it since the version that is live."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from django.utils.safestring import SafeString, mark_safe

from approvals.models import Promotion
from dashboard.pages.card import ShownCard, shown_card
from registry.models import CardRevision
from registry.queries import newest_card

#: Comparing line by line takes time that grows with the product of both lengths.
MOST_LINES_COMPARED = 1_500
_HEADING = re.compile(r"<(/?)h([1-6])>")


@dataclass(frozen=True)
class PatchLine:
    """One line of the difference: `change` is same, gone, new, or gap where unchanged lines are left out."""

    change: str
    text: str


@dataclass(frozen=True)
class CardView:
    """The candidate's newest card and its difference from the live version's; `html` is safe to show."""

    card: ShownCard | None
    html: SafeString
    live: CardRevision | None
    patch: tuple[PatchLine, ...]
    too_long: bool

    @property
    def added(self) -> int:
        return sum(line.change == "new" for line in self.patch)

    @property
    def removed(self) -> int:
        return sum(line.change == "gone" for line in self.patch)


def card_view(promotion: Promotion) -> CardView:
    """Two queries at most."""
    revision = newest_card(promotion.version)
    live = newest_card(promotion.baseline) if promotion.baseline else None
    shown = shown_card(revision) if revision else None
    texts = (live.text, revision.text) if live and revision else ("", "")
    too_long = any(text.count("\n") > MOST_LINES_COMPARED for text in texts)
    return CardView(
        card=shown,
        html=below_section(shown.html) if shown else SafeString(""),
        live=live,
        patch=() if too_long else patch_between(*texts),
        too_long=too_long,
    )


def below_section(html: str) -> SafeString:
    """Moves a card's headings two levels down, below the page's own. `html` was sanitised: no tag has attributes."""
    lowered = _HEADING.sub(lambda tag: f"<{tag[1]}h{min(int(tag[2]) + 2, 6)}>", html)
    return mark_safe(lowered)  # noqa: S308  # from registry.cards.render_markdown


@lru_cache(maxsize=64)
def patch_between(before: str, after: str) -> tuple[PatchLine, ...]:
    """The lines that differ, each with one unchanged line around it; empty for equal texts."""
    return tuple(_patch(before.splitlines(), after.splitlines()))


def _patch(before: list[str], after: list[str]) -> Iterator[PatchLine]:
    groups = SequenceMatcher(None, before, after).get_grouped_opcodes(1)
    for place, group in enumerate(groups):
        if place:
            yield PatchLine("gap", "…")
        for change, start, end, new_start, new_end in group:
            if change == "equal":
                yield from (PatchLine("same", line) for line in before[start:end])
                continue
            yield from (PatchLine("gone", line) for line in before[start:end])
            yield from (PatchLine("new", line) for line in after[new_start:new_end])
