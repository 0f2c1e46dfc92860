"""How people are named on pages. Records keep names as text, so text is taken as well as accounts."""

from typing import Protocol


class Person(Protocol):
    """What a page needs of an account to name it."""

    @property
    def display_name(self) -> str: ...
    @property
    def initials(self) -> str: ...


def display_name(who: Person | str) -> str:
    """The name to show; text is a name already."""
    return who if isinstance(who, str) else who.display_name


def initials(who: Person | str) -> str:
    """Two capitals for a punch: first and last word, or the first two letters of a single word."""
    if not isinstance(who, str):
        return who.initials
    words = who.split()
    return (words[0][0] + words[-1][0] if len(words) > 1 else who[:2]).upper()
