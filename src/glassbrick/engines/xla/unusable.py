"""Unusable: stands for what a compiled step must not use, because it changes with each use."""

from __future__ import annotations

import random
from typing import Any, NoReturn

import numpy as np

from glassbrick.engines.xla.tracing import refuse_to_trace

__all__ = ["Unusable"]

_DRAW_EARLY = "Draw random numbers where the block is set up."
_REMEDIES: dict[type, str] = {
    np.random.Generator: _DRAW_EARLY,
    np.random.RandomState: _DRAW_EARLY,
    np.random.BitGenerator: _DRAW_EARLY,
    random.Random: _DRAW_EARLY,
}


class Unusable:
    """Refuses to be used while a step is recorded, but may be there.

    Parameters
    ----------
    thing : object
        What it stands for: a source of random numbers, an iterator, a weak dictionary, a set of
        objects.
    """

    __slots__ = ("_thing",)

    def __init__(self, thing: Any):
        self._thing = thing

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return type(self._thing)

    def __getattr__(self, name: str) -> NoReturn:
        self._refuse(f".{name}")

    def __next__(self) -> NoReturn:
        self._refuse(" asked for its next item")

    def __iter__(self) -> NoReturn:
        self._refuse(" iterated over")

    def __len__(self) -> NoReturn:
        self._refuse(" asked for its length")

    def __contains__(self, key: object) -> NoReturn:
        self._refuse(" searched")

    def __getitem__(self, key: object) -> NoReturn:
        self._refuse("[...]")

    def __setitem__(self, key: object, value: object) -> NoReturn:
        self._refuse("[...] = ...")

    def _refuse(self, use: str) -> NoReturn:
        kind = type(self._thing)
        remedy = next((r for base, r in _REMEDIES.items() if issubclass(kind, base)), None)
        refuse_to_trace(
            f"a {kind.__name__}{use}",
            "what it gives is another thing each time, and would be the same in every step once it "
            "is compiled",
            remedy or "Hold what changes in arrays, and these in attributes, lists or dicts.",
        )
