"""Reading JSON and queries strictly: what one database would take and another choke on is refused at the door."""

import json
from math import isfinite
from typing import Any, NoReturn

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.parser import Parser

from accounts.reasons import Invalid


class StrictParser(Parser):
    """JSON as the standard has it (no NaN, no Infinity, no half of a character), and no NUL in any text."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        sent: dict[str, Any] = json.loads(request.body, parse_constant=_refuse_constant, parse_float=_finite)
        json.dumps(sent, ensure_ascii=False).encode()  # raises UnicodeError for half a surrogate pair
        # Written out again, each NUL has one spelling; an escaped backslash before it has another.
        refuse_nul(json.dumps(sent).replace("\\\\", "").replace("\\u0000", "\0"))
        return sent

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        for text in data.values():
            refuse_nul(str(text))
        return super().parse_querydict(data, list_fields, request)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON.")


def _finite(number: str) -> float:
    """1e999 is a number in JSON and Infinity in Python, which no database takes."""
    if not isfinite(value := float(number)):
        raise ValueError(f"{number} is too large.")
    return value


def refuse_nul(text: str) -> None:
    """Raises Invalid for text that holds NUL, which PostgreSQL can neither keep nor be asked for."""
    if "\0" in text:
        raise Invalid("malformed", "NUL characters (U+0000) are not taken.", "Send text without them.")
