"""Scaling: columns made comparable, by the rows that a network is trained on."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.arrays import Array, as_rows

__all__ = ["Scaling"]


class Scaling:
    """Gives each column mean 0 and standard deviation 1 in the rows that it is made of.

    Parameters
    ----------
    X : ndarray, shape (rows, ...)
        Which decides. A column in which all numbers are the same becomes 0.
    """

    def __init__(self, X: Array):
        self.mean = X.mean(axis=0)
        std = X.std(axis=0)
        self.std = np.where(std > 0.0, std, 1.0)

    def __call__(self, X: ArrayLike) -> Array:
        """Return other rows, scaled in the same way."""
        return np.asarray((as_rows(X, "X", self.mean.dtype) - self.mean) / self.std)
