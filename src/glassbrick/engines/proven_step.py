"""The training step for batches of a shape that has been checked already: the rules alone."""

from __future__ import annotations

from typing import Any

from glassbrick.arrays import Array
from glassbrick.layers import Layer
from glassbrick.losses import Loss
from glassbrick.network import NeuralNetwork
from glassbrick.operations import Operation, ParamOperation

__all__ = ["ProvenStep"]


class ProvenStep:
    """Does what `NeuralNetwork.train_batch` does, without its checks.

    For use after a batch of the same shape went through `train_batch`. All is stored
    where `forward` and `backward` store it, but for the gradient of the data, which
    nobody reads and which is a large part of the work: it is left out.

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
            (operation, getattr(operation, "_param_grad", None), operation._input_grad)
            for operation in reversed(operations[1:])
        ]
        self._first = operations[0]
        self._first.__dict__.pop("input_grad", None)  # it would be that of an earlier batch

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
            if param_rule is not None:
                operation.param_grad = param_rule(grad)  # type: ignore[attr-defined]
            operation.input_grad = grad = input_rule(grad)
        if isinstance(self._first, ParamOperation):
            self._first.param_grad = self._first._param_grad(grad)
        return value

    @staticmethod
    def applies_to(net: NeuralNetwork) -> bool:
        """Whether every block moves data as its base class does, so that rules are all there is."""
        layers = net.layers
        operations = [operation for layer in layers for operation in layer.operations]
        return (
            bool(operations)
            and _inherited(net, NeuralNetwork, "train_batch", "forward", "backward")
            and all(_inherited(layer, Layer, "forward", "backward") for layer in layers)
            and _inherited(net.loss, Loss, "forward", "backward")
            and all(
                _inherited(
                    operation,
                    ParamOperation if isinstance(operation, ParamOperation) else Operation,
                    "forward",
                    "backward",
                )
                for operation in operations
            )
        )


def _inherited(block: Any, base: type, *methods: str) -> bool:
    """Whether neither a subclass nor the object itself has methods of its own."""
    return all(
        getattr(getattr(block, method), "__func__", None) is getattr(base, method)
        for method in methods
    )
