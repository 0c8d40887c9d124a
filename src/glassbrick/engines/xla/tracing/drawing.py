"""Random numbers in a compiled step, drawn by JAX from a key that is state."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from glassbrick.arrays import is_traced
from glassbrick.engines.xla.tracing.traced_array import TracedArray

__all__ = ["draw_bernoulli", "draw_normal"]


def draw_bernoulli(like: TracedArray, key: TracedArray, probability: float) -> TracedArray:
    """Return 1 with a probability, else 0, in the shape and dtype of `like`."""
    # 16 bits cost half of 32, and are off by at most 1 in 131,072.
    bits = jax.random.bits(_next(key), like.shape, jnp.uint16)
    if is_traced(probability):  # a population has several
        several = jnp.round(probability.value * 2**16).astype(jnp.uint32)
        return TracedArray((bits.astype(jnp.uint32) < several).astype(like.dtype))
    threshold = round(probability * 2**16)
    chosen = bits < threshold if threshold < 2**16 else jnp.ones(like.shape, bool)
    return TracedArray(chosen.astype(like.dtype))


def draw_normal(like: TracedArray, key: TracedArray) -> TracedArray:
    """Return standard normal numbers in the shape and dtype of `like`."""
    return TracedArray(jax.random.normal(_next(key), like.shape, like.dtype))


def _next(key: TracedArray) -> Any:
    """Return a key of its own for each draw: Threefry turns neighbours into strangers."""
    words = key.value
    key.assign(words.at[1].add(1))
    return jax.random.wrap_key_data(words, impl="threefry2x32")
