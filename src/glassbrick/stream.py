"""Stream: rows that come batch by batch, in an order that follows from a seed."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.arrays import Array, as_rows, as_targets, require_same_rows
from glassbrick.batches import Rows, cut
from glassbrick.checks import complaint, positive_integer, refuse
from glassbrick.errors import ArgumentError
from glassbrick.order import LANES, Lane, Order, Window, schedule
from glassbrick.row_weights import averaging_one, weights_as_given

__all__ = ["WHOLE", "ArrayStream", "OrderedStream", "Share", "Stream"]


class Share(NamedTuple):
    """Which part of each batch is wanted: one of several equal ones, that follow upon each other.

    Attributes
    ----------
    part, of : int
        Which one, from 0, and how many there are.
    """

    part: int = 0
    of: int = 1

    def span(self, rows: int) -> slice:
        """Return which rows of a batch of so many these are.

        Examples
        --------
        >>> [Share(part, 4).span(10) for part in range(4)]
        [slice(0, 2, None), slice(2, 5, None), slice(5, 7, None), slice(7, 10, None)]
        """
        return slice(self.part * rows // self.of, (self.part + 1) * rows // self.of)


WHOLE = Share()
"""All of each batch."""


class Stream(ABC):
    """Rows that come batch by batch, and need not be in memory all at once.

    The order of the rows follows from a seed and the number of the epoch. It is the same for any
    number of processes: the parts that each of them asks for are together the batches that one
    alone would see.

    Attributes
    ----------
    rows : int
        How many an epoch has.
    dtype : dtype
        Of features, targets and weights.
    """

    rows: int
    dtype: np.dtype[Any]

    @abstractmethod
    def first_rows(self, count: int) -> Rows:
        """Return some rows, by which to set up a network: the first `count`, or all there are.

        Returns
        -------
        Rows
            X, shape (rows, features); y, shape (rows, outputs); and weights, shape (rows, 1),
            or None if all rows of the stream count the same.
        """

    @abstractmethod
    def batches(
        self, epoch: int, batch_size: int, first: int = 0, share: Share = WHOLE
    ) -> Generator[Rows]:
        """Iterate over the batches of an epoch; close the generator if you leave it early.

        Parameters
        ----------
        epoch : int
            Which one, from 0.
        batch_size : int
            Rows of a batch; the last one has what is left.
        first : int
            The batch to begin with, from 0. It is reached without reading all before it.
        share : Share
            Which part of each batch is wanted, if not all of it.

        Yields
        ------
        Rows
            Of a batch, or of the part of it, which may be none: X, shape (rows, features); y,
            shape (rows, outputs); and weights, shape (rows, 1), or None, as `first_rows` has.

        Raises
        ------
        FileError, DataError
            While it goes on: if something cannot be read, or is not what it was.
        """

    @abstractmethod
    def in_order(self, most: int) -> Iterator[Rows]:
        """Iterate over all rows once, as they stand, up to `most` at a time.

        Yields
        ------
        Rows
            As those of `first_rows`.

        Raises
        ------
        FileError, DataError
            While it goes on: if something cannot be read, or is not what it was.
        """

    @abstractmethod
    def fingerprint(self) -> str:
        """Return a text that another stream has only if its batches are the same."""

    def batch_count(self, batch_size: int) -> int:
        """Return how many batches an epoch has."""
        return -(-self.rows // positive_integer(batch_size, "batch_size"))


class OrderedStream(Stream):
    """A stream whose batches are made of windows, as `Order` cuts them.

    Attributes
    ----------
    order : Order
        Of the rows.
    """

    order: Order

    @property
    def rows(self) -> int:  # type: ignore[override]
        """How many an epoch has."""
        return self.order.rows

    @abstractmethod
    def read(self, windows: Iterator[Window]) -> Generator[tuple[Window, Rows]]:
        """Iterate over windows and their rows, shuffled as their `permutation` says."""

    def batches(
        self, epoch: int, batch_size: int, first: int = 0, share: Share = WHOLE
    ) -> Generator[Rows]:
        """Iterate over the batches of an epoch; see `Stream`.

        Raises
        ------
        ArgumentError
            If the lanes cannot be shared by so many.
        """
        found = self.order.epoch(epoch, batch_size)
        many = len(found.lanes)
        if many % share.of or not 0 <= share.part < share.of:
            expected = f"a part of as many as divide {many}, the lanes of the stream"
            raise ArgumentError(
                complaint("share", expected, f"part {share.part} of {share.of}", "Give lanes=.")
            )
        return self._batches(found.lanes[share.span(many)], range(first, found.batches))

    def _batches(self, lanes: Sequence[Lane], batches: range) -> Generator[Rows]:
        held: dict[int, tuple[Window, Rows]] = {}
        with closing(self.read(schedule(lanes, batches.start))) as read:
            for batch in batches:
                parts = []
                for lane in lanes:
                    start, stop = lane.span(batch)
                    while start < stop:
                        if lane.number not in held or held[lane.number][0].stop <= start:
                            held[lane.number] = next(read)
                        window, rows = held[lane.number]
                        end = min(stop, window.stop)
                        parts.append(_part(rows, start - window.start, end - window.start))
                        start = end
                yield _joined(parts) if parts else _part(self.first_rows(1), 0, 0)


class ArrayStream(OrderedStream):
    """Rows in memory that come in the order in which they would be streamed.

    Parameters
    ----------
    X, y : array_like, shapes (rows, features) and (rows,) or (rows, outputs)
        Features and targets.
    sample_weight : array_like, shape (rows,) or (rows, 1), optional
        What each row counts.
    seed : int
        From which the order of each epoch follows.
    blocks : int or sequence of int
        How many rows are a block, or how many each has.
    lanes : int
        In how many places rows are read at the same time; as many processes as divide it can
        share the stream.
    buffer : int
        How many rows, over all lanes, are shuffled among each other.

    Raises
    ------
    DataError, ShapeError
        If data is empty or not finite numbers, or rows do not match.
    ArgumentError, ArgumentTypeError
        If a setting cannot be used.

    Examples
    --------
    >>> stream = ArrayStream([[1.0], [2.0], [3.0], [4.0], [5.0]], [1.0, 2.0, 3.0, 4.0, 5.0], seed=1)
    >>> [batch.y.ravel().tolist() for batch in stream.batches(epoch=0, batch_size=2)]
    [[1.0, 3.0], [2.0, 5.0], [4.0]]
    >>> [batch.y.ravel().tolist() for batch in stream.batches(epoch=0, batch_size=2, first=2)]
    [[4.0]]
    """

    def __init__(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        seed: int = 0,
        blocks: int | Sequence[int] = 65536,
        lanes: int = LANES,
        buffer: int = 65536,
    ):
        features = as_rows(X, "ArrayStream, X")
        targets = as_targets(y, "ArrayStream, y", features.dtype)
        require_same_rows(features, "ArrayStream, X", targets, "ArrayStream, y")
        self.all = Rows(features, targets, _weights(sample_weight, targets))
        self.dtype = features.dtype
        self.order = Order(_lengths(blocks, len(features)), seed, lanes=lanes, buffer=buffer)
        self._starts = np.cumsum(self.order.lengths) - self.order.lengths

    def first_rows(self, count: int) -> Rows:
        """Return the first rows."""
        return _part(self.all, 0, count)

    def read(self, windows: Iterator[Window]) -> Generator[tuple[Window, Rows]]:
        """Iterate over windows and their rows."""
        for window in windows:
            places = [
                self._starts[block] + np.arange(start, stop)
                for block, start, stop in window.pieces()
            ]
            rows = np.concatenate(places)[window.permutation()]
            X, y, weights = self.all
            yield window, Rows(X[rows], y[rows], None if weights is None else weights[rows])

    def in_order(self, most: int) -> Iterator[Rows]:
        """Iterate over all rows once, as they stand, up to `most` at a time."""
        for rows in cut(self.rows, positive_integer(most, "most")):
            yield _part(self.all, rows.start, rows.stop)

    def fingerprint(self) -> str:
        """Return a text that another stream has only if its batches are the same."""
        digest = hashlib.sha256(self.order.describe().encode())
        for array in self.all:
            if array is not None:
                digest.update(f"{array.dtype} {array.shape}".encode())
                digest.update(array.tobytes())
        return digest.hexdigest()


def _part(rows: Rows, start: int, stop: int) -> Rows:
    X, y, weights = rows
    return Rows(X[start:stop], y[start:stop], None if weights is None else weights[start:stop])


def _joined(parts: Sequence[Rows]) -> Rows:
    X, y, weights = zip(*parts, strict=True)
    whole = None if weights[0] is None else np.concatenate(weights)
    return Rows(np.concatenate(X), np.concatenate(y), whole)


def _lengths(blocks: int | Sequence[int], rows: int) -> Sequence[int]:
    """Return the length of each block."""
    if isinstance(blocks, Sequence | np.ndarray):
        if sum(blocks) != rows or min(blocks) < 0:
            refuse(ArgumentError, "ArrayStream, blocks", f"lengths that sum up to {rows}", blocks)
        return blocks
    size = positive_integer(blocks, "ArrayStream, blocks")
    return [min(size, rows - start) for start in range(0, rows, size)]


def _weights(sample_weight: ArrayLike | None, targets: Array) -> Array | None:
    """Return what each row counts, 1 on average."""
    if sample_weight is None:
        return None
    who = "ArrayStream, sample_weight"
    weights = weights_as_given(sample_weight, len(targets), who)
    return averaging_one(weights, targets.dtype, who)
