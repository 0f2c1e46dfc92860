"""Where bytes are kept: under the name of their SHA-256, in the place the installation chose.

Callers never name a place, only a digest, so no path of theirs can lead out of the store.
"""

from pathlib import Path

from django.conf import settings

from registry.stores.base import Store, Stored, StoreError
from registry.stores.local import LocalStore

__all__ = ["Store", "StoreError", "Stored", "store"]


def store() -> Store:
    """The installation's store."""
    return LocalStore(Path(settings.ARTIFACT_DIR))
