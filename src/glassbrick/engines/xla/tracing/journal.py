"""Journal: the constants that a rule brings into the computation, in their order."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np

from glassbrick.arrays import is_traced
from glassbrick.engines.xla.tracing.refusal import refuse_to_trace, users_code

__all__ = ["Journal", "journal", "overlap"]


class Journal:
    """Takes down each constant, and compares with what was taken down the first time.

    A constant that is another one the second time comes from random numbers, a clock, or a
    file: compiled, it would be the same for ever. So would a part of the state.

    Parameters
    ----------
    state : sequence
        The arrays and numbers that the objects hold.
    first : sequence of int, optional
        The entries of the first time.
    """

    def __init__(self, state: Sequence[Any] = (), first: Sequence[int] | None = None):
        self.entries: list[int] = []
        self._state = [array for array in state if not is_traced(array)]
        self._first = first

    def add(self, constant: Any) -> None:
        """Take down a number or an array."""
        is_array = isinstance(constant, np.ndarray)
        if is_array and any(overlap(constant, array) for array in self._state):
            _refuse_part_of_the_state()
        entry = hash(constant.tobytes() if is_array else repr(constant))
        if self._first is not None:
            place = len(self.entries)
            if place >= len(self._first) or self._first[place] != entry:
                _refuse_constant("an array" if is_array else "a number")
        self.entries.append(entry)


def overlap(first: Any, second: Any) -> bool:
    """Whether two arrays have elements in common."""
    try:
        return np.shares_memory(first, second, max_work=100)  # type: ignore[arg-type]
    except np.exceptions.TooHardError:
        return True


def _refuse_part_of_the_state() -> None:
    refuse_to_trace(
        "an array that shares memory with a parameter or other state",
        "compiled, it would keep the numbers that it has now",
        "Take it from self.param, self.net.params() or another attribute.",
    )


journal: ContextVar[Journal | None] = ContextVar("journal", default=None)
"""The one of the recording that is going on."""


def _refuse_constant(what: str) -> None:
    draws = set(dir(np.random)) | set(dir(np.random.Generator))
    code = users_code(sys._getframe())
    names = [name for name in (code.co_names if code else ()) if name in draws - {"random"}]
    names += ["random"] if code and "random" in code.co_names else []
    drawn = f" ({', '.join(names)})" if names else ""
    refuse_to_trace(
        f"{what} that is another one each time{drawn}",
        "random numbers, or the time, would be the same in every step once it is compiled",
        "Draw random numbers where the block is set up.",
    )
