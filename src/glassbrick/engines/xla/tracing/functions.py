"""NumPy's other functions, done to traced arrays: the list of what can be compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from glassbrick.engines.xla.tracing.refusal import refuse_to_trace
from glassbrick.engines.xla.tracing.traced_array import TracedArray
from glassbrick.engines.xla.tracing.values import stands_for, value_of
from glassbrick.errors import GlassbrickError

__all__ = ["FUNCTIONS", "apply_function"]

_Handler = Callable[..., Any]


def apply_function(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Do what ``function(*args, **kwargs)`` does."""
    handler = FUNCTIONS.get(function)
    name = f"{function.__module__}.{function.__name__}".replace("numpy.", "np.", 1)
    if handler is None:
        refuse_to_trace(
            name,
            "it is not among what can be compiled",
            "docs/engines.md lists what is: put it together from these.",
        )
    try:
        return handler(*args, **kwargs)
    except (GlassbrickError, np.exceptions.AxisError):
        raise
    except Exception as error:  # whatever JAX or NumPy says of it
        first_line = str(error).splitlines()[0] if str(error) else type(error).__name__
        refuse_to_trace(name, first_line, "See docs/engines.md for what is supported.")


def _by_jax(name: str, prepare: Callable[[str, list[Any]], list[Any]]) -> _Handler:
    """Make a handler that calls the function of the same name of JAX."""
    function: Any = jnp
    for part in name.split("."):
        function = getattr(function, part)

    def handler(*args: Any, **kwargs: Any) -> Any:
        out = kwargs.pop("out", None)
        kwargs = {n: _deep_value(v) for n, v in kwargs.items() if v is not np._NoValue}
        result = function(*prepare(name, [_deep_value(arg) for arg in args]), **kwargs)
        if out is None:
            return stands_for(result)
        out[...] = stands_for(result)
        return out

    return handler


def _deep_value(thing: Any) -> Any:
    """Return what JAX takes, leaving the structure of lists as it is."""
    if isinstance(thing, list | tuple):
        return type(thing)(_deep_value(part) for part in thing)
    return value_of(thing)


def _is_array(thing: Any) -> bool:
    return hasattr(thing, "dtype") and hasattr(thing, "ndim")


def _as_given(name: str, args: list[Any]) -> list[Any]:  # noqa: ARG001
    return args


def _one_dtype(name: str, args: list[Any]) -> list[Any]:
    """Bring arrays to the dtype that NumPy would give the result."""
    start = 1 if name == "where" else 0
    flat: list[Any] = []
    for arg in args[start:]:
        flat += arg if isinstance(arg, list | tuple) else [arg]
    numbers = [x for x in flat if _is_array(x) or type(x) in (int, float, complex)]
    arrays = [x for x in numbers if _is_array(x)]
    if len({x.dtype for x in arrays}) < 2 and len(arrays) == len(numbers):
        return args
    dtype = np.result_type(*(x.dtype if _is_array(x) else x for x in numbers))

    def cast(thing: Any) -> Any:
        if isinstance(thing, list | tuple):
            return type(thing)(cast(part) for part in thing)
        if _is_array(thing):
            return jnp.asarray(thing).astype(dtype)
        return jnp.asarray(thing, dtype) if type(thing) in (int, float, complex) else thing

    whole = name in ("where", "concatenate", "stack", "vstack", "hstack", "column_stack", "clip")
    return [
        cast(arg) if n >= start and (whole or _is_array(arg) or isinstance(arg, list)) else arg
        for n, arg in enumerate(args)
    ]


def _floats(name: str, args: list[Any]) -> list[Any]:  # noqa: ARG001
    """Make floats of whole numbers."""
    return [
        x.astype(np.float64) if _is_array(x) and x.dtype.kind in "biu" and n == 0 else x
        for n, x in enumerate(args)
    ]


def _long(name: str, args: list[Any]) -> list[Any]:  # noqa: ARG001
    """Count in the machine's own integers, as NumPy does."""
    wide = {"b": np.int64, "i": np.int64, "u": np.uint64}
    return [
        x.astype(wide[x.dtype.kind]) if _is_array(x) and x.dtype.kind in wide and n == 0 else x
        for n, x in enumerate(args)
    ]


def _indices(name: str, args: list[Any]) -> list[Any]:  # noqa: ARG001
    """Make arrays of lists."""
    return [np.asarray(x) if isinstance(x, list) else x for x in args]


def _like(make: Any) -> _Handler:
    """Make a handler for ``np.zeros_like`` and its kin."""

    def handler(like: Any, *args: Any, **kwargs: Any) -> TracedArray:
        fill = [value_of(args[0] if args else kwargs.pop("fill_value"))] if make is jnp.full else []
        shadow = np.empty_like(_shadow(like), *args[len(fill) :], **kwargs)
        value = make(shadow.shape, *fill, dtype=shadow.dtype)
        return TracedArray(value)

    return handler


def _shadow(thing: Any) -> Any:
    if type(thing) is TracedArray:
        return thing._shadow
    if isinstance(thing, list | tuple):
        return type(thing)(_shadow(part) for part in thing)
    return thing


def _of_shapes(function: Any) -> _Handler:
    """Make a handler for what depends on shapes and dtypes only."""
    return lambda *args, **kwargs: function(*map(_shadow, args), **kwargs)


def _pieces(function: Any) -> _Handler:
    """Make a handler for ``np.split`` and its kin, whose results are views."""

    def handler(array: Any, sections: Any, *args: Any, **kwargs: Any) -> list[TracedArray]:
        shadows = function(_shadow(array), sections, *args, **kwargs)
        axis = args[0] if args else kwargs.get("axis", 0)
        axis = {np.hsplit: 1 if array.ndim > 1 else 0, np.vsplit: 0}.get(function, axis)
        ends = np.cumsum([shadow.shape[axis] for shadow in shadows])
        before = (slice(None),) * (axis % array.ndim)
        return [
            array[(*before, slice(int(end) - shadow.shape[axis], int(end)))]
            for end, shadow in zip(ends, shadows, strict=True)
        ]

    return handler


def _reshaped(function: Any) -> _Handler:
    """Make a handler for what only adds or removes axes."""
    return lambda array, *args, **kwargs: array.reshape(
        function(_shadow(array), *args, **kwargs).shape
    )


def _moveaxis(array: Any, source: Any, destination: Any) -> Any:
    sources = normalize_axis_tuple(source, array.ndim)
    destinations = normalize_axis_tuple(destination, array.ndim)
    order = [axis for axis in range(array.ndim) if axis not in sources]
    for place, axis in sorted(zip(destinations, sources, strict=True)):
        order.insert(place, axis)
    return array.transpose(order)


def _dot(first: Any, second: Any, out: Any = None) -> Any:
    if np.ndim(first) == np.ndim(second) == 2:
        return np.matmul(first, second, out=out)
    return _any_dot(first, second, out=out)


def _broadcast_to(array: Any, shape: Any, subok: bool = False) -> TracedArray:  # noqa: ARG001
    result = TracedArray(jnp.broadcast_to(value_of(array), shape))
    result.setflags(write=False)
    return result


def _copyto(target: Any, source: Any, casting: str = "same_kind", where: Any = True) -> None:  # noqa: ARG001
    target[...] = np.where(where, source, target)


FUNCTIONS: dict[Any, _Handler] = {
    np.dot: _dot,
    np.reshape: lambda a, *args, **kwargs: a.reshape(*args, **kwargs),
    np.ravel: lambda a, order="C": a.ravel(order),
    np.transpose: lambda a, axes=None: a.transpose(axes),
    np.swapaxes: lambda a, first, second: a.swapaxes(first, second),
    np.moveaxis: _moveaxis,
    np.squeeze: lambda a, axis=None: a.squeeze(axis),
    np.expand_dims: _reshaped(np.expand_dims),
    np.atleast_1d: _reshaped(np.atleast_1d),
    np.atleast_2d: _reshaped(np.atleast_2d),
    np.broadcast_to: _broadcast_to,
    np.copy: lambda a, **_: a.copy(),
    np.copyto: _copyto,
    np.real: lambda a: a,
    np.astype: lambda a, dtype, copy=True, **_: a.astype(dtype, copy=copy),
    np.zeros_like: _like(jnp.zeros),
    np.ones_like: _like(jnp.ones),
    np.empty_like: _like(jnp.zeros),
    np.full_like: _like(jnp.full),
}
"""Every function that can be compiled, with what is done for it."""

_OF_SHAPES: tuple[Any, ...] = (
    np.shape,
    np.ndim,
    np.size,
    np.result_type,
    np.isrealobj,
)
for _function in _OF_SHAPES:
    FUNCTIONS[_function] = _of_shapes(_function)
for _function in (np.split, np.array_split, np.hsplit, np.vsplit):
    FUNCTIONS[_function] = _pieces(_function)


def _register(names: str, prepare: Callable[[str, list[Any]], list[Any]]) -> None:
    for name in names.split():
        function: Any = np
        for part in name.split("."):
            function = getattr(function, part)
        FUNCTIONS[function] = _by_jax(name, prepare)


_any_dot = _by_jax("dot", _one_dtype)
_register("inner outer vdot tensordot einsum kron", _one_dtype)
_register("concatenate stack vstack hstack column_stack where clip", _one_dtype)
_register("sum prod cumsum cumprod trace nansum", _long)
_register("mean var std average median nanmean linalg.norm linalg.inv linalg.solve", _floats)
_register("max min amax amin ptp argmax argmin any all count_nonzero diff sort argsort", _as_given)
_register("take repeat", _indices)
_register("take_along_axis tile roll flip pad tril triu diag diagonal", _as_given)
_register("nan_to_num round isclose", _as_given)
