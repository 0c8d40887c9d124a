"""What an object holds, to compare it with others of its kind, or with what it held before."""

from __future__ import annotations

import operator
from collections.abc import Collection, Hashable, Sequence
from types import NoneType

import numpy as np

from glassbrick.schedules import Schedule

__all__ = ["are_the_same", "facts_of"]


def are_the_same(before: Sequence[object], now: Sequence[object]) -> bool:
    """Whether these are the very same objects, one by one."""
    return len(before) == len(now) and all(map(operator.is_, before, now))


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
