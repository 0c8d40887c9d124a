"""Plane: rows of a grid over two columns of a table, with the other columns held still."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from glassbrick.arrays import Array, as_numbers
from glassbrick.checks import refuse
from glassbrick.errors import ArgumentError, ArgumentTypeError, DataError
from glassbrick.tables import Column, array_column, is_table, open_table, read_table

__all__ = ["Plane", "plane_of"]

_MARGIN = 0.06  # of the range, by which the grid reaches beyond the rows


class Plane(NamedTuple):
    """A grid.

    Attributes
    ----------
    xx0, xx1 : ndarray, shape (points, points)
        The two columns over the grid.
    names : tuple of str
        Of the two columns.
    rows : matrix, table or dict of lists
        The points as rows, in the form that X had.
    places : ndarray, shape (rows of X, 2)
        Where the rows of X are.
    told : str
        What is held how; "" if there are no other columns.
    """

    xx0: Array
    xx1: Array
    names: tuple[str, str]
    rows: Any
    places: Array
    told: str


def plane_of(
    X: Any, features: Sequence[int | str], held: Mapping[str, Any], points: int, who: str
) -> Plane:
    """Lay a grid over two columns.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there are no such columns.
    DataError
        If they are no numbers.
    """
    X = open_table(X, who)
    if not is_table(X):
        X = as_numbers(X, f"{who}, X")
        if X.ndim != 2 or X.shape[1] < 2:
            refuse(DataError, f"{who}, X", "rows of at least two columns", X)
        columns = [array_column(f"x{number}", X[:, number], who) for number in range(X.shape[1])]
    else:
        columns = read_table(X, who)
    names = [column.name for column in columns]
    pair = _chosen(features, names, who)
    for name in held:
        if name not in names or names.index(name) in pair:
            refuse(ArgumentError, f"{who}, held", f"other columns among {', '.join(names)}", name)
    axes = [_ticks(columns[number], points, who) for number in pair]
    xx0, xx1 = np.meshgrid(*axes)
    others = {
        column.name: held.get(column.name, _middle(column))
        for number, column in enumerate(columns)
        if number not in pair
    }
    values = {
        **{name: [value] * xx0.size for name, value in others.items()},
        **{names[n]: xx.ravel() for n, xx in zip(pair, (xx0, xx1), strict=True)},
    }
    rows = _as_given(X, {name: values[name] for name in names})
    places = np.column_stack([columns[number].values for number in pair])
    return Plane(xx0, xx1, (names[pair[0]], names[pair[1]]), rows, places, _told(others, held))


def _chosen(features: Sequence[int | str], names: list[str], who: str) -> list[int]:
    """Return the numbers of two columns."""
    who = f"{who}, features"
    if isinstance(features, str) or len(list(features)) != 2:
        refuse(ArgumentTypeError, who, "two columns, by number or by name", features)
    found = []
    for feature in features:
        if isinstance(feature, str) and feature in names:
            found.append(names.index(feature))
        elif isinstance(feature, int | np.integer) and 0 <= feature < len(names):
            found.append(int(feature))
        else:
            there = ", ".join(f'"{name}"' for name in names)
            refuse(ArgumentError, who, f"columns by number or among {there}", feature)
    if found[0] == found[1]:
        refuse(ArgumentError, who, "two different columns", features)
    return found


def _ticks(column: Column, points: int, who: str) -> Array:
    """Return values from one end of a column to the other, and a little beyond."""
    known = column.values[~column.missing]
    if column.kind != "number" or not len(known):
        received = f"{column.kind} values" if len(known) else "no values"
        refuse(DataError, f'{who}, column "{column.name}"', "numbers, for an axis", received)
    margin = _MARGIN * float(np.ptp(known)) or 1.0
    return np.linspace(known.min() - margin, known.max() + margin, points)


def _middle(column: Column) -> Any:
    """Return the median of numbers, the most frequent of others."""
    known = column.values[~column.missing].tolist()
    if not known:
        return None
    if column.kind == "number":
        return float(np.median(known))
    return Counter(known).most_common(1)[0][0]


def _as_given(X: Any, values: dict[str, Any]) -> Any:
    """Return columns as a matrix, a dict or a table, as X is one."""
    if isinstance(X, np.ndarray):
        return np.column_stack(list(values.values())).astype(np.result_type(X.dtype, np.float32))
    if isinstance(X, Mapping):
        return values
    try:
        return type(X)(values)
    except TypeError:  # Arrow's tables are made another way
        return type(X).from_pydict(values) if hasattr(type(X), "from_pydict") else values


def _told(others: dict[str, Any], held: Mapping[str, Any]) -> str:
    if not others:
        return ""
    if len(others) > 2:
        kept = f"{len(others)} other columns at their middle"
        return f"{kept}, but {', '.join(f'{n} {v}' for n, v in held.items())}" if held else kept
    return ", ".join(
        f"{n} {v:.4g}" if isinstance(v, float) else f"{n} {v}" for n, v in others.items()
    )
