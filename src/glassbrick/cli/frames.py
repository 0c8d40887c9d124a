"""Frames: the rows of files, some at a time, as they would be if all were read at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from glassbrick.cli.data_files import DataFiles
from glassbrick.cli.joined_texts import JoinedTexts, Look
from glassbrick.errors import DataError, FileError, MissingExtraError
from glassbrick.streams.arrays import plain
from glassbrick.streams.blocks import BlockReader
from glassbrick.streams.files import Files
from glassbrick.streams.reader import reader_of
from glassbrick.streams.schema import Schema
from glassbrick.tables import (
    CSV_ENDINGS,
    PARQUET_ENDINGS,
    open_csv,
    open_table,
    require_once,
)

if TYPE_CHECKING:
    import polars

__all__ = ["FileFrames", "Frames", "evenly", "frames_of", "joined"]


def _unseen(done: float, path: Path) -> None:
    """Look away."""


class FileFrames(NamedTuple):
    """The rows of a file.

    Attributes
    ----------
    name : str
        What to call the file.
    path : Path or None
        Where it is, if on this computer.
    frames : iterator of polars.DataFrame
        Its rows, some at a time. All frames of all files have the same columns.
    """

    name: str
    path: Path | None
    frames: Iterator[polars.DataFrame]


class Frames(NamedTuple):
    """The rows of files.

    Attributes
    ----------
    rows : int
        About how many there are.
    files : iterator of FileFrames
        Each to be read before the next.
    """

    rows: int
    files: Iterator[FileFrames]


def frames_of(data: DataFiles, command: str, look: Look = _unseen) -> Frames:
    """Return what reads the rows that were named.

    Raises
    ------
    FileError
        If there are no such files, or one cannot be read.
    DataError
        If they have different columns.
    MissingExtraError
        If a library that is needed is not installed.
    """
    if data.path is not None:
        return _of_one(data, data.path, command, look)
    files = data.find(command)
    if files.format == "csv" and files.is_local:
        return _of_texts(files, command, look)
    if find_spec("polars") is None:
        raise MissingExtraError(f"{command}: a table", "polars", "data")
    reader = reader_of(files, command, {})
    schema = Schema.of(reader, {})
    return _of_arrow(reader, schema, _kinds_if_mixed(reader, schema))


def evenly(
    frames: Iterable[polars.DataFrame], rows: int, numbers: int
) -> Iterator[polars.DataFrame]:
    """Join frames, and cut them, to so many rows each; the last may have fewer.

    Parameters
    ----------
    frames : iterable of polars.DataFrame
        With the same columns.
    rows : int
        Of each.
    numbers : int
        How many values a frame may have, if it has many columns.
    """
    import polars

    waiting: list[polars.DataFrame] = []
    count = 0
    for frame in frames:
        rows = min(rows, max(numbers // max(frame.width, 1), 1))
        waiting.append(frame)
        count += len(frame)
        if count >= rows:
            whole = polars.concat(waiting)
            end = count - count % rows
            yield from (whole[start : start + rows] for start in range(0, end, rows))
            waiting, count = [whole[end:]], count - end
    if count:
        yield polars.concat(waiting)


def joined(frames: Sequence[polars.DataFrame], who: str) -> polars.DataFrame:
    """Return all rows as one frame.

    Raises
    ------
    DataError
        If there are none.
    """
    import polars

    if not frames:
        raise DataError(f"{who}: expected a table with at least one row and one column.")
    return polars.concat(frames, rechunk=True)


def _of_one(data: DataFiles, path: Path, command: str, look: Look) -> Frames:
    """Read a file of this computer, with all that is in it."""
    if path.suffix.lower() in CSV_ENDINGS:
        size = max(path.stat().st_size, 1) if path.is_file() else 1
        parts = open_csv(path, f"{command}, {path}", lambda read: look(read / size, path))
        return Frames(parts.rows, iter([FileFrames(str(path), path, parts.frames())]))
    try:
        found = data.find(command)
        as_typed = found.files[0]._replace(path=str(path))
        reader = reader_of(replace(found, files=(as_typed,)), command, {})
        names = reader.schema(0).names
        require_once(names, f"{command}, {path}")
        rows, frames = reader.row_count(), _whole_of(reader, names)
    except (FileError, MissingExtraError) as error:
        if isinstance(error, FileError) and path.suffix.lower() not in PARQUET_ENDINGS:
            raise
        # Without pyarrow all rows are read at once; and what is wrong is told as in training.
        whole = open_table(path, command)
        rows, frames = len(whole), iter([whole])
    return Frames(rows, iter([FileFrames(str(path), path, frames)]))


def _whole_of(reader: BlockReader, names: Sequence[str]) -> Iterator[polars.DataFrame]:
    for block in reader.blocks(0):
        for batch in reader.read(block, names, threads=True):
            yield _as_frame(batch)


def _as_frame(batch: Any) -> polars.DataFrame:
    import polars

    found = polars.from_arrow(batch)
    assert isinstance(found, polars.DataFrame)  # noqa: S101
    return found


def _kinds_if_mixed(reader: BlockReader, schema: Schema) -> dict[str, Any] | None:
    """Return the kinds of columns if their types are not the same in all files."""
    stored = [name for name in schema.kinds if name not in schema.keys]
    are_alike, first = True, None
    for number in range(len(reader.files.files)):
        schema.require_same(reader, number, list(schema.kinds))
        own = reader.schema(number)
        types = [own.field(name).type for name in stored]
        first = first or types
        are_alike = are_alike and types == first
    return None if are_alike else dict(schema.kinds)


def _of_arrow(reader: BlockReader, schema: Schema, kinds: dict[str, Any] | None) -> Frames:
    """Read the columns that all files have, as Arrow reads them."""
    import pyarrow

    columns = list(schema.kinds)

    def frames(number: int) -> Iterator[polars.DataFrame]:
        for block in reader.blocks(number):
            for batch in schema.batches(reader, block, columns, threads=True):
                if kinds is None:
                    yield _as_frame(batch)
                else:
                    alike = {n: plain(batch.column(n), kinds[n]) for n in columns}
                    yield _as_frame(pyarrow.table(alike))

    def files() -> Iterator[FileFrames]:
        for number, file in enumerate(reader.files.files):
            path = Path(file.path) if reader.files.is_local else None
            yield FileFrames(file.path, path, frames(number))

    return Frames(reader.row_count(), files())


def _of_texts(files: Files, command: str, look: Look) -> Frames:
    tables = JoinedTexts(files, command, look)
    found = (FileFrames(str(path), path, tables.frames(path)) for path in tables.paths)
    return Frames(tables.rows, found)
