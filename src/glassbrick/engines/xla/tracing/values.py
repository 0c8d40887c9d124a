"""From what a user's rule holds to what JAX takes, and back."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from glassbrick.engines.xla.tracing.journal import journal
from glassbrick.engines.xla.tracing.traced_array import TracedArray, require_numbers

__all__ = ["dtype_of", "shape_of", "stands_for", "value_of"]


def value_of(thing: Any) -> Any:
    """Return what JAX takes for an array, a number, or nested lists of them."""
    if type(thing) is TracedArray:
        return thing.value
    if isinstance(thing, list | tuple):
        if any(type(part) is TracedArray for part in thing):
            return jnp.stack([jnp.asarray(value_of(part)) for part in thing])
        thing = np.asarray(thing)
    open_journal = journal.get()
    if open_journal is not None and isinstance(thing, np.ndarray | np.generic | float | int):
        open_journal.add(thing)
    return thing


def dtype_of(thing: Any) -> Any:
    """Return a dtype, or the type of a Python number, which takes the dtype of what it meets."""
    if type(thing) is TracedArray:
        return {"b": bool, "i": int, "f": float}[thing.dtype.kind] if thing.number else thing.dtype
    if type(thing) in (int, float, complex):
        return type(thing)
    dtype = np.asarray(thing).dtype
    require_numbers(dtype)
    return dtype


def shape_of(thing: Any) -> tuple[int, ...]:
    """Return the length of each axis, sooner than ``np.shape`` does."""
    return thing.shape if hasattr(thing, "shape") else np.shape(thing)


def stands_for(value: Any, *, scalar: bool = True) -> Any:
    """Return a `TracedArray` for a value of JAX, or a list of them for several.

    Without axes it is a scalar, as NumPy's results are.
    """
    if isinstance(value, tuple | list):
        return type(value)(stands_for(part) for part in value)
    if getattr(value, "weak_type", False):
        value = value.astype(value.dtype)
    return TracedArray(value, scalar=scalar and value.ndim == 0)
