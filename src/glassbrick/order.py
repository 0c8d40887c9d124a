"""Order: how the rows of an epoch come, computed at any place rather than drawn in turn.

The blocks of a table are shuffled, and the long row of them is cut into lanes. Each lane is cut
into windows, and the rows of a window are shuffled among each other. A batch takes some rows of
each lane. So only the windows have to be in memory; any batch is reached without those before
it; and processes that share the lanes between them see together what one alone would see.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.arrays import Array
from glassbrick.checks import complaint, positive_integer, refuse
from glassbrick.errors import ArgumentError, ArgumentTypeError, DataError

__all__ = ["LANES", "Epoch", "Lane", "Order", "Piece", "Window", "schedule"]

LANES = 8
"""How many there are unless it is said; many numbers of processes divide it."""

_BLOCKS, _ROWS = 0, 1  # first words of the spawn keys; never renumber


class Piece(NamedTuple):
    """Rows of a block that follow upon each other.

    Attributes
    ----------
    block : int
        Which one.
    start, stop : int
        Its rows, as in a slice.
    """

    block: int
    start: int
    stop: int


class Order:
    """The orders of all epochs.

    Parameters
    ----------
    lengths : sequence of int
        How many rows each block has.
    seed : int
        From which all orders follow.
    lanes : int
        How many there are; only so many processes as divide it can share the rows.
    buffer : int
        How many rows, over all lanes, are shuffled among each other.

    Attributes
    ----------
    rows : int
        How many an epoch has.
    window : int
        How many rows of a lane are shuffled among each other.

    Raises
    ------
    DataError
        If there are no rows.
    ArgumentError, ArgumentTypeError
        If a setting cannot be used.

    Examples
    --------
    >>> order = Order([3, 5], seed=0, lanes=2, buffer=8)
    >>> [lane.pieces(0, lane.length) for lane in order.epoch(0, batch_size=4).lanes]
    [[Piece(block=1, start=0, stop=4)], [Piece(block=1, start=4, stop=5), Piece(block=0, ...)]]
    """

    def __init__(self, lengths: ArrayLike, seed: int, *, lanes: int = LANES, buffer: int = 65536):
        self.lengths = np.asarray(lengths, np.int64)
        self.seed = seed
        self.lanes = positive_integer(lanes, "lanes")
        self.window = max(positive_integer(buffer, "buffer") // self.lanes, 1)
        self.rows = int(self.lengths.sum())
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
            refuse(ArgumentTypeError, "seed", "a whole number of at least 0", seed)
        if seed < 0:
            refuse(ArgumentError, "seed", "a whole number of at least 0", seed)
        if not self.rows:
            raise DataError(complaint("the order of rows", "at least one row", "none"))

    def epoch(self, number: int, batch_size: int) -> Epoch:
        """Return the order of one epoch, counted from 0."""
        return Epoch(self, number, positive_integer(batch_size, "batch_size"))

    def describe(self) -> str:
        """Return a text that another order has only if it is the same."""
        told = [self.lanes, self.window, int(self.seed), *self.lengths.tolist()]
        return f"order 1: {' '.join(map(str, told))}"

    def rng(self, *key: int) -> np.random.Generator:
        """Return the generator of one shuffle."""
        return np.random.default_rng(np.random.SeedSequence(int(self.seed), spawn_key=key))


class Epoch:
    """The order of one epoch.

    Attributes
    ----------
    order : Order
        Whose epoch it is.
    number, batch_size : int
        Which one, from 0, and how many rows a batch has.
    batches : int
        How many there are, a short last one included.
    blocks, ends : ndarray of int
        The blocks as shuffled, and where each ends in the long row of them.
    """

    def __init__(self, order: Order, number: int, batch_size: int):
        self.order, self.number, self.batch_size = order, number, batch_size
        self.batches = -(-order.rows // batch_size)
        self.blocks = order.rng(_BLOCKS, number).permutation(len(order.lengths))
        self.ends = np.cumsum(order.lengths[self.blocks])

    @cached_property
    def lanes(self) -> tuple[Lane, ...]:
        """The lanes, which together are all rows.

        Of a batch of B rows, lane l of L takes those from B l / L to B (l + 1) / L.
        """
        many = self.order.lanes
        full, short = divmod(self.order.rows, self.batch_size)
        lanes, start = [], 0
        for number in range(many):
            each, last = (
                (number + 1) * size // many - number * size // many
                for size in (self.batch_size, short)
            )
            lanes.append(Lane(self, number, start, full * each + last, each))
            start += full * each + last
        return tuple(lanes)


class Lane(NamedTuple):
    """A part of the long row of blocks, of which each batch takes some rows.

    Attributes
    ----------
    epoch : Epoch
        Whose lane it is.
    number : int
        Which one, from 0.
    start, length : int
        Where it begins in the long row of blocks, and how many rows it has.
    each : int
        How many of its rows a full batch takes.
    """

    epoch: Epoch
    number: int
    start: int
    length: int
    each: int

    def span(self, batch: int) -> tuple[int, int]:
        """Return from where to where in the lane the rows of a batch are."""
        full = self.epoch.order.rows // self.epoch.batch_size
        start = min(batch, full) * self.each
        return start, start + self.each if batch < full else self.length

    def batch_of(self, row: int) -> int:
        """Return the first batch that takes a row of the lane, or one after it."""
        full = self.epoch.order.rows // self.epoch.batch_size
        return min(row // self.each, full) if self.each else full

    def pieces(self, start: int, stop: int) -> list[Piece]:
        """Return where some rows of the lane stand."""
        blocks, ends = self.epoch.blocks, self.epoch.ends
        start, stop = self.start + start, self.start + stop
        found = []
        place = int(np.searchsorted(ends, start, "right"))
        while start < stop:
            block, end = int(blocks[place]), int(ends[place])
            begin = end - int(self.epoch.order.lengths[block])
            if begin < end:
                found.append(Piece(block, start - begin, min(stop, end) - begin))
            start, place = end, place + 1
        return found

    def windows(self, row: int) -> Iterator[Window]:
        """Iterate over the windows, from the one that holds a row of the lane on."""
        size = self.epoch.order.window
        # The first windows of the lanes are of different lengths, so that new ones are due one
        # after the other, and not all at once.
        offset = size * self.number // self.epoch.order.lanes
        for number in range((row + offset) // size, -(-(self.length + offset) // size)):
            start = max(number * size - offset, 0)
            yield Window(self, number, start, min((number + 1) * size - offset, self.length))


class Window(NamedTuple):
    """Rows of a lane that are read together, and shuffled among each other.

    Attributes
    ----------
    lane : Lane
        Whose window it is.
    number : int
        Which one, from 0.
    start, stop : int
        From where to where in the lane its rows are.
    """

    lane: Lane
    number: int
    start: int
    stop: int

    def pieces(self) -> list[Piece]:
        """Return where its rows stand, in the order in which they are to be read."""
        return self.lane.pieces(self.start, self.stop)

    def permutation(self) -> Array:
        """Return the order in which these rows then come."""
        epoch = self.lane.epoch
        rng = epoch.order.rng(_ROWS, epoch.number, self.lane.number, self.number)
        return rng.permutation(self.stop - self.start)


def schedule(lanes: Sequence[Lane], first: int) -> Iterator[Window]:
    """Iterate over the windows of some lanes, in the order in which batches need them.

    Parameters
    ----------
    lanes : sequence of Lane
        Of one epoch.
    first : int
        The first batch that is wanted.
    """
    return heapq.merge(
        *(lane.windows(lane.span(first)[0]) for lane in lanes if lane.span(first)[0] < lane.length),
        key=lambda window: (
            max(window.lane.batch_of(window.start), first),
            window.lane.number,
            window.number,
        ),
    )
