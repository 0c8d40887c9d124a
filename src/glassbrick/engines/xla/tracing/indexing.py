"""Reading and writing parts of traced arrays."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from glassbrick.arrays import Array
from glassbrick.engines.xla.tracing.refusal import refuse_to_trace
from glassbrick.engines.xla.tracing.traced_array import TracedArray
from glassbrick.engines.xla.tracing.values import dtype_of, value_of
from glassbrick.engines.xla.tracing.writing import require_array

__all__ = ["get_item", "scatter", "set_item"]

_KEPT = "Keep the shape: np.where(mask, new, x)."


def get_item(array: TracedArray, key: Any) -> TracedArray:
    """Return ``array[key]``: a view, a copy or a scalar, as NumPy would."""
    if _mask(key) is not None:
        refuse_to_trace("x[mask]", "its length would depend on values", _KEPT)
    shadow = array._shadow[_shadow_key(key)]  # raises what NumPy raises
    where = _plain(key)
    # Numbers of rows that are computed and out of range give NaN.
    is_traced = _is_traced(key)

    def get(whole: jax.Array) -> jax.Array:
        return whole.at[where].get(mode="fill") if is_traced else whole[where]

    if not isinstance(shadow, np.ndarray):
        return TracedArray(get(array.value), scalar=True)
    return array._moved(shadow, get, lambda whole, part: whole.at[where].set(part))


def set_item(array: TracedArray, key: Any, value: Any) -> None:
    """Do ``array[key] = value``."""
    if array.scalar or array.number:
        kind = array.__class__.__name__
        raise TypeError(f"'{kind}' object does not support item assignment")  # as Python says it
    if not isinstance(value, list | tuple):
        dtype_of(value)  # refuses what is no number
    new = jnp.asarray(value_of(value)).astype(array.dtype)
    mask = _mask(key)
    if mask is not None:
        array.assign(_masked(array, mask, new))
        return
    part = array._shadow[_shadow_key(key)]
    if not isinstance(part, np.ndarray):
        np.empty(1, array.dtype)[0] = np.zeros(new.shape, new.dtype)  # may raise what NumPy raises
    new = _fitted(new, np.shape(part))
    if key is Ellipsis or (isinstance(key, slice) and key == slice(None)):
        array.assign(new)
    else:
        array.assign(array.value.at[_plain(key)].set(new))


def scatter(array: Any, ufunc: np.ufunc, key: Any, value: Any = None) -> None:
    """Do ``ufunc.at(array, key, value)``, equal indices one after the other."""
    ways = {np.add: "add", np.subtract: "add", np.multiply: "multiply"}
    ways |= {np.maximum: "max", np.minimum: "min"}
    if ufunc not in ways or _mask(key) is not None:
        refuse_to_trace(
            f"np.{ufunc.__name__}.at",
            "it is not among what can be compiled, with this index",
            _KEPT,
        )
    require_array(array)
    kind = np.result_type(array.dtype, np.empty(0, dtype_of(value)))
    if array.dtype == bool or not np.can_cast(kind, array.dtype, "same_kind"):
        refuse_to_trace(f"np.{ufunc.__name__}.at", f"{array.dtype} cannot hold it", "Use floats.")
    part = array._shadow[_shadow_key(key)]
    new = _fitted(jnp.asarray(value_of(value)).astype(array.dtype), np.shape(part))
    target = array.value.at[_plain(key)]
    array.assign(getattr(target, ways[ufunc])(-new if ufunc is np.subtract else new))


def _masked(array: TracedArray, mask: TracedArray, new: jax.Array) -> jax.Array:
    """Return the array with other numbers where the mask is true."""
    array._shadow[np.zeros(mask.shape, bool)]  # raises what NumPy raises
    if new.ndim > array.ndim - mask.ndim:
        refuse_to_trace("x[mask] = values", "how many would be needed depends on values", _KEPT)
    each = mask.value.reshape(mask.shape + (1,) * (array.ndim - mask.ndim))
    return jnp.where(each, new, array.value)


def _fitted(new: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Drop axes of one element that the place has not; raise what NumPy raises."""
    own = new.shape
    while len(own) > len(shape) and own[0] == 1:
        own = own[1:]
    if len(own) > len(shape) or any(
        n not in (1, m) for n, m in zip(own[::-1], shape[::-1], strict=False)
    ):
        raise ValueError(
            f"could not broadcast input array from shape {new.shape} into shape {shape}"
        )
    return new.reshape(own)


def _parts(key: Any) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key,)


def _is_traced(key: Any) -> bool:
    return any(type(part) is TracedArray for part in _parts(key))


def _mask(key: Any) -> TracedArray | None:
    """Return the mask, if the key is one that depends on values."""
    for part in _parts(key):
        if type(part) is TracedArray and part.dtype == bool:
            if len(_parts(key)) == 1:
                return part
            refuse_to_trace("x[mask, ...]", "its length would depend on values", _KEPT)
    return None


def _plain(key: Any) -> Any:
    """Return the key for JAX, and take down what is constant in it."""
    parts = tuple(value_of(_array(part)) for part in _parts(key))
    for part in parts:
        if isinstance(part, slice):
            value_of((part.start or 0, part.stop or 0, part.step or 1))
    return parts if isinstance(key, tuple) else parts[0]


def _shadow_key(key: Any) -> Any:
    """Return a key of constants, by which NumPy does the same: computed numbers are in range."""
    parts = tuple(
        np.zeros(part.shape, part.dtype)[() if part.scalar else ...]
        if type(part) is TracedArray
        else _array(part)
        for part in _parts(key)
    )
    return parts if isinstance(key, tuple) else parts[0]


def _array(part: Any) -> Any:
    """Make an array of a list of row numbers."""
    if isinstance(part, list | tuple | range):
        numbers: Array = np.asarray(part)
        return numbers.astype(np.intp) if numbers.size == 0 else numbers
    return part
