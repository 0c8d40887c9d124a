"""SharedRows: the data of several networks on the device, what several share held once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import jax
import numpy as np

from glassbrick.arrays import Array
from glassbrick.engines.engine import Job
from glassbrick.engines.xla.program import Data

__all__ = ["SharedRows"]

_Arrays = tuple[Array | None, ...]


class SharedRows:
    """Training rows one below the other, and validation data side by side.

    Parameters
    ----------
    jobs : sequence of Job
        Which have arrays of the same shapes.

    Attributes
    ----------
    data : Data
        On the device: X and y of the shape (rows of all, ...), those for validation of the shape
        (how many there are, rows, ...).
    first : list of int
        Where the rows of each job begin.
    validation : list of int
        Which validation data each has.
    """

    def __init__(self, jobs: Sequence[Job]):
        training, which = _distinct([(job.X, job.y, job.weights) for job in jobs])
        others = [tuple(job.validation or (None, None, None)) for job in jobs]
        validation, self.validation = _distinct(others)
        rows = len(jobs[0].X)
        self.first = [number * rows for number in which]
        arrays = _joined(training, np.concatenate) + _joined(validation, np.stack)
        self.data = Data(*jax.device_put(arrays))


def _distinct(given: Sequence[_Arrays]) -> tuple[list[_Arrays], list[int]]:
    """Return what there is, each once, and which of it each has."""
    numbers: dict[Hashable, int] = {}
    which = [numbers.setdefault(tuple(map(_place, arrays)), len(numbers)) for arrays in given]
    return [given[which.index(number)] for number in range(len(numbers))], which


def _place(array: Array | None) -> Hashable:
    """Return where in memory an array is."""
    return None if array is None else (array.__array_interface__["data"], array.strides)


def _joined(parts: Sequence[_Arrays], join: Callable[[Any], Any]) -> tuple[Any, ...]:
    return tuple(None if column[0] is None else join(column) for column in zip(*parts, strict=True))
