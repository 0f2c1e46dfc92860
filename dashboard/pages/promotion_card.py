"""The model card on the promotion page: rendered, and what changed in it since the version that is live."""

from dataclasses import dataclass

from approvals.models import Promotion
from dashboard.pages.card import ShownCard, shown_card
from dashboard.pages.card_difference import Difference, difference_between
from registry.models import CardRevision
from registry.queries import newest_card


@dataclass(frozen=True)
class CardView:
    """The candidate's newest card and its difference from the live version's; None where one of them has none."""

    card: ShownCard | None
    live: CardRevision | None
    difference: Difference | None


def card_view(promotion: Promotion) -> CardView:
    """Three queries at most."""
    revision = newest_card(promotion.version)
    live = newest_card(promotion.baseline) if promotion.baseline else None
    return CardView(
        card=shown_card(revision) if revision else None,
        live=live,
        difference=difference_between(live.text, revision.text) if live and revision else None,
    )
