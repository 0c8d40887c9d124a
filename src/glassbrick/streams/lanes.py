"""Lane readers: the rows of a lane as numbers, block after block."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from glassbrick.arrays import Array
from glassbrick.batches import Rows
from glassbrick.errors import DataError, FileError
from glassbrick.order import Piece, Window
from glassbrick.streams.blocks import Block, BlockReader
from glassbrick.streams.chance import HELD_OUT, chance_of
from glassbrick.streams.encoding import Encoding
from glassbrick.streams.schema import Schema

if TYPE_CHECKING:
    import pyarrow

__all__ = ["BlockRows", "LaneReader", "read_windows"]


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

    def of(self, number: int) -> Iterator[Rows]:
        """Iterate over the rows of a block, some at a time.

        Raises
        ------
        FileError
            If it cannot be read, or has not the rows any more that it had.
        DataError
            If a value is none that was there before.
        """
        block, encoding = self.blocks[number], self.encoding
        target = encoding.target
        wanted = [*encoding.names, *([] if target is None else [target.name])]
        start = found = 0
        for batch in self.schema.batches(self.reader, block, wanted):
            rows = self._encoded(block, batch, number, start)
            start, found = start + batch.num_rows, found + len(rows.X)
            yield rows
        if found != self.lengths[number]:
            place = self.reader.place_of(block)
            raise FileError(f"{place}: expected {self.lengths[number]} rows; there are {found}.")

    def _encoded(self, block: Block, batch: pyarrow.RecordBatch, number: int, start: int) -> Rows:
        import pyarrow

        keep = np.ones(batch.num_rows, bool)
        if self.held_out:
            keep = chance_of(self.seed, HELD_OUT, number, start, batch.num_rows) >= self.held_out
        known = self.encoding.known(batch)
        if not known.all():
            batch, keep = batch.filter(pyarrow.array(known)), keep[known]
        try:
            rows = self.encoding.rows(batch)
        except (DataError, pyarrow.ArrowException, ValueError) as error:
            raise DataError(f"{self.reader.place_of(block)}, {error}") from None
        if keep.all():
            return rows
        return Rows(rows.X[keep], rows.y[keep])


class LaneReader:
    """Reads pieces of blocks, as a lane needs them; goes on in a block where it was.

    Parameters
    ----------
    rows : BlockRows
        Of all blocks.
    """

    def __init__(self, rows: BlockRows):
        self.rows = rows
        self._block = -1
        self._at = 0
        self._batches: Iterator[Rows] = iter(())
        self._rest: Rows | None = None

    def pieces(self, piece: Piece) -> Iterator[Rows]:
        """Iterate over the rows of a piece, some at a time."""
        if piece.block != self._block or piece.start < self._at:
            self.close()
            self._block, self._at, self._rest = piece.block, 0, None
            self._batches = self.rows.of(piece.block)
        while self._at < piece.stop:
            batch = next(self._batches) if self._rest is None else self._rest
            end = self._at + len(batch.X)
            first, last = max(piece.start - self._at, 0), min(piece.stop - self._at, len(batch.X))
            if first < last:
                yield Rows(batch.X[first:last], batch.y[first:last])
            if end > piece.stop:
                self._rest, self._at = Rows(batch.X[last:], batch.y[last:]), piece.stop
            else:
                self._rest, self._at = None, end
        if self._at == self.rows.lengths[piece.block]:
            for _ in self._batches:  # which looks whether these are all
                pass
            self.close()

    def close(self) -> None:
        """Leave the block."""
        close = getattr(self._batches, "close", None)
        if close is not None:
            close()
        self._batches, self._block, self._rest = iter(()), -1, None


def read_windows(rows: BlockRows, windows: Iterator[Window]) -> Generator[tuple[Window, Rows]]:
    """Iterate over windows and their rows, shuffled as their `permutation` says."""
    lanes: dict[int, LaneReader] = {}
    encoding = rows.encoding
    try:
        for window in windows:
            lane = lanes.setdefault(window.lane.number, LaneReader(rows))
            order = window.permutation()
            places = np.empty_like(order)
            places[order] = np.arange(len(order))
            X = np.empty((len(order), encoding.width), encoding.dtype)
            y = np.empty((len(order), 1), encoding.dtype)
            start = 0
            for piece in window.pieces():
                for part in lane.pieces(piece):
                    end = start + len(part.X)
                    X[places[start:end]], y[places[start:end]] = part.X, part.y
                    start = end
            yield window, Rows(X, y)
    finally:
        for lane in lanes.values():
            lane.close()
