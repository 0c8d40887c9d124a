"""check_gradients: prove hand-written gradients, of our blocks or the user's, by numeric ones."""

from __future__ import annotations

import copy

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.arrays import Array, as_numbers
from glassbrick.checks import real_number, refuse
from glassbrick.errors import ArgumentTypeError, DataError, GlassbrickError, ShapeError
from glassbrick.glass.block_checks import (
    check_layers,
    check_loss,
    layers_of,
    leaves_inputs_alone,
)
from glassbrick.glass.trial_inputs import Checkable, trial_input, trial_pairs, trial_widths
from glassbrick.layers import Layer
from glassbrick.layers.tree import all_layers
from glassbrick.losses import Loss
from glassbrick.names import snake_case
from glassbrick.network import NeuralNetwork
from glassbrick.numeric.comparison import Comparison
from glassbrick.numeric.gradient_report import GradientReport
from glassbrick.numeric.operation_check import check_operation
from glassbrick.operations import Operation, ParamOperation
from glassbrick.randomness import SeedLike, as_generator

__all__ = ["check_gradients"]

_BATCHES = (1, 6)  # one row alone hides a missing sum; many rows hide a wrong special case


def check_gradients(
    block: Checkable,
    input_: ArrayLike | None = None,
    target: ArrayLike | None = None,
    *,
    tolerance: float = 1e-7,
    rng: SeedLike | None = 0,
) -> GradientReport:
    """Compare all gradients of a block with numeric ones.

    Parameters
    ----------
    block : Operation, Layer, Loss or NeuralNetwork
        What to check. A copy is checked: `block` itself stays as it is.
    input_ : array_like, optional
        The input, or a loss's prediction. Without it random numbers are used, one row
        and then six; the width is that of the parameters.
    target : array_like, optional
        For a loss or a network, like `input_`.
    tolerance : float, default 1e-7
        Largest error that passes: norm of the difference over the larger norm.
    rng : int, SeedSequence, Generator or None, default 0
        Source of the random numbers; None takes fresh entropy.

    Returns
    -------
    GradientReport
        True if all gradients are right. It prints which gradient of which block is
        wrong, at which element, analytic against numeric.

    Raises
    ------
    ArgumentTypeError
        If `block` is something else, or a class.
    DataError
        If the block computes NaN or infinity from random input, or fails on it: then
        give an `input_` that it can take.

    Notes
    -----
    Numeric gradients are complex steps where the block is analytic, else fourth-order
    differences. In layers and networks each operation is checked by itself, at the
    numbers that really pass through it, so that a wrong rule is found where it stands
    and not where its error arrives. If all are right, the whole is checked from end to
    end, which finds what no operation shows alone, such as one object used twice. Of
    arrays with more than 60 elements, 60 are chosen at random; if the block is analytic,
    all are also judged at once along a random direction, and one that is wrong is found
    by halving.

    Examples
    --------
    >>> from glassbrick import Operation, Sigmoid, check_gradients
    >>> bool(check_gradients(Sigmoid()))
    True
    >>> class Twice(Operation):
    ...     def _output(self):
    ...         return 2.0 * self.input_
    ...
    ...     def _input_grad(self, output_grad):
    ...         return output_grad  # the factor 2 is missing
    >>> print(check_gradients(Twice()).verdict)
    Twice(): 1 of 1 gradient wrong
    """
    if not isinstance(block, Operation | Layer | Loss | NeuralNetwork):
        advice = "Make one by calling the class." if isinstance(block, type) else ""
        expected = "an Operation, a Layer, a Loss or a NeuralNetwork"
        refuse(ArgumentTypeError, "check_gradients", expected, block, advice)
    tolerance = real_number(tolerance, "check_gradients, tolerance", above=0.0)
    given = _as_rows(input_, "check_gradients, input_")
    wanted = _as_rows(target, "check_gradients, target")
    if isinstance(block, NeuralNetwork) and wanted is not None and wanted.ndim == 1:
        wanted = wanted[:, np.newaxis]
    report = GradientReport(repr(block), tolerance)
    generator = as_generator(rng, "check_gradients")
    for rows in _BATCHES if given is None else (len(given),):
        _check(_in_float64(block), rows, given, wanted, Comparison(report, generator))
    return report


def _check(
    block: Checkable,
    rows: int,
    given: Array | None,
    wanted: Array | None,
    comparison: Comparison,
) -> None:
    if isinstance(block, Loss):
        check_loss(block, trial_pairs(block, rows, given, wanted, comparison.rng), comparison)
        return
    first = block.layers[0] if isinstance(block, NeuralNetwork) else block
    name = "network" if isinstance(block, NeuralNetwork) else snake_case(type(block).__name__)
    input_ = given
    try:
        if input_ is None:
            widths = trial_widths(first)
            input_ = trial_input(block.forward, rows, widths, comparison.rng, repr(block))
        block.forward(input_.copy())  # which makes the parameters, if there are none yet
        _unsettle(block, comparison.rng)
        output = np.array(block.forward(input_.copy()))
    except DataError:
        raise
    except GlassbrickError as error:
        comparison.fail(name, "forward", error)
        return
    if not leaves_inputs_alone(block, name, input_, comparison):
        return
    if isinstance(block, NeuralNetwork):
        _check_network(block, input_, output, wanted, comparison)
        return
    output_grad = comparison.rng.standard_normal(output.shape)
    if isinstance(block, Operation):
        check_operation(name, block, input_, output_grad, comparison)
    else:
        block._rename(name)
        check_layers([block], input_, output_grad, name, comparison)


def _check_network(
    net: NeuralNetwork,
    input_: Array,
    prediction: Array,
    wanted: Array | None,
    comparison: Comparison,
) -> None:
    """Check the loss, then the layers at the gradient that the loss sends back."""
    pairs = trial_pairs(net.loss, len(prediction), prediction, wanted, comparison.rng)
    right, prediction, target = check_loss(net.loss, pairs, comparison)
    if right:
        net.loss.forward(prediction, target)
        net.forward(input_)
        check_layers(net.layers, input_, net.loss.backward(), "network", comparison)


def _in_float64(block: Checkable) -> Checkable:
    """Copy a block, with parameters in which rounding does not blur the comparison."""
    twin = copy.deepcopy(block)
    if isinstance(twin, NeuralNetwork):
        twin._dtype = None
    for operation in _param_operations(twin):
        operation.replace_param(np.array(operation.param, np.float64))
    return twin


def _unsettle(block: Checkable, rng: np.random.Generator) -> None:
    """Move parameters that are all 0 or all 1, as many start, where they would hide something.

    A gain of 1 hides that it is missing in a gradient; biases of 0 can bring what comes to a ReLU
    right to its kink.
    """
    for operation in _param_operations(block):
        param = operation.param
        if param.size and (param == param.flat[0]).all() and param.flat[0] in (0.0, 1.0):
            operation.replace_param(param + 0.1 * rng.standard_normal(param.shape))


def _param_operations(block: Checkable) -> list[ParamOperation]:
    operations: list[Operation] = [block] if isinstance(block, Operation) else []
    for layer in all_layers(layers_of(block)):
        operations += layer.operations
    return [operation for operation in operations if isinstance(operation, ParamOperation)]


def _as_rows(value: ArrayLike | None, name: str) -> Array | None:
    if value is None:
        return None
    array = as_numbers(value, name, np.float64)
    if array.ndim == 0 or array.size == 0:
        refuse(ShapeError, name, "at least one row", array)
    return array
