"""Reads tables: of pandas, polars or Arrow, or from a CSV or Parquet file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from glassbrick.checks import complaint, describe, refuse
from glassbrick.errors import ArgumentTypeError, DataError, FileError, MissingExtraError
from glassbrick.tables.columns import Column, column_of

__all__ = ["read_table"]

_ENDINGS = (".csv", ".tsv", ".txt", ".parquet", ".pq")
_MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?")


def read_table(data: Any, who: str) -> list[Column]:
    """Return the columns of a table.

    Parameters
    ----------
    data : DataFrame, Arrow table, dict of lists, ndarray or path
        Of pandas, polars or any other library that narwhals knows; columns by name; a matrix,
        whose columns are called "x0", "x1", ...; or the path of a file that ends in .csv, .tsv
        or .parquet. In a CSV file an empty field, NA, NaN, null and ? are missing values.
    who : str
        What to call whoever gave it, in errors.

    Raises
    ------
    FileError
        If there is no such file, or it cannot be read.
    DataError
        If there are no rows, no columns, or two columns of one name, or a value cannot be used.
    ArgumentTypeError
        If it is no table.
    MissingExtraError
        If the library that reads it is not installed.
    """
    if isinstance(data, str | os.PathLike):
        who = f"{who}, {os.fspath(data)}"
        data = _read_file(Path(data), who)
    columns = _columns(data, who)
    if not columns or not len(columns[0]):
        raise DataError(f"{who}: expected a table with at least one row and one column.")
    return columns


def _columns(data: Any, who: str) -> list[Column]:
    if isinstance(data, np.ndarray):
        if data.ndim != 2:
            refuse(DataError, who, "a table: a matrix of rows and columns", data)
        return [column_of(f"x{n}", data[:, n].tolist(), who) for n in range(data.shape[1])]
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
    return [column_of(str(name), frame[name].to_list(), who) for name in frame.columns]


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
        return polars.read_csv(
            path,
            separator="\t" if path.suffix.lower() == ".tsv" else ",",
            infer_schema_length=None,  # all rows: the first text may come late
            try_parse_dates=True,
            null_values=list(_MISSING),
        )
    except (polars.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        first_line = str(error).strip().splitlines()[0]
        raise FileError(f"{who}: cannot be read as a table: {first_line}.") from None
