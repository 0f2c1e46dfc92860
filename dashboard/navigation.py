"""Which part of the desk a page belongs to."""

SECTIONS = {
    "promotions": "inbox",
    "models": "models",
    "compare": "compare_models",
    "datasets": "datasets",
    "lineage": "datasets",
    "exceptions": "exceptions",
    "audit": "audit",
    "policies": "policies",
    "people": "people",
    "account": "account",
}


def section_of(path: str) -> str:
    """The section of a page's path: a promotion belongs to the inbox, a version to its model."""
    first, *rest = path.strip("/").split("/")
    if first == "models" and rest[1:] == ["compare"]:
        return "compare_models"
    return SECTIONS.get(first, "" if first else "inbox")
