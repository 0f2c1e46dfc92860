"""Where bytes are kept: under the name of their SHA-256, in the place the installation chose.

Callers never name a place, only a digest, so no path of theirs can lead out of the store.
"""

from pathlib import Path

from django.conf import settings

from registry.stores.base import BytesGone, Store, Stored, StoreError, TooManyBytes
from registry.stores.local import LocalStore

__all__ = ["BytesGone", "Store", "StoreError", "Stored", "TooManyBytes", "store"]


def store() -> Store:
    """The installation's store: S3 when ARTIFACT_STORE names it, else a folder."""
    if not settings.ARTIFACT_STORE:
        return LocalStore(Path(settings.ARTIFACT_DIR))
    # Loaded only where it is used: boto3 is an extra, and takes a third of a second to import.
    from registry.stores.s3 import S3Store

    return S3Store.at(settings.ARTIFACT_STORE, lent=Path(settings.VAR_DIR) / "lent")
