"""The rules of blocks for several networks at once, with an axis for them in front."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Protocol, cast

import numpy as np

from glassbrick import losses
from glassbrick.arrays import Array
from glassbrick.blocks import Block
from glassbrick.engines.facts import facts_of
from glassbrick.engines.proven_step import ProvenStep
from glassbrick.layers.series import LayerOfLayers
from glassbrick.losses import Loss, RowLoss
from glassbrick.network import NeuralNetwork
from glassbrick.operations import (
    BiasAdd,
    Columns,
    Dropout,
    GainMultiply,
    Operation,
    PReLU,
    RootMeanSquareDivide,
    RowStandardize,
    WeightMultiply,
)
from glassbrick.operations.by_name import ACTIVATIONS
from glassbrick.penalties import Penalty
from glassbrick.quiet import bare

__all__ = ["Stacked", "StackedLoss", "StackedPenalty", "make_of", "stacked"]


class Stacked(Protocol):
    """An operation of several networks; arrays have the shape (networks, rows, ...)."""

    def forward(self, input_: Array) -> Array:
        """Compute and remember the output."""

    def backward(self, output_grad: Array) -> Array:
        """Compute the gradients of parameters and of the input; return the latter."""

    def backward_to_params(self, output_grad: Array) -> None:
        """Compute the gradients of parameters only."""


class _Weights:
    """`WeightMultiply`."""

    def __init__(self, param: Array, grad: Array):
        self._param, self._grad = param, grad
        self._transposed = param.swapaxes(1, 2)

    def forward(self, input_: Array) -> Array:
        self._input = input_
        return np.matmul(input_, self._param)  # type: ignore[no-any-return]

    def backward(self, output_grad: Array) -> Array:
        self.backward_to_params(output_grad)
        return np.matmul(output_grad, self._transposed)  # type: ignore[no-any-return]

    def backward_to_params(self, output_grad: Array) -> None:
        np.matmul(self._input.swapaxes(1, 2), output_grad, out=self._grad)


class _Biases:
    """`BiasAdd`."""

    def __init__(self, param: Array, grad: Array):
        self._param, self._grad = param, grad

    def forward(self, input_: Array) -> Array:
        return input_ + self._param

    def backward(self, output_grad: Array) -> Array:
        self.backward_to_params(output_grad)
        return output_grad

    def backward_to_params(self, output_grad: Array) -> None:
        _sum_of_rows(output_grad, self._grad)


class _Gains:
    """`GainMultiply`."""

    def __init__(self, param: Array, grad: Array):
        self._param, self._grad = param, grad

    def forward(self, input_: Array) -> Array:
        self._input = input_
        return input_ * self._param

    def backward(self, output_grad: Array) -> Array:
        self.backward_to_params(output_grad)
        return output_grad * self._param

    def backward_to_params(self, output_grad: Array) -> None:
        _sum_of_rows(output_grad * self._input, self._grad)


class _Rowwise:
    """An operation that treats each row by itself: all rows, one below the other."""

    def __init__(self, operation: Operation):
        self._operation = twin = operation.apart()
        self._output, self._input_grad = bare(twin._output), bare(twin._input_grad)

    def forward(self, input_: Array) -> Array:
        twin = self._operation
        twin.input_ = _below_each_other(input_)
        output: Array = self._output()
        twin.output = output
        return output.reshape(*input_.shape[:2], -1)

    def backward(self, output_grad: Array) -> Array:
        grad: Array = self._input_grad(_below_each_other(output_grad))
        return grad.reshape(*output_grad.shape[:2], -1)

    def backward_to_params(self, output_grad: Array) -> None:
        """Do nothing, for there are none."""


class _Dropout:
    """`Dropout`, each with its own rate and its own random numbers."""

    def __init__(self, alike: Sequence[Dropout]):
        self._alike = alike

    def forward(self, input_: Array) -> Array:
        self._mask = np.empty_like(input_)
        for k, dropout in enumerate(self._alike):
            stay = 1.0 - dropout.rate
            np.divide(dropout.noise.bernoulli(stay, input_[k]), stay, out=self._mask[k])
        return input_ * self._mask

    def backward(self, output_grad: Array) -> Array:
        return output_grad * self._mask

    def backward_to_params(self, output_grad: Array) -> None:
        """Do nothing, for there are none."""


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
        loss.prediction, loss.target = _below_each_other(prediction), _below_each_other(target)
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

    def __call__(self) -> Array:
        """Return the costs, and add their gradients to those of the parameters."""
        param = self._param
        costs = self._l1 * np.abs(param) + self._l2 * (param * param)
        self._grad += self._l1 * np.sign(param) + (2.0 * self._l2) * param
        return costs.reshape(len(costs), -1).sum(axis=1)  # type: ignore[no-any-return]


_WITH_PARAMS: dict[type[Operation], Callable[[Array, Array], Stacked]] = {
    WeightMultiply: _Weights,
    BiasAdd: _Biases,
    GainMultiply: _Gains,
}
_ROWWISE = {kind for kind in ACTIVATIONS.values() if isinstance(kind, type)} - {PReLU}
_ROWWISE |= {Columns, RowStandardize, RootMeanSquareDivide}
_LOSSES = {kind for kind in vars(losses).values() if isinstance(kind, type)} - {Loss, RowLoss}


def stacked(alike: Sequence[Operation], *arrays: Array) -> Stacked:
    """Return the rules of operations that are alike, given their parameters and gradients."""
    if isinstance(alike[0], Dropout):
        return _Dropout(cast(Sequence[Dropout], alike))
    return _WITH_PARAMS[type(alike[0])](*arrays) if arrays else _Rowwise(alike[0])


def make_of(net: NeuralNetwork) -> Hashable | None:
    """Return what networks have in common that can be stacked; None if this one cannot.

    Only blocks of ours can, for which it is known what they do with rows. Those that mix rows
    (`BatchNorm`), and layers of layers, cannot.
    """
    operations = net.operations()
    kinds = [type(operation) for operation in operations]
    if (
        not all(kind in _WITH_PARAMS or kind in _ROWWISE or kind is Dropout for kind in kinds)
        or not any(kind in _WITH_PARAMS for kind in kinds)
        or type(net.loss) not in _LOSSES
        or any(isinstance(layer, LayerOfLayers) for layer in net.layers)
        or any({param.dtype} != {net.dtype} for param in net.params())
        or not ProvenStep.applies_to(net)
    ):
        return None
    of_operations = [None if type(op) is Dropout else _settings(op) for op in operations]
    of_params = [(param.shape, param.dtype) for param in net.params()]
    penalized = [operations.index(operation) for _, operation in net.penalties()]
    of_loss = type(net.loss), _settings(net.loss)
    return (*kinds, *of_operations, *of_params, *penalized, of_loss)


def _settings(block: Block) -> Hashable:
    """Return all that a block holds but its parameter."""
    return facts_of(block, {"param", "_owner", *block.memory})


def _below_each_other(rows: Array) -> Array:
    return rows.reshape(-1, rows.shape[-1])


def _sum_of_rows(of_all: Array, sums: Array) -> None:
    """Sum over rows as `BiasAdd` does: a product is a tenth of the time of ``np.sum``."""
    np.matmul(np.ones((1, of_all.shape[1]), of_all.dtype), of_all, out=sums)
