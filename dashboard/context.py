"""What every page's frame needs."""

from django.http import HttpRequest

from dashboard.theme import chosen_theme


def desk(request: HttpRequest) -> dict[str, str]:
    """Context processor: `theme`, for the root element of every page."""
    return {"theme": chosen_theme(request)}
