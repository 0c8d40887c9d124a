"""Metrics of labels: how often the predicted class is the true one."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.arrays import Array
from glassbrick.checks import complaint, one_of
from glassbrick.errors import ArgumentError
from glassbrick.metrics.classes import label_pair
from glassbrick.metrics.metric import metric

__all__ = ["accuracy", "balanced_accuracy", "f1"]


@metric(higher_is_better=True)
def accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Share of the rows whose predicted class is the true one.

    Parameters
    ----------
    y_true : array_like, shape (rows,), (rows, 1) or (rows, classes)
        Labels, whole numbers from 0, or one-hot rows.
    y_pred : array_like, shape (rows,), (rows, 1) or (rows, classes)
        Labels, the probability of class 1 of two, or the probabilities of all classes. The
        most probable class counts; of equal ones the first, so 0.5 counts as class 0.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    DataError
        If one is empty, not finite, or holds no labels or probabilities.
    ShapeError
        If rows or classes do not match.

    Examples
    --------
    >>> accuracy([0, 1, 1, 0], [0.2, 0.9, 0.4, 0.1])
    0.75
    >>> accuracy([2, 0], [[0.1, 0.2, 0.7], [0.3, 0.6, 0.1]])
    0.5
    """
    truth, predicted, _ = label_pair(y_true, y_pred)
    return float(np.count_nonzero(truth == predicted) / len(truth))


@metric(higher_is_better=True)
def balanced_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Accuracy of each true class by itself, averaged, so that rare classes count as much.

    Classes that no row belongs to are left out.

    Parameters
    ----------
    y_true, y_pred : array_like
        As of `accuracy`.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    DataError, ShapeError
        As `accuracy`.

    Examples
    --------
    >>> balanced_accuracy([0, 0, 0, 1], [0, 0, 0, 0])
    0.5
    """
    truth, predicted, classes = label_pair(y_true, y_pred)
    right, there, _ = _counts(truth, predicted, classes)
    occurs = there > 0
    return float(np.mean(right[occurs] / there[occurs]))


@metric(higher_is_better=True)
def f1(y_true: ArrayLike, y_pred: ArrayLike, *, average: str | None = None) -> float:
    r"""Harmonic mean of precision and recall: :math:`2\,tp/(2\,tp+fp+fn)`.

    Parameters
    ----------
    y_true, y_pred : array_like
        As of `accuracy`.
    average : {"binary", "macro", "weighted", "micro"}, optional
        "binary" is that of class 1; "macro" the mean over the classes that occur in truth or
        prediction; "weighted" that mean, weighted by the true rows of each class; "micro"
        that of all rows, the accuracy. The default is "binary" for two classes, "macro" for
        more. Labels tell the number of classes by the largest of them.

    Returns
    -------
    float
        Between 0 and 1; 0 of a class 1 that is neither there nor predicted.

    Raises
    ------
    ArgumentError
        If `average` is another, or "binary" for more than two classes.
    DataError, ShapeError
        As `accuracy`.

    Examples
    --------
    >>> f1([0, 1, 1, 1], [0, 1, 0, 0])
    0.5
    >>> f1([0, 1, 2, 2], [0, 1, 1, 2], average="macro")
    0.7777777777777777
    """
    truth, predicted, classes = label_pair(y_true, y_pred)
    if average is None:
        average = "binary" if classes <= 2 else "macro"
    average = one_of(average, _AVERAGES, "f1, average")
    if average == "binary" and classes > 2:
        advice = 'Say average="macro".'
        raise ArgumentError(complaint("f1, average", "two classes", f"{classes} classes", advice))
    right, there, said = _counts(truth, predicted, max(classes, 2))
    if average == "micro":
        return float(right.sum() / len(truth))
    scores = 2.0 * right / np.maximum(there + said, 1)
    if average == "binary":
        return float(scores[1])
    weights = there if average == "weighted" else there + said > 0
    return float(np.average(scores, weights=weights))


_AVERAGES = {name: name for name in ("binary", "macro", "weighted", "micro")}


def _counts(truth: Array, predicted: Array, classes: int) -> tuple[Array, Array, Array]:
    """Count of each class the rows that are right, that are there, and that are predicted."""
    right = np.bincount(truth[truth == predicted], minlength=classes)
    there = np.bincount(truth, minlength=classes)
    return right, there, np.bincount(predicted, minlength=classes)
