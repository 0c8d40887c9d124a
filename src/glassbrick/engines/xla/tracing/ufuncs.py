"""NumPy's and SciPy's universal functions, done to traced arrays."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from glassbrick.engines.xla.tracing.indexing import scatter
from glassbrick.engines.xla.tracing.products import product
from glassbrick.engines.xla.tracing.refusal import refuse_to_trace
from glassbrick.engines.xla.tracing.traced_array import TracedArray
from glassbrick.engines.xla.tracing.values import dtype_of, value_of

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
_ARITHMETIC = {np.add, np.subtract, np.multiply, np.divide, np.power, np.negative, np.positive}


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
        refuse_to_trace(f"np.{ufunc.__name__}.{method}", "it is not among what can be compiled", "")
    array, *rest = inputs
    names = ("axis", "dtype", "out", "keepdims")
    given = {"axis": 0} | dict(zip(names, rest, strict=False)) | kwargs
    return table[ufunc](array, **{n: v for n, v in given.items() if v is not None or n == "axis"})


def _call(ufunc: np.ufunc, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    outs = kwargs.get("out") or (None,) * ufunc.nout
    where = kwargs.get("where", True)
    kinds = [dtype_of(x) for x in inputs]
    given: dict[str, Any] = {}
    if kwargs.get("dtype") is not None:
        given["signature"] = (*(None,) * ufunc.nin, *(np.dtype(kwargs["dtype"]),) * ufunc.nout)
    dtypes = ufunc.resolve_dtypes((*kinds, *(None,) * ufunc.nout), **given)
    if ufunc.signature is None:
        np.broadcast_shapes(*(np.shape(x) for x in inputs))  # raises what NumPy raises
    if ufunc is np.matmul and _are_alike_matrices(inputs):
        return _result(product(*inputs), dtypes[-1], outs[0], where, is_number=False)
    function = _compiled(ufunc, inputs)
    values = function(*(_cast(x, d) for x, d in zip(inputs, dtypes, strict=False)))
    values = values if isinstance(values, tuple | list) else (values,)
    is_number = ufunc in _ARITHMETIC and all(isinstance(kind, type) for kind in kinds)
    results = [
        _result(value, dtype, out, where, is_number)
        for value, dtype, out in zip(values, dtypes[ufunc.nin :], outs, strict=True)
    ]
    return results[0] if ufunc.nout == 1 else tuple(results)


def _are_alike_matrices(inputs: tuple[Any, ...]) -> bool:
    first, second = inputs
    return (
        np.ndim(first) == np.ndim(second) == 2
        and np.shape(first)[1] == np.shape(second)[0]
        and dtype_of(first) == dtype_of(second)
    )


def _result(value: Any, dtype: np.dtype[Any], out: Any, where: Any, is_number: bool) -> Any:
    value = value.astype(dtype)
    if where is not True:
        if out is None:
            refuse_to_trace("where= without out=", "the rest would be undefined", "Use np.where.")
        value = jnp.where(value_of(where), value, value_of(out))
    if out is None or (type(out) is TracedArray and (out.scalar or out.number)):
        return TracedArray(value, scalar=value.ndim == 0, number=is_number)
    if type(out) is not TracedArray:
        refuse_to_trace(
            "writing into an array of numbers",
            "what is to be written is not known yet",
            "Start from np.zeros_like(x), or write a = a + b instead of a += b.",
        )
    if not np.can_cast(dtype, out.dtype, "same_kind"):
        raise TypeError(f"Cannot cast from {dtype} to {out.dtype} with casting rule 'same_kind'")
    if np.broadcast_shapes(value.shape, out.shape) != out.shape:
        raise ValueError(f"non-broadcastable output operand with shape {out.shape}")
    out.assign(value)
    return out


def _cast(thing: Any, dtype: np.dtype[Any]) -> Any:
    value = value_of(thing)
    if type(value) in (int, float, complex):
        return np.asarray(value, dtype)[()]
    return value if value.dtype == dtype else jnp.asarray(value).astype(dtype)


def _compiled(ufunc: np.ufunc, inputs: tuple[Any, ...]) -> Callable[..., Any]:
    """Find JAX's counterpart."""
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
