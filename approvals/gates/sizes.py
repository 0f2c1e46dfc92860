"""Amounts of bytes as policies write them and pages show them."""

import re

_AMOUNT = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(B|[kKMGT]B|[KMGT]iB)\Z")
_POWERS = "BKMGT"


def bytes_of(amount: int | str) -> int:
    """Whole bytes of `1048576`, `"200 MB"` (1000² each) or `"1.5 GiB"` (1024³). Raises ValueError for other text
    and for less than one byte."""
    whole = _read(amount) if isinstance(amount, str) else amount
    if whole < 1:
        raise ValueError("a size must be at least one byte.")
    return whole


def _read(text: str) -> int:
    read = _AMOUNT.match(text.strip())
    if read is None:
        raise ValueError(f'{text!r} is no size; write whole bytes, or text such as "200 MB" or "1.5 GiB".')
    unit = read[2]
    base = 1024.0 if unit.endswith("iB") else 1000.0
    return round(float(read[1]) * base ** _POWERS.index(unit[0].upper()))


def size_in_words(amount: float) -> str:
    """Bytes in decimal units, as disks and clouds count them: `51.6 MB`."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:,.{0 if unit == 'bytes' else 1}f} {unit}"
        amount /= 1000
    return f"{amount:,.1f} TB"
