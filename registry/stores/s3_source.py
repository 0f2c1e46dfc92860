"""Objects of others in S3 that data is locked from: only where the administrator allowed it, and each once."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings

from accounts.reasons import Forbidden, Invalid, NotFound, TooLarge
from registry.stores.base import BytesGone

CHUNK = 1024 * 1024
_ADDRESS = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/([A-Za-z0-9][A-Za-z0-9._=+@/ -]{0,900})\Z")


@dataclass(frozen=True)
class Source:
    """One state of an object. `location` names it for the record, with its version where the bucket keeps versions."""

    location: str
    size: int
    chunks: Iterator[bytes]


@contextmanager
def source_at(address: str, *, limit: int) -> Iterator[Source]:
    """The object at `s3://bucket/key`, to be read once, as it is at this moment.

    Raises Invalid for what is no plain address, Forbidden outside S3_SOURCES_ALLOWED, NotFound, TooLarge over
    `limit` bytes, StoreError when S3 can't be read, also while reading.
    """
    bucket, key = _checked(address, allowed=settings.S3_SOURCES_ALLOWED)
    # Loaded only where it is used: boto3 is an extra.
    from registry.stores.s3_access import ObjectStream, client, refusals

    try:
        with refusals(bucket):
            found = client().get_object(Bucket=bucket, Key=key)
    except BytesGone as error:
        raise NotFound("no_such_object", f"There is no object at {address}.", "Check its name.") from error
    with ObjectStream(found["Body"], bucket) as stream:
        if found["ContentLength"] > limit:
            raise TooLarge("too_large", f"{address} has {found['ContentLength']:,} bytes; the limit is {limit:,}.")
        version = found.get("VersionId") or "null"
        location = address if version == "null" else f"{address}?versionId={version}"
        yield Source(location, found["ContentLength"], iter(lambda: stream.read(CHUNK), b""))


def _checked(address: str, *, allowed: Sequence[str]) -> tuple[str, str]:
    """Bucket and key of an address that is plain and lies in an allowed place."""
    match = _ADDRESS.match(address)
    parts = match[2].split("/") if match else [""]
    if match is None or not all(part.strip() and part not in {".", ".."} for part in parts):
        raise Invalid("bad_address", f"{address[:200]!r} is no plain address of an object.", "Write s3://bucket/key.")
    if not any(address.startswith(f"{place}/") for place in allowed):
        raise Forbidden(
            "source_not_allowed",
            f"Assaydesk may not read {address}.",
            "An administrator names the places it may read in S3_SOURCES_ALLOWED; or upload the file.",
        )
    return match[1], match[2]
