"""Lane readers: the rows of a lane as numbers, block after block."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from glassbrick.arrays import Array
from glassbrick.batches import Rows
from glassbrick.errors import DataError, FileError
from glassbrick.order import Piece, Window
from glassbrick.streams.blocks import Block, BlockReader, rows_at_once
from glassbrick.streams.chance import HELD_OUT, chance_of
from glassbrick.streams.encoding import Encoding
from glassbrick.streams.schema import Schema

if TYPE_CHECKING:
    import pyarrow

__all__ = ["BlockRows", "LaneReader", "Part", "read_windows"]

_AT_ONCE = 1024  # rows that are copied


@dataclass(frozen=True)
class BlockRows:
    """The rows of blocks that are trained on.

    Attributes
    ----------
    reader : BlockReader
        Of the files.
    schema : Schema
        Of their columns.
    encoding : Encoding
        What makes numbers of them.
    blocks : list of Block
        All there are.
    lengths : ndarray of int
        How many rows of each are trained on.
    seed : int
        From which it follows which rows are held out.
    held_out : float
        Which share of rows that is.
    """

    reader: BlockReader
    schema: Schema
    encoding: Encoding
    blocks: list[Block]
    lengths: Array
    seed: int
    held_out: float

    def of(self, number: int, first: int = 0, room: Array | None = None) -> Iterator[Part]:
        """Iterate over the rows of a block, some at a time.

        Parameters
        ----------
        number : int
            Which block.
        first : int
            Rows before this one may be passed over.
        room : ndarray, optional
            Where to put them, each part in the place of the one before.

        Raises
        ------
        FileError
            If it cannot be read, or has not the rows any more that it had.
        DataError
            If a value is none that was there before.
        """
        block, encoding = self.blocks[number], self.encoding
        wanted = [*encoding.names, encoding.target.name]
        start = found = 0
        for batch in self.schema.batches(self.reader, block, wanted):
            known = encoding.known(batch)
            keep = self._kept(known, number, start)
            before, start, found = found, start + len(batch), found + int(np.count_nonzero(keep))
            if found > first:
                yield self._encoded(block, batch, known, keep, before, room)
        if found != self.lengths[number]:
            place = self.reader.place_of(block)
            raise FileError(f"{place}: expected {self.lengths[number]} rows; there are {found}.")

    def _kept(self, known: Array, number: int, start: int) -> Array:
        """Return which rows are trained on, of those in which there is something to predict."""
        if not self.held_out:
            return known
        chances = chance_of(self.seed, HELD_OUT, number, start, len(known))
        return np.asarray(known & (chances >= self.held_out))

    def _encoded(
        self,
        block: Block,
        batch: pyarrow.RecordBatch,
        known: Array,
        keep: Array,
        before: int,
        room: Array | None,
    ) -> Part:
        import pyarrow

        try:
            if not known.all():  # for nothing can be encoded of the others
                batch, keep = batch.filter(pyarrow.array(known)), keep[known]
            rows = self.encoding.rows(batch, room)
        except (DataError, pyarrow.ArrowException, ValueError) as error:
            raise DataError(f"{self.reader.place_of(block)}, {error}") from None
        return Part(before, rows, np.flatnonzero(keep))


class Part(NamedTuple):
    """Rows of a block that were decoded together.

    Attributes
    ----------
    start : int
        How many rows of the block that are trained on come before.
    rows : Rows
        As numbers.
    chosen : ndarray of int
        Which of them are trained on.
    """

    start: int
    rows: Rows
    chosen: Array

    @property
    def stop(self) -> int:
        """How many rows of the block that are trained on there are up to its end."""
        return self.start + len(self.chosen)

    def kept(self) -> Rows:
        """Return the rows that are trained on."""
        if len(self.chosen) == len(self.rows.X):
            return self.rows
        return Rows(self.rows.X[self.chosen], self.rows.y[self.chosen])

    def put(self, start: int, stop: int, X: Array, y: Array, places: Array) -> None:
        """Copy rows that are trained on, counted in the block, to some places."""
        first, last = start - self.start, stop - self.start
        y[places] = self.rows.y[self.chosen[first:last]]
        for begin in range(first, last, _AT_ONCE):  # so little that room for it is at hand
            chosen = self.chosen[begin : min(begin + _AT_ONCE, last)]
            X[places[begin - first :][: len(chosen)]] = self.rows.X[chosen]


class LaneReader:
    """Reads pieces of blocks, as a lane needs them; goes on in a block where it was.

    Parameters
    ----------
    rows : BlockRows
        Of all blocks.
    """

    def __init__(self, rows: BlockRows):
        self.rows = rows
        most = rows_at_once(len(rows.encoding.names) + 1)
        self._room = np.empty((most, rows.encoding.width), rows.encoding.dtype)
        self._block = -1
        self._parts: Iterator[Part] = iter(())
        self._part: Part | None = None

    def put(self, piece: Piece, X: Array, y: Array, places: Array) -> None:
        """Copy the rows of a piece to some places."""
        at = self._part.start if self._part is not None else 0
        if piece.block != self._block or piece.start < at:
            self.close()
            self._block = piece.block
            self._parts = self.rows.of(piece.block, piece.start, self._room)
        start = piece.start
        while start < piece.stop:
            if self._part is None or self._part.stop <= start:
                self._part = next(self._parts)
            stop = min(piece.stop, self._part.stop)
            there = places[start - piece.start : stop - piece.start]
            self._part.put(start, stop, X, y, there)
            start = stop
        if start == self.rows.lengths[piece.block]:
            for _ in self._parts:  # which looks whether these are all
                pass
            self.close()

    def close(self) -> None:
        """Leave the block."""
        close = getattr(self._parts, "close", None)
        if close is not None:
            close()
        self._parts, self._part, self._block = iter(()), None, -1


def read_windows(rows: BlockRows, windows: Iterator[Window]) -> Generator[tuple[Window, Rows]]:
    """Iterate over windows and their rows, shuffled as their `permutation` says."""
    lanes: dict[int, LaneReader] = {}
    encoding = rows.encoding
    try:
        for window in windows:
            if window.lane.number not in lanes:
                lanes[window.lane.number] = LaneReader(rows)
            order = window.permutation()
            places = np.empty_like(order)
            places[order] = np.arange(len(order))
            X = np.empty((len(order), encoding.width), encoding.dtype)
            y = np.empty((len(order), 1), encoding.dtype)
            start = 0
            for piece in window.pieces():
                stop = start + piece.stop - piece.start
                lanes[window.lane.number].put(piece, X, y, places[start:stop])
                start = stop
            yield window, Rows(X, y)
    finally:
        for lane in lanes.values():
            lane.close()
