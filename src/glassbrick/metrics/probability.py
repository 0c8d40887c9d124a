"""Metrics of probabilities: what a classifier says of how sure it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.arrays import Array
from glassbrick.checks import complaint, positive_integer
from glassbrick.errors import DataError
from glassbrick.metrics.classes import as_columns, probability_pair, true_labels
from glassbrick.metrics.metric import metric

__all__ = ["calibration_error", "log_loss", "roc_auc"]


@metric(higher_is_better=False)
def log_loss(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    r"""Cross-entropy: :math:`-\frac{1}{n}\sum_i \ln p_i`, of the true class's probabilities.

    Parameters
    ----------
    y_true : array_like, shape (rows,), (rows, 1) or (rows, classes)
        Labels, whole numbers from 0, or one-hot rows.
    y_pred : array_like, shape (rows,), (rows, 1) or (rows, classes)
        The probability of class 1 of two, or the probabilities of all classes. They are kept
        away from 0 by the rounding of their dtype, as in scikit-learn.

    Returns
    -------
    float
        At least 0, in nats.

    Raises
    ------
    DataError
        If one is empty, not finite, or holds no labels or probabilities.
    ShapeError
        If rows or classes do not match.

    Examples
    --------
    >>> round(log_loss([1, 0], [0.5, 0.5]), 6)
    0.693147
    """
    labels, probabilities = probability_pair(y_true, y_pred)
    true = probabilities[np.arange(len(labels)), labels]
    rounding = np.finfo(true.dtype).eps
    return float(-np.mean(np.log(true.clip(rounding, 1.0 - rounding), dtype=np.float64)))


@metric(higher_is_better=True)
def roc_auc(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    r"""Area under the ROC curve: how often a row of a class scores above one that is not of it.

    Equal scores count half. Of more than two classes it is the mean of each against the rest.

    Parameters
    ----------
    y_true : array_like, shape (rows,), (rows, 1) or (rows, classes)
        Labels, whole numbers from 0, or one-hot rows.
    y_pred : array_like, shape (rows,), (rows, 1) or (rows, classes)
        One column of scores for class 1, probabilities or any others that rise with them; or
        the probabilities of all classes.

    Returns
    -------
    float
        Between 0 and 1; 0.5 is chance.

    Raises
    ------
    DataError
        If one is empty, not finite, or holds no labels or probabilities, or if a class has
        no rows, or all.
    ShapeError
        If rows or classes do not match.

    Notes
    -----
    Hanley and McNeil, The meaning and use of the area under a ROC curve, 1982.

    Examples
    --------
    >>> roc_auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    scores = as_columns(y_pred, "y_pred")
    if scores.shape[1] == 1:
        return _auc(true_labels(y_true, len(scores), 2)[0], scores[:, 0], 1)
    labels, scores = probability_pair(y_true, scores)
    if scores.shape[1] == 2:
        return _auc(labels, scores[:, 1], 1)
    return float(np.mean([_auc(labels, column, k) for k, column in enumerate(scores.T)]))


@metric(higher_is_better=False)
def calibration_error(y_true: ArrayLike, y_pred: ArrayLike, *, bins: int = 10) -> float:
    r"""Tell how far confidence is from accuracy: the expected calibration error.

    :math:`\sum_b \frac{n_b}{n}\,|\mathrm{accuracy}_b-\mathrm{confidence}_b|`, over bins of
    rows whose predicted class, the most probable one, is about as probable.

    Parameters
    ----------
    y_true, y_pred : array_like
        As of `log_loss`. One column is taken as the two that it stands for, so that both
        give the same number.
    bins : int, default 10
        How many bins of equal width there are from 0 to 1; each has its upper edge.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If `bins` is not a whole number of at least 1.
    DataError, ShapeError
        As `log_loss`.

    Notes
    -----
    Guo et al., On Calibration of Modern Neural Networks, 2017.

    Examples
    --------
    >>> round(calibration_error([1, 1, 1, 0], [0.95, 0.95, 0.95, 0.95]), 6)
    0.2
    """
    bins = positive_integer(bins, "calibration_error, bins")
    labels, probabilities = probability_pair(y_true, y_pred)
    confidence = probabilities.max(axis=1)
    gaps = (probabilities.argmax(axis=1) == labels) - confidence.astype(np.float64)
    places = np.searchsorted(np.linspace(0.0, 1.0, bins + 1)[1:-1], confidence)
    return float(np.abs(np.bincount(places, gaps)).sum() / len(labels))


def _auc(labels: Array, scores: Array, label: int) -> float:
    """Count the pairs in which the row of the class scores higher, and half of the ties."""
    of_class = labels == label
    inside, outside = np.sort(scores[of_class]), np.sort(scores[~of_class])
    if not (len(inside) and len(outside)):
        received = f"{len(inside)} of {len(labels)} rows of class {label}"
        expected = "rows of each class, and rows of others"
        raise DataError(complaint("roc_auc, y_true", expected, received))
    below = np.searchsorted(outside, inside).sum()
    not_above = np.searchsorted(outside, inside, side="right").sum()
    return float((below + not_above) / (2.0 * len(inside) * len(outside)))
