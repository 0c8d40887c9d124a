"""Columns and Flatten: the same values, some of them or in another shape."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import refuse
from glassbrick.errors import ArgumentError, ArgumentTypeError, ShapeError
from glassbrick.operations.operation import Operation

__all__ = ["Columns", "Flatten"]


class Columns(Operation):
    r"""Take some columns: :math:`Y_{ij} = X_{i c_j}`.

    Parameters
    ----------
    columns : iterable of int, default (0,)
        Their numbers, counted from 0, each once: ``[0, 3]`` or ``range(5)``.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there are none, or one stands twice or is not a whole number of at least 0.

    Notes
    -----
    :math:`\partial L/\partial X` is that of the columns, and 0 for all others. It is what
    gives a branch of `Concatenate` its part of a table, as the Wide and Deep networks of
    Cheng et al., 2016, have it.

    Examples
    --------
    >>> import numpy as np
    >>> Columns([2, 0]).forward(np.array([[1.0, 2.0, 3.0]]))
    array([[3., 1.]])
    """

    def __init__(self, columns: Iterable[int] = (0,)):
        expected = "numbers of columns, whole, from 0, each once"
        numbers = columns.tolist() if isinstance(columns, np.ndarray) else columns
        if not isinstance(numbers, Iterable):
            refuse(ArgumentTypeError, "Columns, columns", expected, columns, "Use [0] for one.")
        self.columns = tuple(numbers)
        kinds = {type(number) for number in self.columns}
        if not all(issubclass(kind, int | np.integer) and kind is not bool for kind in kinds):
            refuse(ArgumentTypeError, "Columns, columns", expected, columns)
        if not self.columns or min(self.columns) < 0 or len(set(self.columns)) < len(self.columns):
            refuse(ArgumentError, "Columns, columns", expected, columns)
        self._index = np.array(self.columns, np.intp)

    def require_input(self, input_: Array) -> None:
        """Refuse an array that has not so many columns."""
        if input_.ndim == 0 or max(self.columns) >= input_.shape[-1]:
            expected = f"at least {max(self.columns) + 1} columns"
            refuse(ShapeError, "Columns.forward, input_", expected, input_)

    def _output(self) -> Array:
        return self.input_.take(self._index, -1)

    def _input_grad(self, output_grad: Array) -> Array:
        grad = np.zeros_like(self.input_)
        grad[..., self._index] = output_grad
        return grad

    def __repr__(self) -> str:
        return f"Columns({list(self.columns)})"


class Flatten(Operation):
    r"""Make one row of values of all that belongs to a row: :math:`Y_{i,\,jn+k} = X_{ijk}`.

    Notes
    -----
    :math:`\partial L/\partial X` is that of the output in the shape of the input. LeCun et al.,
    Gradient-Based Learning Applied to Document Recognition, 1998, pass images on to dense
    layers in this way.

    Examples
    --------
    >>> import numpy as np
    >>> Flatten().forward(np.zeros((5, 8, 8))).shape
    (5, 64)
    """

    def _output(self) -> Array:
        return self.input_.reshape(len(self.input_), math.prod(self.input_.shape[1:]))

    def _input_grad(self, output_grad: Array) -> Array:
        return output_grad.reshape(self.input_.shape)
