"""TableStream: the rows of files that need not fit into memory, as batches to train on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike

from glassbrick.arrays import as_float_dtype
from glassbrick.batches import Rows
from glassbrick.checks import one_of, positive_integer, real_number, refuse
from glassbrick.engines.read_ahead import read_ahead
from glassbrick.errors import ArgumentError
from glassbrick.memory import give_back
from glassbrick.order import LANES, Order, Window
from glassbrick.stream import OrderedStream
from glassbrick.streams.blocks import BlockReader
from glassbrick.streams.encoding import Encoding
from glassbrick.streams.files import find_files
from glassbrick.streams.fitting import Pass, PassProgress
from glassbrick.streams.lanes import BlockRows, read_windows
from glassbrick.streams.reader import reader_of
from glassbrick.streams.schema import require_columns, schema_of
from glassbrick.tables import Kind, Task

if TYPE_CHECKING:
    import pyarrow
    from pyarrow.fs import FileSystem

__all__ = ["TableStream"]

_TASKS: dict[str, Task] = {"regression": "regression", "classification": "classification"}
_AHEAD = 2  # windows that are ready before they are needed
_BUFFER, _BUFFERED = 65_536, 1 << 23  # rows, and numbers, that are shuffled among each other
_OPEN = 48 << 20  # bytes that open blocks may take, all lanes together


def _silent(done: int, total: int, file: str) -> None:
    """Tell nobody."""


class TableStream(OrderedStream):
    """Rows of Parquet, Arrow or CSV files, encoded for a network as they are read.

    All rows are read once at the beginning: to learn how to make numbers of the columns, as
    `glassbrick.tables.Features` does, and to see that all files hold the same columns. Then each
    epoch reads them in an order of its own, in a thread, while the network trains. How much
    memory that takes depends on the number of columns, not on that of the rows.

    Parameters
    ----------
    data : str, path, or list of them
        Files that end in .parquet, .arrow, .feather, .csv or .tsv: one, several, those of a
        folder, those that match a pattern such as ``"data/*.parquet"``, or a URI that Arrow
        knows, such as ``"s3://bucket/folder"``. Folders called ``year=2024`` are a column.
    target : str
        Name of the column to predict. Rows in which it has no value are left out.
    task : {"regression", "classification"}, optional
        What for; found from the column if it is not said.
    leave_out : sequence of str
        Columns not to learn from.
    kinds : mapping of str to {"number", "category", "date"}, optional
        Columns whose kind is not to be found from their values, such as numbers that are names.
    seed : int
        From which the order of each epoch follows, and which rows are held out.
    held_out : float
        Which share of the rows is not trained on, but kept in memory to judge by; less if that
        would be too many.
    lanes : int, optional
        In how many places rows are read at the same time. Each batch has rows of all of them;
        as many processes as divide it can share the stream. By default 8, or less where that
        would take too much memory.
    buffer : int, optional
        How many rows, over all lanes, are shuffled among each other. By default 65,536, or less
        where that would take too much memory.
    dtype : dtype
        Of the batches.
    filesystem : pyarrow.fs.FileSystem, optional
        Where the files are, if it is neither this computer nor said by a URI.
    progress : callable, optional
        Is told of the first pass how many bytes it has read, of how many, and of which file.
    who : str
        What errors call whoever reads.

    Attributes
    ----------
    rows : int
        How many are trained on.
    features : Features
        What makes the matrix, and which columns are left out.
    target : Target
        What is predicted.
    sample : Rows
        Some of the rows, each as likely as any other; all of them if there are few.
    held_out : Rows or None
        Those that are not trained on.
    columns : dict of str to Summary
        What the first pass found in each column but the target.
    without_target : int
        In how many rows there was nothing to predict.
    target_kind : {"number", "category"}
        What the values of the target are.
    target_is_truth : bool
        Whether they are truth values.

    Raises
    ------
    FileError
        If there is no such file, or one cannot be read: with its name, the row group and the
        column.
    DataError
        If files have different columns, or there is nothing to learn from.
    ArgumentError, ArgumentTypeError
        If a setting cannot be used.
    MissingExtraError
        If pyarrow is not installed.

    See Also
    --------
    glassbrick.stream.ArrayStream : The same batches, of rows in memory.

    Notes
    -----
    Counts, ends, means and categories are those of all rows, of categories up to 50,000 a column.
    The median and the quartiles are those of a sample of up to 65,536 rows; so if there are more,
    they are off by 0.2 % of the rows, as a standard deviation.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import pyarrow, pyarrow.parquet
    >>> folder = tempfile.TemporaryDirectory()
    >>> for year in (2023, 2024):
    ...     table = pyarrow.table({"age": [3, 4, 5, 6], "pay": [year + n for n in range(4)]})
    ...     pyarrow.parquet.write_table(table, pathlib.Path(folder.name) / f"{year}.parquet")
    >>> stream = TableStream(folder.name, "pay", task="regression", seed=1)
    >>> stream.rows, stream.features.names
    (8, ('age',))
    >>> [batch.X.shape for batch in stream.batches(epoch=0, batch_size=3)]
    [(3, 1), (3, 1), (2, 1)]
    >>> folder.cleanup()
    """

    def __init__(
        self,
        data: Any,
        target: str,
        *,
        task: Task | None = None,
        leave_out: Sequence[str] = (),
        kinds: Mapping[str, Kind] | None = None,
        seed: int = 0,
        held_out: float = 0.0,
        lanes: int | None = None,
        buffer: int | None = None,
        dtype: DTypeLike = np.float32,
        filesystem: FileSystem | None = None,
        progress: PassProgress = _silent,
        who: str = "TableStream",
    ):
        self.dtype = np.dtype(as_float_dtype(dtype, f"{who}, dtype"))
        share = _share(held_out, who)
        _require_settings(task, seed, lanes, buffer, who)
        require_columns(target, leave_out, kinds or {}, who)
        files = find_files(data, who, filesystem)
        reader = reader_of(files, who, kinds or {})
        schema = schema_of(reader, target, leave_out, kinds or {})
        first = Pass(reader, schema, target, task, seed=seed, held_out=share, progress=progress)
        found = first.run()
        self.features, self.target, self.columns = found.features, found.target, found.columns
        self.without_target = found.without_target
        self.target_kind, self.target_is_truth = found.target_kind, found.target_is_truth
        encoding = Encoding(self.features, self.target, self.dtype)
        self.order = Order(
            found.lengths,
            seed,
            lanes=_lanes(reader, encoding) if lanes is None else lanes,
            buffer=min(_BUFFER, max(_BUFFERED // encoding.width, 1)) if buffer is None else buffer,
        )
        self.sample = _encoded(found.sample, encoding)
        self.held_out = None if found.held_out is None else _encoded(found.held_out, encoding)
        self._files = files
        self._checksums = [self.columns[name].checksum for name in encoding.names]
        self._checksums.append(first.target.checksum)
        self._rows = BlockRows(
            reader, schema, encoding, found.blocks, found.lengths, seed, first.held_out
        )
        del first, found
        give_back()

    def first_rows(self, count: int) -> Rows:
        """Return some rows, from all over the files."""
        there = len(self.sample.X)
        chosen = np.arange(min(count, there)) * there // max(min(count, there), 1)
        return Rows(self.sample.X[chosen], self.sample.y[chosen])

    def read(self, windows: Iterator[Window]) -> Generator[tuple[Window, Rows]]:
        """Iterate over windows and their rows, which a thread reads."""
        ahead = _AHEAD if self.order.lanes > 1 else 1  # the windows of one lane are large
        return read_ahead(read_windows(self._rows, windows), ahead)

    def in_order(self, most: int) -> Generator[Rows]:
        """Iterate over all rows that are trained on, as they stand, up to `most` at a time.

        Those in `held_out` are not among them.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If `most` is no whole number of at least 1.
        FileError, DataError
            While it goes on: if a file cannot be read, or is not what it was.
        """
        size = positive_integer(most, "most")
        numbers = range(len(self._rows.blocks))
        read = (part.kept() for number in numbers for part in self._rows.of(number))
        for rows in read_ahead(read, _AHEAD):
            for start in range(0, len(rows.X), size):
                yield Rows(rows.X[start : start + size], rows.y[start : start + size])

    def fingerprint(self) -> str:
        """Return a text that another stream has only if its batches are the same.

        It follows from the values of all columns that are used, as they were read at first.
        """
        told = [
            self.order.describe(),
            [file.size for file in self._files.files],
            self._checksums,
            [*self._rows.blocks],
            self.features.to_json(),
            self.target.to_json(),
            self._rows.held_out,
            str(self.dtype),
        ]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _share(held_out: float, who: str) -> float:
    """Return the share of rows that are held out."""
    share = real_number(held_out, f"{who}, held_out", above=0.0, or_equal=True)
    if share >= 1.0:
        expected = "a number of at least 0, less than 1"
        refuse(ArgumentError, f"{who}, held_out", expected, held_out)
    return share


def _require_settings(
    task: Task | None, seed: int, lanes: int | None, buffer: int | None, who: str
) -> None:
    """Refuse what cannot be used, before hours of reading."""
    if task is not None:
        one_of(task, _TASKS, f"{who}, task")
    lanes = LANES if lanes is None else positive_integer(lanes, f"{who}, lanes")
    buffer = _BUFFER if buffer is None else positive_integer(buffer, f"{who}, buffer")
    Order([1], seed, lanes=lanes, buffer=buffer)


def _lanes(reader: BlockReader, encoding: Encoding) -> int:
    """Return how many lanes there is room for."""
    lanes, each = LANES, reader.memory(encoding.names)
    while lanes > 1 and lanes * each > _OPEN:
        lanes //= 2
    return lanes


def _encoded(table: pyarrow.Table, encoding: Encoding) -> Rows:
    """Encode a table that is in memory."""
    parts = [encoding.rows(batch) for batch in table.to_batches(8192)]
    return Rows(np.concatenate([p.X for p in parts]), np.concatenate([p.y for p in parts]))
