"""Sample: a bounded number of rows of which each is as likely as any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from glassbrick.arrays import Array
from glassbrick.streams.arrays import joined

if TYPE_CHECKING:
    import pyarrow

__all__ = ["Sample"]

_MANY = 64  # small batches, which are put together: each array of Arrow's takes some room


class Sample:
    """Keeps the rows whose random numbers are smallest.

    Parameters
    ----------
    most : int
        How many rows are kept. While there are no more, it is all of them, as they stand.

    Notes
    -----
    Which rows are kept depends on their random numbers alone, not on the order in which they come.
    """

    def __init__(self, most: int):
        self.most, self.bound = most, 1.0
        self._batches: list[pyarrow.RecordBatch] = []
        self._chances: list[Array] = []
        self._rows = self._merged = 0

    def add(self, batch: pyarrow.RecordBatch, chances: Array) -> None:
        """Take note of rows, each with a random number from 0 to 1."""
        import pyarrow

        chosen = chances < self.bound
        if not chosen.any():
            return
        if not chosen.all():
            batch, chances = batch.filter(pyarrow.array(chosen)), chances[chosen]
        self._batches.append(batch)
        self._chances.append(chances)
        self._rows += len(chances)
        if len(self._batches) - self._merged >= _MANY:
            self._merge()
        if self._rows >= 2 * self.most:
            self._thin_out()

    def table(self) -> pyarrow.Table | None:
        """Return the rows, in the order in which they came; None if there are none."""
        if self._rows > self.most:
            self._thin_out()
        return joined(self._batches) if self._batches else None

    def _merge(self) -> None:
        small = joined(self._batches[self._merged :])
        self._batches[self._merged :] = small.combine_chunks().to_batches()
        self._merged = len(self._batches)

    def _thin_out(self) -> None:
        import pyarrow

        chances = np.concatenate(self._chances)
        self.bound = float(np.partition(chances, self.most)[self.most])
        chosen = chances < self.bound
        kept = joined(self._batches).filter(pyarrow.array(chosen))
        self._batches = kept.combine_chunks().to_batches()
        self._merged = len(self._batches)
        self._chances = [chances[chosen]]
        self._rows = int(chosen.sum())
