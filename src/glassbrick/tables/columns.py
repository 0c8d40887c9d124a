"""Column: a named column of a table, of one kind, in which values may be missing."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import complaint, describe
from glassbrick.errors import ArgumentTypeError, DataError

__all__ = [
    "Column",
    "Kind",
    "as_kind",
    "category_column",
    "column_of",
    "is_missing",
    "number_column",
]

Kind: TypeAlias = Literal["number", "category", "date"]
"""Truth values are categories, False and True."""

_YES_NO = {False: "False", True: "True"}


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    name : str
        As in the table.
    kind : {"number", "category", "date"}
        What its values are.
    values : ndarray, shape (rows,)
        Of numbers as float64, with NaN where one is missing; of dates as datetime64 in
        microseconds, with NaT; of categories as texts, with None.
    """

    name: str
    kind: Kind
    values: Array

    @property
    def missing(self) -> Array:
        """Where there is no value."""
        if self.kind == "number":
            return np.isnan(self.values)
        if self.kind == "date":
            return np.isnat(self.values)
        return np.array([value is None for value in self.values], bool)

    def at(self, rows: Array) -> Column:
        """Return the column at some rows alone."""
        return Column(self.name, self.kind, self.values[rows])

    def __len__(self) -> int:
        return len(self.values)


def column_of(name: str, values: Sequence[Any], who: str) -> Column:
    """Make a column of Python's values, of the kind that all of them are.

    Parameters
    ----------
    name : str
        Of the column.
    values : sequence
        None, NaN and NaT are missing.
    who : str
        What to call whoever gave the table, in errors.

    Raises
    ------
    DataError
        If a number is infinite.
    ArgumentTypeError
        If a value is neither number, text, truth nor date.
    """
    plain, kinds = _kinds_of(name, values, who)
    if kinds == {"date"}:
        return Column(name, "date", _dates(plain))
    if kinds <= {"number"}:
        numbers = [_number(value, name, row, who) for row, value in enumerate(plain)]
        return number_column(name, np.array(numbers, np.float64), who)
    return Column(name, "category", _texts(plain))


def category_column(name: str, values: Sequence[Any], who: str) -> Column:
    """Make a column of categories, of Python's values of any kind, each as the text it has.

    Raises
    ------
    ArgumentTypeError
        If a value is neither number, text, truth nor date.
    """
    plain, _ = _kinds_of(name, values, who)
    return Column(name, "category", _texts(plain))


def number_column(name: str, values: Array, who: str) -> Column:
    """Make a column of numbers, of which NaN are missing.

    Raises
    ------
    DataError
        If one is infinite.
    """
    with np.errstate(over="ignore", under="ignore"):  # of longer numbers, which end at infinity
        numbers = np.array(values, np.float64)
    if np.isinf(numbers).any():
        row = int(np.argmax(np.isinf(numbers)))
        raise DataError(complaint(_place(who, name, row), "a finite number", str(numbers[row])))
    return Column(name, "number", numbers)


def as_kind(column: Column, kind: Kind, who: str, why: str = ", as in training") -> Column:
    """Return a column as the kind that it was when a model learned from it.

    Raises
    ------
    DataError
        If a value cannot be; with the column and the row.
    """
    if column.kind == kind:
        return column
    values = column.values.tolist()
    if column.missing.all():
        return _without_values(column, kind)
    if kind == "category":
        return Column(column.name, kind, _texts([None if is_missing(v) else v for v in values]))
    read = float if kind == "number" else datetime.datetime.fromisoformat
    found: list[Any] = []
    for row, value in enumerate(values):
        try:
            found.append(None if is_missing(value) else read(value))
        except (TypeError, ValueError):
            expected = f"a {kind}{why}"
            raise DataError(
                complaint(_place(who, column.name, row), expected, describe(value))
            ) from None
    return column_of(column.name, found, who)


def _without_values(column: Column, kind: Kind) -> Column:
    nothing = {"number": math.nan, "date": np.datetime64("NaT", "us"), "category": None}[kind]
    dtypes: dict[str, Any] = {"number": np.float64, "date": "datetime64[us]", "category": object}
    return Column(column.name, kind, np.full(len(column), nothing, dtypes[kind]))


def _kinds_of(name: str, values: Sequence[Any], who: str) -> tuple[list[Any], set[Kind]]:
    """Return values with None where one is missing, and of which kinds the others are."""
    plain = [None if is_missing(value) else value for value in values]
    known = ((row, value) for row, value in enumerate(plain) if value is not None)
    return plain, {_kind_of(value, name, row, who) for row, value in known}


def _kind_of(value: Any, name: str, row: int, who: str) -> Kind:
    if isinstance(value, bool | np.bool | str):
        return "category"
    is_number = isinstance(value, int | float | np.integer | np.floating)
    is_span = isinstance(value, np.timedelta64)  # which NumPy takes for a whole number
    if (is_number and not is_span) or hasattr(value, "as_tuple"):
        return "number"
    if isinstance(value, datetime.date | np.datetime64):
        return "date"
    place, received = _place(who, name, row), describe(value)
    raise ArgumentTypeError(
        f"{place}: the argument must be a string, a number, a truth value or a date; "
        f"received {received}."
    )


def _number(value: Any, name: str, row: int, who: str) -> float:
    if value is None:
        return math.nan
    try:
        return float(value)
    except OverflowError:
        expected = "a number that a float can hold"
        raise DataError(complaint(_place(who, name, row), expected, describe(value))) from None


def is_missing(value: Any) -> bool:
    """Whether a value is None, NaN, NaT, NA or masked."""
    if value is None or value is np.ma.masked:
        return True
    try:
        return bool(value != value)
    except ArithmeticError:  # a signaling NaN of Decimal
        return True
    except (TypeError, ValueError):  # what compares so strangely is not missing
        return type(value).__name__ == "NAType"


def _dates(values: Sequence[Any]) -> Array:
    plain = [
        value.replace(tzinfo=None) if isinstance(value, datetime.datetime) else value
        for value in values
    ]
    return np.array(plain, "datetime64[us]")


def _texts(values: Sequence[Any]) -> Array:
    texts = np.empty(len(values), object)
    texts[:] = [None if value is None else _text(value) for value in values]
    return texts


def _text(value: Any) -> str:
    """Write 3 and 3.0 alike, for one missing value makes floats of whole numbers."""
    if isinstance(value, bool | np.bool):
        return _YES_NO[bool(value)]
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _place(who: str, name: str, row: int) -> str:
    return f'{who}, column "{name}", row {row}'
