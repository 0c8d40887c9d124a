"""Writes results into traced arrays, as ``out=`` asks for."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassbrick.engines.xla.tracing.refusal import refuse_to_trace
from glassbrick.engines.xla.tracing.traced_array import TracedArray

__all__ = ["require_array", "write"]


def require_array(out: Any) -> None:
    """Refuse what cannot be written into."""
    if type(out) is not TracedArray:
        refuse_to_trace(
            "writing into an array of numbers",
            "what is to be written is not known yet",
            "Start from np.zeros_like(x), or write a = a + b instead of a += b.",
        )
    if out.scalar or out.number:
        raise TypeError("return arrays must be of ArrayType")  # as NumPy says it


def write(result: Any, out: Any) -> Any:
    """Write a result into an array, if it fits, and return that."""
    require_array(out)
    if not np.can_cast(result.dtype, out.dtype, "same_kind"):
        raise TypeError(
            f"Cannot cast from {result.dtype} to {out.dtype} with casting rule 'same_kind'"
        )
    if np.broadcast_shapes(result.shape, out.shape) != out.shape:
        raise ValueError(f"non-broadcastable output operand with shape {out.shape}")
    out.assign(result.value)
    return out
