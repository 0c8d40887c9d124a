"""Asks NumPy what a call would return, with arrays that cost no memory in place of traced ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from glassbrick.arrays import Array
from glassbrick.engines.xla.tracing.traced_array import TracedArray
from glassbrick.engines.xla.tracing.writing import require_array

__all__ = ["Sample", "ask_numpy", "ones", "unit_matrices", "zeros"]

Sample: TypeAlias = Callable[[tuple[int, ...], np.dtype[Any]], Array]
"""Makes an array of a shape and dtype."""


def ones(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Stand in for numbers when NumPy is asked; cost no memory."""
    return np.broadcast_to(np.ones((), dtype), shape)


def zeros(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Stand in for row numbers, which must be in range."""
    return np.broadcast_to(np.zeros((), dtype), shape)


def unit_matrices(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Stand in for matrices that must not be singular."""
    if len(shape) < 2:
        return ones(shape, dtype)
    return np.broadcast_to(np.eye(*shape[-2:], dtype=dtype), shape)


def ask_numpy(
    function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], sample: Sample = ones
) -> Any:
    """Return what NumPy would, for other numbers; raise what it would raise."""

    def of(thing: Any) -> Any:
        if isinstance(thing, list | tuple):
            return type(thing)(map(of, thing))
        if type(thing) is not TracedArray:
            return thing
        if thing.number or thing.scalar:
            return sample((), thing.dtype)[()] if thing.scalar else sample((), thing.dtype).item()
        return sample(thing.shape, thing.dtype)

    others = {name: of(value) for name, value in kwargs.items() if name != "out"}
    if (out := kwargs.get("out")) is not None:
        others["out"] = _twin(out)
    with np.errstate(all="ignore"):
        return function(*map(of, args), **others)


def _twin(out: Any) -> Any:
    """Return an array like the one that is to be written into."""
    require_array(out)
    twin = np.empty(out.shape, out.dtype)
    twin.flags.writeable = out.flags.writeable
    return twin
