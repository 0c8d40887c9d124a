"""Encoding: from Arrow's columns to the matrix of a network, many columns at once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike

from glassbrick.arrays import Array
from glassbrick.batches import Rows
from glassbrick.checks import complaint, describe
from glassbrick.errors import DataError
from glassbrick.streams.arrays import column_of_arrow, numbers_of, texts_of, where_known
from glassbrick.tables import ClassTarget, Features, Target
from glassbrick.tables.encoders import WIDEST, CategoryEncoder, Encoder, NumberEncoder

if TYPE_CHECKING:
    import pyarrow

__all__ = ["Encoding"]

_HUGE = 1e15  # a scale, with which differences that overflow are far away, too
_TILE_ROWS, _TILE_COLUMNS = 256, 16
_FAR = 1e15  # scaled numbers, above which all are the same when drawn in


class Encoding:
    """Does what `Features.encode` and `Target.encode` do, fast.

    Parameters
    ----------
    features : Features
        What makes the matrix.
    target : Target
        What is to be predicted.
    dtype : dtype
        Of the results.
    """

    def __init__(self, features: Features, target: Target, dtype: DTypeLike):
        self.features, self.target, self.dtype = features, target, np.dtype(dtype)
        self.names = [encoder.name for encoder in features.encoders]
        self.width = len(features.names)
        self._numbers: list[tuple[int, NumberEncoder]] = []
        self._others: list[tuple[int, Encoder]] = []
        place = 0
        for encoder in features.encoders:
            plain = isinstance(encoder, NumberEncoder) and _is_plain(encoder)
            (self._numbers if plain else self._others).append((place, encoder))  # type: ignore[arg-type]
            place += len(encoder.features) or 1
        self._levels = {
            encoder.name: _texts(encoder.known)
            for encoder in features.encoders
            if isinstance(encoder, CategoryEncoder)
        }
        self._kept = threading.local()
        self._classes = _texts(target.classes) if isinstance(target, ClassTarget) else None

    @np.errstate(all="ignore")
    def rows(self, batch: pyarrow.RecordBatch, room: Array | None = None) -> Rows:
        """Return features and targets of some rows, features in `room` if there is enough.

        Raises
        ------
        DataError
            If the target is none that was there in training.
        pyarrow.ArrowException
            If values are of another kind.
        """
        # Columns lie one after the other until all are filled, for so they come from the file.
        matrix, reach = self._room(batch.num_rows)
        if self._numbers:
            self._scale(matrix, reach, batch)
        for place, encoder in self._others:
            end = place + (len(encoder.features) or 1)
            values = batch.column(encoder.name)
            if isinstance(encoder, CategoryEncoder):
                self._mark(matrix[place:end], encoder, values)
            else:
                column = column_of_arrow(encoder.name, values, encoder.kind)
                matrix[place:end] = encoder.encode(column).T
        if room is None or len(room) < batch.num_rows:
            room = np.empty((batch.num_rows, self.width), self.dtype)
        return Rows(_turned(matrix, room[: batch.num_rows]), self.truth(batch))

    def known(self, batch: pyarrow.RecordBatch) -> Array:
        """Return in which rows there is something to predict."""
        return where_known(batch.column(self.target.name))

    def truth(self, batch: pyarrow.RecordBatch) -> Array:
        """Return the targets, shape (rows, 1)."""
        values = batch.column(self.target.name)
        if self._classes is None:
            column = column_of_arrow(self.target.name, values, "number")
            return self.target.encode(column, "").astype(self.dtype)
        from pyarrow import compute

        numbers = compute.index_in(texts_of(values), value_set=self._classes)
        if numbers.null_count:
            row = numbers.is_null().index(True).as_py()
            classes = ", ".join(self._classes.to_pylist()[:10])
            raise DataError(
                complaint(
                    f'column "{self.target.name}"',
                    f"one of the classes of training, {classes}",
                    describe(values[row].as_py()),
                )
            )
        return np.asarray(numbers.to_numpy()[:, np.newaxis], self.dtype)

    def _room(self, rows: int) -> tuple[Array, Array]:
        """Return two matrices to work in, which this thread used before: new ones cost time."""
        if getattr(self._kept, "rows", 0) < rows:
            self._kept.rows = rows
            self._kept.room = np.empty(2 * self.width * rows, self.dtype)
        room = self._kept.room[: 2 * self.width * rows].reshape(2, self.width, rows)
        return room[0], room[1]

    def _scale(self, matrix: Array, reach: Array, batch: pyarrow.RecordBatch) -> None:
        """Fill in all columns of numbers, as `NumberEncoder.encode` does."""
        first, (last, _) = self._numbers[0][0], self._numbers[-1]
        part = matrix[first : last + 1]
        if len(self._numbers) < len(part):
            part[:] = 0.0
        double = np.empty(batch.num_rows)
        for place, encoder in self._numbers:
            numbers = numbers_of(batch.column(encoder.name), np.float64, np.float32)
            row = matrix[place]
            if numbers.dtype == row.dtype:
                np.subtract(numbers, row.dtype.type(encoder.median), out=row)
                row *= row.dtype.type(1.0 / encoder.scale)
            else:
                np.subtract(numbers, encoder.median, out=double, dtype=np.float64)
                double *= 1.0 / encoder.scale
                row[:] = double
        are_missing = bool(np.isnan(part.max(initial=0.0)))
        if are_missing:
            missing = np.isnan(part)
            part[missing] = 0.0
        np.clip(part, -_FAR, _FAR, out=part)
        reach = reach[: len(part)]
        np.multiply(part, part.dtype.type(1.0 / WIDEST), out=reach)
        reach *= reach
        reach += part.dtype.type(1.0)
        np.sqrt(reach, out=reach)
        part /= reach
        for place, encoder in self._numbers:
            if encoder.has_missing:
                matrix[place + 1] = missing[place - first] if are_missing else 0.0

    def _mark(self, part: Array, encoder: CategoryEncoder, values: Any) -> None:
        """Fill in the number of each category, or 0 and 1 for each of few, as `encode` does."""
        from pyarrow import compute

        unknown = 0 if encoder.is_embedded else -1
        texts, levels = texts_of(values), self._levels[encoder.name]
        found = compute.index_in(texts, value_set=levels)
        numbers = found.fill_null(unknown - encoder.is_embedded).to_numpy()
        numbers = numbers + encoder.is_embedded
        if encoder.has_missing and texts.null_count:
            missing = texts.is_null().to_numpy(zero_copy_only=False)
            numbers[missing] = len(levels) + encoder.is_embedded
        if encoder.is_embedded:
            part[0] = numbers
        else:
            part[:] = numbers == np.arange(len(part))[:, np.newaxis]


def _turned(matrix: Array, turned: Array) -> Array:
    """Write the transpose into an array, tile by tile, for a cache holds a tile; return it."""
    columns, rows = matrix.shape
    for row in range(0, rows, _TILE_ROWS):
        for column in range(0, columns, _TILE_COLUMNS):
            tile = matrix[column : column + _TILE_COLUMNS, row : row + _TILE_ROWS]
            turned[row : row + _TILE_ROWS, column : column + _TILE_COLUMNS] = tile.T
    return turned


def _is_plain(encoder: NumberEncoder) -> bool:
    """Whether its numbers can be scaled without a thought of overflow."""
    return 1.0 / _HUGE < encoder.scale < _HUGE


def _texts(values: Any) -> pyarrow.StringArray:
    import pyarrow

    return pyarrow.array(list(values), pyarrow.string())
