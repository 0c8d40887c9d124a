"""The check of one operation by itself: its own rules, at given numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from glassbrick.arrays import Array
from glassbrick.errors import DataError
from glassbrick.numeric.comparison import Comparison
from glassbrick.numeric.steady import Steady
from glassbrick.operations import Operation, ParamOperation

__all__ = ["check_operation", "take_anything", "with_param"]


def check_operation(
    name: str,
    operation: Operation,
    input_: Array,
    output_grad: Array,
    comparison: Comparison,
    recorded: Mapping[str, Array] | None = None,
) -> bool:
    """Check one operation at given numbers; say whether it is right.

    Parameters
    ----------
    name : str
        What to call it.
    operation : Operation
        Is run, and so remembers other numbers afterwards.
    input_, output_grad : ndarray of float64
        Where to check it.
    comparison : Comparison
        Gets a result for each gradient.
    recorded : mapping from "input_grad" and "param_grad" to ndarray, optional
        What the rules gave there before, which is judged then.
    """
    input_before, grad_before = input_.copy(), output_grad.copy()
    steady = Steady([operation])

    def analytic(gradient: str) -> Callable[[], Array]:
        def run() -> Array:
            steady.again()
            operation.forward(input_)
            # The rule itself, not backward, so that one wrong shape does not hide the rest.
            found: Array = getattr(operation, f"_{gradient}")(output_grad)
            if not np.array_equal(input_, input_before):
                raise DataError("backward writes into input_: work on a copy.")
            if not np.array_equal(output_grad, grad_before):
                raise DataError("backward writes into output_grad: work on a copy.")
            return found if recorded is None else recorded[gradient]

        return run

    def output_of_input(at: Array) -> Array:
        steady.again()
        operation.input_ = at
        operation.output = operation._output()
        return operation.output

    ok = comparison.compare(
        name, "input_grad", analytic("input_grad"), output_of_input, input_, output_grad
    )
    if isinstance(operation, ParamOperation):
        output_of_param = with_param(operation, lambda: output_of_input(input_))
        ok &= comparison.compare(
            name,
            "param_grad",
            analytic("param_grad"),
            output_of_param,
            operation.param,
            output_grad,
        )
    return ok


def with_param(operation: ParamOperation, output: Callable[[], Array]) -> Callable[[Array], Array]:
    """Make a function of the parameter out of one that uses it."""
    param = operation.param

    def run(at: Array) -> Array:
        operation.replace_param(at)
        try:
            return output()
        finally:
            operation.replace_param(param)

    return run


def take_anything(operations: Iterable[Operation]) -> None:
    """Let copies of operations take numbers that lie beside those that they usually take."""
    for operation in operations:
        vars(operation)["require_input"] = _take


def _take(input_: Array) -> None:
    """Let all numbers pass."""
