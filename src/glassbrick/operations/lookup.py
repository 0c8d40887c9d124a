"""Lookup: from the numbers of categories to vectors that are learned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import complaint, positive_integer, refuse
from glassbrick.errors import ArgumentError, DataError, ShapeError
from glassbrick.operations.operation import ParamOperation

__all__ = ["Lookup"]


class Lookup(ParamOperation):
    r"""Put the row of a table in the place of its number: :math:`Y_{ij} = W_{x_{ij}}`.

    Parameters
    ----------
    W : ndarray, shape (categories, size)
        The table.
    categories : sequence of int, optional
        How many categories each column of the input has, if each has a part of the table to
        itself, one below the other. Without it all columns share the whole table.

    Raises
    ------
    ShapeError, ArgumentTypeError
        If `W` has not two axes, or does not hold floats.
    ArgumentError, ArgumentTypeError
        If `categories` are not whole numbers that add up to the rows of `W`.

    Notes
    -----
    :math:`\partial L/\partial W_k` is the sum of the gradients of all places where :math:`k`
    stands; only such rows are touched. The input has none: its gradient is 0. Bengio et al.,
    A Neural Probabilistic Language Model, 2003.

    Examples
    --------
    >>> import numpy as np
    >>> table = np.array([[0.1, 0.2], [1.1, 1.2], [2.1, 2.2]])
    >>> Lookup(table).forward(np.array([[2.0], [0.0]])).tolist()
    [[[2.1, 2.2]], [[0.1, 0.2]]]
    """

    is_weight = True

    def __init__(self, W: Array, categories: Sequence[int] | None = None):
        super().__init__(W)
        if W.ndim != 2:
            refuse(ShapeError, "Lookup, W", "two axes, (categories, size)", W)
        self.categories = None if categories is None else tuple(categories)
        self.counts, self.starts = np.array(len(W)), np.array(0)
        if categories is not None:
            who = "Lookup, categories"
            self.counts = np.array([positive_integer(number, who) for number in categories])
            self.starts = np.cumsum(self.counts) - self.counts  # where each column's part begins
            if self.counts.sum() != len(W):
                expected = f"numbers that add up to {len(W)}, the rows of W"
                refuse(ArgumentError, who, expected, list(categories))

    def set_up(self, input_: Array, rng: np.random.Generator) -> None:  # noqa: ARG002
        """Refuse more categories than the numbers of `input_` can tell apart."""
        exact = 2 ** (np.finfo(input_.dtype).nmant + 1)
        if self.counts.max() > exact:
            expected = f"at most {exact:,} categories in {input_.dtype}"
            received = f"{self.counts.max():,}"
            raise DataError(complaint("Lookup", expected, received, "Use float64 data."))

    def require_input(self, input_: Array) -> None:
        """Refuse all but whole numbers from 0 to the number of categories."""
        if self.counts.ndim and input_.shape[-1:] != self.counts.shape:
            expected = f"{len(self.counts)} columns, one for each of categories"
            refuse(ShapeError, "Lookup.forward, input_", expected, input_)
        wrong = (input_ != np.rint(input_)) | (input_ < 0) | (input_ >= self.counts)
        if not wrong.any():
            return
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        most = int(self.counts if self.counts.ndim == 0 else self.counts[place[-1]]) - 1
        raise DataError(
            complaint(
                "Lookup.forward, input_",
                f"numbers of categories, whole, from 0 to {most}",
                f"{input_[place]:g} at {list(place)}",
                "Number the categories from 0, and keep one for those not seen in training.",
            )
        )

    def _rows(self) -> Array:
        return np.rint(self.input_).astype(np.intp) + self.starts

    def _output(self) -> Array:
        return self.param[self._rows()]

    def _input_grad(self, output_grad: Array) -> Array:  # noqa: ARG002
        return np.zeros_like(self.input_)

    def _param_grad(self, output_grad: Array) -> Array:
        grad = np.zeros_like(self.param)
        np.add.at(grad, self._rows(), output_grad)
        return grad

    def multiply_adds(self) -> int:
        """Count none: rows are only looked up."""
        return 0
