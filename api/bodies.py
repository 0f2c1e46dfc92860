"""Reading raw request bodies in pieces: digests and limits are checked on the way, nothing is held whole."""

import base64
import binascii
import re
from collections.abc import Iterator

from django.http import HttpRequest, UnreadablePostError

from accounts.reasons import Invalid, TooLarge

CHUNK = 1024 * 1024
_CONTENT_DIGEST = re.compile(r"(?:\A|,)\s*sha-256=:([A-Za-z0-9+/=]+):")


def body_chunks(request: HttpRequest) -> Iterator[bytes]:
    """The body's bytes as they come. Raises Invalid when their number wasn't announced or fewer arrive."""
    announced = request.META.get("CONTENT_LENGTH") or ""
    if not (announced.isascii() and announced.isdigit()):
        # Django reads such a body as empty, whatever comes: a chunked upload would be stored as no bytes.
        raise Invalid("length_required", "The upload doesn't say how long it is.", "Send it with Content-Length.")
    received = 0
    try:
        while chunk := request.read(CHUNK):
            received += len(chunk)
            yield chunk
    except UnreadablePostError as error:
        raise Invalid("upload_cut_off", "The upload was cut off; nothing was kept.", "Send it again.") from error
    if received != int(announced):
        raise Invalid("upload_cut_off", f"{received:,} of {int(announced):,} bytes arrived.", "Send it again.")


def body_bytes(request: HttpRequest, *, limit: int, thing: str) -> bytes:
    """The whole body. Raises TooLarge over `limit` bytes."""
    collected = bytearray()
    for chunk in body_chunks(request):
        collected += chunk
        if len(collected) > limit:
            raise TooLarge("too_large", f"{thing} is over {limit // 1024} KiB.", "Shorten it.")
    return bytes(collected)


def body_text(request: HttpRequest, *, limit: int, thing: str) -> str:
    """The whole body as text. Raises TooLarge over `limit` bytes and Invalid unless it is UTF-8."""
    try:
        return body_bytes(request, limit=limit, thing=thing).decode()
    except UnicodeDecodeError as error:
        raise Invalid("not_text", f"{thing} is not text in UTF-8.") from error


def announced_sha256(request: HttpRequest) -> str:
    """The SHA-256 of the Content-Digest header (RFC 9530), hexadecimal; empty without one. Raises Invalid."""
    header = request.headers.get("Content-Digest", "")
    if not header:
        return ""
    match = _CONTENT_DIGEST.search(header)
    try:
        digest = base64.b64decode(match[1], validate=True) if match else b""
    except binascii.Error:
        digest = b""
    if len(digest) != 32:
        raise Invalid("bad_content_digest", "Content-Digest must look like sha-256=:BASE64:, over the raw bytes.")
    return digest.hex()
