"""A column that puts each row into one of a few groups, as places: text of many rows would fill the memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.uint16]
Mask = npt.NDArray[np.bool_]


def group_name(group: str) -> str:
    """A group as it is called wherever people read of it: rows without a value are a group, too."""
    return group or "no value"


@dataclass(frozen=True)
class Groups:
    """Segments of one column: `names` of the groups, sorted, and of every row its group's place among them."""

    names: tuple[str, ...]
    places: Places

    @classmethod
    def of(cls, values: Sequence[str] | npt.NDArray[np.str_] | npt.NDArray[np.object_]) -> Groups:
        """The groups of a column of texts."""
        names, places = np.unique(np.asarray(values, dtype=np.str_), return_inverse=True)
        return cls(tuple(str(name) for name in names), places.astype(np.uint16))

    @classmethod
    def whole(cls, rows: int) -> Groups:
        """All rows in one group."""
        return cls(("",), np.zeros(rows, dtype=np.uint16))

    def __len__(self) -> int:
        """Rows."""
        return len(self.places)

    def inside(self, name: str) -> Mask:
        """Which rows are of the group; none when there is no such group."""
        if name not in self.names:
            return np.zeros(len(self), dtype=np.bool_)
        inside: Mask = self.places == self.names.index(name)
        return inside

    def each(self) -> Iterator[tuple[str, npt.NDArray[np.intp]]]:
        """Every group with the numbers of its rows, rising; one sort however many groups there are."""
        order = np.argsort(self.places, kind="stable")
        ends = np.cumsum(np.bincount(self.places, minlength=len(self.names)))
        for place, name in enumerate(self.names):
            yield name, order[ends[place - 1] if place else 0 : ends[place]]

    def rows(self, kept: Mask) -> Groups:
        """The same groups of some of the rows."""
        return Groups(self.names, self.places[kept])
