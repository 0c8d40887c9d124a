"""The products of matrices, written in the way that XLA computes fastest."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from glassbrick.engines.xla.tracing.traced_array import TracedArray
from glassbrick.engines.xla.tracing.values import value_of

__all__ = ["product"]

# Measured on CPUs, JAX 0.10: see docs/benchmarks.md.
_FEW_COLUMNS = 16
_FEW_MULTIPLICATIONS = 50_000


def product(first: Any, second: Any) -> jax.Array:
    """Multiply two matrices of one dtype.

    XLA folds a transposition into the product, which is the slower way where the result is
    small or narrow: :math:`X^T G` with ten columns takes five to twelve times as long as
    :math:`(G^T X)^T`. A barrier keeps it from folding.
    """
    a, b = value_of(first), value_of(second)
    is_small = first.size * second.shape[1] <= _FEW_MULTIPLICATIONS
    if _is_transposed(first) and (is_small or second.shape[1] <= _FEW_COLUMNS):
        return _unfolded(_unfolded(b.T) @ a.T).T
    return jnp.matmul(a, _unfolded(b) if _is_transposed(second) and is_small else b)


def _unfolded(matrix: jax.Array) -> jax.Array:
    return jax.lax.optimization_barrier(matrix)  # type: ignore[no-any-return, no-untyped-call]


def _is_transposed(array: Any) -> bool:
    return type(array) is TracedArray and array.transposed
