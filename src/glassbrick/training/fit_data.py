"""FitData: what a fit trains and validates on, converted and checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.arrays import Array, as_rows, as_targets, read_only, require_same_rows
from glassbrick.batches import Rows
from glassbrick.checks import refuse
from glassbrick.errors import ArgumentError, ArgumentTypeError, DataError, ShapeError
from glassbrick.network import NeuralNetwork
from glassbrick.stream import Stream
from glassbrick.training.checked_stream import CheckedStream
from glassbrick.training.weights import ClassWeight, weights_of

__all__ = ["FitData", "Given", "as_pair", "as_validation"]

Given: TypeAlias = tuple[Any, Any, ArrayLike | None]
"""Features, targets and weights, as a user gives them."""

_SOME = 4096  # rows of a stream that are in memory: for those who look on
_MANY = 65536  # validation rows of a stream that are: for metrics


@dataclass(frozen=True)
class FitData:
    """Arrays of one dtype, C-contiguous, of finite numbers, and read-only; or streams of such.

    Attributes
    ----------
    training : Rows
        To learn from.
    validation : Rows, or None
        To judge by, with the same columns.
    stream : Stream or None
        Where all training rows come from, of which `training` has only some then.
    validation_stream : Stream or None
        Where all validation rows come from, of which `validation` has only some then.
    """

    training: Rows
    validation: Rows | None
    stream: Stream | None = None
    validation_stream: Stream | None = None

    @classmethod
    def of(
        cls,
        train: Given,
        test: Given,
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
        training = _frozen(Rows(X, y, weights_of(y, weights, class_weight, "sample_weight")))
        return cls(training, as_validation(test, training, class_weight))

    @classmethod
    def given(
        cls,
        train: Given,
        test: Given,
        class_weight: ClassWeight,
        dtype: np.dtype[Any] | None,
        net: NeuralNetwork,
        batch_size: int,
    ) -> FitData:
        """Convert arrays, or look at what comes from a stream; see `of` and `of_stream`."""
        stream, *others = train
        if not isinstance(stream, Stream):
            if isinstance(test[0], Stream):
                advice = "Give arrays, or a stream for X_train, too."
                refuse(ArgumentTypeError, "fit, X_test", "an array, as X_train", test[0], advice)
            return cls.of(train, test, class_weight, dtype)
        names = ("y_train", "sample_weight", "class_weight")
        for name, value in zip(names, (*others, class_weight), strict=True):
            if value is not None:
                advice = "Its batches have features, targets, and weights if rows have some."
                refuse(ArgumentError, f"fit on a stream, {name}", "None", value, advice)
        return cls.of_stream(stream, test, net, dtype, batch_size)

    @classmethod
    def of_stream(
        cls,
        stream: Stream,
        test: Given,
        net: NeuralNetwork,
        dtype: np.dtype[Any] | None,
        batch_size: int,
    ) -> FitData:
        """Look at what comes from a stream.

        Parameters
        ----------
        stream : Stream
            Of training rows.
        test : tuple of array_like, or of a Stream and None
            Features, targets, and weights of validation rows, if there are any.
        net : NeuralNetwork
            That is to be trained.
        dtype : dtype or None
            Of the network.
        batch_size : int
            Of which as many rows are taken into memory, at least.

        Raises
        ------
        DataError, ShapeError
            If rows cannot be used.
        """
        dtype = np.dtype(stream.dtype) if dtype is None else dtype
        checked = CheckedStream(stream, net, "train", dtype)
        training = _frozen(checked.first_rows(max(batch_size, _SOME)))
        if len(training.X) < min(batch_size, checked.rows):
            training = _repeated(training, min(batch_size, checked.rows))
        if not isinstance(test[0], Stream):
            return cls(training, as_validation(test, training, None), checked)
        if test[1] is not None or test[2] is not None:
            raise DataError(
                "fit: X_test is a stream, which has targets and weights of its own: expected "
                "neither y_test nor sample_weight_test."
            )
        other = CheckedStream(test[0], net, "test", dtype, training)
        return cls(training, _frozen(other.first_rows(_MANY)), checked, other)

    def parts(self) -> Iterator[tuple[str, Rows]]:
        """Iterate over what there is, by the names "train" and "test"."""
        yield "train", self.training
        if self.validation is not None:
            yield "test", self.validation


def _frozen(rows: Rows) -> Rows:
    X, y, weights = rows
    return Rows(read_only(X), read_only(y), None if weights is None else read_only(weights))


def _repeated(rows: Rows, count: int) -> Rows:
    """Return so many rows, for a stream has only fewer at hand."""
    numbers = np.arange(count) % len(rows.X)
    X, y, weights = rows
    return _frozen(Rows(X[numbers], y[numbers], None if weights is None else weights[numbers]))


def as_pair(
    X: ArrayLike, X_name: str, y: ArrayLike, y_name: str, dtype: np.dtype[Any] | None = None
) -> tuple[Array, Array]:
    """Convert features and targets to matrices of one dtype, that of the features."""
    features = as_rows(X, X_name, dtype)
    targets = as_targets(y, y_name, features.dtype)
    require_same_rows(features, X_name, targets, y_name)
    return features, targets


def as_validation(test: Given, training: Rows, class_weight: ClassWeight) -> Rows | None:
    """Convert validation data, which must have the columns of the training data."""
    X, y, _ = training
    X_test, y_test, weights = test
    if X_test is None and y_test is None:
        if weights is not None:
            raise DataError("fit: sample_weight_test was given, but no X_test and y_test.")
        return None
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
    return _frozen(Rows(X_val, y_val, found))
