"""StackedRows: the training rows of several networks, what several share held once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from glassbrick.arrays import Array
from glassbrick.engines.engine import Job

__all__ = ["StackedRows"]


class StackedRows:
    """All rows that any of them is trained on, one below the other.

    Parameters
    ----------
    jobs : sequence of Job
        Which have arrays of the same shapes.
    """

    def __init__(self, jobs: Sequence[Job]):
        distinct: dict[Hashable, int] = {}
        columns = [(job.X, job.y, job.weights) for job in jobs]
        which = [distinct.setdefault(tuple(map(id, arrays)), len(distinct)) for arrays in columns]
        found = [columns[which.index(number)] for number in range(len(distinct))]
        self._arrays = [
            same[0] if len(same) == 1 else np.concatenate(same)
            for same in zip(*found, strict=True)
            if same[0] is not None
        ]
        self._first = np.array(which)[:, np.newaxis] * len(jobs[0].X)

    def place(self, numbers: Sequence[int], orders: Sequence[Array]) -> Array:
        """Return where the rows are of an epoch of some of them, shape (networks, rows)."""
        return np.stack(orders) + self._first[numbers]  # type: ignore[no-any-return]

    def take(self, rows: Array) -> list[Array]:
        """Return a batch: features, targets, and weights if there are any."""
        return [array.take(rows, 0) for array in self._arrays]
