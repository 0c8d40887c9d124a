"""What a layer sees to when it takes operations over: that they are its own, and all there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.blocks import inherits
from glassbrick.checks import instance_of, refuse
from glassbrick.errors import ArgumentError, OwnershipError
from glassbrick.modes import predicting
from glassbrick.operations import Operation, ParamOperation

if TYPE_CHECKING:
    from glassbrick.layers.layer import Layer

__all__ = [
    "adopted",
    "convert_params",
    "param_grad_of",
    "refuse_hidden_params",
    "set_up_operations",
]


def adopted(layer: Layer, operations: Sequence[Operation]) -> tuple[Operation, ...]:
    """Claim each operation for the layer, and return them fixed.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there are none, or one is no operation, or has no parameter where it should.
    OwnershipError
        If one stands twice, or belongs to another layer.
    """
    if not operations:
        advice = "For an identity write self.operations = [Linear()]."
        refuse(ArgumentError, "_setup_layer", "to make self.operations", (), advice)
    for operation in operations:
        instance_of(operation, Operation, "operations", "[WeightMultiply(W), Sigmoid()]")
        if isinstance(operation, ParamOperation) and "param" not in vars(operation):
            kind = type(operation).__name__
            advice = f"Call super().__init__(param) in {kind}.__init__."
            refuse(ArgumentError, "operations", "a parameter", type(operation), advice)
        operation.claim(layer, "operations")
    if len({id(operation) for operation in operations}) < len(operations):
        raise OwnershipError(
            "operations: the same operation stands twice; make a new one for each."
        )
    return tuple(operations)


def refuse_hidden_params(
    layer: Layer, holders: Sequence[ParamOperation], declared: Sequence[Array]
) -> None:
    """Refuse parameters that no optimizer would ever see.

    Raises
    ------
    OwnershipError
        If an array in `declared` belongs to none of `holders`, or the layer holds another
        block with parameters in an attribute.
    """
    owned = {id(operation.param) for operation in holders}
    for param in declared:
        if id(param) not in owned:
            raise OwnershipError(
                f"params lists an array of shape {param.shape} that no operation "
                "holds, so it would not be trained: give it to a ParamOperation."
            )
    known = {id(operation) for operation in holders}
    for name, value in vars(layer).items():
        has_params = isinstance(value, ParamOperation) or hasattr(type(value), "param_operations")
        if has_params and id(value) not in known:
            raise OwnershipError(
                f"its attribute {name} holds a {type(value).__name__} that is not among its "
                "operations, so its parameters would not be trained: put it there."
            )


def convert_params(operations: Sequence[ParamOperation], dtype: np.dtype[Any]) -> None:
    """Bring parameters to the dtype of the data."""
    for operation in operations:
        if operation.param.dtype != dtype:
            operation.replace_param(operation.param.astype(dtype))


def set_up_operations(
    operations: Sequence[Operation],
    input_: Array,
    source: Callable[[int], np.random.Generator],
) -> None:
    """Let operations begin anew, each for inputs like those that will reach it.

    Parameters
    ----------
    operations : sequence of Operation
        In their order.
    input_ : ndarray
        For the first of them.
    source : callable
        Returns the source of random numbers of an operation, by its number.
    """
    concerned = [
        number
        for number, operation in enumerate(operations)
        if not inherits(operation, Operation, "set_up")
    ]
    with predicting():
        for number in range(max(concerned, default=-1) + 1):
            operation = operations[number]
            if number in concerned:
                operation.set_up(input_, source(number))
                if isinstance(operation, ParamOperation):
                    convert_params([operation], input_.dtype)
            input_ = operation.forward(input_)


def param_grad_of(operation: ParamOperation) -> Array:
    """Return the gradient of an operation's parameter, or say that there is none yet."""
    try:
        return operation.param_grad
    except AttributeError:
        raise operation.not_ready("param_grad") from None
