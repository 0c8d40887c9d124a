"""Features: from the columns of a table to the matrix that a network takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from glassbrick.arrays import Array
from glassbrick.errors import DataError, FileError
from glassbrick.tables.columns import Column, as_kind
from glassbrick.tables.encoders import CategoryEncoder, DateEncoder, Encoder, NumberEncoder

__all__ = ["Features", "useless"]

_MANY = 9  # different texts, of which none stands in two rows, are names of the rows

_ENCODERS: dict[str, type[Encoder]] = {
    kind.kind: kind for kind in (NumberEncoder, CategoryEncoder, DateEncoder)
}


class Features:
    """What was learned about each column, and how to make numbers of it.

    Parameters
    ----------
    encoders : sequence of Encoder
        For each column that is used, in the order of the table.
    left_out : mapping of str to str
        Columns that are not used, and why.

    Attributes
    ----------
    encoders : tuple of Encoder
        Those with numbers of categories first, as in the matrix.
    categories : tuple of int
        How many categories each of the first columns of the matrix has.
    names : tuple of str
        Of the columns of the matrix.

    Examples
    --------
    >>> from glassbrick.tables import read_table
    >>> table = read_table({"age": [3, None, 5], "town": ["Bern", "Genf", "Bern"]}, "example")
    >>> features = Features.fit(table, "example")
    >>> features.names
    ('age', 'age is missing', 'town=Bern', 'town=Genf')
    >>> features.encode(table, "example").round(2)
    array([[-0.95,  0.  ,  1.  ,  0.  ],
           [ 0.  ,  1.  ,  0.  ,  1.  ],
           [ 0.95,  0.  ,  1.  ,  0.  ]])
    """

    def __init__(self, encoders: Sequence[Encoder], left_out: Mapping[str, str]):
        self.encoders = tuple(sorted(encoders, key=lambda encoder: not encoder.categories))
        self.left_out = dict(left_out)
        self.categories = tuple(e.categories for e in self.encoders if e.categories)
        self.names = tuple(name for e in self.encoders for name in e.features or (e.name,))

    @classmethod
    def fit(cls, columns: Sequence[Column], who: str) -> Self:
        """Learn from the training rows, and from nothing else.

        Raises
        ------
        DataError
            If there is no column from which anything could be learned.
        """
        left_out = {column.name: reason for column in columns if (reason := _useless(column))}
        used = [column for column in columns if column.name not in left_out]
        if not used:
            reasons = "; ".join(f'"{name}" {reason}' for name, reason in left_out.items())
            raise DataError(f"{who}: there is no column to learn from: {reasons or 'none at all'}.")
        return cls([_ENCODERS[column.kind].fit(column) for column in used], left_out)

    def encode(self, columns: Sequence[Column], who: str) -> Array:
        """Return the matrix, shape (rows, len(names)), as float64.

        Columns are found by name; others may stand among them, in any order.

        Raises
        ------
        DataError
            If a column is not there, or has a value of another kind than in training.
        """
        given = {column.name: column for column in columns}
        missing = [encoder.name for encoder in self.encoders if encoder.name not in given]
        if missing:
            there = ", ".join(f'"{name}"' for name in given)
            wanted = ", ".join(f'"{name}"' for name in missing)
            raise DataError(f"{who}: expected the columns of training; {wanted} not among {there}.")
        parts = [e.encode(as_kind(given[e.name], e.kind, who)) for e in self.encoders]
        return np.hstack(parts)

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` makes the same features of."""
        told = [{"kind": encoder.kind, **encoder.to_json()} for encoder in self.encoders]
        return {"columns": told, "left_out": self.left_out}

    @classmethod
    def from_json(cls, told: Mapping[str, Any], who: str) -> Self:
        """Make features of what `to_json` told.

        Raises
        ------
        FileError
            If it is something else.
        """
        try:
            encoders = []
            for column in told["columns"]:
                arguments = dict(column)
                encoders.append(_ENCODERS[arguments.pop("kind")](**arguments))
            return cls(encoders, {str(name): str(why) for name, why in told["left_out"].items()})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FileError(f"{who}: its columns cannot be understood: {error!r}.") from None


def _useless(column: Column) -> str:
    """Say why nothing can be learned from a column, if so."""
    known = column.values[~column.missing]
    return useless(column.kind, len(set(known.tolist())), len(known), len(column))


def useless(kind: str, different: int, known: int, rows: int) -> str:
    """Say why nothing can be learned from so many different values, if so."""
    if not known:
        return "has no values"
    if different == 1 and known == rows:
        return "has the same value in all rows"
    if kind == "category" and different == known > _MANY:
        return "has another text in each row"
    return ""
