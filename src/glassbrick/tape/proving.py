"""The proof of recorded gradients: each by itself, at the very numbers of the step."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.layers import Layer
from glassbrick.layers.tree import all_layers, own_operations
from glassbrick.losses import Loss
from glassbrick.numeric.comparison import Comparison
from glassbrick.numeric.gradient_report import GradientReport, GradientResult
from glassbrick.numeric.operation_check import check_operation, take_anything, with_param
from glassbrick.numeric.steady import Steady
from glassbrick.operations import Operation, ParamOperation
from glassbrick.tape.recorder import Call

__all__ = ["Proof"]

# Elements of each array that are compared, besides all along a random direction. Where each
# takes a large matrix product, fewer must do.
_MOST, _MOST_OF_LARGE, _LARGE = 24, 8, 10_000
_IN_FLOAT64 = "the rule was judged in float64, at the numbers of the step"


class Proof:
    """Compares recorded gradients with numeric ones.

    Parameters
    ----------
    tolerance : float
        Largest error that passes: norm of the difference over the larger norm.
    """

    def __init__(self, tolerance: float):
        self._tolerance = tolerance
        self._rng = np.random.default_rng(0)

    def of(self, call: Call, *, all_right_inside: bool) -> dict[str, GradientResult]:
        """Return the checks of a call's gradients, by their names.

        Those of the parameters of a layer judged as a whole go by the names of its operations.

        Parameters
        ----------
        call : Call
            With forward and backward.
        all_right_inside : bool
            Whether the operations within a layer are right; if not, the layer is not judged.
        """
        if call.output_grad is None or call.input_grad is None:
            return {}
        param = vars(call.block).get("param", call.input)
        most = _MOST_OF_LARGE if max(call.input.size, param.size) > _LARGE else _MOST
        comparison = Comparison(GradientReport("", self._tolerance), self._rng, most)
        with np.errstate(all="ignore"):
            if call.kind == "operation":
                _check_operation(call, comparison)
            elif call.kind == "joint":
                _check_joint(call, comparison)
            elif call.kind == "whole" and all_right_inside:
                _check_whole(call, comparison)
        single = call.input.dtype != np.float64
        results = comparison.report.results
        return {r.gradient: replace(r, note=_IN_FLOAT64 * single) for r in results}

    def of_loss(self, loss: Loss, name: str, recorded: Array) -> GradientResult:
        """Return the check of a loss's gradient, at its last prediction and target."""
        comparison = Comparison(GradientReport("", self._tolerance), self._rng, _MOST)
        twin = copy.copy(loss)
        single = recorded.dtype != np.float64
        prediction, target = _double(loss.prediction), _double(loss.target)
        twin.target = target
        twin.weights = None if loss.weights is None else _double(loss.weights)

        def value(at: Array) -> Array:
            twin.prediction = at
            return np.asarray(twin._output())

        def analytic() -> Array:
            value(prediction)
            again = twin._input_grad()
            return again if single else recorded

        with np.errstate(all="ignore"):
            comparison.compare(name, "input_grad", analytic, value, prediction, np.ones(()))
        return replace(comparison.report.results[0], note=_IN_FLOAT64 * single)


def _check_operation(call: Call, comparison: Comparison) -> None:
    operation: Operation = call.before
    recorded = {"input_grad": call.input_grad, "param_grad": call.param_grad}
    given: Any = recorded if call.input.dtype == np.float64 else None
    _double_arrays(operation)
    check_operation(
        call.name, operation, _double(call.input), _double(call.output_grad), comparison, given
    )


def _check_joint(call: Call, comparison: Comparison) -> None:
    """Check how a layer joins others, whose gradients are taken as they were recorded.

    In the place of each of them stands the simplest function with its output there and its
    gradient there: a plane.
    """
    layer, parts = call.before, vars(call.block)["layers"]
    grads = [_double(child.output_grad) for child in call.children]
    sent_on = [_double(child.input_grad) for child in call.children]
    as_often = [child.block for child in call.children] == list(parts)
    if not as_often or any(child.input_grad is None for child in call.children):
        return
    planes = [
        _plane(_double(child.input), _double(child.output), grad, sent)
        for child, grad, sent in zip(call.children, grads, sent_on, strict=True)
    ]
    backs = [lambda _, sent=sent: sent for sent in sent_on]
    input_, output_grad = _double(call.input), _double(call.output_grad)

    def analytic() -> Array:
        layer._pass(planes, input_)
        again: Array = layer._pass_back(backs, output_grad)
        return _double(call.input_grad) if call.input.dtype == np.float64 else again

    def function(at: Array) -> Array:
        return layer._pass(planes, at)  # type: ignore[no-any-return]

    comparison.compare(call.name, "input_grad", analytic, function, input_, output_grad)


def _plane(at: Array, output: Array, grad: Array, sent_on: Array) -> Callable[[Array], Array]:
    size = float(np.sum(grad * grad)) or 1.0

    def pass_on(input_: Array) -> Array:
        return np.asarray(output + grad * (np.sum(sent_on * (input_ - at)) / size))

    return pass_on


def _check_whole(call: Call, comparison: Comparison) -> None:
    """Check a layer with a forward or backward of its own, from its input to its output."""
    layer: Layer = call.before
    operations = [op for part in all_layers([layer]) for op in part.operations]
    for operation in operations:
        _double_arrays(operation)
    take_anything(operations)
    steady = Steady(operations)
    input_, output_grad = _double(call.input), _double(call.output_grad)

    def forward(at: Array) -> Array:
        steady.again()
        return layer.forward(at)

    def analytic() -> Array:
        forward(input_)
        again = layer.backward(output_grad)
        return _double(call.input_grad) if call.input.dtype == np.float64 else again

    comparison.compare(call.name, "input_grad", analytic, forward, input_, output_grad)
    for name, operation in own_operations(layer):
        if name in call.param_grads and isinstance(operation, ParamOperation):
            recorded = call.param_grads[name]
            comparison.compare(
                call.name,
                name,
                _whole_param_grad(analytic, operation, recorded),
                with_param(operation, lambda: forward(input_)),
                operation.param,
                output_grad,
            )


def _whole_param_grad(
    backward: Callable[[], Array], operation: ParamOperation, recorded: Array
) -> Callable[[], Array]:
    """Make the gradient of a parameter of a layer, as it was recorded if that is exact."""

    def analytic() -> Array:
        backward()
        return recorded if recorded.dtype == np.float64 else operation.param_grad

    return analytic


def _double(array: Any) -> Array:
    return np.asarray(array, np.float64)


def _double_arrays(operation: Operation) -> None:
    """Let an operation compute in float64."""
    made: dict[int, Array] = {}
    held = vars(operation)
    for name, value in list(held.items()):
        if isinstance(value, np.ndarray) and value.dtype == np.float32:
            held[name] = made.setdefault(id(value), value.astype(np.float64))
