"""Layout: the structure of a state, without its numbers."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassbrick.engines.xla.survey import Survey

__all__ = ["Layout"]


@dataclass(frozen=True)
class Layout:
    """Where arrays are, which places share one, and all else.

    Attributes
    ----------
    places : dict of str to int
        The number of the array at each path.
    arrays : tuple of (shape, dtype)
        Of each array, by number.
    facts : dict of str to hashable
        Numbers, texts, classes, lengths; see `Survey`.
    """

    places: dict[str, int]
    arrays: tuple[tuple[tuple[int, ...], np.dtype[Any]], ...]
    facts: dict[str, Hashable]

    @classmethod
    def of(cls, survey: Survey) -> Layout:
        """Describe what was found."""
        return cls(survey.places, tuple(_kind(found.held) for found in survey.found), survey.facts)

    def differences(self, other: Layout) -> list[str]:
        """List the paths at which the two differ."""
        differing = [
            path
            for path in {**self.places, **other.places}
            if self.places.get(path) != other.places.get(path)
            or self.arrays[self.places[path]] != other.arrays[other.places[path]]
        ]
        facts = {**self.facts, **other.facts}
        return differing + [path for path in facts if self.facts.get(path) != other.facts.get(path)]

    def describe(self, path: str) -> str:
        """Say what is at a path."""
        if path in self.places:
            shape, dtype = self.arrays[self.places[path]]
            return f"an array of shape {shape} and dtype {dtype}"
        fact = self.facts.get(path, "nothing")
        return str(fact[1]) if isinstance(fact, tuple) and len(fact) > 1 else str(fact)


def _kind(array: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    return np.shape(array), np.dtype(getattr(array, "dtype", np.float64))
