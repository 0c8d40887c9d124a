"""Metrics of regression: how far predictions are from their targets."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.arrays import Array, as_numbers
from glassbrick.checks import refuse, require_shape
from glassbrick.errors import DataError
from glassbrick.metrics.metric import metric

__all__ = ["mae", "r2", "rmse"]


@metric(higher_is_better=False)
def mae(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    r"""Mean absolute error, :math:`\frac{1}{n}\sum_i |t_i-p_i|`, over all values.

    Parameters
    ----------
    y_true, y_pred : array_like, of one shape
        Targets and predictions.

    Returns
    -------
    float
        In the unit of the targets.

    Raises
    ------
    ShapeError
        If the shapes differ; (n,) and (n, 1) do.
    DataError
        If one does not hold finite numbers, or is empty, or errors are too large to add up.

    Examples
    --------
    >>> mae([1.0, 2.0], [2.0, 4.0])
    1.5
    """
    with np.errstate(all="ignore"):
        _, errors = _truth_and_errors(y_true, y_pred)
        return _finite("mae", np.mean(np.abs(errors)))


@metric(higher_is_better=False)
def rmse(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    r"""Root mean squared error, :math:`\sqrt{\frac{1}{n}\sum_i (t_i-p_i)^2}`, over all values.

    With several outputs the mean is over rows and outputs; `MeanSquaredError` adds outputs up.

    Parameters
    ----------
    y_true, y_pred : array_like, of one shape
        Targets and predictions.

    Returns
    -------
    float
        In the unit of the targets.

    Raises
    ------
    ShapeError
        If the shapes differ; (n,) and (n, 1) do.
    DataError
        If one does not hold finite numbers, or is empty, or errors are too large to add up.

    Examples
    --------
    >>> rmse([1.0, 2.0], [2.0, 1.0])
    1.0
    """
    with np.errstate(all="ignore"):
        _, errors = _truth_and_errors(y_true, y_pred)
        return _finite("rmse", np.sqrt(np.mean(np.square(errors))))


@metric(higher_is_better=True)
def r2(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    r"""Coefficient of determination: :math:`1-\sum_i (t_i-p_i)^2 / \sum_i (t_i-\bar t)^2`.

    With several outputs it is the mean of their figures.

    Parameters
    ----------
    y_true, y_pred : array_like, of one shape, with at least two rows
        Targets and predictions.

    Returns
    -------
    float
        At most 1, which is perfect; 0 is as good as the mean of the targets. Of targets that
        are all equal, 1 if each prediction is right, else 0, as in scikit-learn.

    Raises
    ------
    ShapeError
        If the shapes differ; (n,) and (n, 1) do.
    DataError
        If one does not hold finite numbers, or has fewer than two rows.

    Examples
    --------
    >>> r2([1.0, 2.0, 3.0], [1.0, 2.0, 4.0])
    0.5
    """
    with np.errstate(all="ignore"):
        truth, errors = _truth_and_errors(y_true, y_pred)
        if truth.ndim == 0 or len(truth) < 2:
            refuse(DataError, "r2, y_true", "at least two rows", truth)
        spread = truth.max(axis=0) - truth.min(axis=0)
        constant = spread == 0.0
        spread = np.where(constant, 1.0, spread)  # divided by, so that no square overflows
        residual = np.square(errors / spread).sum(axis=0)
        total = np.square((truth - truth.mean(axis=0)) / spread).sum(axis=0)
        scores = 1.0 - residual / np.where(constant, 1.0, total)
        return _finite("r2", np.mean(np.where(constant, residual == 0.0, scores)))


def _truth_and_errors(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[Array, Array]:
    truth = as_numbers(y_true, "y_true", np.float64)
    prediction = as_numbers(y_pred, "y_pred", np.float64)
    advice = "Both need the same rows."
    if truth.size == prediction.size:
        advice = "Give both as one column, for example with to_2d_np, or both with one axis."
    require_shape(prediction, truth.shape, "y_pred", advice)
    if truth.size == 0:
        raise DataError("y_true: expected at least one value; received none.")
    return truth, truth - prediction


def _finite(name: str, value: np.floating[Any]) -> float:
    if not np.isfinite(value):
        raise DataError(f"{name}: {value} is what errors so large come to. Scale the targets.")
    return float(value)
