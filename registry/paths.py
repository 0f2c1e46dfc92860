"""Names of files inside a version. They are labels: bytes are stored by digest, never under these names."""

import re

from accounts.reasons import Invalid

_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+@=-]*\Z")


def check_path(path: str) -> None:
    """Raises Invalid unless the path is relative, plain and short: it is shown, and downloads are named after it."""
    parts = path.split("/")
    if len(path) > 300 or not all(_PART.match(part) for part in parts) or ".." in parts:
        raise Invalid(
            "bad_path",
            f"{path[:80]!r} can't name an artifact file.",
            "Use a relative path of letters, digits, dots, dashes and underscores.",
        )
