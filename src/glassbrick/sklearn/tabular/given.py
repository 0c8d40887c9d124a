"""What fit and predict are given: tables, paths, or matrices as scikit-learn takes them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import column_or_1d
from sklearn.utils.validation import validate_data

from glassbrick.arrays import Array
from glassbrick.checks import describe, refuse
from glassbrick.errors import ArgumentTypeError, DataError, ShapeError
from glassbrick.sklearn.rows import as_dense
from glassbrick.tables import (
    Column,
    column_names,
    is_missing,
    is_table,
    open_table,
    read_table,
    unmasked,
    values_of,
)

__all__ = ["Given", "asked_of", "given_features", "given_rows", "given_truth"]


class Given(NamedTuple):
    """A table, and what is to be predicted.

    Attributes
    ----------
    columns : list of Column
        From which to predict.
    y : ndarray, shape (rows,) or (rows, outputs)
        What to predict, as it was given.
    names : list of str
        What its columns are called.
    """

    columns: list[Column]
    y: Array
    names: list[str]


def asked_of(estimator: Any, method: str, X: Any) -> str:
    """Return what to call a call in errors: with the file that it was given, if it was one."""
    who = f"{type(estimator).__name__}.{method}"
    return f"{who}, {os.fspath(X)}" if isinstance(X, str | os.PathLike) else who


def given_rows(estimator: Any, X: Any, y: Any) -> Given:
    """Return what an estimator learns from, and let it remember the columns.

    Raises
    ------
    ShapeError, DataError, ArgumentTypeError
        If that cannot be used.
    FileError
        If a file cannot be read.
    """
    who = asked_of(estimator, "fit", X)
    if not is_table(X):
        return _given_matrix(estimator, X, y, who)
    table = open_table(X, f"{type(estimator).__name__}.fit")
    columns = read_table(table, who)
    chosen = _chosen(y, [column.name for column in columns], len(columns[0]), who)
    if chosen:
        columns = [column for column in columns if column.name not in chosen]
        _remember(estimator, columns)
        return Given(columns, _taken(table, chosen, who), chosen)
    if y is None or isinstance(y, str):
        there = ", ".join(f'"{column.name}"' for column in columns)
        advice = f"There are {there}."
        refuse(DataError, f"{who}, y", "the name of the column to predict", y, advice)
    names, y = _named_targets(y, len(columns[0]), who)
    _remember(estimator, columns)
    return Given(columns, y, names)


def given_features(estimator: Any, X: Any, method: str) -> list[Column]:
    """Return the table from which an estimator is to predict.

    Raises
    ------
    ShapeError, DataError, ArgumentTypeError
        If it cannot be used.
    FileError
        If a file cannot be read.
    """
    who = f"{type(estimator).__name__}.{method}"
    if not is_table(X):
        told = {"dtype": None, "ensure_all_finite": False, "accept_sparse": ("csr", "csc")}
        return _columns(estimator, validate_data(estimator, unmasked(X), reset=False, **told), who)
    columns = read_table(X, who)
    if hasattr(estimator, "feature_names_in_"):
        return columns
    if len(columns) != estimator.n_features_in_:
        expected = f"{estimator.n_features_in_} columns, as in training"
        refuse(ShapeError, who, expected, f"{len(columns)} columns")
    return [Column(f"x{n}", c.kind, c.values) for n, c in enumerate(columns)]


def given_truth(X: Any, y: Any, names: Sequence[str], rows: int, who: str) -> Array:
    """Return what was to be predicted: columns of the table if `y` is None or their names.

    Raises
    ------
    DataError
        If there is no such column.
    ShapeError
        If it has not as many rows, or columns, as what was predicted.
    """
    told = y
    if is_table(X) and (y is None or isinstance(y, str | list | tuple)):
        table = open_table(X, who)
        wanted = list(names) if y is None else [y] if isinstance(y, str) else y
        if y is None or isinstance(y, str) or _chosen(y, column_names(table, who), rows, who):
            told = _taken(table, wanted, who)
    if told is None or isinstance(told, str):
        advice = f"Or a table with the column {names[0]!r}."
        refuse(DataError, f"{who}, y", "what was to be predicted", y, advice)
    truth = _named_targets(told, rows, who)[1] if told is y else told
    if truth.reshape(rows, -1).shape[1] != len(names):
        refuse(ShapeError, f"{who}, y", f"a column for each of {len(names)} outputs", truth)
    return np.asarray(truth)


def _given_matrix(estimator: Any, X: Any, y: Any, who: str) -> Given:
    if isinstance(y, str):
        expected = "a table with named columns, if y is the name of one"
        refuse(ArgumentTypeError, who, expected, X)
    told = {"dtype": None, "ensure_all_finite": False, "accept_sparse": ("csr", "csc")}
    X = validate_data(estimator, unmasked(X), **told)
    if y is None:
        raise DataError(f"{who}: requires y to be passed, but the target y is None.")
    names, y = _named_targets(y, X.shape[0], who)
    return Given(_columns(estimator, X, who), y, names)


def _columns(estimator: Any, X: Any, who: str) -> list[Column]:
    """Return the columns of a matrix, with names if there were some when it was fitted."""
    columns = read_table(as_dense(X), who)
    names = getattr(estimator, "feature_names_in_", [column.name for column in columns])
    return [
        Column(str(name), column.kind, column.values)
        for name, column in zip(names, columns, strict=True)
    ]


def _remember(estimator: Any, columns: list[Column]) -> None:
    estimator.n_features_in_ = len(columns)
    estimator.feature_names_in_ = np.array([column.name for column in columns], object)


def _chosen(y: Any, names: Sequence[str], rows: int, who: str) -> list[str]:
    """Return which columns `y` names; none if it is something else, such as a class a row."""
    wanted = [y] if isinstance(y, str) else y if isinstance(y, list | tuple) else []
    if not all(isinstance(name, str) for name in wanted):
        return []
    unknown = [name for name in wanted if name not in names]
    is_once = len(set(wanted)) == len(wanted)
    if is_once and not unknown:
        return list(wanted)
    if isinstance(y, list | tuple) and len(wanted) != rows:
        there = ", ".join(f'"{name}"' for name in names)
        if unknown:
            raise DataError(f'{who}, y: there is no column "{unknown[0]}" among {there}.')
        refuse(DataError, f"{who}, y", "each column to predict once", y)
    return []


def _named_targets(y: Any, rows: int, who: str) -> tuple[list[str], Array]:
    """Return what targets are called, and them, as many as there are rows."""
    targets = _as_targets(y, who)
    if len(targets) != rows:
        refuse(ShapeError, f"{who}, y", f"a value for each of {rows} rows", targets)
    if targets.ndim == 2:
        numbered = [f"y{number}" for number in range(targets.shape[1])]
        return [str(name) for name in getattr(y, "columns", numbered)], targets
    name = getattr(y, "name", None)
    return ["y" if name is None else str(name)], targets


def _taken(table: Any, names: Sequence[str], who: str) -> Array:
    """Return one column of a table, or several."""
    columns = [_as_values(values_of(table, name, who), name, who) for name in names]
    return columns[0] if len(columns) == 1 else np.column_stack(columns)


def _as_targets(y: Any, who: str) -> Array:
    """Return one axis, or two if there are several columns."""
    try:
        y = np.asarray(y.toarray() if hasattr(y, "toarray") else unmasked(y))
    except ValueError:
        expected = "a value a row, or as many values in each row"
        raise ShapeError(f"{who}, y: expected {expected}; received {describe(y)}.") from None
    if y.ndim not in (1, 2) or (y.ndim == 2 and not y.shape[1]):
        refuse(ShapeError, f"{who}, y", "a value for each row, or several columns of them", y)
    is_column = y.ndim == 1 or y.shape[1] == 1
    return _of_one_kind(np.asarray(column_or_1d(y, warn=True)) if is_column else y)


def _of_one_kind(y: Array) -> Array:
    """Return objects that are all truth values, or all numbers, in a dtype of NumPy's."""
    if y.dtype != object or not y.size:
        return y
    kinds = {type(value) for value in y.ravel().tolist()}
    if not (kinds <= {bool, np.bool} or kinds <= {int, float}):
        return y
    plain = np.asarray(y.tolist())
    return plain if plain.dtype.kind in "biuf" else y


def _as_values(values: list[Any], name: str, who: str) -> Array:
    """Return the values of a column, none of which may be missing."""
    missing = [row for row, value in enumerate(values) if is_missing(value)]
    if missing:
        raise DataError(
            f'{who}, column "{name}", row {missing[0]}: expected a value to learn from; received '
            f"none there, and in {len(missing)} rows in all. Leave out rows without it."
        )
    try:
        return _of_one_kind(np.asarray(values))
    except ValueError:
        refuse(DataError, f'{who}, column "{name}"', "one value a row", values)
