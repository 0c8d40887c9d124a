"""Steady: blocks that draw random numbers, or remember, do the same each time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from glassbrick.noise import Noise
from glassbrick.operations import Operation

__all__ = ["Steady"]


class Steady:
    """What some operations remember and where their random numbers are, to begin there again.

    Parameters
    ----------
    operations : iterable of Operation
        Which hold sources of random numbers, and arrays as their state, in attributes.
    """

    def __init__(self, operations: Iterable[Operation]):
        operations = list(operations)
        held = [value for operation in operations for value in vars(operation).values()]
        sources = [value.rng if isinstance(value, Noise) else value for value in held]
        self._states: list[tuple[np.random.BitGenerator, Any]] = [
            (source.bit_generator, source.bit_generator.state)
            for source in sources
            if isinstance(source, np.random.Generator)
        ]
        self._arrays = [
            (value, value.copy())
            for operation in operations
            for name, value in vars(operation).items()
            if isinstance(value, np.ndarray) and name not in operation.memory
            if value is not getattr(operation, "param", None)
        ]

    def again(self) -> None:
        """Let what comes next be what came first."""
        for array, before in self._arrays:
            if array.flags.writeable:
                array[...] = before
        for generator, state in self._states:
            generator.state = state
