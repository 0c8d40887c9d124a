"""Reads tables: of pandas, polars or Arrow, or from a CSV, Parquet or Arrow file."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import complaint, describe, refuse
from glassbrick.errors import ArgumentTypeError, DataError, FileError, MissingExtraError
from glassbrick.files import told_as_ours
from glassbrick.tables.arrow_start import require_arrow
from glassbrick.tables.columns import Column, column_of, number_column
from glassbrick.tables.csv_lines import names_in
from glassbrick.tables.csv_parts import CSVParts

__all__ = [
    "ARROW_ENDINGS",
    "CSV_ENDINGS",
    "PARQUET_ENDINGS",
    "array_column",
    "column_names",
    "is_table",
    "open_csv",
    "open_table",
    "read_table",
    "require_once",
    "unmasked",
    "values_of",
]

CSV_ENDINGS = (".csv", ".tsv", ".txt")
PARQUET_ENDINGS = (".parquet", ".pq", ".parq")
ARROW_ENDINGS = (".arrow", ".feather", ".ipc")

_ENDINGS = (*CSV_ENDINGS, *PARQUET_ENDINGS, *ARROW_ENDINGS)


def read_table(data: Any, who: str) -> list[Column]:
    """Return the columns of a table.

    Parameters
    ----------
    data : DataFrame, Arrow table, dict of lists, ndarray or path
        Of pandas, polars or any other library that narwhals knows; columns by name; a matrix,
        whose columns are called "x0", "x1", ...; or the path of a file that ends in .csv, .tsv,
        .parquet, .arrow or .feather. In a CSV file an empty field, NA, NaN, null and ? are missing
        values, and dates begin with the year, 2021-01-31.
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
        data, who = open_table(data, who), f"{who}, {os.fspath(data)}"
    columns = _columns(data, who)
    if not columns or not len(columns[0]):
        raise DataError(f"{who}: expected a table with at least one row and one column.")
    return columns


def open_table(data: Any, who: str) -> Any:
    """Return what is in a file, if `data` is its path; else `data` itself."""
    if isinstance(data, str | os.PathLike):
        return _read_file(Path(data), f"{who}, {os.fspath(data)}")
    return data


def is_table(data: Any) -> bool:
    """Whether `read_table` finds columns with names in it, rather than a matrix."""
    if hasattr(data, "toarray"):  # sparse ones, of which one kind is a mapping
        return False
    # Asked of the class, for a lazy table has to work before it can tell its columns.
    return isinstance(data, str | os.PathLike | Mapping) or hasattr(type(data), "columns")


def array_column(name: str, values: Array, who: str) -> Column:
    """Make a column of an array with one axis; what is masked is missing.

    Raises
    ------
    DataError
        If a number is infinite.
    ArgumentTypeError
        If a value is neither number, text, truth nor date.
    """
    if isinstance(values, np.ma.MaskedArray):
        return column_of(name, unmasked(values).tolist(), who)
    if values.dtype.kind in "fiu":
        return number_column(name, values, who)
    # Not what `tolist` returns: of dates in nanoseconds it makes whole numbers.
    return column_of(name, list(values) if values.dtype.kind in "mM" else values.tolist(), who)


def unmasked(values: Any) -> Any:
    """Return an array in which None stands for what is masked; others as they are."""
    if not isinstance(values, np.ma.MaskedArray):
        return values
    plain = values.data.astype(object)
    plain[np.ma.getmaskarray(values)] = None
    return plain


def column_names(table: Any, who: str) -> list[str]:
    """Return the names of the columns of an opened table."""
    names = table if isinstance(table, Mapping) else _as_frame(table, who).columns
    return [str(name) for name in names]


def values_of(table: Any, name: str, who: str) -> list[Any]:
    """Return one column of an opened table as it stands there.

    Raises
    ------
    DataError
        If there is no such column.
    """
    given = table.items() if isinstance(table, Mapping) else _named(_as_frame(table, who))
    columns = {str(name): values for name, values in given}
    if name not in columns:
        there = ", ".join(f'"{name}"' for name in columns)
        raise DataError(f'{who}: there is no column "{name}" among {there}.')
    return _listed(columns[name])


def _columns(data: Any, who: str) -> list[Column]:
    if isinstance(data, np.ndarray):
        if data.ndim != 2:
            refuse(DataError, who, "a table: a matrix of rows and columns", data)
        return [array_column(f"x{n}", data[:, n], who) for n in range(data.shape[1])]
    if isinstance(data, Mapping):
        require_once([str(name) for name in data], who)
        columns = [_column_of_dict(str(name), values, who) for name, values in data.items()]
        if len({len(column) for column in columns}) > 1:
            lengths = ", ".join(f'"{column.name}" has {len(column)}' for column in columns)
            raise DataError(f"{who}: expected columns of one length; {lengths}.")
        return columns
    frame = _as_frame(data, who)
    require_once([str(name) for name in frame.columns], who)
    return [_column_of_frame(name, values, who) for name, values in _named(frame)]


def _named(frame: Any) -> list[tuple[str, Any]]:
    """Return columns with their names, which need not be texts."""
    return [(str(values.name), values) for values in frame.iter_columns()]


def require_once(names: list[str], who: str) -> None:
    """Refuse two columns of one name.

    Raises
    ------
    DataError
        If there are such.
    """
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(f'{who}: expected each column name once; "{twice[0]}" stands twice.')


def _column_of_dict(name: str, values: Any, who: str) -> Column:
    # What has no order, or can be gone through once only, is no column.
    in_order = hasattr(values, "__len__") and hasattr(values, "__getitem__")
    if not in_order or isinstance(values, str | bytes | Mapping) or getattr(values, "ndim", 1) == 0:
        refuse(ArgumentTypeError, f'{who}, column "{name}"', "a list of values", values)
    if isinstance(values, np.ndarray) and values.ndim == 1:
        return array_column(name, values, who)
    return column_of(name, _listed(values), who)


def _listed(values: Any) -> list[Any]:
    """Return the values of a column as Python's, as far as its library tells them."""
    for method in ("to_list", "to_pylist"):
        if hasattr(values, method):
            return list(getattr(values, method)())
    return list(values)


def _column_of_frame(name: str, values: Any, who: str) -> Column:
    """Return a column; numbers at once, without a look at each."""
    if values.dtype.is_float() or values.dtype.is_integer():
        import narwhals

        return number_column(name, values.cast(narwhals.Float64).to_numpy(), who)
    return _plain_column(name, values) or column_of(name, values.to_list(), who)


def _plain_column(name: str, values: Any) -> Column | None:
    """Return texts or dates of polars at once; None if each value is to be looked at."""
    import narwhals

    of, rows = values.dtype, len(values)
    if not values.implementation.is_polars() or values.null_count() == rows:
        return None
    if of == narwhals.String:
        texts = np.empty(rows, object)
        texts[:] = values.to_list()
        return Column(name, "category", texts)
    is_moment = of == narwhals.Datetime("us") or of == narwhals.Datetime("ms")
    if of == narwhals.Date or is_moment:
        return Column(name, "date", values.to_numpy().astype("datetime64[us]"))
    return None


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
    if path.suffix.lower() not in (*PARQUET_ENDINGS, *ARROW_ENDINGS):
        parts = open_csv(path, who)
        import polars

        return polars.concat(parts.frames(), rechunk=True)
    polars = _polars_for(path, who)
    try:
        if path.suffix.lower() in PARQUET_ENDINGS:
            return polars.read_parquet(path)
        with path.open("rb") as file:
            require_arrow(file, who)
        return polars.read_ipc(path)
    except FileError:
        raise
    except (OSError, polars.exceptions.PolarsError) as error:
        problem = str(error).strip().splitlines()[0]
        raise FileError(f"{who}: cannot be read as a table: {problem}.") from None


def open_csv(path: Path, who: str, look: Callable[[int], None] | None = None) -> CSVParts:
    """Return what reads a CSV file some rows at a time.

    Parameters
    ----------
    path : Path
        Of the file.
    who : str
        What to call whoever reads, in errors.
    look : callable, optional
        Told in the first pass through the file how many bytes were read.

    Raises
    ------
    FileError
        If there is no such file, or it cannot be read as a table.
    DataError
        If there are two columns of one name.
    MissingExtraError
        If polars is not installed.
    """
    _polars_for(path, who)
    try:
        names = names_in(path, "\t" if path.suffix.lower() == ".tsv" else ",")
    except (OSError, UnicodeDecodeError, csv.Error):
        names = []  # of what is wrong the parts will tell
    require_once(names, who)  # polars would give them other names
    return CSVParts(path, who, look)


def _polars_for(path: Path, who: str) -> Any:
    """Return polars, if there is a file that it may be able to read."""
    with told_as_ours(who, "cannot be looked for"):
        is_folder, is_file = path.is_dir(), path.is_file()
    if is_folder:
        raise FileError(f"{who}: this is a folder. Give the name of a file.")
    if path.suffix.lower() not in _ENDINGS:
        refuse(FileError, who, f"a file that ends in {', '.join(_ENDINGS)}", path.suffix or "none")
    if not is_file:
        raise FileError(f"{who}: there is no such file.")
    try:
        import polars
    except ImportError:
        raise MissingExtraError(f"{who}: reading a file", "polars", "data") from None
    return polars
