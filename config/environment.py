"""The environment, read in one place: every variable Assaydesk knows, with a clear error for a bad value.

Each reader notes the variable's name in `KNOWN`; a test holds that list against the README's table.
"""

import os
import re
import secrets
import tempfile
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit
from zoneinfo import ZoneInfo

from django.core.exceptions import ImproperlyConfigured

KNOWN: dict[str, str] = {}
#: `s3://bucket` with any number of plain parts behind it; no part is empty, `.` or `..`.
_S3_PLACE = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/(?!\.\.?(/|\Z))[A-Za-z0-9._=+@-]+)*/?\Z")


def _read(name: str, default: str) -> str:
    KNOWN[name] = default
    return os.environ.get(name, "").strip() or default


def text(name: str, default: str = "") -> str:
    return _read(name, default)


def boolean(name: str, *, default: bool) -> bool:
    value = _read(name, str(default)).lower()
    if value not in {"true", "false"}:
        raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")
    return value == "true"


def integer(name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
    value = _read(name, str(default))
    whole = value.isascii() and value.isdigit()
    if not whole or int(value) < least or (most is not None and int(value) > most):
        asked = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise ImproperlyConfigured(f"{name} must be a whole number {asked}, not {value!r}.")
    return int(value)


def directory(name: str, default: Path) -> Path:
    path = Path(_read(name, str(default))).expanduser().absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        unset = "" if os.environ.get(name) else " It isn't set: is the environment loaded (README, At work)?"
        raise ImproperlyConfigured(f"{name}: {path} can't be made or used: {error.strerror}.{unset}") from error
    return path


def time_zone(name: str, default: str) -> str:
    value = _read(name, default)
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:  # unknown, no name at all, a folder
        raise ImproperlyConfigured(f"{name} must be a time zone like Europe/Oslo, not {value!r}.") from error
    return value


def one_of(name: str, default: str, choices: Sequence[str]) -> str:
    """One of the choices, in whatever case."""
    value = _read(name, default).upper()
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
    return value


def secret(name: str, *, kept_in: Path | None) -> str:
    """A secret of at least 32 characters; without one, made once and kept in the file `kept_in` (mode 600)."""
    value = _read(name, "")
    if not value and kept_in is not None:
        value = _kept_secret(kept_in)
    if len(value) < 32:
        raise ImproperlyConfigured(
            f"{name} must be set to at least 32 random characters, for example: "
            'python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
        )
    return value


def _kept_secret(path: Path) -> str:
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        pass
    # Written aside and linked into place: of several processes that start together one makes the secret, and
    # the others never read half of it.
    with tempfile.NamedTemporaryFile("w", dir=path.parent) as file:  # mode 600
        file.write(secrets.token_urlsafe(48))
        file.flush()
        with suppress(FileExistsError):
            os.link(file.name, path)
    return path.read_text().strip()


def _taken_apart(name: str, url: str, *, schemes: Collection[str], example: str) -> SplitResult:
    """The parts of a URL that may hold a password. Refuses, without telling the value, what isn't one whole URL.

    A `/`, `?` or `#` in a password ends the address early: the host is then half of the password, and what is left
    of the address, with its `@`, stands where the path should be.
    """
    wrong = f"{name} must look like {example}, with user and password percent-encoded."
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # a property that raises
    except ValueError:
        raise ImproperlyConfigured(wrong) from None  # its words hold a piece of the value
    if parts.scheme not in schemes or "@" in parts.path + parts.query or "#" in url:
        raise ImproperlyConfigured(wrong)
    return parts


def database(name: str, *, default_file: Path) -> dict[str, Any]:
    """Django's settings of one database from a URL: `postgresql://user:password@host:port/name`; else SQLite."""
    url = _read(name, "")
    if not url:
        return _sqlite(default_file)
    example = "postgresql://user:password@host:5432/name"
    parts = _taken_apart(name, url, schemes={"postgres", "postgresql"}, example=example)
    if not re.fullmatch("/[^/]+", parts.path):
        raise ImproperlyConfigured(f"{name} must look like {example}.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # A database that is away is noticed, not waited for.
        "OPTIONS": {"connect_timeout": "5"}
        | dict(parse_qsl(parts.query)),  # sslmode=verify-full and the like, as libpq knows them
    }


def _sqlite(file: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(file),
        "OPTIONS": {
            # IMMEDIATE takes the write lock at BEGIN, where SQLite honours the time-out; a lock taken
            # later in a transaction fails at once with "database is locked".
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA recursive_triggers=ON;",
        },
    }


def redis(name: str) -> str:
    """`redis://:password@host:6379/0`, or `rediss://` for TLS; empty when it isn't set."""
    url = _read(name, "")
    if url:
        example = "redis://:password@host:6379/0"
        parts = _taken_apart(name, url, schemes={"redis", "rediss"}, example=example)
        if not parts.hostname or not re.fullmatch("(/[0-9]*)?", parts.path):
            raise ImproperlyConfigured(f"{name} must look like {example}.")
    return url


def s3_place(name: str) -> str:
    """`s3://bucket/prefix` without a slash at its end; empty when it isn't set."""
    place = _read(name, "")
    if place and not _S3_PLACE.match(place):
        raise ImproperlyConfigured(f"{name} must look like s3://bucket/prefix, not {place!r}.")
    return place.rstrip("/")


def s3_places(name: str) -> list[str]:
    """Several such places, separated by spaces."""
    places = _read(name, "").split()
    for place in places:
        if not _S3_PLACE.match(place):
            raise ImproperlyConfigured(f"{name} must be places like s3://bucket/prefix, not {place!r}.")
    return [place.rstrip("/") for place in places]


def mail(name: str) -> dict[str, Any]:
    """Django's mail settings from `smtp+tls://user:password@host:587`; else files.

    `smtp+tls` is STARTTLS, `smtps` TLS from the start, `smtp` neither: for a relay on the same machine.
    """
    url = _read(name, "")
    if not url:
        return {"EMAIL_BACKEND": "work.mail_files.EmailBackend"}
    example = "smtp+tls://user:password@host:587"
    parts = _taken_apart(name, url, schemes={"smtp", "smtp+tls", "smtps"}, example=example)
    if not parts.hostname or parts.path.strip("/") or parts.query:
        raise ImproperlyConfigured(f"{name} must look like {example}.")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or {"smtp": 25, "smtp+tls": 587, "smtps": 465}[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": 20,
    }


def public_url(name: str, default: str) -> str:
    url = _read(name, default).rstrip("/")
    try:
        parts = urlsplit(url)
        right = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number
        right = False
    if not right:
        raise ImproperlyConfigured(f"{name} must look like https://assaydesk.example.org, not {url!r}.")
    return url
