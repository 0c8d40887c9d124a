"""What the chapter prints of a trained network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from glassbrick.arrays import as_targets
from glassbrick.checks import refuse
from glassbrick.errors import ArgumentTypeError
from glassbrick.metrics.regression import mae, rmse

if TYPE_CHECKING:
    from glassbrick.network import NeuralNetwork

__all__ = ["eval_regression_model"]


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
