"""The check of single values: it shows the first one that is wrong, and where it stands."""

from __future__ import annotations

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import complaint
from glassbrick.errors import DataError

__all__ = ["require_values"]


def require_values(values: Array, right: Array, who: str, expected: str, advice: str = "") -> None:
    """Refuse a matrix of values unless all of them are right.

    Parameters
    ----------
    values : ndarray, shape (rows, columns)
        What is checked.
    right : ndarray of bool, shape (rows, columns)
        Which of them are right.
    who, expected, advice : str
        For the error; see `complaint`.

    Raises
    ------
    DataError
        If one is wrong.
    """
    if right.all():
        return
    row, column = (int(number) for number in np.argwhere(~right)[0])
    place = f"row {row}" if values.shape[1] == 1 else f"row {row}, column {column}"
    received = f"{values[row, column]:.9g} in {place}"
    raise DataError(complaint(who, expected, received, advice))
