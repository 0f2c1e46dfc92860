"""What stands in a letter's headers: one line each, whatever people and programs named things."""

import hashlib
import re
import unicodedata
from email.utils import formataddr
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.encoding import punycode

from work.models import Mail


def one_line(words: str, *, most: int) -> str:
    """The words on one line of at most `most` characters, without controls and without marks that turn text round."""
    seen = (" " if unicodedata.category(letter) in _NOT_SHOWN else letter for letter in words)
    return " ".join("".join(seen).split())[:most].rstrip()


#: Controls, invisible formatting (bidi marks among it), halves of surrogate pairs, separators of lines and paragraphs.
_NOT_SHOWN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def headers_of(mail: Mail) -> dict[str, str]:
    """Every header of the letter but From, Subject and Date.

    Letters of a thread name its first one to the same address, whose id follows from the two alone: it is known
    before that letter is sent, and after it was deleted.
    """
    headers = {
        "To": address_of(mail),
        "Message-ID": _root_id(mail) if mail.thread and mail.opens_thread else _id(f"letter {mail.once}"),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if mail.thread and not mail.opens_thread:
        headers["In-Reply-To"] = headers["References"] = _root_id(mail)
    if mail.unsubscribe:
        headers["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
        if mail.unsubscribe.startswith("https://"):  # RFC 8058 asks for it: elsewhere a press could be listened to
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def address_of(mail: Mail) -> str:
    """`Riley Chen <riley@example.org>`; a name that isn't ASCII is encoded as RFC 2047 has it."""
    # "=?" would make a mail program decode what follows, and show another name than the one that was stored.
    name = re.sub(r"=(?=\?)", "= ", one_line(mail.recipient_name, most=100))
    return formataddr((name, mail.recipient)) if name else mail.recipient


def _root_id(mail: Mail) -> str:
    return _id(f"thread {mail.thread} {mail.recipient}")


def _id(key: str) -> str:
    # Short, so that it stands on its header's own line: some servers stumble over one that is folded.
    digest = hashlib.sha256(key.encode(errors="replace")).hexdigest()[:24]
    host = punycode(urlsplit(settings.PUBLIC_URL).hostname or "localhost").replace(":", "-")
    return f"<{digest}@{host}>"
