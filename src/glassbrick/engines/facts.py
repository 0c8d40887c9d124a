"""What an object holds, to compare it with others of its kind."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from types import NoneType

import numpy as np

from glassbrick.schedules import Schedule

__all__ = ["facts_of"]


def facts_of(thing: object, left_out: Collection[str] = ()) -> Hashable:
    """Return the attributes of an object; what cannot be compared is like that of no other.

    Parameters
    ----------
    thing : object
        Of which.
    left_out : collection of str
        Names of attributes.
    """
    return frozenset(
        [(name, _fact(value)) for name, value in vars(thing).items() if name not in left_out]
    )


def _fact(value: object) -> Hashable:
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype, value.tobytes()
    if isinstance(value, Schedule) and type(value).__module__ == Schedule.__module__:
        return type(value), facts_of(value)
    known = isinstance(value, int | float | str | tuple | NoneType)
    return value if known else id(value)
