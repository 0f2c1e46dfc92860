"""Whole numbers as they come in addresses and forms."""

LARGEST_KEY = 2**63 - 1


def whole_number(text: str, *, largest: int = LARGEST_KEY) -> int | None:
    """The number that the text's digits write; None when they write none from 0 to `largest`. Of thousands of digits
    Python makes no number at all, so their count is looked at first."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(largest))):
        return None
    return number if (number := int(text)) <= largest else None
