"""The losses of several networks at once, and what their weights cost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glassbrick.arrays import Array
from glassbrick.engines.stacked_blocks import below_each_other
from glassbrick.losses import RowLoss
from glassbrick.penalties import Penalty
from glassbrick.quiet import bare

__all__ = ["StackedLoss", "StackedPenalty"]


class StackedLoss:
    """A loss of rows, for several networks.

    Parameters
    ----------
    loss : RowLoss
        That of one of them.
    """

    def __init__(self, loss: RowLoss):
        self._loss = loss.apart()
        self._row_losses, self._row_grads = (
            bare(self._loss._row_losses),
            bare(self._loss._row_grads),
        )

    def losses(self, prediction: Array, target: Array, weights: Array | None) -> Array:
        """Return the loss of each network."""
        loss, self._shape = self._loss, prediction.shape
        loss.prediction, loss.target = below_each_other(prediction), below_each_other(target)
        of_rows = self._row_losses().reshape(prediction.shape[:2])
        self._factors = (1.0 if weights is None else weights) / prediction.shape[1]
        if weights is not None:
            of_rows = of_rows * weights[:, :, 0]
        return of_rows.sum(axis=1) / prediction.shape[1]  # type: ignore[no-any-return]

    def grads(self) -> Array:
        """Return the gradients with respect to the predictions."""
        grads: Array = self._row_grads()
        return grads.reshape(self._shape) * self._factors  # type: ignore[no-any-return]


class StackedPenalty:
    """What a parameter of each network costs.

    Parameters
    ----------
    penalties : sequence of Penalty
        Of each network.
    param, grad : ndarray, shape (networks, ...)
        Of all.
    """

    def __init__(self, penalties: Sequence[Penalty], param: Array, grad: Array):
        self._param, self._grad = param, grad
        shape = len(penalties), *[1] * (param.ndim - 1)
        self._l1 = np.array([penalty.l1 for penalty in penalties], param.dtype).reshape(shape)
        self._l2 = np.array([penalty.l2 for penalty in penalties], param.dtype).reshape(shape)

    def costs(self) -> Array:
        """Return what each network pays."""
        costs = self._l1 * np.abs(self._param) + self._l2 * (self._param * self._param)
        return costs.reshape(len(costs), -1).sum(axis=1)  # type: ignore[no-any-return]

    def add_gradients(self) -> None:
        """Add those of the costs to those of the parameters."""
        self._grad += self._l1 * np.sign(self._param) + (2.0 * self._l2) * self._param
