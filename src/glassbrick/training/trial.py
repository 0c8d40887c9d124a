"""Whether data and a network fit, found out before training changes anything."""

from __future__ import annotations

import numpy as np

from glassbrick.batches import Rows
from glassbrick.blocks import inherits
from glassbrick.errors import GlassbrickError
from glassbrick.layers.series import pass_through
from glassbrick.modes import predicting
from glassbrick.network import NeuralNetwork
from glassbrick.operations import Operation
from glassbrick.training.fit_data import FitData

__all__ = ["require_fitting"]


def require_fitting(net: NeuralNetwork, data: FitData) -> None:
    """Refuse data that does not fit a network.

    Raises
    ------
    GlassbrickError
        If features or outputs have the wrong shape, or an operation or the loss cannot take
        some of the numbers.
    """
    try:
        with np.errstate(all="ignore"), predicting():
            outputs = _try_first_row(net, data)
            for name, rows in data.parts():
                _look_at_all_rows(net, rows, outputs, name)
    finally:
        net.release()


def _try_first_row(net: NeuralNetwork, data: FitData) -> int:
    """Return how many outputs the network has."""
    try:
        prediction = pass_through(net.layers, data.training.X[:1])
        net.loss.forward(prediction, data.training.y[:1])
    except GlassbrickError as error:
        error.within("fit, trying the first row of X_train and y_train")
        raise
    return int(prediction.shape[-1])


def _look_at_all_rows(net: NeuralNetwork, rows: Rows, outputs: int, name: str) -> None:
    """Let the loss, and operations that take only some numbers, look at all they will get."""
    try:
        net.loss.require_targets(rows.y, outputs)
    except GlassbrickError as error:
        error.within(f"fit, y_{name}")
        raise
    try:
        if not all(inherits(op, Operation, "require_input") for op in net.operations()):
            pass_through(net.layers, rows.X)
    except GlassbrickError as error:
        error.within(f"fit, X_{name}")
        raise
