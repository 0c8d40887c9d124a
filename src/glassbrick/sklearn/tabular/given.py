"""What fit and predict are given: tables, paths, or matrices as scikit-learn takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import column_or_1d
from sklearn.utils.validation import validate_data

from glassbrick.arrays import Array
from glassbrick.checks import refuse
from glassbrick.errors import ArgumentTypeError, DataError, ShapeError
from glassbrick.sklearn.rows import as_dense
from glassbrick.tables import Column, is_table, open_table, read_table, values_of

__all__ = ["Given", "given_features", "given_rows", "given_truth"]


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


def given_rows(estimator: Any, X: Any, y: Any) -> Given:
    """Return what an estimator learns from, and let it remember the columns.

    Raises
    ------
    ShapeError, DataError, ArgumentTypeError
        If that cannot be used.
    FileError
        If a file cannot be read.
    """
    who = f"{type(estimator).__name__}.fit"
    if not is_table(X):
        return _given_matrix(estimator, X, y, who)
    table = open_table(X, f"{who}, {X}")
    columns = read_table(table, who)
    chosen = _chosen(y, [column.name for column in columns])
    if chosen:
        columns = [column for column in columns if column.name not in chosen]
        _remember(estimator, columns)
        return Given(columns, _taken(table, y, who), chosen)
    if y is None or isinstance(y, str):
        there = ", ".join(f'"{column.name}"' for column in columns)
        advice = f"There are {there}."
        refuse(DataError, f"{who}, y", "the name of the column to predict", y, advice)
    names, y = _named_targets(y)
    if len(y) != len(columns[0]):
        refuse(ShapeError, f"{who}, y", f"a value for each of {len(columns[0])} rows", y)
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
        return _columns(estimator, validate_data(estimator, X, reset=False, **told), who)
    columns = read_table(X, who)
    if hasattr(estimator, "feature_names_in_"):
        return columns
    if len(columns) != estimator.n_features_in_:
        expected = f"{estimator.n_features_in_} columns, as in training"
        refuse(ShapeError, who, expected, f"{len(columns)} columns")
    return [Column(f"x{n}", c.kind, c.values) for n, c in enumerate(columns)]


def given_truth(X: Any, y: Any, names: Sequence[str], who: str) -> Array:
    """Return what was to be predicted: columns of the table if `y` is None or their names.

    Raises
    ------
    DataError
        If there is no such column.
    """
    if is_table(X):
        wanted = y if y is not None else names[0] if len(names) == 1 else list(names)
        if isinstance(wanted, str) or _chosen(wanted, names):
            return _taken(open_table(X, who), wanted, who)
    if y is None or isinstance(y, str):
        advice = f"Or a table with the column {names[0]!r}."
        refuse(DataError, f"{who}, y", "what was to be predicted", y, advice)
    return _as_targets(y)


def _given_matrix(estimator: Any, X: Any, y: Any, who: str) -> Given:
    if isinstance(y, str):
        expected = "a table with named columns, if y is the name of one"
        refuse(ArgumentTypeError, who, expected, X)
    told = {"dtype": None, "ensure_all_finite": False, "accept_sparse": ("csr", "csc")}
    X = validate_data(estimator, X, **told)
    if y is None:
        raise DataError(f"{who}: requires y to be passed, but the target y is None.")
    names, y = _named_targets(y)
    if len(y) != X.shape[0]:
        refuse(ShapeError, f"{who}, y", f"a value for each of {X.shape[0]} rows", y)
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


def _chosen(y: Any, names: Sequence[str]) -> list[str]:
    """Return which columns `y` names; none if it is something else."""
    wanted = [y] if isinstance(y, str) else y if isinstance(y, list | tuple) else []
    are_names = all(isinstance(name, str) and name in names for name in wanted)
    return list(wanted) if are_names else []


def _named_targets(y: Any) -> tuple[list[str], Array]:
    """Return what targets are called, and them."""
    targets = _as_targets(y)
    if targets.ndim == 2:
        numbered = [f"y{number}" for number in range(targets.shape[1])]
        return [str(name) for name in getattr(y, "columns", numbered)], targets
    name = getattr(y, "name", None)
    return ["y" if name is None else str(name)], targets


def _taken(table: Any, y: Any, who: str) -> Array:
    """Return one column of a table, or several."""
    if isinstance(y, str):
        return _as_values(values_of(table, y, who), y, who)
    return np.column_stack([_as_values(values_of(table, name, who), name, who) for name in y])


def _as_targets(y: Any) -> Array:
    """Return one axis, or two if there are several columns."""
    y = np.asarray(y.toarray() if hasattr(y, "toarray") else y)
    return y if y.ndim == 2 and y.shape[1] != 1 else np.asarray(column_or_1d(y, warn=True))


def _as_values(values: list[Any], name: str, who: str) -> Array:
    """Return the values of a column, none of which may be missing."""
    missing = [row for row, value in enumerate(values) if value is None or value != value]
    if missing:
        raise DataError(
            f'{who}, column "{name}", row {missing[0]}: expected a value to learn from; received '
            f"none there, and in {len(missing)} rows in all. Leave out rows without it."
        )
    return np.asarray(values)
