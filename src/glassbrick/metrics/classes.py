"""What targets and predictions of classes may look like, made into labels and probabilities."""

from __future__ import annotations

from typing import NoReturn

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.arrays import Array, as_numbers
from glassbrick.checks import complaint, refuse
from glassbrick.errors import DataError, ShapeError

__all__ = ["as_columns", "label_pair", "probability_pair", "true_labels"]

_MOST_CLASSES = 100_000  # labels count from 0: a larger one is not the number of a class
_ROUNDING = 1e-3  # by which probabilities of a row may miss a sum of 1


def label_pair(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[Array, Array, int]:
    """Return true labels, predicted labels, and the number of classes.

    One column of whole numbers is labels, of other numbers the probability of class 1; of
    several columns each belongs to a class, and the largest in a row is predicted.

    Raises
    ------
    DataError, ShapeError
        If one is empty or not finite, they do not fit each other, or labels are no labels.
    """
    prediction = as_columns(y_pred, "y_pred")
    classes = prediction.shape[1]
    if classes > 1:
        predicted = prediction.argmax(axis=1)
    elif (np.rint(prediction) == prediction).all():
        predicted, classes = _as_labels(prediction[:, 0], "y_pred"), 0
    else:
        _require_within_one(prediction)
        predicted, classes = (prediction[:, 0] > 0.5).astype(np.intp), 2
    truth, classes = true_labels(y_true, len(predicted), classes)
    largest = int(max(truth.max(), predicted.max()))
    if classes and largest >= classes:
        _refuse_label("y_pred", largest, classes)
    return truth, predicted, classes or 1 + largest


def probability_pair(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[Array, Array]:
    """Return true labels, and probabilities with a column for each class.

    Raises
    ------
    DataError, ShapeError
        As `label_pair`, and if the predictions are no probabilities.
    """
    prediction = as_columns(y_pred, "y_pred")
    if prediction.shape[1] == 1:
        _require_within_one(prediction)
        prediction = np.concatenate((1.0 - prediction, prediction), axis=1)
    else:
        _require_distributions(prediction)
    return true_labels(y_true, len(prediction), prediction.shape[1])[0], prediction


def true_labels(y_true: ArrayLike, rows: int, classes: int) -> tuple[Array, int]:
    """Return the labels that `y_true` gives, and the number of classes; 0 where none tells it.

    Raises
    ------
    DataError, ShapeError
        If `y_true` is empty, not finite, neither labels nor one-hot, or does not fit.
    """
    truth = as_columns(y_true, "y_true")
    if len(truth) != rows:
        received = f"{len(truth)} and {rows} rows"
        raise ShapeError(complaint("y_true and y_pred", "the same number of rows", received))
    if truth.shape[1] == 1:
        labels = _as_labels(truth[:, 0], "y_true")
    else:
        labels = truth.argmax(axis=1)
        if np.count_nonzero(truth) != rows or (truth[np.arange(rows), labels] != 1.0).any():
            expected = "labels in one column, or one-hot rows with a single 1 in each"
            refuse(DataError, "y_true", expected, truth)
        if classes not in (0, truth.shape[1]):
            expected = f"{classes} columns, one for each class in y_pred"
            refuse(ShapeError, "y_true, one-hot", expected, truth)
        classes = truth.shape[1]
    if classes and labels.max() >= classes:
        _refuse_label("y_true", labels.max(), classes)
    return labels, classes


def as_columns(value: ArrayLike, name: str) -> Array:
    """Return numbers as a matrix with at least one row; one axis is taken as one column."""
    array = as_numbers(value, name)
    if array.ndim == 1:
        array = array[:, np.newaxis]
    if array.ndim != 2:
        refuse(ShapeError, name, "one axis, or two, (rows, classes)", array)
    if array.size == 0:
        refuse(DataError, name, "at least one row", array)
    return array


def _as_labels(column: Array, name: str) -> Array:
    expected = "labels: whole numbers that count the classes from 0"
    low, high = column.min(), column.max()
    if low < 0 or high >= _MOST_CLASSES:
        wrong = low if low < 0 else high
        raise DataError(complaint(name, expected, f"{wrong:g}", "Number the classes anew."))
    labels: Array = column.astype(np.intp)
    if (labels != column).any():
        raise DataError(complaint(name, expected, f"{column[labels != column][0]:g}"))
    return labels


def _require_within_one(prediction: Array) -> None:
    low, high = prediction.min(), prediction.max()
    if low < 0.0 or high > 1.0:
        expected = "labels, or probabilities between 0 and 1"
        advice = "Of other outputs make probabilities with a sigmoid."
        raise DataError(complaint("y_pred", expected, f"{low if low < 0 else high:g}", advice))


def _require_distributions(prediction: Array) -> None:
    expected = "probabilities that add up to 1 in each row"
    advice = "Of other outputs make probabilities with a softmax."
    low, high = prediction.min(), prediction.max()
    if low < 0.0 or high > 1.0 + _ROUNDING:
        received = f"numbers from {low:g} to {high:g}"
        raise DataError(complaint("y_pred", expected, received, advice))
    sums = prediction.sum(axis=1)
    low, high = sums.min(), sums.max()
    if low < 1.0 - _ROUNDING or high > 1.0 + _ROUNDING:
        received = f"sums from {low:g} to {high:g}"
        raise DataError(complaint("y_pred", expected, received, advice))


def _refuse_label(name: str, label: int, classes: int) -> NoReturn:
    other = "y_pred" if name == "y_true" else "y_true"
    expected = f"labels from 0 to {classes - 1}, because {other} tells of {classes} classes"
    raise DataError(complaint(name, expected, f"the label {label}"))
