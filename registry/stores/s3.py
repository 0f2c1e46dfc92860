import hashlib
import io
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from django.utils import timezone

from registry.stores.base import ABANDONED_AFTER, BytesGone, Stored, StoreError, checked_digest, up_to
from registry.stores.local import clear_old_files
from registry.stores.s3_access import ObjectStream, client, refusals
from registry.stores.s3_upload import PART_BYTES, Upload

CHUNK = 1024 * 1024
ADDRESS_SECONDS = 60
"""How long a presigned address opens: for the redirect that follows at once."""


class S3Store:
    """Objects `PREFIX/sha256/ab/abcdef…` in a bucket. `lent` is a local folder for files lent to readers."""

    def __init__(self, bucket: str, prefix: str, *, lent: Path) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._lent = lent

    @classmethod
    def at(cls, address: str, *, lent: Path) -> "S3Store":
        """The store at `s3://bucket/prefix`, as config/environment.py has checked it."""
        bucket, _, prefix = address.removeprefix("s3://").partition("/")
        return cls(bucket, prefix, lent=lent)

    def keep(self, chunks: Iterable[bytes], *, limit: int) -> Stored:
        digest, size, waiting = hashlib.sha256(), 0, bytearray()
        with Upload(client(), self._bucket, self._prefix) as upload:
            for chunk in up_to(limit, chunks):
                digest.update(chunk)
                size += len(chunk)
                waiting += chunk
                while len(waiting) > PART_BYTES:
                    upload.send(waiting[:PART_BYTES])
                    del waiting[:PART_BYTES]
            stored = Stored(digest.hexdigest(), size)
            self._settle(stored, upload, waiting)
        return stored

    def _settle(self, stored: Stored, upload: Upload, rest: bytearray) -> None:
        key = self._key(stored.sha256)
        present = self.digest_now(stored.sha256)
        if present == stored.sha256:
            return  # an existing digest isn't written again; the upload is dropped
        if upload.begun:
            upload.send(rest)
            upload.move_to(key, stored.size)
            return
        # Nothing there: then only if it is still so. Something damaged: replaced, which mends it.
        condition = {} if present else {"IfNoneMatch": "*"}
        with refusals(self._bucket), _lost_race_is_fine():
            client().put_object(Bucket=self._bucket, Key=key, Body=rest, **condition)

    def open(self, sha256: str) -> io.BufferedReader:
        try:
            with refusals(self._bucket):
                body = client().get_object(Bucket=self._bucket, Key=self._key(sha256))["Body"]
        except BytesGone as error:
            raise BytesGone(f"The bytes with SHA-256 {sha256} are not in the store.") from error
        return io.BufferedReader(ObjectStream(body, self._bucket), CHUNK)

    @contextmanager
    def as_file(self, sha256: str) -> Iterator[Path]:
        path = self._download(sha256)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _download(self, sha256: str) -> Path:
        """A file of our own with the bytes, checked. Raises StoreError, leaving none."""
        try:
            self._lent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self._lent)
        except OSError as error:
            raise StoreError(f"{self._lent} can't be written to: {error.strerror}.") from error
        path = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file, self.open(sha256) as stream:
                if _copy(stream, file) != sha256:
                    raise BytesGone(f"The bytes stored as SHA-256 {sha256} have changed.")
            path.chmod(0o400)
        except BaseException as error:
            path.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise StoreError(f"{self._lent} can't be written to: {error.strerror}.") from error
            raise
        return path

    def digest_now(self, sha256: str) -> str | None:
        try:
            with self.open(sha256) as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
        except BytesGone:
            return None

    def address_of(self, sha256: str, filename: str) -> str | None:
        place = {"Bucket": self._bucket, "Key": self._key(sha256)}
        with refusals(self._bucket):
            client().head_object(**place)  # a presigned address of nothing would answer with S3's own page
            answer = {
                "ResponseContentDisposition": f'attachment; filename="{filename}"',
                "ResponseContentType": "application/octet-stream",
            }
            address: str = client().generate_presigned_url(
                "get_object", Params=place | answer, ExpiresIn=ADDRESS_SECONDS
            )
        return address

    def remove(self, sha256: str) -> None:
        with refusals(self._bucket):
            client().delete_object(Bucket=self._bucket, Key=self._key(sha256))

    def clear_abandoned(self) -> int:
        before, removed = timezone.now() - ABANDONED_AFTER, clear_old_files(self._lent)
        with refusals(self._bucket):
            for key in self._abandoned("list_objects_v2", "Contents", "LastModified", before):
                client().delete_object(Bucket=self._bucket, Key=key["Key"])
                removed += 1
            for upload in self._abandoned("list_multipart_uploads", "Uploads", "Initiated", before):
                client().abort_multipart_upload(Bucket=self._bucket, Key=upload["Key"], UploadId=upload["UploadId"])
                removed += 1
        return removed

    def _abandoned(self, call: str, listed: str, moment: str, before: datetime) -> list[dict[str, Any]]:
        pages = client().get_paginator(call).paginate(Bucket=self._bucket, Prefix=f"{self._prefix}incoming/")
        return [entry for page in pages for entry in page.get(listed, []) if entry[moment] < before]

    def try_out(self) -> None:
        place = {"Bucket": self._bucket, "Key": f"{self._prefix}incoming/try-out-{os.getpid()}"}
        with refusals(self._bucket):
            client().put_object(**place, Body=b"here")
            given = client().get_object(**place)["Body"].read()
            client().delete_object(**place)
        if given != b"here":
            raise StoreError("The artifact store doesn't give back what was written to it.")

    def _key(self, sha256: str) -> str:
        return f"{self._prefix}sha256/{sha256[:2]}/{checked_digest(sha256)}"


def _copy(source: io.BufferedReader, target: io.BufferedWriter) -> str:
    """Copies all of it; the SHA-256 of what was copied."""
    digest = hashlib.sha256()
    while block := source.read(CHUNK):
        digest.update(block)
        target.write(block)
    return digest.hexdigest()


@contextmanager
def _lost_race_is_fine() -> Iterator[None]:
    """Somebody else wrote the same bytes first: then they are there."""
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in {"PreconditionFailed", "ConditionalRequestConflict"}:
            raise
