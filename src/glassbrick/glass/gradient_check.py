"""check_gradients: prove hand-written gradients, of our blocks or the user's, by numeric ones."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.arrays import Array, as_numbers, read_only
from glassbrick.blocks import inherits
from glassbrick.checks import real_number, refuse
from glassbrick.errors import ArgumentTypeError, DataError, GlassbrickError, ShapeError
from glassbrick.glass.comparison import Comparison
from glassbrick.glass.gradient_report import GradientReport
from glassbrick.glass.trial_inputs import Checkable, trial_input, trial_pair, trial_widths
from glassbrick.layers import Layer
from glassbrick.losses import Loss
from glassbrick.names import snake_case
from glassbrick.network import NeuralNetwork
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
        prediction, target = trial_pair(block, rows, given, wanted, comparison.rng)
        _check_loss(block, prediction, target, comparison)
        return
    first = block.layers[0] if isinstance(block, NeuralNetwork) else block
    name = "network" if isinstance(block, NeuralNetwork) else snake_case(type(block).__name__)
    input_ = given
    try:
        if input_ is None:
            widths = trial_widths(first)
            input_ = trial_input(block.forward, rows, widths, comparison.rng, repr(block))
        output = np.array(block.forward(input_.copy()))
    except DataError:
        raise
    except GlassbrickError as error:
        comparison.fail(name, "forward", error)
        return
    if not _leaves_inputs_alone(block, name, input_, comparison):
        return
    if isinstance(block, NeuralNetwork):
        _check_network(block, input_, output, wanted, comparison)
        return
    output_grad = comparison.rng.standard_normal(output.shape)
    if isinstance(block, Operation):
        _check_operation(name, block, input_, output_grad, comparison)
    else:
        block.name = name
        _check_layers([block], input_, output_grad, name, comparison)


def _leaves_inputs_alone(
    block: Operation | Layer | NeuralNetwork, name: str, input_: Array, comparison: Comparison
) -> bool:
    """See whether an operation writes into its input, by giving it one that is read-only."""
    places = [(name, block)] if isinstance(block, Operation) else []
    for layer in _layers(block):
        if inherits(layer, Layer, "forward", "backward"):
            places += _places(layer)
    for place, operation in places:
        before = input_ if operation is block else operation.input_
        try:
            operation.apart().forward(read_only(before.copy()))
        except ValueError as error:
            if "read-only" not in str(error):
                raise
            problem = "it writes into input_, which belongs to another block: work on a copy"
            return comparison.fail(place, "forward", problem)
    return True


def _check_network(
    net: NeuralNetwork,
    input_: Array,
    prediction: Array,
    wanted: Array | None,
    comparison: Comparison,
) -> None:
    """Check the loss, then the layers at the gradient that the loss sends back."""
    prediction, target = trial_pair(net.loss, len(prediction), prediction, wanted, comparison.rng)
    if _check_loss(net.loss, prediction, target, comparison):
        net.loss.forward(prediction, target)
        net.forward(input_)
        _check_layers(net.layers, input_, net.loss.backward(), "network", comparison)


def _check_loss(loss: Loss, prediction: Array, target: Array, comparison: Comparison) -> bool:
    def analytic() -> Array:
        loss.forward(prediction, target)
        return loss.backward()

    def value(at: Array) -> Array:
        loss.prediction, loss.target = at, target
        return np.asarray(loss._output())

    name = snake_case(type(loss).__name__)
    return comparison.compare(name, "input_grad", analytic, value, prediction, np.ones(()))


def _check_layers(
    layers: tuple[Layer, ...] | list[Layer],
    input_: Array,
    output_grad: Array,
    name: str,
    comparison: Comparison,
) -> None:
    """Check each operation by itself, last to first, then all together."""
    all_right = True
    grad = output_grad
    for layer in reversed(layers):
        if not inherits(layer, Layer, "forward", "backward"):  # only the whole can be judged
            grad = layer.backward(grad)
            continue
        for place, operation in reversed(list(_places(layer))):
            all_right &= _check_operation(
                place, operation.apart(), operation.input_, grad, comparison
            )
            try:
                grad = operation.backward(grad)
            except GlassbrickError:
                return  # told already, by the check of the operation itself
    if all_right:
        _check_end_to_end(layers, input_, output_grad, name, comparison)


def _check_operation(
    name: str, operation: Operation, input_: Array, output_grad: Array, comparison: Comparison
) -> bool:
    """Check one operation at given numbers; say whether it is right."""
    input_before, grad_before = input_.copy(), output_grad.copy()

    def analytic(gradient: str) -> Callable[[], Array]:
        def run() -> Array:
            operation.forward(input_)
            # The rule itself, not backward, so that one wrong shape does not hide the rest.
            found: Array = getattr(operation, f"_{gradient}")(output_grad)
            if not np.array_equal(input_, input_before):
                raise DataError("backward writes into input_: work on a copy.")
            if not np.array_equal(output_grad, grad_before):
                raise DataError("backward writes into output_grad: work on a copy.")
            return found

        return run

    def output_of_input(at: Array) -> Array:
        operation.input_ = at
        operation.output = operation._output()
        return operation.output

    ok = comparison.compare(
        name, "input_grad", analytic("input_grad"), output_of_input, input_, output_grad
    )
    if isinstance(operation, ParamOperation):
        output_of_param = _with_param(operation, lambda: output_of_input(input_))
        ok &= comparison.compare(
            name,
            "param_grad",
            analytic("param_grad"),
            output_of_param,
            operation.param,
            output_grad,
        )
    return ok


def _check_end_to_end(
    layers: tuple[Layer, ...] | list[Layer],
    input_: Array,
    output_grad: Array,
    name: str,
    comparison: Comparison,
) -> None:
    """Check layers as a whole, from the data and from each parameter to the last output."""

    def forward(at: Array) -> Array:
        for layer in layers:
            at = layer.forward(at)
        return at

    def backward() -> Array:
        forward(input_)
        grad = output_grad
        for layer in reversed(layers):
            grad = layer.backward(grad)
        return grad

    comparison.compare(name, "input_grad", backward, forward, input_, output_grad)
    operations = [operation for layer in layers for operation in layer.param_operations]
    for number, operation in enumerate(operations):

        def param_grad(operation: ParamOperation = operation) -> Array:
            backward()
            return operation.param_grad

        output = _with_param(operation, lambda: forward(input_))
        gradient = f"params[{number}]"
        comparison.compare(name, gradient, param_grad, output, operation.param, output_grad)


def _with_param(operation: ParamOperation, output: Callable[[], Array]) -> Callable[[Array], Array]:
    """Make a function of the parameter out of one that uses it."""
    param = operation.param

    def run(at: Array) -> Array:
        operation.param = at
        try:
            return output()
        finally:
            operation.param = param

    return run


def _places(layer: Layer) -> Iterator[tuple[str, Operation]]:
    """Name operations by layer and class, and number those alike: "dense_1.relu_2"."""
    seen: dict[str, int] = {}
    for operation in layer.operations:
        name = snake_case(type(operation).__name__)
        seen[name] = seen.get(name, 0) + 1
        number = f"_{seen[name]}" if seen[name] > 1 else ""
        yield f"{layer.name}.{name}{number}", operation


def _in_float64(block: Checkable) -> Checkable:
    """Copy a block, with parameters in which rounding does not blur the comparison."""
    twin = copy.deepcopy(block)
    operations: list[Operation] = [twin] if isinstance(twin, Operation) else []
    if isinstance(twin, NeuralNetwork):
        twin._dtype = None
    for layer in _layers(twin):
        operations += layer.operations
    for operation in operations:
        if isinstance(operation, ParamOperation):
            operation.param = np.array(operation.param, np.float64)
    return twin


def _as_rows(value: ArrayLike | None, name: str) -> Array | None:
    if value is None:
        return None
    array = as_numbers(value, name, np.float64)
    if array.ndim == 0 or array.size == 0:
        refuse(ShapeError, name, "at least one row", array)
    return array


def _layers(block: Checkable) -> tuple[Layer, ...]:
    if isinstance(block, NeuralNetwork):
        return block.layers
    return (block,) if isinstance(block, Layer) else ()
