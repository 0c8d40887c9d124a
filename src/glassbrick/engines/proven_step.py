"""The training step for batches of a shape that has been checked already: the rules alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Protocol, TypeAlias

from glassbrick.arrays import Array
from glassbrick.blocks import inherits
from glassbrick.layers import Layer
from glassbrick.layers.series import LayerOfLayers
from glassbrick.layers.tree import all_layers
from glassbrick.losses import Loss
from glassbrick.network import NeuralNetwork
from glassbrick.operations import Operation, ParamOperation, WeightMultiply
from glassbrick.penalties import penalize
from glassbrick.quiet import bare

__all__ = ["ProvenStep"]


class ProvenStep:
    """Does what `NeuralNetwork.train_batch` does, without its checks.

    For use after a batch of the same shape went through `train_batch`, and with NumPy's
    warnings off. All is stored
    where `forward` and `backward` store it, in their order. Only the gradient of the data
    is left out where a weight matrix comes first: nobody reads it, and it is a large part
    of the work.

    Parameters
    ----------
    net : NeuralNetwork
        For which `applies_to` is true.
    """

    def __init__(self, net: NeuralNetwork):
        self._loss = net.loss
        self._loss_rules = bare(net.loss._output), bare(net.loss._input_grad)
        self._penalties = net.penalties()
        first = net.layers[0].operations[:1]
        # A user's rule may leave something behind that another rule needs; ours does not.
        spared = first[0] if first and type(first[0]) is WeightMultiply else None
        parts = list(_parts(net.layers, spared))
        self._forward, self._backward = _one_after_the_other(parts)

    def __call__(self, x_batch: Array, y_batch: Array, weights: Array | None = None) -> float:
        """Compute the loss of a batch, and the gradients of all parameters."""
        loss, (loss_rule, grad_rule) = self._loss, self._loss_rules
        loss.prediction = self._forward(x_batch)
        loss.target, loss.weights = y_batch, weights
        value = loss_rule()
        loss.input_grad = grad = grad_rule()
        self._backward(grad)
        return penalize(value, self._penalties) if self._penalties else value

    @staticmethod
    def applies_to(net: NeuralNetwork) -> bool:
        """Whether every block moves data as its base class does, so that rules are all there is."""
        operations = net.operations()
        return (
            bool(operations)
            and inherits(net, NeuralNetwork, "train_batch", "forward", "backward")
            and inherits(net.loss, Loss, "forward", "backward")
            and all(
                inherits(layer, _base_of_layer(layer), "forward", "backward")
                for layer in all_layers(net.layers)
            )
            and all(
                inherits(operation, _base(operation), "forward", "backward")
                for operation in operations
            )
        )


_Pass: TypeAlias = Callable[[Array], Array]


class _Part(Protocol):
    def forward(self, input_: Array) -> Array: ...

    def backward(self, output_grad: Array) -> Array: ...


class _Row:
    """Layers of operations, one after the other."""

    def __init__(self, layers: Sequence[Layer], spared: Operation | None):
        self._forward = [
            (layer, [(operation, bare(operation._output)) for operation in layer.operations])
            for layer in layers
        ]
        operations = [operation for layer in layers for operation in layer.operations]
        self._backward = [
            (operation, _param_rule(operation), bare(operation._input_grad))
            for operation in reversed(operations)
        ]
        self._spared = spared

    def forward(self, input_: Array) -> Array:
        output = input_
        for layer, rules in self._forward:
            layer.input_ = output
            for operation, output_rule in rules:
                operation.input_ = output
                operation.output = output = output_rule()
            layer.output = output
        return output

    def backward(self, output_grad: Array) -> Array:
        grad = output_grad
        for operation, param_rule, input_rule in self._backward:
            output_grad = grad
            if operation is self._spared:
                operation.__dict__.pop("input_grad", None)  # it would be that of an earlier batch
            else:
                operation.input_grad = grad = input_rule(output_grad)
            if param_rule is not None:
                operation.param_grad = param_rule(output_grad)  # type: ignore[attr-defined]
        return grad


class _Tree:
    """A layer that is made of layers."""

    def __init__(self, layer: LayerOfLayers):
        self._layer = layer
        parts = [next(_parts([child], None)) for child in layer.layers]
        self._forward = [part.forward for part in parts]
        self._backward = [part.backward for part in parts]

    def forward(self, input_: Array) -> Array:
        layer = self._layer
        layer.input_ = input_
        layer.output = output = layer._pass(self._forward, input_)
        return output

    def backward(self, output_grad: Array) -> Array:
        return self._layer._pass_back(self._backward, output_grad)


def _one_after_the_other(parts: list[_Part]) -> tuple[_Pass, _Pass]:
    """Return how to go through all parts forward, and backward."""
    if len(parts) == 1:  # as in most networks: a call more would take its time
        return parts[0].forward, parts[0].backward

    def forward(output: Array) -> Array:
        for part in parts:
            output = part.forward(output)
        return output

    def backward(grad: Array) -> Array:
        for part in reversed(parts):
            grad = part.backward(grad)
        return grad

    return forward, backward


def _parts(layers: Sequence[Layer], spared: Operation | None) -> Iterator[_Part]:
    for is_tree, some in groupby(layers, lambda layer: isinstance(layer, LayerOfLayers)):
        if is_tree:
            yield from (_Tree(layer) for layer in some if isinstance(layer, LayerOfLayers))
        else:
            yield _Row(list(some), spared)


def _base_of_layer(layer: Layer) -> type[Layer]:
    return LayerOfLayers if isinstance(layer, LayerOfLayers) else Layer


def _base(operation: Operation) -> type[Operation]:
    return ParamOperation if isinstance(operation, ParamOperation) else Operation


def _param_rule(operation: Operation) -> Callable[[Array], Array] | None:
    return bare(operation._param_grad) if isinstance(operation, ParamOperation) else None
