"""Addresses and tokens as they are given to us, and as they may be told."""

from urllib.parse import urlsplit

from assaydesk_client.errors import Misuse

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def checked_address(url: str) -> str:
    """The server's own address, without the API's path. Raises Misuse."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Misuse(f"{url!r} is no server address.", "Give one like https://assaydesk.example.")
    if parts.username or parts.password:
        raise Misuse("The server address carries a user name or password.", "Give the token by itself.")
    return url.rstrip("/").removesuffix("/api/v1")


def checked_token(token: str) -> str:
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise Misuse("The token is empty or holds characters that no token has.", "Copy it again, whole.")
    return token


def without_query(address: str) -> str:
    """What of an address may be told: its query can be a key to what is there."""
    return address.partition("?")[0].partition("#")[0]
