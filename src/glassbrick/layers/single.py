"""Single: a layer of one operation."""

from __future__ import annotations

from glassbrick.arrays import Array
from glassbrick.checks import refuse
from glassbrick.errors import ShapeError
from glassbrick.layers.layer import Layer
from glassbrick.operations import Operation

__all__ = ["Single"]


class Single(Layer):
    """One operation in the place of a layer: what a list of layers makes of `Dropout(0.1)`.

    Parameters
    ----------
    operation : Operation
        Which belongs to this layer from now on.
    """

    def __init__(self, operation: Operation):
        super().__init__(None)
        self.operation = operation
        operation.claim(self, f"{type(operation).__name__} as a layer")
        self.name = repr(operation)

    def _setup_layer(self, input_: Array) -> None:  # noqa: ARG002
        self.operations = [self.operation]

    def _require_rows(self, input_: Array) -> None:
        if input_.ndim < 2:
            refuse(ShapeError, "forward", "an array of rows of values", input_)

    def __repr__(self) -> str:
        return repr(self.operation)
