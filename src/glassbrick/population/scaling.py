"""Scaling: columns made comparable, by the rows that a network is trained on."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.arrays import Array, as_rows
from glassbrick.checks import refuse
from glassbrick.errors import ShapeError

__all__ = ["Scaling"]


class Scaling:
    """Gives each column mean 0 and standard deviation 1 in the rows that it is made of.

    Parameters
    ----------
    X : ndarray, shape (rows, ...)
        Which decides. A column in which all numbers are the same becomes 0.
    """

    def __init__(self, X: Array):
        same = (X[:1] == X).all(axis=0)  # of which the mean may be off in the last bit
        self.mean = np.where(same, X[0], X.mean(axis=0))
        std = X.std(axis=0)
        self.std = np.where(same | (std == 0.0), 1.0, std)

    def __call__(self, X: ArrayLike) -> Array:
        """Return other rows, scaled in the same way.

        Raises
        ------
        DataError
            If they are no finite numbers.
        ShapeError
            If they have other columns.
        """
        rows = as_rows(X, "X", self.mean.dtype)
        if rows.shape[1:] != self.mean.shape:
            columns = ", ".join(map(str, self.mean.shape))
            refuse(ShapeError, "Population, X", f"{columns} columns, as in training", rows)
        return np.asarray((rows - self.mean) / self.std)
