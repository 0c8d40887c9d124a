"""What fit and predict are given: tables, paths, or matrices as scikit-learn takes them."""

from __future__ import annotations

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
    y : ndarray, shape (rows,)
        What to predict, as it was given.
    target : str
        What it is called.
    """

    columns: list[Column]
    y: Array
    target: str


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
        if isinstance(y, str):
            expected = "a table with named columns, if y is the name of one"
            refuse(ArgumentTypeError, who, expected, X)
        X, y = _checked(estimator, X, y)
        return Given(_columns(estimator, X, who), _one_axis(y), "y")
    table = open_table(X, f"{who}, {X}" if isinstance(X, str) else who)
    columns, target = read_table(table, who), "y"
    if isinstance(y, str):
        target, y = y, values_of(table, y, who)
        columns = [column for column in columns if column.name != target]
        _remember(estimator, columns)
        return Given(columns, _as_labels(y, target, who), target)
    if y is None:
        advice = 'Name its column: fit(table, "price").'
        refuse(DataError, f"{who}, y", "what is to be predicted", None, advice)
    target = str(getattr(y, "name", None) or target)
    y = _one_axis(y)
    if len(y) != len(columns[0]):
        expected = f"a value for each of {len(columns[0])} rows"
        refuse(ShapeError, f"{who}, y", expected, y)
    _remember(estimator, columns)
    return Given(columns, y, target)


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


def given_truth(X: Any, y: Any, target: str, who: str) -> Array:
    """Return what was to be predicted: a column of the table if `y` is None or its name.

    Raises
    ------
    DataError
        If there is no such column.
    """
    if y is None or isinstance(y, str):
        name = target if y is None else y
        if not is_table(X):
            advice = f'Or a table with the column "{name}".'
            refuse(DataError, f"{who}, y", "what was to be predicted", y, advice)
        return _as_labels(values_of(open_table(X, who), name, who), name, who)
    return _one_axis(y)


def _checked(estimator: Any, X: Any, y: Any) -> Any:
    told = {"dtype": None, "ensure_all_finite": False, "accept_sparse": ("csr", "csc")}
    X = validate_data(estimator, X, **told)
    if y is None:
        who = f"{type(estimator).__name__}.fit"
        raise DataError(f"{who}: requires y to be passed, but the target y is None.")
    if np.shape(y)[:1] != X.shape[:1]:
        who = f"{type(estimator).__name__}.fit, y"
        refuse(ShapeError, who, f"a value for each of {X.shape[0]} rows", np.asarray(y))
    return X, y


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


def _one_axis(y: Any) -> Array:
    return np.asarray(column_or_1d(y, warn=True))


def _as_labels(values: list[Any], name: str, who: str) -> Array:
    """Return the values of a column, none of which may be missing."""
    for row, value in enumerate(values):
        if value is None or value != value:
            missing = sum(other is None or other != other for other in values)
            raise DataError(
                f'{who}, column "{name}", row {row}: expected a value to learn from; received '
                f"none there, and in {missing} rows in all. Leave out rows without it."
            )
    return np.asarray(values)
