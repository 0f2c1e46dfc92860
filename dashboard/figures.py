"""Numbers as the reader sees them: true minus sign, thousands separators, shares as percent."""

from approvals.gates.sizes import size_in_words

MINUS = "\N{MINUS SIGN}"
SHARE = "share"
UNDEFINED = "not defined"


def number(value: float, places: int) -> str:
    """A value with a true minus sign and thousands separators; a rounded zero carries no sign."""
    text = f"{abs(value):,.{places}f}"
    negative = value < 0 and float(text.replace(",", "")) != 0
    return MINUS + text if negative else text


def signed(value: float, places: int) -> str:
    """Like `number`, with a plus sign before positive values."""
    text = number(value, places)
    positive = value > 0 and float(text.replace(",", "")) != 0
    return "+" + text if positive else text


def figure(value: float | None, unit: str = "") -> str:
    """A measured value: `0.884`, `23.4`, a share as `81.31%`, anything else with its unit, `43 ms`."""
    if value is None:
        return UNDEFINED
    if unit == SHARE:
        return number(100 * value, 2) + "%"
    if unit:
        return f"{number(value, 0 if abs(value) >= 10 else 1)} {unit}"
    return number(value, _places(value))


def _places(*values: float) -> int:
    """Decimals for plain numbers: three below 10, so that scores keep them, then fewer."""
    largest = max(map(abs, values))
    return next((places for below, places in ((10, 3), (100, 2), (10_000, 1)) if largest < below), 0)


def difference(value: float | None, unit: str = "") -> str:
    """A signed difference: `+0.013`; between shares in points, `+0.22 pts`."""
    if value is None:
        return UNDEFINED
    if unit == SHARE:
        return signed(100 * value, 2) + " pts"
    if unit:
        return f"{signed(value, 0 if abs(value) >= 10 else 1)} {unit}"
    return signed(value, _places(value))


def interval(low: float | None, high: float | None, unit: str = "") -> str:
    """Both ends of an interval, `+0.011 to +0.016`, in the unit of the difference it belongs to."""
    if low is None or high is None:
        return ""
    scale, places = (100, 2) if unit == SHARE else (1, _places(low, high))
    if unit and unit != SHARE:
        places = 0 if max(abs(low), abs(high)) >= 10 else 1
    return f"{signed(low * scale, places)} to {signed(high * scale, places)}"


def span(low: float | None, high: float | None, unit: str = "") -> str:
    """Both ends of a value's own interval, without signs but a true minus: `0.871 to 0.897`, `80.1 to 84.9%`."""
    if low is None or high is None:
        return ""
    if unit == SHARE:
        return f"{number(100 * low, 2)} to {number(100 * high, 2)}%"
    places = _places(low, high)
    return f"{number(low, places)} to {number(high, places)}"


def file_size(size: int) -> str:
    """Bytes in decimal units, as disks and clouds count them: `51.6 MB`."""
    return size_in_words(size)


def short_digest(digest: str) -> str:
    """First and last four characters, which people compare: `sha256:9f2c…e41b`."""
    scheme, colon, hexadecimal = digest.rpartition(":")
    if len(hexadecimal) <= 12:
        return digest
    return f"{scheme}{colon}{hexadecimal[:4]}\N{HORIZONTAL ELLIPSIS}{hexadecimal[-4:]}"
