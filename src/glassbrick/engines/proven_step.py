"""The training step for batches of a shape that has been checked already: the rules alone."""

from __future__ import annotations

from collections.abc import Callable

from glassbrick.arrays import Array
from glassbrick.blocks import inherits
from glassbrick.layers import Layer
from glassbrick.losses import Loss
from glassbrick.network import NeuralNetwork
from glassbrick.operations import Operation, ParamOperation, WeightMultiply

__all__ = ["ProvenStep"]


class ProvenStep:
    """Does what `NeuralNetwork.train_batch` does, without its checks.

    For use after a batch of the same shape went through `train_batch`. All is stored
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
        self._forward = [
            (layer, [(operation, operation._output) for operation in layer.operations])
            for layer in net.layers
        ]
        operations = [operation for layer in net.layers for operation in layer.operations]
        self._backward = [
            (operation, _param_rule(operation), operation._input_grad)
            for operation in reversed(operations)
        ]
        # A user's rule may leave something behind that another rule needs; ours does not.
        self._spared = operations[0] if type(operations[0]) is WeightMultiply else None

    def __call__(self, x_batch: Array, y_batch: Array) -> float:
        """Compute the loss of a batch, and the gradients of all parameters."""
        output = x_batch
        for layer, rules in self._forward:
            layer.input_ = output
            for operation, output_rule in rules:
                operation.input_ = output
                operation.output = output = output_rule()
            layer.output = output
        loss = self._loss
        loss.prediction, loss.target = output, y_batch
        value = loss._output()
        loss.input_grad = grad = loss._input_grad()
        for operation, param_rule, input_rule in self._backward:
            output_grad = grad
            if operation is self._spared:
                operation.__dict__.pop("input_grad", None)  # it would be that of an earlier batch
            else:
                operation.input_grad = grad = input_rule(output_grad)
            if param_rule is not None:
                operation.param_grad = param_rule(output_grad)  # type: ignore[attr-defined]
        return value

    @staticmethod
    def applies_to(net: NeuralNetwork) -> bool:
        """Whether every block moves data as its base class does, so that rules are all there is."""
        operations = [operation for layer in net.layers for operation in layer.operations]
        return (
            bool(operations)
            and inherits(net, NeuralNetwork, "train_batch", "forward", "backward")
            and inherits(net.loss, Loss, "forward", "backward")
            and all(inherits(layer, Layer, "forward", "backward") for layer in net.layers)
            and all(
                inherits(operation, _base(operation), "forward", "backward")
                for operation in operations
            )
        )


def _base(operation: Operation) -> type[Operation]:
    return ParamOperation if isinstance(operation, ParamOperation) else Operation


def _param_rule(operation: Operation) -> Callable[[Array], Array] | None:
    return operation._param_grad if isinstance(operation, ParamOperation) else None
