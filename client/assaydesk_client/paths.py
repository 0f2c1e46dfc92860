"""Addresses of things below /api/v1, with every part quoted."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from assaydesk_client.errors import Misuse


def quoted(part: str | int) -> str:
    """One path part: a slash or a dot-dot inside a name must not lead elsewhere."""
    text = str(part)
    if text in ("", ".", ".."):
        raise Misuse(f"{text!r} is no name.")
    return quote(text, safe="")


def model_path(name: str) -> str:
    return f"/models/{quoted(name)}"


def version_path(model: str, version: int) -> str:
    return f"{model_path(model)}/versions/{quoted(version)}"


def artifact_path(model: str, version: int, path: str) -> str:
    parts = "/".join(quoted(part) for part in path.split("/"))
    return f"{version_path(model, version)}/artifacts/{parts}"


def dataset_versions_path(name: str) -> str:
    return f"/datasets/{quoted(name)}/versions"


def promotion_path(promotion: int) -> str:
    return f"/promotions/{quoted(promotion)}"


def every_item(page: Callable[[str | None], Any]) -> Iterator[Any]:
    """Follows `next_cursor` until the list ends."""
    cursor: str | None = None
    while True:
        answer = page(cursor)
        yield from answer["items"]
        cursor = answer.get("next_cursor")
        if not cursor:
            return
