"""Rollback: objects as they were before something failed."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Self

__all__ = ["Rollback"]


class Rollback:
    """Remembers the attributes of objects, and puts them back.

    In a ``with`` statement it does so if the statement ends in an error. What is changed within
    the objects that attributes refer to, such as the numbers of an array, stays.

    Parameters
    ----------
    things : iterable of object
        Whose attributes.
    """

    def __init__(self, things: Iterable[object]):
        self._states = [(thing, thing.__dict__.copy()) for thing in things]

    def put_back(self) -> None:
        """Give all objects the attributes that they had."""
        for thing, state in self._states:
            thing.__dict__ = state.copy()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.put_back()
