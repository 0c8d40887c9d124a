"""Rows into batches: the order of each epoch, and the cut."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.arrays import Array, as_numbers, require_same_rows
from glassbrick.checks import refuse
from glassbrick.errors import ShapeError
from glassbrick.randomness import RandomSource, SeedLike, as_generator

__all__ = ["Rows", "Shuffler", "cut", "permute_data"]


class Rows(NamedTuple):
    """Examples to learn from, or to judge by.

    Attributes
    ----------
    X, y : ndarray, shapes (rows, features) and (rows, outputs)
        Features and targets.
    weights : ndarray of shape (rows, 1), or None
        How much each row counts, 1 on average; None: all the same.
    """

    X: Array
    y: Array
    weights: Array | None = None


class Shuffler:
    """Draws the order of the rows of each epoch by shuffling that of the epoch before.

    Parameters
    ----------
    rows : int
        How many there are.
    rng : Generator or RandomState
        Where the shuffles come from.
    """

    def __init__(self, rows: int, rng: RandomSource):
        self.rng = rng
        self.order = np.arange(rows)

    def next_order(self, rows: int) -> Array:
        """Return the row numbers in the order of the next epoch."""
        self._begin_with(rows)
        self.order = self.rng.permutation(self.order)
        return self.order

    def next_orders(self, rows: int, epochs: int) -> list[Array]:
        """Return those of the next epochs, which takes less time than one after the other."""
        if not isinstance(self.rng, np.random.Generator):
            return [self.next_order(rows) for _ in range(epochs)]
        self._begin_with(rows)
        shuffles = np.tile(np.arange(rows), (epochs, 1))
        orders = []
        for shuffle in self.rng.permuted(shuffles, axis=1, out=shuffles):
            self.order = self.order[shuffle]  # as `permutation` does, with the same draws
            orders.append(self.order)
        return orders

    def _begin_with(self, rows: int) -> None:
        if len(self.order) != rows:  # training goes on with other data
            self.order = np.arange(rows)


def cut(rows: int, size: int) -> Iterator[slice]:
    """Cut a number of rows into batches of `size`; the last one takes what is left."""
    for start in range(0, rows, size):
        yield slice(start, start + size)


def permute_data(X: ArrayLike, y: ArrayLike, *, rng: SeedLike | None = None) -> tuple[Array, Array]:
    """Shuffle features and targets together.

    Parameters
    ----------
    X, y : array_like, with the same number of rows
        Copied, not changed.
    rng : int, SeedSequence, Generator or None
        Where the shuffle comes from; None takes fresh entropy. NumPy's global state is
        not used, so ``np.random.seed`` has no effect.

    Returns
    -------
    X, y : ndarray
        The rows of both in one new order.

    Raises
    ------
    DataError
        If the numbers of rows differ, or one does not hold finite numbers.

    Examples
    --------
    >>> X, y = permute_data([[1.0], [2.0], [3.0]], [10.0, 20.0, 30.0], rng=0)
    >>> bool((X[:, 0] * 10 == y).all())
    True
    """
    features, targets = as_numbers(X, "X"), as_numbers(y, "y")
    for name, array in (("X", features), ("y", targets)):
        if array.ndim == 0:
            refuse(ShapeError, f"permute_data, {name}", "rows", array)
    require_same_rows(features, "X", targets, "y")
    order = as_generator(rng, "permute_data").permutation(len(features))
    return features[order], targets[order]
