"""From what a user's rule holds to what JAX takes, and back."""

from __future__ import annotations

import weakref
from contextvars import ContextVar
from typing import Any

import jax.numpy as jnp
import numpy as np

from glassbrick.engines.xla.tracing.traced_array import TracedArray

__all__ = ["Constants", "constants", "dtype_of", "stands_for", "value_of"]


class Constants:
    """The arrays that a step was compiled with, which are not part of its state.

    A table in a class or in a module, for example. They are in the compiled code; if one is
    changed, the step must be compiled again.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[weakref.ref[Any], bytes]] = {}

    def add(self, array: np.ndarray[Any, Any]) -> None:
        """Take note of an array as it is now."""
        if id(array) not in self._known:
            self._known[id(array)] = weakref.ref(array), array.tobytes()

    def unchanged(self) -> bool:
        """Whether those that still exist are as they were."""
        pairs = ((reference(), content) for reference, content in self._known.values())
        return all(array is None or array.tobytes() == content for array, content in pairs)


constants: ContextVar[Constants | None] = ContextVar("constants", default=None)


def value_of(thing: Any) -> Any:
    """Return what JAX takes for an array, a number, or nested lists of them."""
    if type(thing) is TracedArray:
        return thing.value
    if isinstance(thing, np.ndarray):
        known = constants.get()
        if known is not None:
            known.add(thing)
        return thing
    if isinstance(thing, list | tuple) and any(type(t) is TracedArray for t in thing):
        return jnp.stack([jnp.asarray(value_of(t)) for t in thing])
    if isinstance(thing, list | tuple):
        return np.asarray(thing)
    return thing


def dtype_of(thing: Any) -> Any:
    """Return a dtype, or the type of a Python number, which takes the dtype of what it meets."""
    if type(thing) is TracedArray:
        return float if thing.number else thing.dtype
    if type(thing) in (int, float, complex):
        return type(thing)
    return np.asarray(thing).dtype


def stands_for(value: Any, *, scalar: bool = True) -> Any:
    """Return a `TracedArray` for a value of JAX, or a list of them for several.

    Without axes it is a scalar, as NumPy's results are.
    """
    if isinstance(value, tuple | list):
        return type(value)(stands_for(part) for part in value)
    if getattr(value, "weak_type", False):
        value = value.astype(value.dtype)
    return TracedArray(value, scalar=scalar and value.ndim == 0)
