"""Weights of rows: how much each row counts, 1 on average."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.arrays import Array, as_numbers
from glassbrick.checks import complaint, refuse
from glassbrick.errors import DataError, ShapeError

__all__ = ["averaging_one", "weights_as_given"]


def weights_as_given(sample_weight: ArrayLike, rows: int, who: str) -> Array:
    """Return what each row counts, shape (rows,), as it was given.

    Raises
    ------
    ShapeError, DataError
        If there is not one number for each row, or one is negative.
    """
    weights = as_numbers(sample_weight, who, np.float64)
    if weights.shape not in ((rows,), (rows, 1)):
        refuse(ShapeError, who, f"one number for each of {rows} rows", weights)
    if (weights < 0).any():
        row = int(np.argmax(weights.ravel() < 0))
        received = f"{weights.ravel()[row]:g} at row {row}"
        raise DataError(complaint(who, "numbers that are not negative", received))
    return weights.ravel()


def averaging_one(weights: Array, dtype: np.dtype[Any], who: str) -> Array:
    """Return weights of 1 on average, shape (rows, 1), in the dtype of the targets.

    Raises
    ------
    DataError
        If all are 0.
    """
    if not weights.any():
        raise DataError(f"{who}: expected a weight greater than 0; all rows have 0.")
    with np.errstate(under="ignore"):  # what is too small to count, next to the others, is 0
        weights = weights / weights.max()  # whose sum cannot be too large
        return np.asarray((weights / weights.mean()).astype(dtype)[:, np.newaxis])
