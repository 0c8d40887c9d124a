"""Several files as one table in memory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from glassbrick.errors import DataError, MissingExtraError
from glassbrick.streams.arrays import joined
from glassbrick.streams.files import DataFile, Files
from glassbrick.streams.reader import reader_of
from glassbrick.streams.schema import Schema
from glassbrick.tables import open_table

if TYPE_CHECKING:
    import polars
    import pyarrow

__all__ = ["read_joined"]


def read_joined(files: Files, who: str) -> polars.DataFrame:
    """Read all files, and what the names of their folders say.

    Raises
    ------
    FileError
        If one cannot be read.
    DataError
        If they have different columns.
    MissingExtraError
        If polars is not installed.
    """
    try:
        import polars
    except ImportError:
        raise MissingExtraError(f"{who}: a table", "polars", "data") from None
    if files.format == "csv" and files.is_local:
        return _joined_csv(files, who)
    reader = reader_of(files, who, {})
    schema = Schema.of(reader, {})
    columns = list(schema.kinds)
    batches: list[pyarrow.RecordBatch] = []
    for number in range(len(files.files)):
        schema.require_same(reader, number, columns)
        for block in reader.blocks(number):
            batches += schema.batches(reader, block, columns, threads=True)
    if not batches:
        raise DataError(f"{who}: expected a table with at least one row and one column.")
    found = polars.from_arrow(joined(batches))
    assert isinstance(found, polars.DataFrame)  # noqa: S101
    return found


def _joined_csv(files: Files, who: str) -> polars.DataFrame:
    """Read text as a file of its own is read: each column as what all of its values are."""
    import polars

    frames = [_with_keys(open_table(Path(file.path), who), file) for file in files.files]
    names = frames[0].columns
    for frame, file in zip(frames, files.files, strict=True):
        if set(frame.columns) != set(names):
            odd, first = min(set(frame.columns) ^ set(names)), files.files[0].path
            told = "a column {}, unlike" if odd in frame.columns else "no column {}, as there is"
            raise DataError(f"{who}, {file.path}: there is {told.format(repr(odd))} in {first}.")
    texts = [name for name in names if _are_mixed([frame.schema[name] for frame in frames])]
    alike = [
        frame.select(names).with_columns(polars.col(texts).cast(polars.String)) for frame in frames
    ]
    whole = polars.concat(alike, how="vertical_relaxed")
    return whole.with_columns([_as_numbers(whole[name]) for name, _ in files.files[0].keys])


def _as_numbers(texts: polars.Series) -> polars.Series:
    """Return what folders are called as numbers, if all are."""
    import polars

    numbers = texts.cast(polars.Float64, strict=False)
    return numbers if numbers.null_count() == texts.null_count() else texts


def _with_keys(frame: polars.DataFrame, file: DataFile) -> polars.DataFrame:
    import polars

    keys = [polars.lit(value).alias(name) for name, value in file.keys if name not in frame.columns]
    return frame.with_columns(keys)


def _are_mixed(types: list[polars.DataType]) -> bool:
    """Whether some are numbers, and others something else."""
    import polars

    known = [one for one in types if one != polars.Null]
    numbers = [one.is_numeric() for one in known]
    return len(set(map(str, known))) > 1 and not all(numbers)
