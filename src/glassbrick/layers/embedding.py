"""Embedding: categories as vectors that are learned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import positive_integer, refuse
from glassbrick.errors import ArgumentTypeError
from glassbrick.initializers import Initializer, as_initializer, draw
from glassbrick.layers.layer import Layer
from glassbrick.operations import Flatten, Lookup
from glassbrick.penalties import as_penalty

__all__ = ["Embedding"]


class Embedding(Layer):
    r"""Put a vector in the place of the number of a category: :math:`Y_i = [W_{x_{i1}}, \dots]`.

    Parameters
    ----------
    categories : int or sequence of int, default 2
        How many there are. A number is that of all columns, which share their vectors; several
        are those of each column, which has vectors of its own.
    size : int, default 1
        Length of the vectors.
    inputs : int, optional
        Number of columns, if parameters are wanted before data and `categories` is a number.
    weight_init : str or Initializer, default "standard_normal"
        How the vectors start.
    l1, l2 : float, default 0
        What the vectors cost: :math:`l_1\sum|w| + l_2\sum w^2` is added to the loss.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument is of the wrong kind.

    Notes
    -----
    The input holds whole numbers from 0; unknown and missing categories need numbers of their
    own. The output has `size` columns for each column of the input. Its operations are `Lookup`
    and `Flatten`. Bengio et al., A Neural Probabilistic Language Model, 2003; for tables: Guo
    and Berkhahn, Entity Embeddings of Categorical Variables, 2016.

    Examples
    --------
    Two columns, of 7 and of 3 categories:

    >>> import numpy as np
    >>> Embedding([7, 3], 4).forward(np.array([[6.0, 2.0], [0.0, 1.0]])).shape
    (2, 8)
    """

    def __init__(
        self,
        categories: int | Sequence[int] = 2,
        size: int = 1,
        *,
        inputs: int | None = None,
        weight_init: str | Initializer = "standard_normal",
        l1: float = 0.0,
        l2: float = 0.0,
    ):
        who = "Embedding, categories"
        self.categories: int | tuple[int, ...]
        if isinstance(categories, np.ndarray):
            categories = categories.tolist()
        if isinstance(categories, list | tuple):
            self.categories = tuple(positive_integer(number, who) for number in categories)
            if inputs is None:
                inputs = len(categories)
        elif isinstance(categories, Sequence):
            refuse(ArgumentTypeError, who, "a whole number, or a list of them", categories)
        else:
            self.categories = positive_integer(categories, who)
        super().__init__(None, inputs=inputs)
        self.l1, self.l2 = l1, l2
        self.penalty = as_penalty(l1, l2, "Embedding")
        self.size = positive_integer(size, "Embedding, size")
        self.weight_init = as_initializer(weight_init, "Embedding, weight_init")

    def _setup_layer(self, input_: Array) -> None:  # noqa: ARG002
        parts = None if isinstance(self.categories, int) else self.categories
        rows = self.categories if parts is None else sum(parts)
        table = draw(self.weight_init, (rows, self.size), self.rng)  # type: ignore[arg-type]
        self.operations = [Lookup(table, parts), Flatten()]

    def __repr__(self) -> str:
        parts = self.categories
        return f"Embedding({parts if isinstance(parts, int) else list(parts)}, {self.size})"
