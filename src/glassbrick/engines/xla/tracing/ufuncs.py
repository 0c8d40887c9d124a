"""NumPy's and SciPy's universal functions, done to traced arrays."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from glassbrick.arrays import Array
from glassbrick.engines.xla.tracing.asking import ask_numpy
from glassbrick.engines.xla.tracing.by_jax import full_name, refuse_what_jax_cannot
from glassbrick.engines.xla.tracing.indexing import scatter
from glassbrick.engines.xla.tracing.products import product
from glassbrick.engines.xla.tracing.refusal import refuse_to_trace
from glassbrick.engines.xla.tracing.traced_array import TracedArray, require_numbers
from glassbrick.engines.xla.tracing.values import dtype_of, shape_of, value_of
from glassbrick.engines.xla.tracing.writing import write

__all__ = ["SCIPY_UFUNCS", "apply_ufunc"]

SCIPY_UFUNCS = frozenset(
    {"digamma", "entr", "erf", "erfc", "erfinv", "expit", "gammaln", "i0", "i0e", "i1", "i1e"}
    | {"kl_div", "log_ndtr", "logit", "ndtr", "ndtri", "psi", "rel_entr", "xlog1py", "xlogy"}
)
"""Those of ``scipy.special`` that can be compiled."""

_REDUCTIONS = {
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
    np.logical_and: np.all,
    np.logical_or: np.any,
}
_ACCUMULATIONS = {np.add: np.cumsum, np.multiply: np.cumprod}
_TABLES: dict[str, dict[Any, Any]] = {"reduce": _REDUCTIONS, "accumulate": _ACCUMULATIONS}
_DIVISIONS = {np.floor_divide, np.remainder, np.fmod, np.divmod}
_KNOWN = {"out", "where", "dtype", "casting", "order", "subok"}


def apply_ufunc(
    ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Do what ``ufunc.method(*inputs, **kwargs)`` does."""
    if method == "__call__":
        return _call(ufunc, inputs, kwargs)
    if method == "at":
        return scatter(inputs[0], ufunc, *inputs[1:])
    if method == "outer":
        first, second = (np.expand_dims(x, ()) for x in inputs)
        return ufunc(first.reshape(first.shape + (1,) * np.ndim(second)), second, **kwargs)
    table = _TABLES.get(method, {})
    if ufunc not in table:
        refuse_to_trace(
            f"np.{ufunc.__name__}.{method}",
            "it is not among what can be compiled",
            "docs/engines.md lists what is.",
        )
    array, *rest = inputs
    names = ("axis", "dtype", "out", "keepdims", "initial", "where")
    given = {"axis": 0} | dict(zip(names, rest, strict=False)) | kwargs
    if given.get("out"):
        (given["out"],) = given["out"]
    return table[ufunc](array, **{n: v for n, v in given.items() if v is not None or n == "axis"})


def _call(ufunc: np.ufunc, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if kwargs.keys() - _KNOWN:
        unknown = ", ".join(sorted(kwargs.keys() - _KNOWN))
        refuse_to_trace(f"np.{ufunc.__name__}", f"{unknown} is not compiled", "Leave it out.")
    outs = list(kwargs.get("out") or (None,) * ufunc.nout)
    where = kwargs.get("where", True)
    dtypes = _dtypes(ufunc, inputs, outs, kwargs)
    if ufunc is np.matmul and _are_alike_matrices(inputs):
        values: Any = product(*inputs)
    else:
        function = _compiled(ufunc, inputs, dtypes)
        cast = [_cast(x, d) for x, d in zip(inputs, dtypes, strict=False)]
        try:
            values = function(*cast)
        except Exception as error:
            ask_numpy(ufunc, inputs, {})  # may raise what NumPy raises
            refuse_what_jax_cannot(full_name(ufunc), error)
    values = values if isinstance(values, tuple | list) else (values,)
    results = [
        _result(value.astype(dtype), out, where, () if ufunc.signature else inputs)
        for value, dtype, out in zip(values, dtypes[ufunc.nin :], outs, strict=True)
    ]
    return results[0] if ufunc.nout == 1 else tuple(results)


def _dtypes(
    ufunc: np.ufunc, inputs: tuple[Any, ...], outs: list[Any], kwargs: dict[str, Any]
) -> tuple[np.dtype[Any], ...]:
    """Return the dtypes that NumPy computes with; raise what NumPy raises."""
    kinds = [dtype_of(x) for x in inputs]
    if kwargs and ufunc.signature is None:
        _ask_without_numbers(ufunc, inputs, outs, kwargs)
    given: dict[str, Any] = {}
    if kwargs.get("dtype") is not None:
        given["signature"] = (*(None,) * ufunc.nin, *(np.dtype(kwargs["dtype"]),) * ufunc.nout)
    if ufunc.nin == 1 and isinstance(kinds[0], type):
        kinds = [np.dtype(kinds[0])]
    dtypes = ufunc.resolve_dtypes((*kinds, *(None,) * ufunc.nout), casting="unsafe", **given)
    for dtype in dtypes:
        require_numbers(dtype)
    return dtypes


def _ask_without_numbers(
    ufunc: np.ufunc, inputs: tuple[Any, ...], outs: list[Any], kwargs: dict[str, Any]
) -> None:
    """Let NumPy do it to empty arrays, and raise what it raises of dtypes."""

    def empty(x: Any) -> Any:
        if type(x) is TracedArray and x.number:
            return dtype_of(x)(1)
        return x if isinstance(dtype_of(x), type) else np.empty(0, dtype_of(x))

    given: dict[str, Any] = {name: kwargs[name] for name in ("dtype", "casting") if name in kwargs}
    if any(out is not None for out in outs):
        given["out"] = tuple(out if out is None else np.empty(0, out.dtype) for out in outs)
    with np.errstate(all="ignore"):
        ufunc(*map(empty, inputs), **given)


def _are_alike_matrices(inputs: tuple[Any, ...]) -> bool:
    first, second = inputs
    return (
        len(shape_of(first)) == len(shape_of(second)) == 2
        and shape_of(first)[1] == shape_of(second)[0]
        and dtype_of(first) == dtype_of(second)
    )


def _result(value: jax.Array, out: Any, where: Any, inputs: tuple[Any, ...]) -> Any:
    if where is not True:
        if out is None:
            refuse_to_trace("where= without out=", "the rest would be undefined", "Use np.where.")
        value = jnp.where(value_of(where), value, value_of(out).astype(value.dtype))
    if out is None:
        return TracedArray(value, scalar=value.ndim == 0, shadow=_shadow(value, inputs))
    return write(TracedArray(value), out)


def _shadow(value: jax.Array, inputs: tuple[Any, ...]) -> Array | None:
    """Return an array that is laid out as the result of NumPy, which follows the inputs."""
    shadows = [getattr(x, "_shadow", x) for x in inputs]
    arrays = [x for x in shadows if isinstance(x, np.ndarray)]
    if value.ndim < 2 or all(x.flags.c_contiguous for x in arrays):
        return None
    dtypes = [*(None,) * len(shadows), value.dtype]
    iterator = np.nditer([*shadows, None], flags=["zerosize_ok"], op_dtypes=dtypes)
    return iterator.operands[-1]


def _cast(thing: Any, dtype: np.dtype[Any]) -> Any:
    value = value_of(thing)
    if isinstance(value, bool | int | float | complex) and not isinstance(value, np.generic):
        return np.asarray(value, dtype)[()]
    if value.dtype == bool and dtype.kind == "f":  # XLA makes 0 of False * nan, but not of this
        return jnp.where(value, np.ones((), dtype), np.zeros((), dtype))
    return value if value.dtype == dtype else jnp.asarray(value).astype(dtype)


def _whole_division(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let whole numbers divided by 0 give 0, as NumPy does; XLA gives -1."""

    def divide(first: Any, second: Any) -> Any:
        result = function(first, jnp.where(second == 0, 1, second))
        return jax.tree.map(lambda part: jnp.where(second == 0, 0, part), result)

    return divide


def _compiled(
    ufunc: np.ufunc, inputs: tuple[Any, ...], dtypes: tuple[np.dtype[Any], ...]
) -> Callable[..., Any]:
    """Find JAX's counterpart."""
    if ufunc in _DIVISIONS and dtypes[0].kind in "iu":
        return _whole_division(getattr(jnp, ufunc.__name__))
    if ufunc is np.power and dtypes[0].kind in "iu" and np.any(np.asarray(_negative(inputs[1]))):
        raise ValueError("Integers to negative integer powers are not allowed.")  # as NumPy says
    name = ufunc.__name__
    if ufunc is np.power and type(inputs[1]) is int and 0 <= inputs[1] <= 8:
        return lambda base, _: jax.lax.integer_pow(base, inputs[1])
    if getattr(np, name, None) is ufunc and hasattr(jnp, name):
        return getattr(jnp, name)  # type: ignore[no-any-return]
    special = sys.modules.get("scipy.special")
    if name not in SCIPY_UFUNCS or getattr(special, name, None) is not ufunc:
        refuse_to_trace(
            f"the function {name}",
            "it is not among what can be compiled",
            "docs/engines.md lists what is: put it together from these.",
        )
    from jax.scipy import special as jax_special

    return getattr(jax_special, "digamma" if name == "psi" else name)  # type: ignore[no-any-return]


def _negative(thing: Any) -> Any:
    return False if type(thing) is TracedArray else np.less(thing, 0)
