"""Whether data and a network fit, found out before training changes anything."""

from __future__ import annotations

from inspect import signature

import numpy as np

from glassbrick.batches import Rows
from glassbrick.blocks import inherits
from glassbrick.checks import refuse
from glassbrick.errors import ArgumentError, GlassbrickError
from glassbrick.layers.series import pass_through
from glassbrick.losses import Loss
from glassbrick.modes import predicting
from glassbrick.network import NeuralNetwork
from glassbrick.operations import Operation
from glassbrick.training.fit_data import FitData

__all__ = ["require_fitting"]


def require_fitting(net: NeuralNetwork, data: FitData, who: str = "fit") -> None:
    """Refuse data that does not fit a network.

    Parameters
    ----------
    net : NeuralNetwork
        That is to be trained. It is left as it is.
    data : FitData
        On what.
    who : str
        What to call whoever trains it, in errors.

    Raises
    ------
    GlassbrickError
        If features or outputs have the wrong shape, or an operation or the loss cannot take
        some of the numbers; if rows have weights, and the loss cannot take them.
    """
    try:
        with np.errstate(all="ignore"), predicting():
            outputs = _try_first_row(net, data, who)
            for name, rows in data.parts():
                _look_at_all_rows(net, rows, outputs, name, who)
    finally:
        net.release()


def _try_first_row(net: NeuralNetwork, data: FitData, who: str) -> int:
    """Return how many outputs the network has."""
    try:
        prediction = pass_through(net.layers, data.training.X[:1])
        net.loss.forward(prediction, data.training.y[:1])
    except GlassbrickError as error:
        error.within(f"{who}, trying the first row of X_train and y_train")
        raise
    if any(rows.weights is not None for _, rows in data.parts()):
        _require_weighing(net.loss, who)
    return int(prediction.shape[-1])


def _require_weighing(loss: Loss, who: str) -> None:
    """Refuse a loss that cannot take weights of rows."""
    own_rule = not inherits(loss, Loss, "forward")
    if own_rule and "weights" not in signature(loss.forward).parameters:
        advice = "Let its forward take weights, too, or do without them."
    elif not own_rule and inherits(loss, Loss, "_usable_weights"):
        advice = "Make it a RowLoss: write _row_losses and _row_grads, not _output and _input_grad."
    else:
        return
    expected = "a loss that takes weights of rows"
    refuse(ArgumentError, f"{who}, sample_weight or class_weight", expected, loss, advice)


def _look_at_all_rows(net: NeuralNetwork, rows: Rows, outputs: int, name: str, who: str) -> None:
    """Let the loss, and operations that take only some numbers, look at all they will get."""
    try:
        net.loss.require_targets(rows.y, outputs)
    except GlassbrickError as error:
        error.within(f"{who}, y_{name}")
        raise
    try:
        if not all(inherits(op, Operation, "require_input") for op in net.operations()):
            pass_through(net.layers, rows.X)
    except GlassbrickError as error:
        error.within(f"{who}, X_{name}")
        raise
