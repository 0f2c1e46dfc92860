"""What tests need of a locked dataset and the product never asks for alone."""

from evidence.columnar import fetch
from evidence.loading import locked_file
from evidence.locking import ID
from evidence.models import LockedDataset


def ids_of(locked: LockedDataset) -> list[str]:
    """Every row's id, in order."""
    with locked_file(locked) as path:
        return [str(value) for value in fetch(path, [ID])[ID]]
