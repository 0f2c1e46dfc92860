"""Figures that a card asks for, as the reader sees them: the value, its interval, and where it comes from."""

from django.template.loader import render_to_string

from evidence.card_figures import CardFigure, card_figures
from registry.card_figures import FigureAsked, slotted
from registry.models import Version


def body_as_html(body: str, version: Version) -> str:
    """The card's Markdown as HTML that is safe to show, with stored figures of the version in it; one query at most."""
    card = slotted(body)
    return card.filled(figures_as_html(card_figures(version, card.asked)))


def figures_as_html(figures: dict[FigureAsked, CardFigure]) -> dict[FigureAsked, str]:
    """Each figure as a phrase within a sentence, linked to its evidence."""
    return {
        asked: render_to_string("card/figure.html", {"figure": figure}).strip() for asked, figure in figures.items()
    }
