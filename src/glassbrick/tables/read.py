"""Reads tables: of pandas, polars or Arrow, or from a CSV or Parquet file."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import complaint, describe, refuse
from glassbrick.errors import ArgumentTypeError, DataError, FileError, MissingExtraError
from glassbrick.tables.columns import Column, column_of, number_column

__all__ = ["is_table", "open_table", "read_table", "values_of"]

_ENDINGS = (".csv", ".tsv", ".txt", ".parquet", ".pq")
# Others are not safe to read: 02/01/2021 is another day on either side of the ocean.
_DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?P<time>[T ].*)?")
_MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?")


def read_table(data: Any, who: str) -> list[Column]:
    """Return the columns of a table.

    Parameters
    ----------
    data : DataFrame, Arrow table, dict of lists, ndarray or path
        Of pandas, polars or any other library that narwhals knows; columns by name; a matrix,
        whose columns are called "x0", "x1", ...; or the path of a file that ends in .csv, .tsv
        or .parquet. In a CSV file an empty field, NA, NaN, null and ? are missing values, and
        dates begin with the year, 2021-01-31.
    who : str
        What to call whoever gave it, in errors.

    Raises
    ------
    FileError
        If there is no such file, or it cannot be read.
    DataError
        If there are no rows, no columns, or two columns of one name, or a value cannot be used.
    ArgumentTypeError
        If it is no table, or a value is neither number, text, truth nor date.
    MissingExtraError
        If the library that reads it is not installed.
    """
    if isinstance(data, str | os.PathLike):
        who = f"{who}, {os.fspath(data)}"
        data = open_table(data, who)
    columns = _columns(data, who)
    if not columns or not len(columns[0]):
        raise DataError(f"{who}: expected a table with at least one row and one column.")
    return columns


def open_table(data: Any, who: str) -> Any:
    """Return what is in a file, if `data` is its path; else `data` itself."""
    if isinstance(data, str | os.PathLike):
        return _read_file(Path(data), who)
    return data


def is_table(data: Any) -> bool:
    """Whether `read_table` finds columns with names in it, rather than a matrix."""
    if hasattr(data, "toarray"):  # sparse ones, of which one kind is a mapping
        return False
    return isinstance(data, str | os.PathLike | Mapping) or hasattr(data, "columns")


def values_of(table: Any, name: str, who: str) -> list[Any]:
    """Return one column of an opened table as it stands there.

    Raises
    ------
    DataError
        If there is no such column.
    """
    columns = table if isinstance(table, Mapping) else dict(_named(_as_frame(table, who)))
    if name not in columns:
        there = ", ".join(f'"{name}"' for name in columns)
        raise DataError(f'{who}: there is no column "{name}" among {there}.')
    values = columns[name]
    return list(values.to_list() if hasattr(values, "to_list") else values)


def _columns(data: Any, who: str) -> list[Column]:
    if isinstance(data, np.ndarray):
        if data.ndim != 2:
            refuse(DataError, who, "a table: a matrix of rows and columns", data)
        return [_column_of_matrix(f"x{n}", data[:, n], who) for n in range(data.shape[1])]
    if isinstance(data, Mapping):
        columns = [column_of(str(name), list(values), who) for name, values in data.items()]
        if len({len(column) for column in columns}) > 1:
            lengths = ", ".join(f'"{column.name}" has {len(column)}' for column in columns)
            raise DataError(f"{who}: expected columns of one length; {lengths}.")
        return columns
    frame = _as_frame(data, who)
    names = [str(name) for name in frame.columns]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(f'{who}: expected each column name once; "{twice[0]}" stands twice.')
    return [_column_of_frame(name, values, who) for name, values in _named(frame)]


def _named(frame: Any) -> list[tuple[str, Any]]:
    """Return columns with their names, which need not be texts."""
    return [(str(values.name), values) for values in frame.iter_columns()]


def _column_of_matrix(name: str, values: Array, who: str) -> Column:
    if values.dtype.kind in "fiu":
        return number_column(name, values, who)
    return column_of(name, values.tolist(), who)


def _column_of_frame(name: str, values: Any, who: str) -> Column:
    """Return a column; numbers at once, without a look at each."""
    if values.dtype.is_float() or values.dtype.is_integer():
        import narwhals

        return number_column(name, values.cast(narwhals.Float64).to_numpy(), who)
    return column_of(name, values.to_list(), who)


def _as_frame(data: Any, who: str) -> Any:
    try:
        import narwhals
        from narwhals.exceptions import DuplicateError
    except ImportError:
        raise MissingExtraError(f"{who}: a table", "narwhals", "data") from None
    try:
        return narwhals.from_native(data, eager_only=True)
    except DuplicateError as error:
        raise DataError(f"{who}: expected each column name once: {error}.") from None
    except TypeError:
        expected = "a table of pandas, polars or Arrow, a dict of columns, or a path"
        raise ArgumentTypeError(complaint(who, expected, describe(data))) from None


def _read_file(path: Path, who: str) -> Any:
    if path.suffix.lower() not in _ENDINGS:
        refuse(FileError, who, f"a file that ends in {', '.join(_ENDINGS)}", path.suffix or "none")
    if not path.is_file():
        raise FileError(f"{who}: there is no such file.")
    try:
        import polars
    except ImportError:
        raise MissingExtraError(f"{who}: reading a file", "polars", "data") from None
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            return polars.read_parquet(path)
        frame = polars.read_csv(
            path,
            separator="\t" if path.suffix.lower() == ".tsv" else ",",
            infer_schema_length=None,  # all rows: the first text may come late
            null_values=list(_MISSING),
        )
    except (polars.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        first_line = str(error).strip().splitlines()[0]
        raise FileError(f"{who}: cannot be read as a table: {first_line}.") from None
    return frame.with_columns([_with_dates(frame[name]) for name in frame.columns])


def _with_dates(texts: Any) -> Any:
    """Return a column of a CSV file as dates, if all of it is.

    polars can look for dates itself, but does so in each cell of each text: ten times slower.
    """
    import polars

    if texts.dtype != polars.String or not len(known := texts.drop_nulls()):
        return texts
    if not (found := _DATE.fullmatch(known[0])):
        return texts
    try:
        return texts.str.to_datetime() if found["time"] else texts.str.to_date()
    except polars.exceptions.PolarsError:
        return texts
