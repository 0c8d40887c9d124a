"""Unusable: stands for what a compiled step must not use, because it would be used only once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from glassbrick.engines.xla.tracing import refuse_to_trace

__all__ = ["GENERATORS", "Unusable"]

GENERATORS = (np.random.RandomState, np.random.Generator, np.random.BitGenerator, random.Random)
"""Sources of random numbers."""

_OTHER_EACH_TIME = (
    "what it gives is another thing each time, and would be the same in every step once it is "
    "compiled"
)
_ONLY_ONCE = (
    "what is done with it would be done once, while the step is recorded, and not in each step"
)


class Unusable(NDArrayOperatorsMixin):
    """Refuses to be used while a step is recorded, but may be there.

    Parameters
    ----------
    thing : object
        What it stands for: a source of random numbers, an iterator, a weak dictionary, a file.
    """

    __slots__ = ("__weakref__", "_kind", "_remedy", "_what", "_why")
    __hash__ = object.__hash__

    def __init__(self, thing: Any):
        self._kind = type(thing)
        self._what, self._why = f"a {self._kind.__name__}", _ONLY_ONCE
        self._remedy = "Hold what changes in arrays, and these in attributes, lists or dicts."
        if isinstance(thing, GENERATORS):
            self._why, self._remedy = (
                _OTHER_EACH_TIME,
                "Draw random numbers where the block is set up.",
            )
        elif isinstance(thing, Iterator):
            self._why = _OTHER_EACH_TIME

    @classmethod
    def memory(cls, block: Any, name: str) -> Unusable:
        """Stand for what a block keeps of the batch before, as long as it has not kept anew."""
        unusable = cls(np.zeros(()))
        unusable._what = f"{type(block).__name__}.{name} of the batch before"
        unusable._why = "what forward and backward keep is gone when a compiled step begins"
        unusable._remedy = "Hold it in an attribute that is not in `memory`."
        return unusable

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return self._kind

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        self._refuse(f".{name}")

    def __array_ufunc__(self, *args: Any, **kwargs: Any) -> NoReturn:
        self._refuse(" computed with")

    def __array_function__(self, *args: Any, **kwargs: Any) -> NoReturn:
        self._refuse(" computed with")

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        self._refuse(" computed with")

    def __next__(self) -> NoReturn:
        self._refuse(" asked for its next item")

    def __iter__(self) -> NoReturn:
        self._refuse(" iterated over")

    def __len__(self) -> NoReturn:
        self._refuse(" asked for its length")

    def __bool__(self) -> NoReturn:
        self._refuse(" asked whether it is true")

    def __contains__(self, key: object) -> NoReturn:
        self._refuse(" searched")

    def __getitem__(self, key: object) -> NoReturn:
        self._refuse("[...]")

    def __setitem__(self, key: object, value: object) -> NoReturn:
        self._refuse("[...] = ...")

    def _refuse(self, use: str) -> NoReturn:
        refuse_to_trace(f"{self._what}{use}", self._why, self._remedy)
