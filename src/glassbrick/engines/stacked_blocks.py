"""The rules of blocks for several networks at once, with an axis for them in front."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol, cast

import numpy as np

from glassbrick import losses
from glassbrick.arrays import Array
from glassbrick.blocks import Block
from glassbrick.engines.facts import are_the_same, facts_of
from glassbrick.engines.proven_step import ProvenStep
from glassbrick.layers.series import LayerOfLayers
from glassbrick.losses import Loss, RowLoss
from glassbrick.modes import is_predicting
from glassbrick.network import NeuralNetwork
from glassbrick.operations import (
    BiasAdd,
    Columns,
    Dropout,
    GainMultiply,
    Operation,
    ParamOperation,
    PReLU,
    RootMeanSquareDivide,
    RowStandardize,
    WeightMultiply,
)
from glassbrick.operations.by_name import ACTIVATIONS
from glassbrick.penalties import Penalty
from glassbrick.quiet import bare

__all__ = ["Stacked", "below_each_other", "make_of", "stacked"]


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
        twin.input_ = below_each_other(input_)
        output: Array = self._output()
        twin.output = output
        return output.reshape(*input_.shape[:2], -1)

    def backward(self, output_grad: Array) -> Array:
        grad: Array = self._input_grad(below_each_other(output_grad))
        return grad.reshape(*output_grad.shape[:2], -1)

    def backward_to_params(self, output_grad: Array) -> None:
        """Do nothing, for there are none."""


class _Dropout:
    """`Dropout`, each with its own rate and its own random numbers."""

    def __init__(self, alike: Sequence[Dropout]):
        self._alike = alike

    def forward(self, input_: Array) -> Array:
        if is_predicting():
            return input_
        self._mask = np.empty_like(input_)
        for k, dropout in enumerate(self._alike):
            stay = 1.0 - dropout.rate
            np.divide(dropout.noise.bernoulli(stay, input_[k]), stay, out=self._mask[k])
        return input_ * self._mask

    def backward(self, output_grad: Array) -> Array:
        return output_grad * self._mask

    def backward_to_params(self, output_grad: Array) -> None:
        """Do nothing, for there are none."""


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
    operations, params = net.operations(), list(net.params())
    kinds = [type(operation) for operation in operations]
    held = [operation.param for operation in operations if isinstance(operation, ParamOperation)]
    if (
        type(net) is not NeuralNetwork
        or not all(kind in _WITH_PARAMS or kind in _ROWWISE or kind is Dropout for kind in kinds)
        or type(net.loss) not in _LOSSES
        or any(type(penalty) is not Penalty for penalty, _ in net.penalties())
        or any(isinstance(layer, LayerOfLayers) for layer in net.layers)
        or not _are_plain(params, net.dtype)
        or not are_the_same(held, params)
        or not ProvenStep.applies_to(net)
    ):
        return None
    of_operations = [None if type(op) is Dropout else _settings(op) for op in operations]
    of_params = [(param.shape, param.dtype) for param in params]
    penalized = [operations.index(operation) for _, operation in net.penalties()]
    of_loss = type(net.loss), _settings(net.loss)
    return (*kinds, *of_operations, *of_params, *penalized, of_loss)


def _are_plain(params: Sequence[Array], dtype: np.dtype[Any]) -> bool:
    """Whether there are arrays of a dtype, all different, that may be written into."""
    places = {param.__array_interface__["data"][0] for param in params}
    plain = all(param.flags.writeable and param.dtype == dtype for param in params)
    return plain and len(places) == len(params) > 0


def _settings(block: Block) -> Hashable:
    """Return all that a block holds but its parameter."""
    return facts_of(block, {"param", "_owner", *block.memory})


def below_each_other(rows: Array) -> Array:
    """Return the rows of all networks as one matrix."""
    return rows.reshape(-1, rows.shape[-1])


def _sum_of_rows(of_all: Array, sums: Array) -> None:
    """Sum over rows as `BiasAdd` does: a product is a tenth of the time of ``np.sum``."""
    np.matmul(np.ones((1, of_all.shape[1]), of_all.dtype), of_all, out=sums)
