"""Rows that are alike, taken together: one of each, and what it counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glassbrick.arrays import Array
from glassbrick.tables.columns import Column

__all__ = ["distinct_rows"]

_SEEDS = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))
_MIX = np.uint64(0xFF51AFD7ED558CCD)


def distinct_rows(
    columns: Sequence[Column], weights: Array | None = None
) -> tuple[Array, Array | None]:
    """Find one row of each kind, in an order that depends on what is in the rows alone.

    So it does not matter in which order rows stand in a table; a row that stands there twice is
    the same as one of twice the weight; and no row can be trained on and, as another, be used to
    see how well that went.

    Parameters
    ----------
    columns : sequence of Column
        The table, what is to be predicted among them.
    weights : ndarray of shape (rows,), optional
        What each row counts; rows that count nothing are left out.

    Returns
    -------
    rows : ndarray of int
        Of the table.
    weights : ndarray or None
        What each of these counts; None if all count the same.

    Examples
    --------
    >>> from glassbrick.tables import read_table
    >>> table = read_table({"age": [3, 4, 3], "town": ["Bern", "Genf", "Bern"]}, "example")
    >>> rows, weights = distinct_rows(table)
    >>> sorted(rows.tolist()), sorted(weights.tolist())
    ([0, 1], [1.0, 2.0])
    """
    if weights is not None and not (counting := weights > 0.0).all():
        kept = np.flatnonzero(counting)  # alone, for the categories of others have no say either
        rows, merged = distinct_rows([column.at(kept) for column in columns], weights[kept])
        return kept[rows], merged
    keys = [_key(column) for column in columns]
    counts = np.ones(len(columns[0])) if weights is None else weights
    first, second = (_hash(keys, seed) for seed in _SEEDS)
    order = np.lexsort((second, first))
    if not len(order):
        return order, None
    differs = np.zeros(len(order) - 1, bool)
    for key in keys:
        differs |= np.diff(key[order]) != 0
    starts = np.flatnonzero(np.concatenate([[True], differs]))
    merged = np.add.reduceat(counts[order], starts)
    return order[starts], None if (merged == merged[0]).all() else merged


def _key(column: Column) -> Array:
    """Return a whole number for each value, the same for the same value in any table."""
    if column.kind == "category":
        texts = ["" if value is None else f"={value}" for value in column.values]
        numbers = {text: number for number, text in enumerate(sorted(set(texts)))}
        return np.array([numbers[text] for text in texts], np.int64)
    if column.kind == "date":
        return column.values.view(np.int64)
    return (np.where(column.missing, np.nan, column.values) + 0.0).view(np.int64)  # -0.0 is 0.0


def _hash(keys: Sequence[Array], seed: np.uint64) -> Array:
    """Mix the keys of each row to one number."""
    mixed = np.full(len(keys[0]), seed)
    for key in keys:
        mixed = (mixed ^ key.view(np.uint64)) * _MIX
        mixed ^= mixed >> np.uint64(32)
    return mixed
