"""Reading and writing parts of traced arrays."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from glassbrick.engines.xla.tracing.refusal import refuse_to_trace
from glassbrick.engines.xla.tracing.traced_array import TracedArray
from glassbrick.engines.xla.tracing.values import value_of

__all__ = ["get_item", "scatter", "set_item"]


def get_item(array: TracedArray, key: Any) -> TracedArray:
    """Return ``array[key]``: a view, a copy or a scalar, as NumPy would."""
    if _mask(key) is not None:
        refuse_to_trace(
            "x[mask]",
            "its length would depend on values",
            "Use np.where(mask, x, 0), which keeps the shape.",
        )
    where = _plain(key)
    if _is_traced(key):  # numbers of rows: out of range they give NaN
        return TracedArray(array.value.at[where].get(mode="fill"))
    shadow = array._shadow[where]
    if not isinstance(shadow, np.ndarray):
        return TracedArray(array.value[where], scalar=True)
    return array._moved(shadow, lambda v: v[where], lambda v, part: v.at[where].set(part))


def set_item(array: TracedArray, key: Any, value: Any) -> None:
    """Do ``array[key] = value``."""
    new = value_of(value)
    mask = _mask(key)
    if mask is not None:
        if np.ndim(new) != 0:
            refuse_to_trace(
                "x[mask] = values",
                "how many would be needed depends on values",
                "Use np.where(mask, new, x) with one value for each element.",
            )
        mask = mask.reshape(mask.shape + (1,) * (array.ndim - mask.ndim))
        array.assign(jnp.where(mask, jnp.asarray(new, array.dtype), array.value))
    elif key is Ellipsis or (isinstance(key, slice) and key == slice(None)):
        array.assign(jnp.asarray(new))
    else:
        where = _plain(key)
        if not _is_traced(key):
            array._shadow[where]  # raises what NumPy raises
        new = jnp.asarray(new).astype(array.dtype)
        array.assign(array.value.at[where].set(new))


def scatter(array: TracedArray, ufunc: np.ufunc, key: Any, value: Any) -> None:
    """Do ``ufunc.at(array, key, value)``, equal indices one after the other."""
    target = array.value.at[_plain(key)]
    new = jnp.asarray(value_of(value)).astype(array.dtype)
    ways = {np.add: "add", np.multiply: "multiply", np.maximum: "max", np.minimum: "min"}
    if ufunc is np.subtract:
        array.assign(target.add(-new))
    elif ufunc in ways:
        array.assign(getattr(target, ways[ufunc])(new))
    else:
        refuse_to_trace(f"np.{ufunc.__name__}.at", "it is not among what can be compiled", "")


def _parts(key: Any) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key,)


def _is_traced(key: Any) -> bool:
    return any(type(part) is TracedArray for part in _parts(key))


def _mask(key: Any) -> Any:
    """Return the mask, if the key is one that depends on values."""
    for part in _parts(key):
        if type(part) is TracedArray and part.dtype == bool:
            if len(_parts(key)) == 1:
                return part.value
            refuse_to_trace("x[mask, ...]", "its length would depend on values", "Use np.where.")
    return None


def _plain(key: Any) -> Any:
    parts = tuple(
        part if part is None or part is Ellipsis or isinstance(part, slice) else value_of(part)
        for part in _parts(key)
    )
    return parts if isinstance(key, tuple) else parts[0]
