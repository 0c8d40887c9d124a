"""The checks of each kind of block: an operation, a loss, layers by themselves and as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from glassbrick.arrays import Array, read_only
from glassbrick.blocks import inherits
from glassbrick.errors import GlassbrickError
from glassbrick.glass.trial_inputs import Checkable
from glassbrick.layers import Layer
from glassbrick.layers.tree import all_layers, named_operations
from glassbrick.losses import Loss
from glassbrick.names import snake_case
from glassbrick.network import NeuralNetwork
from glassbrick.numeric.comparison import Comparison
from glassbrick.numeric.gradient_report import GradientReport, GradientResult
from glassbrick.numeric.operation_check import check_operation, take_anything, with_param
from glassbrick.numeric.steady import Steady
from glassbrick.operations import Operation, ParamOperation

__all__ = ["check_layers", "check_loss", "layers_of", "leaves_inputs_alone"]


def layers_of(block: Checkable) -> tuple[Layer, ...]:
    """Return the layers of a network, or of a layer itself; an operation has none."""
    if isinstance(block, NeuralNetwork):
        return block.layers
    return (block,) if isinstance(block, Layer) else ()


def leaves_inputs_alone(
    block: Operation | Layer | NeuralNetwork, name: str, input_: Array, comparison: Comparison
) -> bool:
    """See whether an operation writes into its input, by giving it one that is read-only."""
    places = [(name, block, input_)] if isinstance(block, Operation) else []
    places += [
        (place, operation, operation.input_)
        for place, operation in _plain_operations(layers_of(block))
    ]
    for place, operation, before in places:
        try:
            operation.apart().forward(read_only(before.copy()))
        except ValueError as error:
            if "read-only" not in str(error):
                raise
            problem = "it writes into input_, which belongs to another block: work on a copy"
            return comparison.fail(place, "forward", problem)
    return True


def check_loss(
    loss: Loss, pairs: list[tuple[str, Array, Array]], comparison: Comparison
) -> tuple[bool, Array, Array]:
    """Check a loss; return whether it is right, with the prediction and the target it is right at.

    Parameters
    ----------
    loss : Loss
        What to check.
    pairs : list of (str, ndarray, ndarray)
        Kinds of predictions and targets, tried in turn until it is right for one of them.
    comparison : Comparison
        Gets one result.
    """
    results: list[GradientResult] = []
    for kind, prediction, target in pairs:
        trial = Comparison(GradientReport("", comparison.report.tolerance), comparison.rng)
        if _loss_is_right(loss, prediction, target, trial):
            note = f"right for {kind}, not for {pairs[0][0]}" if results else ""
            comparison.report.add(replace(trial.report.results[0], note=note))
            return True, prediction, target
        results.append(trial.report.results[0])
    _, prediction, target = pairs[0]
    problem = results[0].problem
    if pairs[0][0] != "the given numbers":
        problem += " (if it takes only some predictions and targets, give such)"
    comparison.report.add(replace(results[0], problem=problem))
    return False, prediction, target


def _loss_is_right(loss: Loss, prediction: Array, target: Array, comparison: Comparison) -> bool:
    def analytic() -> Array:
        loss.forward(prediction, target)
        return loss.backward()

    def value(at: Array) -> Array:
        loss.prediction, loss.target = at, target
        return np.asarray(loss._output())

    name = snake_case(type(loss).__name__)
    return comparison.compare(name, "input_grad", analytic, value, prediction, np.ones(()))


def check_layers(
    layers: tuple[Layer, ...] | list[Layer],
    input_: Array,
    output_grad: Array,
    name: str,
    comparison: Comparison,
) -> None:
    """Check each operation by itself, last to first, then all together."""
    grads, problem = _output_grads(layers, output_grad)
    right = [
        check_operation(place, operation.apart(), operation.input_, grad, comparison)
        for place, operation, grad in grads
    ]
    if all(right):
        if problem is not None:  # else the check of the operation itself tells
            comparison.fail(name, "backward", problem)
            return
        _check_end_to_end(layers, input_, output_grad, name, comparison)


def _output_grads(
    layers: Sequence[Layer], output_grad: Array
) -> tuple[list[tuple[str, Operation, Array]], GlassbrickError | None]:
    """Send a gradient back, and take down what reaches each operation, and what goes wrong."""
    found: list[tuple[str, Operation, Array]] = []
    watched = list(_plain_operations(layers))

    def watch(place: str, operation: Operation) -> Callable[[Array], Array]:
        def backward(grad: Array) -> Array:
            found.append((place, operation, np.copy(grad)))
            return type(operation).backward(operation, grad)

        return backward

    for place, operation in watched:
        vars(operation)["backward"] = watch(place, operation)
    try:
        for layer in reversed(layers):
            output_grad = layer.backward(output_grad)
    except GlassbrickError as error:
        return found, error
    finally:
        for _, operation in watched:
            vars(operation).pop("backward", None)
    return found, None


def _plain_operations(layers: Sequence[Layer]) -> Iterator[tuple[str, Operation]]:
    """Name the operations of layers without a forward or backward of their own.

    Of the others, only the whole can be judged.
    """
    for layer in all_layers(layers):
        if inherits(layer, Layer, "forward", "backward"):
            yield from named_operations(layer)


def _check_end_to_end(
    layers: tuple[Layer, ...] | list[Layer],
    input_: Array,
    output_grad: Array,
    name: str,
    comparison: Comparison,
) -> None:
    """Check layers as a whole, from the data and from each parameter to the last output."""
    steady = Steady(operation for layer in all_layers(layers) for operation in layer.operations)

    def forward(at: Array) -> Array:
        steady.again()
        for layer in layers:
            at = layer.forward(at)
        return at

    def backward() -> Array:
        forward(input_)
        grad = output_grad
        for layer in reversed(layers):
            grad = layer.backward(grad)
        return grad

    take_anything(operation for layer in all_layers(layers) for operation in layer.operations)
    backward()
    size = _largest_gradient(layers)
    comparison.compare(name, "input_grad", backward, forward, input_, output_grad, size)
    operations = [operation for layer in layers for operation in layer.param_operations]
    for number, operation in enumerate(operations):

        def param_grad(operation: ParamOperation = operation) -> Array:
            backward()
            return operation.param_grad

        output = with_param(operation, lambda: forward(input_))
        gradient = f"params[{number}]"
        comparison.compare(name, gradient, param_grad, output, operation.param, output_grad, size)


def _largest_gradient(layers: Sequence[Layer]) -> float:
    """Return the largest norm of the gradients that operations sent back."""
    operations = [operation for layer in all_layers(layers) for operation in layer.operations]
    grads = [vars(operation).get("input_grad", 0.0) for operation in operations]
    return float(max([np.linalg.norm(grad) for grad in grads], default=0.0))
