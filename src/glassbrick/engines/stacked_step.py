"""The training step of several small networks that are alike: one call of NumPy for all."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import cast

import numpy as np

from glassbrick.arrays import Array
from glassbrick.engines.stacked_blocks import StackedLoss, StackedPenalty, stacked
from glassbrick.losses import RowLoss
from glassbrick.network import NeuralNetwork
from glassbrick.operations import ParamOperation

__all__ = ["StackedStep"]


class StackedStep:
    """Computes losses and gradients of several networks, each as if it were alone.

    While it lasts, the parameters of each network are views of one array for all, and so are
    their gradients: what an optimizer does to them, it does there.

    Parameters
    ----------
    nets : sequence of NeuralNetwork
        Of which `make_of` says the same.
    """

    def __init__(self, nets: Sequence[NeuralNetwork]):
        operations = [net.operations() for net in nets]
        self._held = [[op for op in own if isinstance(op, ParamOperation)] for own in operations]
        self._own = [[op.param for op in held] for held in self._held]
        self._params, self._grads = _memory(self._own), _memory(self._own)
        self._views = [
            [[array[k] for array in arrays] for k in range(len(nets))]
            for arrays in (self._params, self._grads)
        ]
        self.take_over()
        arrays = iter(zip(self._params, self._grads, strict=True))
        self._parts = [
            stacked(alike, *next(arrays) if isinstance(alike[0], ParamOperation) else ())
            for alike in zip(*operations, strict=True)
        ]
        self._loss = StackedLoss(cast(RowLoss, nets[0].loss))
        self._penalties = []
        for alike in zip(*(net.penalties() for net in nets), strict=True):
            number = self._held[0].index(alike[0][1])
            factors = [penalty for penalty, _ in alike]
            arrays_of = self._params[number], self._grads[number]
            self._penalties.append(StackedPenalty(factors, *arrays_of))

    def take_over(self) -> None:
        """Hold all parameters, whatever arrays the networks hold by now."""
        for operations, params, grads in zip(self._held, *self._views, strict=True):
            for operation, param, grad in zip(operations, params, grads, strict=True):
                if operation.param is not param:
                    param[...] = operation.param
                    operation.replace_param(param)
                operation.param_grad = grad

    def let_go(self, number: int) -> None:
        """Give a network its own arrays back, with the numbers that it has now."""
        views, _ = self._views
        held = zip(self._held[number], self._own[number], views[number], strict=True)
        for operation, own, view in held:
            if operation.param is view:  # nobody gave it another
                own[...] = view
                operation.replace_param(own)
            operation.__dict__.pop("param_grad", None)

    def __call__(self, X: Array, y: Array, weights: Array | None = None) -> Array:
        """Compute the loss of each network's batch, and the gradients of all parameters.

        Parameters
        ----------
        X, y : ndarray, shapes (networks, rows, features) and (networks, rows, outputs)
            A batch for each.
        weights : ndarray of shape (networks, rows, 1), or None
            How much each row counts.
        """
        first, *others = self._parts
        output = X
        for part in self._parts:
            output = part.forward(output)
        losses = self._loss.losses(output, y, weights)
        grad = self._loss.grads()
        for part in reversed(others):
            grad = part.backward(grad)
        first.backward_to_params(grad)  # nobody reads the gradient of the data
        for penalty in self._penalties:
            losses = losses + penalty()
        return losses


def _memory(params: Sequence[Sequence[Array]]) -> list[Array]:
    """Return an array for each parameter of all networks; a network's lie one after the other."""
    ends = [0, *accumulate(param.size for param in params[0])]
    whole = np.zeros((len(params), ends[-1]), params[0][0].dtype)
    return [
        whole[:, start:end].reshape(len(params), *param.shape)
        for (start, end), param in zip(pairwise(ends), params[0], strict=True)
    ]
