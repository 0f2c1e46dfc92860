"""Keys of keyset paging as they come in an address."""

from django.http import HttpRequest

_LARGEST = 2**63 - 1


def key_from(request: HttpRequest, name: str) -> int | None:
    """The whole number `name` of the query; None when it isn't one, so that a mangled link shows the first page."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and int(text) <= _LARGEST else None
