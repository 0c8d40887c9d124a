"""CheckedStream: a stream of which each batch is looked at before it is trained on."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.batches import Rows
from glassbrick.blocks import inherits
from glassbrick.checks import complaint, refuse
from glassbrick.errors import DataError, GlassbrickError, ShapeError
from glassbrick.layers.series import pass_through
from glassbrick.modes import predicting
from glassbrick.network import NeuralNetwork
from glassbrick.operations import Operation
from glassbrick.stream import WHOLE, Share, Stream

__all__ = ["CheckedStream"]


class CheckedStream(Stream):
    """The rows of a stream, of one dtype, C-contiguous, finite, and such as the network takes.

    In memory all rows are looked at before anything is trained; of a stream, each batch when it
    is read.

    Parameters
    ----------
    stream : Stream
        Whose rows.
    net : NeuralNetwork
        That is to be trained.
    name : str
        "train" or "test", for errors.
    dtype : dtype
        Of the network.
    model : Rows, optional
        Rows that have the columns that are expected; by default those of the first row.

    Raises
    ------
    GlassbrickError
        If the stream has no rows, or they have other columns.
    """

    def __init__(
        self,
        stream: Stream,
        net: NeuralNetwork,
        name: str,
        dtype: np.dtype[Any],
        model: Rows | None = None,
    ):
        self.stream, self.name, self.dtype = stream, name, dtype
        self.rows = stream.rows
        self._net = net
        self._outputs = 0
        self._is_choosy = False
        if self.rows < 1:
            raise DataError(f"fit, X_{name}: expected a stream with rows; received one without.")
        first = stream.first_rows(1)
        self._model = first if model is None else Rows(model.X, model.y, first.weights)
        self._as_expected(first, 1, "the first row")

    def first_rows(self, count: int) -> Rows:
        """Return some rows, so many at most."""
        rows = self.stream.first_rows(count)
        return self._as_expected(rows, min(count, len(rows.X)), "the first rows")

    def batches(
        self, epoch: int, batch_size: int, first: int = 0, share: Share = WHOLE
    ) -> Generator[Rows]:
        """Iterate over the batches of an epoch; see `Stream.batches`."""
        count = self.batch_count(batch_size)
        number = first
        with closing(self.stream.batches(epoch, batch_size, first, share)) as batches:
            for number, rows in enumerate(batches, first + 1):
                whole = min(batch_size, self.rows - (number - 1) * batch_size)
                place = f"batch {number} of epoch {epoch + 1}"
                part = share.span(whole)
                yield self._checked(rows, part.stop - part.start, place)
        if number != count:
            place = f"epoch {epoch + 1}"
            self._refuse(place, f"{count} batches, for {self.rows} rows", str(number))

    def in_order(self, most: int) -> Iterator[Rows]:
        """Iterate over all rows once; see `Stream.in_order`."""
        found = 0
        for rows in self.stream.in_order(most):
            place = f"rows from {found} on"
            yield self._checked(rows, len(rows.X), place)
            found += len(rows.X)
        if found != self.rows:
            self._refuse("in order", f"{self.rows} rows", str(found))

    def fingerprint(self) -> str:
        """Return that of the stream."""
        return self.stream.fingerprint()

    def _checked(self, rows: Rows, count: int, place: str) -> Rows:
        """Return rows that can be trained on, or refuse them."""
        rows = self._as_expected(rows, count, place)
        if not self._outputs:
            self._try(rows.X)
        try:
            self._net.loss.require_targets(rows.y, self._outputs)
            if self._is_choosy:
                self._try(rows.X)
        except GlassbrickError as error:
            error.within(f"fit, X_{self.name}, {place}")
            raise
        return rows

    def _try(self, X: Array) -> None:
        """Pass rows through a twin of the network; find out what depends on it."""
        layers = [layer.apart() for layer in self._net.layers]
        with predicting(), np.errstate(all="ignore"):
            self._outputs = pass_through(layers, X).shape[-1]
        operations = self._net.operations()
        self._is_choosy = not all(inherits(op, Operation, "require_input") for op in operations)

    def _as_expected(self, rows: Rows, count: int, place: str) -> Rows:
        """Return rows in the dtype, or refuse them for their shapes or numbers."""
        X, y, weights = rows
        found = [
            self._numbers(X, f"{place}, X", (count, *self._model.X.shape[1:])),
            self._numbers(y, f"{place}, y", (count, *self._model.y.shape[1:])),
        ]
        if (weights is None) != (self._model.weights is None):
            self._refuse(place, "weights with all rows, or with none", "both")
        if weights is not None:
            found.append(self._numbers(weights, f"{place}, weights", (count, 1)))
            if (weights < 0).any():
                self._refuse(place, "weights that are not negative", f"{weights.min():g}")
        return Rows(*found)

    def _numbers(self, array: Array, place: str, shape: tuple[int, ...]) -> Array:
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
            refuse(ShapeError, f"fit, X_{self.name}, {place}", "an array of numbers", array)
        if array.shape != shape:
            refuse(ShapeError, f"fit, X_{self.name}, {place}", f"the shape {shape}", array)
        array = np.ascontiguousarray(array, self.dtype)
        if not np.isfinite(array).all():
            wrong = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
            self._refuse(place, "finite numbers", f"{array[wrong]} at {list(wrong)}")
        return array

    def _refuse(self, place: str, expected: str, received: str) -> None:
        raise DataError(complaint(f"fit, X_{self.name}, {place}", expected, received))
