"""NumPy's other functions, done to traced arrays: the list of what can be compiled."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from functools import cache
from typing import Any, NoReturn

import jax.numpy as jnp
import numpy as np

from glassbrick.engines.xla.tracing.asking import ask_numpy, ones, unit_matrices, zeros
from glassbrick.engines.xla.tracing.by_jax import (
    Handler,
    by_jax,
    call_jax,
    find,
    full_name,
    product_by_jax,
)
from glassbrick.engines.xla.tracing.refusal import refuse_to_trace
from glassbrick.engines.xla.tracing.traced_array import TracedArray, require_numbers
from glassbrick.engines.xla.tracing.values import dtype_of, shape_of, value_of
from glassbrick.engines.xla.tracing.views import VIEWS
from glassbrick.engines.xla.tracing.writing import require_array

__all__ = ["FUNCTIONS", "apply_function"]


def apply_function(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Do what ``function(*args, **kwargs)`` does."""
    handler = FUNCTIONS.get(function)
    if handler is None:
        _refuse(full_name(function))
    signature = _signature(function)
    if signature is not None:  # let arguments be in their order, and without names
        bound = signature.bind(*args, **kwargs)
        out = bound.arguments.pop("out", None)
        args, kwargs = bound.args, bound.kwargs | ({} if out is None else {"out": out})
    return handler(*args, **kwargs)


@cache
def _signature(function: Any) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except ValueError:  # functions in C had none in older NumPys
        return None


_BY_VALUES = (
    "argwhere bincount compress extract flatnonzero histogram intersect1d nonzero setdiff1d "
    "trim_zeros union1d unique unique_all unique_counts unique_inverse unique_values where"
).split()
_FOR_BRANCHES = "allclose array_equal array_equiv".split()
_BY_CALLS = "apply_along_axis apply_over_axes piecewise".split()


def _refuse(name: str) -> NoReturn:
    short = name.removeprefix("np.")
    if short in _BY_VALUES:
        why, remedy = (
            "the shape of its result would depend on values",
            "Keep the shape: np.where(condition, x, 0); count labels by "
            "np.sum(x[:, None] == np.arange(n), axis=0).",
        )
    elif short in _FOR_BRANCHES:
        why, remedy = (
            "there are no numbers yet while the step is compiled",
            "Use np.all(np.isclose(a, b)) within np.where.",
        )
    elif short in _BY_CALLS:
        why, remedy = (
            "it calls functions with parts of the values",
            "Use axis=, np.where or np.select.",
        )
    else:
        why, remedy = (
            "it is not among what can be compiled",
            "docs/engines.md lists what is: put it together from these.",
        )
    refuse_to_trace(name, why, remedy)


def _like(function: Any, make: Any) -> Handler:
    """Make a handler for ``np.zeros_like`` and its kin."""

    def handler(like: Any, *args: Any, **kwargs: Any) -> TracedArray:
        fill = []
        if make is jnp.full:
            dtype_of(args[0])  # refuses what is no number
            fill = [value_of(args[0])]
            ask_numpy(function, (like, *args), kwargs)
        shadow = np.empty_like(getattr(like, "_shadow", like), *args[len(fill) :], **kwargs)
        require_numbers(shadow.dtype)
        return TracedArray(make(shadow.shape, *fill, dtype=shadow.dtype), shadow=shadow)

    return handler


def _of_shapes(function: Any) -> Handler:
    """Make a handler for what depends on shapes and dtypes only."""
    return lambda *args, **kwargs: ask_numpy(function, args, kwargs)


def _dot(first: Any, second: Any, out: Any = None) -> Any:
    if len(shape_of(first)) == len(shape_of(second)) == 2:
        try:
            return np.matmul(first, second, out=out)
        except ValueError:
            ask_numpy(np.dot, (first, second), {"out": out})
            raise
    return _any_dot(first, second, **({} if out is None else {"out": out}))


def _where(condition: Any, *choices: Any) -> Any:
    if not choices:
        _refuse("np.where")
    return _any_where(condition, *choices)


def _copyto(target: Any, source: Any, casting: Any = "same_kind", where: Any = True) -> None:
    def copy(source: Any, where: Any, out: Any) -> None:
        np.copyto(out, source, casting, where)

    ask_numpy(copy, (source, where), {"out": target})  # raises what NumPy raises
    target[...] = source if where is True else np.where(where, source, target)


def _nan_to_num(x: Any, copy: bool = True, *args: Any, **kwargs: Any) -> Any:
    result = _any_nan_to_num(x, True, *args, **kwargs)
    if copy or x.scalar or x.number:
        return result
    x[...] = result
    return x


def _put_along_axis(array: Any, indices: Any, values: Any, axis: Any) -> None:
    require_array(array)
    ask_numpy(np.take_along_axis, (array, indices, axis), {}, zeros)  # raises what NumPy raises
    numbers = jnp.asarray(value_of(indices))
    if axis is not None:
        shape = list(array.shape)
        shape[axis] = numbers.shape[axis]
        numbers = jnp.broadcast_to(numbers, shape)
    new = jnp.asarray(value_of(values)).astype(array.dtype)
    array.assign(jnp.put_along_axis(array.value, numbers, new, axis, inplace=False))


def _fill_diagonal(array: Any, value: Any, wrap: bool = False) -> None:
    new = jnp.asarray(value_of(value)).astype(array.dtype)
    given = {"wrap": wrap, "inplace": False}
    array.assign(call_jax(jnp.fill_diagonal, np.fill_diagonal, (array.value, new), given))


def _sorted(name: str) -> Handler:
    """Make a handler for ``np.sort`` and its kin, of which JAX's are stable."""
    function, handler = find(name, np), by_jax(name)

    def sort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, **kwargs: Any) -> Any:
        ask_numpy(function, (a, axis, kind, order), kwargs)  # raises what NumPy raises
        return handler(a, axis)

    return sort


def _quantile(name: str) -> Handler:
    """Make a handler for ``np.quantile`` and its kin."""
    handler = by_jax(name, (0, 1))

    def quantile(*args: Any, **kwargs: Any) -> Any:
        if "nearest" in (*args[2:], kwargs.get("method")):
            refuse_to_trace(f"np.{name}", "JAX rounds halves otherwise", 'Use method="linear".')
        return handler(*args, **kwargs)

    return quantile


FUNCTIONS: dict[Any, Handler] = VIEWS | {
    np.dot: _dot,
    np.where: _where,
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: a.ndim,
    np.size: lambda a, axis=None: np.size(a._shadow, axis),
    np.copy: lambda a, order="K", **_: a.copy(order),
    np.copyto: _copyto,
    np.nan_to_num: _nan_to_num,
    np.put_along_axis: _put_along_axis,
    np.fill_diagonal: _fill_diagonal,
    np.astype: lambda a, dtype, copy=True, **_: a.astype(dtype, copy=copy),
    np.zeros_like: _like(np.zeros_like, jnp.zeros),
    np.ones_like: _like(np.ones_like, jnp.ones),
    np.empty_like: _like(np.empty_like, jnp.zeros),
    np.full_like: _like(np.full_like, jnp.full),
}
"""Every function that can be compiled, with what is done for it."""

for _function in (np.result_type, np.isrealobj, np.iscomplexobj):
    FUNCTIONS[_function] = _of_shapes(_function)
for _name in ("sort", "argsort"):
    FUNCTIONS[find(_name, np)] = _sorted(_name)
for _name in ("quantile", "percentile"):
    FUNCTIONS[find(_name, np)] = _quantile(_name)
for _name in "inner outer vdot tensordot kron".split():
    FUNCTIONS[find(_name, np)] = product_by_jax(_name)


def _register(names: str, data: Iterable[int] = (), sample: Any = ones, nesting: int = 0) -> None:
    for name in names.split():
        FUNCTIONS[find(name, np)] = by_jax(name, data, sample, nesting)


_any_dot = product_by_jax("dot")
_any_where = by_jax("where", (1, 2))
_any_nan_to_num = by_jax("nan_to_num")
_register("concatenate stack vstack hstack dstack column_stack", (0,), nesting=1)
_register("block", (0,), nesting=9)
_register("append", (0, 1))
_register("insert", (0, 2))
_register("select", (1, 2), nesting=1)
_register("clip interp", (0, 1, 2))
_register("diff sum prod cumsum cumprod trace nansum mean var std average median", (0,))
_register("nanmean nanvar nanstd nanmedian cov corrcoef i0 sinc", (0,))
_register("trapezoid convolve correlate cross", (0, 1))
_register("linalg.norm linalg.inv linalg.pinv linalg.det linalg.cholesky", (0,), unit_matrices)
_register("linalg.svd linalg.qr linalg.eigh", (0,), unit_matrices)
_register("linalg.solve", (0, 1), unit_matrices)
_register("max min amax amin nanmax nanmin ptp argmax argmin any all count_nonzero")
_register("searchsorted digitize isin isclose round around")
_register("repeat delete tile roll pad tril triu")
_register("take take_along_axis", (), zeros)
_register("fft.fft fft.ifft fft.rfft fft.irfft", (0,))
