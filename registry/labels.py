"""Labels of versions, read as semantic versions when they are such."""

import re
from typing import NamedTuple

# The grammar of semver.org, version 2.0.0; a leading v is how many write tags.
_NUMBER = r"(0|[1-9][0-9]*)"
_WORDS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_SEMANTIC = re.compile(rf"v?{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-{_WORDS})?(?:\+{_WORDS})?\Z")


class SemanticVersion(NamedTuple):
    major: int
    minor: int
    patch: int


def semantic_version(label: str) -> SemanticVersion | None:
    """MAJOR, MINOR and PATCH of a label such as `2.1.0` or `v2.1.0-rc.1`; None when it is no semantic version."""
    read = _SEMANTIC.match(label)
    return SemanticVersion(int(read[1]), int(read[2]), int(read[3])) if read else None
