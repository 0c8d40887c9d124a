"""Metrics: numbers by which people judge predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.arrays import Array, as_numbers, as_targets
from glassbrick.checks import refuse, require_shape
from glassbrick.errors import ArgumentTypeError, DataError

if TYPE_CHECKING:
    from glassbrick.network import NeuralNetwork

__all__ = ["eval_regression_model", "mae", "rmse"]


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
        If one does not hold finite numbers, or is empty.

    Examples
    --------
    >>> mae([1.0, 2.0], [2.0, 4.0])
    1.5
    """
    return float(np.mean(np.abs(_errors(y_true, y_pred))))


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
        If one does not hold finite numbers, or is empty.

    Examples
    --------
    >>> rmse([1.0, 2.0], [2.0, 1.0])
    1.0
    """
    return float(np.sqrt(np.mean(np.square(_errors(y_true, y_pred)))))


def eval_regression_model(model: NeuralNetwork, X_test: ArrayLike, y_test: ArrayLike) -> None:
    """Print the mean absolute and the root mean squared error of a network, as the chapter does.

    Parameters
    ----------
    model : NeuralNetwork
        A trained network. It predicts, so its training state is not disturbed.
    X_test : array_like, shape (rows, features)
        Data.
    y_test : array_like, shape (rows, outputs) or (rows,)
        Targets.

    Raises
    ------
    ShapeError, DataError
        As `NeuralNetwork.predict` and `mae`.
    """
    if not hasattr(model, "predict"):
        refuse(ArgumentTypeError, "eval_regression_model", "a network, which can predict", model)
    predictions = model.predict(X_test)
    targets = as_targets(y_test, "y_test")
    print(f"Mean absolute error: {mae(targets, predictions):.2f}")  # noqa: T201
    print(f"Root mean squared error {rmse(targets, predictions):.2f}")  # noqa: T201


def _errors(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    truth = as_numbers(y_true, "y_true", np.float64)
    prediction = as_numbers(y_pred, "y_pred", np.float64)
    advice = "Both need the same rows."
    if truth.size == prediction.size:
        advice = "Give both as one column, for example with to_2d_np, or both with one axis."
    require_shape(prediction, truth.shape, "y_pred", advice)
    if truth.size == 0:
        raise DataError("y_true: expected at least one value; received none.")
    return truth - prediction
