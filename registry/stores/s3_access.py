"""Reaching S3: one client per process, and its errors in words that say who can mend them."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from registry.stores.base import BytesGone, StoreError

logger = logging.getLogger(__name__)

_ABSENT = {"NoSuchKey", "NoSuchVersion", "404", "NotFound"}
_CLOSED = {"AccessDenied", "403", "Forbidden", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "401"}


@cache
def client() -> Any:
    """S3 as boto3 finds it in the environment: region, credentials, AWS_ENDPOINT_URL. Made when first needed."""
    config = Config(
        connect_timeout=5,
        read_timeout=60,
        retries={"mode": "standard", "total_max_attempts": 3},
        signature_version="s3v4",  # presigned addresses of the older kind are refused by newer regions
        max_pool_connections=20,
    )
    return boto3.session.Session().client("s3", config=config)


@contextmanager
def refusals(bucket: str) -> Iterator[None]:
    """Turns what boto3 raises into a StoreError; into BytesGone when the answer is that nothing is there."""
    try:
        yield
    except ClientError as error:
        raise _refusal(bucket, str(error.response.get("Error", {}).get("Code", ""))) from error
    except NoCredentialsError as error:
        raise StoreError(
            "Assaydesk has no credentials for S3.",
            "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give it a role.",
        ) from error
    except BotoCoreError as error:
        logger.warning("S3 can't be used: %s", error)
        raise StoreError(
            "The artifact store (S3) can't be reached, or broke off.",
            "Try again later; if it stays, check AWS_ENDPOINT_URL.",
        ) from error


def _refusal(bucket: str, code: str) -> StoreError:
    if code in _ABSENT:
        return BytesGone(f"There is no such object in the bucket {bucket}.")
    if code == "NoSuchBucket":
        return StoreError(f"There is no bucket {bucket}.", "Make it, or correct ARTIFACT_STORE.")
    if code in _CLOSED:
        return StoreError(
            f"The bucket {bucket} doesn't let Assaydesk do this.",
            "Allow its credentials s3:GetObject, PutObject, DeleteObject, AbortMultipartUpload and ListBucket there.",
        )
    return StoreError(f"The artifact store (S3) answered {code or 'with an error'}.", "Try again later.")


class ObjectStream(io.RawIOBase):
    """The body of an object as a stream to read once; breaking off raises StoreError."""

    def __init__(self, body: Any, bucket: str) -> None:
        self._body, self._bucket = body, bucket

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with refusals(self._bucket):
            block: bytes = self._body.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        self._body.close()
        super().close()
