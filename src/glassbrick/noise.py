"""Noise: the random numbers that an operation draws in each training step, on any engine."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassbrick.arrays import Array, is_traced

__all__ = ["Noise"]


class Noise:
    """Random numbers that are others in each step.

    Parameters
    ----------
    rng : Generator
        Where they come from, and the key from which a compiled step makes its own.

    Attributes
    ----------
    key : ndarray of uint32, shape (2,)
        What a compiled step goes on from. It is state, and changes with each draw.

    Examples
    --------
    >>> import numpy as np
    >>> noise = Noise(np.random.default_rng(0))
    >>> noise.bernoulli(0.5, np.zeros((2, 3)))
    array([[0., 1., 1.],
           [1., 1., 1.]])
    """

    def __init__(self, rng: np.random.Generator):
        self.rng = rng
        self.key = rng.integers(0, 2**32, 2, np.uint32)

    def bernoulli(self, probability: float, like: Array) -> Array:
        """Return an array like `like` of 1 with a probability, else 0."""
        if is_traced(like):
            return like.draw_bernoulli(self.key, probability)  # type: ignore[no-any-return]
        draws: Any = self.rng.random(like.shape, np.float32)  # half the cost, fine enough
        return (draws < probability).astype(like.dtype)  # type: ignore[no-any-return]

    def normal(self, like: Array) -> Array:
        """Return an array like `like` of standard normal numbers."""
        if is_traced(like):
            return like.draw_normal(self.key)  # type: ignore[no-any-return]
        kind: Any = np.float32 if like.dtype == np.float32 else np.float64
        return np.asarray(self.rng.standard_normal(like.shape, kind))
