"""Does a function of NumPy by the one of the same name of JAX, to the dtype NumPy would give."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import jax.numpy as jnp
import numpy as np

from glassbrick.engines.xla.tracing.asking import Sample, ask_numpy, ones
from glassbrick.engines.xla.tracing.refusal import refuse_to_trace
from glassbrick.engines.xla.tracing.traced_array import TracedArray, require_numbers
from glassbrick.engines.xla.tracing.values import dtype_of, stands_for, value_of
from glassbrick.engines.xla.tracing.writing import write

__all__ = [
    "Handler",
    "by_jax",
    "call_jax",
    "deep_value",
    "find",
    "full_name",
    "product_by_jax",
    "refuse_what_jax_cannot",
]

Handler = Callable[..., Any]
_ONLY_NUMPYS = {"kind", "order", "stable", "casting", "subok"}  # say nothing of the result


def find(name: str, library: Any) -> Any:
    """Find ``linalg.norm``, say, in NumPy or JAX."""
    for part in name.split("."):
        library = getattr(library, part)
    return library


def full_name(function: Any) -> str:
    """Return the name that users know, such as ``np.linalg.norm``."""
    return f"{function.__module__}.{function.__name__}".replace("numpy.", "np.", 1)


def by_jax(name: str, data: Iterable[int] = (), sample: Sample = ones, nesting: int = 0) -> Handler:
    """Make a handler that calls the function of the same name of JAX.

    Parameters
    ----------
    name : str
        Such as ``"linalg.norm"``.
    data : iterable of int
        The arguments that have the dtype of the result, or are brought to it.
    sample : callable
        Makes the numbers with which NumPy is asked what the result would be.
    nesting : int
        Of how many lists in lists the function takes the arrays.
    """
    function, counterpart, data = find(name, np), find(name, jnp), set(data)

    def handler(*args: Any, **kwargs: Any) -> Any:
        expected = ask_numpy(function, args, kwargs, sample)  # raises what NumPy raises
        out = kwargs.pop("out", None)
        dtype = getattr(expected[0] if isinstance(expected, tuple) else expected, "dtype", None)
        values = [
            _cast(value, dtype) if number in data and dtype is not None else value
            for number, value in enumerate(deep_value(arg, nesting) for arg in args)
        ]
        result = call_jax(counterpart, function, values, _for_jax(kwargs))
        if out is None:
            return _as_expected(result, expected, function)
        return write(_as_expected(result, np.asarray(expected), function), out)

    return handler


def product_by_jax(name: str) -> Handler:
    """Make a handler for a product, which NumPy is not asked about: that would take long."""
    function, counterpart = find(name, np), find(name, jnp)

    def handler(*args: Any, **kwargs: Any) -> Any:
        data = _operands(name, args)
        dtype = np.result_type(*(np.dtype(dtype_of(args[number])) for number in data))
        out = kwargs.pop("out", None)
        values = [
            _cast(value_of(arg), dtype) if number in data else arg
            for number, arg in enumerate(args)
        ]
        try:
            result = counterpart(*values, **_for_jax(kwargs))
        except Exception as error:
            ask_numpy(function, args, kwargs, ones)
            refuse_what_jax_cannot(full_name(function), error)
        product = stands_for(result, scalar=name != "tensordot")
        return product if out is None else write(product, out)

    return handler


def _operands(name: str, args: tuple[Any, ...]) -> range:
    """Tell the arrays from the letters and axes that say what to do with them."""
    if name != "einsum":
        return range(2)
    return range(1, len(args)) if isinstance(args[0], str) else range(0, len(args) - 1, 2)


def deep_value(thing: Any, nesting: int = 0) -> Any:
    """Return what JAX takes: arrays of lists, but for those that hold arrays; tuples as such."""
    if isinstance(thing, tuple) or (isinstance(thing, list) and nesting > 0):
        return type(thing)(deep_value(part, nesting - 1) for part in thing)
    return value_of(thing)


def _for_jax(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {
        name: deep_value(value)
        for name, value in kwargs.items()
        if value is not np._NoValue and name not in _ONLY_NUMPYS
    }


def _cast(thing: Any, dtype: np.dtype[Any]) -> Any:
    if isinstance(thing, list | tuple):
        return type(thing)(_cast(part, dtype) for part in thing)
    if thing is None or isinstance(thing, str):
        return thing
    array = thing if hasattr(thing, "dtype") else np.asarray(thing)
    if dtype.kind == "c" and array.dtype.kind != "c":
        dtype = np.empty(0, dtype).real.dtype
    if array.dtype == dtype or (array.dtype.kind == "c" and dtype.kind != "c"):
        return array
    return jnp.asarray(array).astype(dtype)


def call_jax(
    counterpart: Handler, function: Any, args: Iterable[Any], kwargs: dict[str, Any]
) -> Any:
    """Call JAX, with arguments that NumPy would take."""
    try:
        return counterpart(*args, **kwargs)
    except Exception as error:
        refuse_what_jax_cannot(full_name(function), error)


def refuse_what_jax_cannot(name: str, error: Exception) -> None:
    """Refuse what NumPy would do."""
    first_line = str(error).splitlines()[0] if str(error) else type(error).__name__
    refuse_to_trace(
        name,
        f"JAX cannot do it with these arguments ({first_line})",
        "See docs/engines.md for what is supported.",
    )


def _as_expected(result: Any, expected: Any, function: Any) -> Any:
    """Make of a value of JAX what NumPy would have returned: an array, a scalar, a tuple."""
    if isinstance(expected, list | tuple):
        pairs = zip(result, expected, strict=True)
        parts = [_as_expected(part, other, function) for part, other in pairs]
        return expected._make(parts) if hasattr(expected, "_make") else type(expected)(parts)
    dtype = np.asarray(expected).dtype
    require_numbers(dtype)
    if np.shape(expected) != result.shape:
        refuse_to_trace(
            full_name(function),
            f"JAX would return shape {result.shape} where NumPy returns {np.shape(expected)}",
            "Put it together from other functions.",
        )
    return TracedArray(
        result.astype(dtype),
        scalar=isinstance(expected, np.generic),
        number=isinstance(expected, bool | int | float) and not isinstance(expected, np.generic),
    )
