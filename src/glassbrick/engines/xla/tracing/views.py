"""Functions of NumPy whose results are views of what they are given."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from glassbrick.engines.xla.tracing.by_jax import Handler, deep_value, find, product_by_jax
from glassbrick.engines.xla.tracing.refusal import refuse_to_trace
from glassbrick.engines.xla.tracing.traced_array import TracedArray

__all__ = ["VIEWS"]


def _view(function: Any, get: Callable[..., jax.Array]) -> Handler:
    """Make a handler for a function that rearranges, whose result may be a view."""

    def handler(array: TracedArray, *args: Any, **kwargs: Any) -> TracedArray:
        shadow = function(array._shadow, *args, **kwargs)

        def put(whole: jax.Array, part: jax.Array) -> jax.Array:
            places = function(np.arange(whole.size).reshape(whole.shape), *args, **kwargs)
            return whole.ravel().at[places.ravel()].set(part.ravel()).reshape(whole.shape)

        values = [deep_value(arg) for arg in args]
        return array._moved(shadow, lambda whole: get(whole, *values, **kwargs), put)

    return handler


def _reshaped(function: Any) -> Handler:
    """Make a handler for what only adds or removes axes."""
    return lambda array, *args, **kwargs: array.reshape(
        function(array._shadow, *args, **kwargs).shape
    )


def _several(handler: Handler) -> Handler:
    """Let a handler do one array after the other, as ``np.atleast_2d`` does."""

    def each(*arrays: Any) -> Any:
        results = tuple(
            handler(array) if type(array) is TracedArray else np.asarray(array) for array in arrays
        )
        return results[0] if len(results) == 1 else results

    return each


def _pieces(function: Any) -> Handler:
    """Make a handler for ``np.split`` and its kin."""

    def handler(array: Any, sections: Any, axis: int = 0) -> list[TracedArray]:
        if type(sections) is TracedArray:
            refuse_to_trace("pieces between computed points", "no lengths are known", "Use slices.")
        if function in (np.hsplit, np.vsplit, np.dsplit):
            shadows = function(array._shadow, sections)
            axis = {np.hsplit: min(1, array.ndim - 1), np.vsplit: 0, np.dsplit: 2}[function]
        else:
            shadows = function(array._shadow, sections, axis)
        lengths = [shadow.shape[axis] for shadow in shadows]
        points = np.cumsum(lengths[:-1]) if np.ndim(sections) == 0 else sections
        before = (slice(None),) * (axis % array.ndim)
        return [
            array[(*before, slice(start, stop))] for start, stop in pairwise([0, *points, None])
        ]

    return handler


def _windows(whole: jax.Array, window_shape: Any, axis: Any = None, **_: Any) -> jax.Array:
    lengths = np.atleast_1d(window_shape).tolist()
    axes = range(whole.ndim) if axis is None else np.atleast_1d(axis).tolist()
    for length, number in zip(lengths, [a % whole.ndim for a in axes], strict=True):
        starts = np.arange(whole.shape[number] - length + 1)
        windows = jnp.take(whole, starts[:, None] + np.arange(length), axis=number)
        whole = jnp.moveaxis(windows, number + 1, -1)
    return whole


def _sliding_window_view(
    array: TracedArray,
    window_shape: Any,
    axis: Any = None,
    *,
    subok: bool = False,  # noqa: ARG001
    writeable: bool = False,
) -> TracedArray:
    if writeable:
        refuse_to_trace("writeable=True", "windows share elements", "Write into the array itself.")
    return _view(sliding_window_view, _windows)(array, window_shape, axis)  # type: ignore[no-any-return]


def _broadcast_to(array: TracedArray, shape: Any, subok: bool = False) -> TracedArray:  # noqa: ARG001
    return _view(np.broadcast_to, jnp.broadcast_to)(array, shape)  # type: ignore[no-any-return]


def _einsum(*operands: Any, **kwargs: Any) -> Any:
    """Do ``np.einsum``: of one array it may return its transpose or diagonal, as a view."""
    if len(operands) == 2 and not kwargs and type(operands[1]) is TracedArray:
        letters, array = operands
        swapped = _view(
            lambda part: np.einsum(letters, part), lambda whole: jnp.einsum(letters, whole)
        )
        return swapped(array)
    return _any_einsum(*operands, **kwargs)


_any_einsum = product_by_jax("einsum")

VIEWS: dict[Any, Handler] = {
    np.reshape: lambda a, shape, order="C", copy=None: a.reshape(shape, order=order, copy=copy),
    np.ravel: lambda a, order="C": a.ravel(order),
    np.transpose: lambda a, axes=None: a.transpose(axes),
    np.swapaxes: lambda a, first, second: a.swapaxes(first, second),
    np.squeeze: lambda a, axis=None: a.squeeze(axis),
    np.real: lambda a: a.real,
    np.imag: lambda a: a.imag,
    np.expand_dims: _reshaped(np.expand_dims),
    np.atleast_1d: _several(_reshaped(np.atleast_1d)),
    np.atleast_2d: _several(_reshaped(np.atleast_2d)),
    np.atleast_3d: _several(_reshaped(np.atleast_3d)),
    np.broadcast_to: _broadcast_to,
    np.einsum: _einsum,
    sliding_window_view: _sliding_window_view,
}
"""Each function with what is done for it."""

for _function in (np.split, np.array_split, np.hsplit, np.vsplit, np.dsplit):
    VIEWS[_function] = _pieces(_function)
for _name in "moveaxis rollaxis flip fliplr flipud rot90 diag diagonal".split():
    VIEWS[find(_name, np)] = _view(find(_name, np), find(_name, jnp))
