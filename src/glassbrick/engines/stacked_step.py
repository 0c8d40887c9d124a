"""The training step of several small networks that are alike: one call of NumPy for all."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import cast

import numpy as np

from glassbrick.arrays import Array
from glassbrick.engines.stacked_blocks import stacked
from glassbrick.engines.stacked_loss import StackedLoss, StackedPenalty
from glassbrick.losses import RowLoss
from glassbrick.modes import predicting
from glassbrick.network import NeuralNetwork
from glassbrick.operations import ParamOperation

__all__ = ["StackedStep"]


class StackedStep:
    """Computes losses and gradients of several networks, each as if it were alone.

    From `take_over` on, the parameters of each network are views of one array for all, and so
    are their gradients: what an optimizer does to them, it does there.

    Parameters
    ----------
    nets : sequence of NeuralNetwork
        Of which `make_of` says the same.

    Attributes
    ----------
    params, grads : ndarray, shape (networks, numbers)
        All numbers of each network, in the order of its parameters.
    """

    def __init__(self, nets: Sequence[NeuralNetwork]):
        operations = [net.operations() for net in nets]
        self._held = [[op for op in own if isinstance(op, ParamOperation)] for own in operations]
        self._own = [[op.param for op in held] for held in self._held]
        shape = len(nets), sum(param.size for param in self._own[0])
        self.params, self.grads = np.zeros((2, *shape), self._own[0][0].dtype)
        both = _cut(self.params, self._own[0]), _cut(self.grads, self._own[0])
        self._views = [
            [[array[k] for array in arrays] for k in range(len(nets))] for arrays in both
        ]
        arrays = iter(zip(*both, strict=True))
        self._parts = [
            stacked(alike, *next(arrays) if isinstance(alike[0], ParamOperation) else ())
            for alike in zip(*operations, strict=True)
        ]
        self._loss = StackedLoss(cast(RowLoss, nets[0].loss))
        self._penalties = []
        for alike in zip(*(net.penalties() for net in nets), strict=True):
            number = self._held[0].index(alike[0][1])
            factors = [penalty for penalty, _ in alike]
            self._penalties.append(StackedPenalty(factors, both[0][number], both[1][number]))

    def take_over(self) -> None:
        """Hold all parameters, whatever arrays the networks hold by now."""
        for operations, params, grads in zip(self._held, *self._views, strict=True):
            for operation, param, grad in zip(operations, params, grads, strict=True):
                if operation.param is not param:
                    param[...] = operation.param
                    operation.replace_param(param)
                operation.param_grad = grad

    def let_go(self) -> None:
        """Give all networks their own arrays back, with the numbers that they have now."""
        for operations, params, owns in zip(self._held, self._views[0], self._own, strict=True):
            for operation, param, own in zip(operations, params, owns, strict=True):
                if operation.param is param:  # nobody gave it another
                    own[...] = param
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
        losses = self._pass(X, y, weights)
        grad = self._loss.grads()
        for part in reversed(others):
            grad = part.backward(grad)
        first.backward_to_params(grad)  # nobody reads the gradient of the data
        for penalty in self._penalties:
            penalty.add_gradients()
        return losses

    def evaluate(self, X: Array, y: Array, weights: Array | None = None) -> Array:
        """Compute the loss of each network on rows that nothing is learned from."""
        with predicting():
            return self._pass(X, y, weights)

    def _pass(self, X: Array, y: Array, weights: Array | None) -> Array:
        output = X
        for part in self._parts:
            output = part.forward(output)
        losses = self._loss.losses(output, y, weights)
        for penalty in self._penalties:
            losses = losses + penalty.costs()
        return losses


def _cut(whole: Array, params: Sequence[Array]) -> list[Array]:
    """Return views of the numbers of all networks, one for each parameter."""
    ends = [0, *accumulate(param.size for param in params)]
    return [
        whole[:, start:end].reshape(len(whole), *param.shape)
        for (start, end), param in zip(pairwise(ends), params, strict=True)
    ]
