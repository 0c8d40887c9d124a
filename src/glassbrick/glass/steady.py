"""Steady: blocks that draw random numbers draw the same each time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from glassbrick.noise import Noise
from glassbrick.operations import Operation

__all__ = ["Steady"]


class Steady:
    """Where the random numbers of some operations are now, to begin there again.

    Parameters
    ----------
    operations : iterable of Operation
        Which hold sources of random numbers in attributes.
    """

    def __init__(self, operations: Iterable[Operation]):
        held = [value for operation in operations for value in vars(operation).values()]
        sources = [value.rng if isinstance(value, Noise) else value for value in held]
        self._states: list[tuple[np.random.BitGenerator, Any]] = [
            (source.bit_generator, source.bit_generator.state)
            for source in sources
            if isinstance(source, np.random.Generator)
        ]

    def again(self) -> None:
        """Let the next random numbers be those that came first."""
        for generator, state in self._states:
            generator.state = state
