"""Keys of keyset paging as they come in an address."""

from django.http import HttpRequest

from dashboard.whole_numbers import whole_number


def key_from(request: HttpRequest, name: str) -> int | None:
    """The whole number `name` of the query; None when it isn't one, so that a mangled link shows the first page."""
    return whole_number(request.GET.get(name, ""))
