"""Whether a pointer to data or code is pinned: names one state of it for ever."""

import re

from accounts.reasons import Invalid
from registry.models import DatasetVersion

_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?\Z")
_SHA256 = re.compile(r"(sha256:)?[0-9a-f]{64}\Z")
_MD5_OR_SHA256 = re.compile(r"[0-9a-f]{32}(\.dir)?\Z|[0-9a-f]{40}\Z|[0-9a-f]{64}\Z")
_SNAPSHOT = re.compile(r"[0-9]+\Z|\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?\Z")

_RULES = {
    DatasetVersion.Kind.GIT: (_COMMIT, "the full commit id, 40 hexadecimal digits (git rev-parse HEAD)"),
    DatasetVersion.Kind.DVC: (_MD5_OR_SHA256, "the md5 of the .dvc file or the full commit id"),
    DatasetVersion.Kind.TABLE: (_SNAPSHOT, "a snapshot number or a time such as 2026-09-30T00:00Z"),
    DatasetVersion.Kind.OBJECT: (_SHA256, "the object's SHA-256, 64 hexadecimal digits"),
}


def check_pointer(kind: str, location: str, pin: str) -> None:
    """Raises Invalid unless `pin` fixes what `location` names: a moving name would make lineage worthless."""
    if kind not in DatasetVersion.Kind.values:
        raise Invalid(
            "unknown_pointer_kind",
            f"{kind!r} is no kind of data pointer.",
            f"Choose from {', '.join(DatasetVersion.Kind.values)}.",
        )
    if not location.strip():
        raise Invalid("no_location", "The data pointer has no location.", "Say where the data lies.")
    pattern, wanted = _RULES[DatasetVersion.Kind(kind)]
    if not pattern.match(pin):
        raise Invalid(
            "not_pinned", f"{pin or 'An empty pin'!r} doesn't pin {location}: it can change.", f"Give {wanted}."
        )


def check_commit(commit: str) -> None:
    """Raises Invalid unless it is a full commit id."""
    if not _COMMIT.match(commit):
        raise Invalid(
            "not_pinned",
            f"{commit!r} is not a full commit id.",
            "Give all 40 hexadecimal digits (git rev-parse HEAD); branches and short ids move.",
        )
