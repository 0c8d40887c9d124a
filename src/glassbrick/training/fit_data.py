"""FitData: what a fit trains and validates on, converted and checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.arrays import Array, as_rows, as_targets, read_only, require_same_rows
from glassbrick.checks import refuse
from glassbrick.errors import DataError, ShapeError

__all__ = ["FitData", "as_pair"]


@dataclass(frozen=True)
class FitData:
    """Matrices of one dtype, C-contiguous, of finite numbers, and read-only.

    Attributes
    ----------
    X, y : ndarray, shapes (rows, features) and (rows, outputs)
        For training.
    validation : tuple of ndarray, or None
        Features and targets for validation, with the same columns.
    """

    X: Array
    y: Array
    validation: tuple[Array, Array] | None

    @classmethod
    def of(
        cls,
        X_train: ArrayLike,
        y_train: ArrayLike,
        X_test: ArrayLike | None,
        y_test: ArrayLike | None,
        dtype: np.dtype[Any] | None,
    ) -> FitData:
        """Convert what `Trainer.fit` was given, to `dtype` or else to that of `X_train`.

        Raises
        ------
        DataError
            If data is empty, not finite, not numbers, or rows do not match.
        ShapeError
            If an array has not two axes, or validation has other columns than training.
        """
        X, y = as_pair(X_train, "X_train", y_train, "y_train", dtype)
        if X_test is None and y_test is None:
            return cls(read_only(X), read_only(y), None)
        if X_test is None or y_test is None:
            missing = "X_test" if X_test is None else "y_test"
            raise DataError(f"fit: expected X_test and y_test, or neither; {missing} is missing.")
        X_val, y_val = as_pair(X_test, "X_test", y_test, "y_test", X.dtype)
        for name, validation, training in (("X_test", X_val, X), ("y_test", y_val, y)):
            if validation.shape[1:] != training.shape[1:]:
                shape = ", ".join(map(str, training.shape[1:]))
                expected = f"{shape} columns, as in {name.replace('test', 'train')}"
                refuse(ShapeError, f"fit, {name}", expected, validation)
        return cls(read_only(X), read_only(y), (read_only(X_val), read_only(y_val)))


def as_pair(
    X: ArrayLike, X_name: str, y: ArrayLike, y_name: str, dtype: np.dtype[Any] | None = None
) -> tuple[Array, Array]:
    """Convert features and targets to matrices of one dtype, that of the features."""
    features = as_rows(X, X_name, dtype)
    targets = as_targets(y, y_name, features.dtype)
    require_same_rows(features, X_name, targets, y_name)
    return features, targets
