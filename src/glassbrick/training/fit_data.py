"""FitData: what a fit trains and validates on, converted and checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.arrays import Array, as_rows, as_targets, read_only, require_same_rows
from glassbrick.batches import Rows
from glassbrick.checks import refuse
from glassbrick.errors import DataError, ShapeError
from glassbrick.training.weights import ClassWeight, weights_of

__all__ = ["FitData", "as_pair"]


@dataclass(frozen=True)
class FitData:
    """Arrays of one dtype, C-contiguous, of finite numbers, and read-only.

    Attributes
    ----------
    training : Rows
        To learn from.
    validation : Rows, or None
        To judge by, with the same columns.
    """

    training: Rows
    validation: Rows | None

    @classmethod
    def of(
        cls,
        train: tuple[ArrayLike, ArrayLike, ArrayLike | None],
        test: tuple[ArrayLike | None, ArrayLike | None, ArrayLike | None],
        class_weight: ClassWeight,
        dtype: np.dtype[Any] | None,
    ) -> FitData:
        """Convert what `Trainer.fit` was given, to `dtype` or else to that of `X_train`.

        Parameters
        ----------
        train, test : tuple of array_like
            Features, targets, and weights of rows, if there are any.
        class_weight : dict, "balanced" or None
            What classes count.
        dtype : dtype or None
            Of the network.

        Raises
        ------
        DataError
            If data is empty, not finite, not numbers, or rows do not match.
        ShapeError
            If an array has not enough axes, or validation has other columns than training.
        """
        X_train, y_train, weights = train
        X, y = as_pair(X_train, "X_train", y_train, "y_train", dtype)
        training = _rows(X, y, weights_of(y, weights, class_weight, "sample_weight"))
        X_test, y_test, weights = test
        if X_test is None and y_test is None:
            if weights is not None:
                raise DataError("fit: sample_weight_test was given, but no X_test and y_test.")
            return cls(training, None)
        if X_test is None or y_test is None:
            missing = "X_test" if X_test is None else "y_test"
            raise DataError(f"fit: expected X_test and y_test, or neither; {missing} is missing.")
        X_val, y_val = as_pair(X_test, "X_test", y_test, "y_test", X.dtype)
        for name, validation, model in (("X_test", X_val, X), ("y_test", y_val, y)):
            if validation.shape[1:] != model.shape[1:]:
                shape = ", ".join(map(str, model.shape[1:]))
                expected = f"{shape} columns, as in {name.replace('test', 'train')}"
                refuse(ShapeError, f"fit, {name}", expected, validation)
        found = weights_of(y_val, weights, class_weight, "sample_weight_test", like=y)
        return cls(training, _rows(X_val, y_val, found))

    def parts(self) -> Iterator[tuple[str, Rows]]:
        """Iterate over what there is, by the names "train" and "test"."""
        yield "train", self.training
        if self.validation is not None:
            yield "test", self.validation


def _rows(X: Array, y: Array, weights: Array | None) -> Rows:
    return Rows(read_only(X), read_only(y), None if weights is None else read_only(weights))


def as_pair(
    X: ArrayLike, X_name: str, y: ArrayLike, y_name: str, dtype: np.dtype[Any] | None = None
) -> tuple[Array, Array]:
    """Convert features and targets to matrices of one dtype, that of the features."""
    features = as_rows(X, X_name, dtype)
    targets = as_targets(y, y_name, features.dtype)
    require_same_rows(features, X_name, targets, y_name)
    return features, targets
