"""Rules in which numbers may overflow or vanish on the way to the right result."""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any, TypeVar

import numpy as np

__all__ = ["bare", "quiet"]

_Rule = TypeVar("_Rule", bound=Callable[..., Any])


def quiet(**ignored: Any) -> Callable[[_Rule], _Rule]:
    """Return a decorator that works like ``np.errstate(**ignored)``.

    It costs 0.8 microseconds a call, a third of a small sigmoid. An engine that has all
    warnings off during many steps does without; see `bare`.
    """

    def guarded(rule: _Rule) -> _Rule:
        guard: Any = np.errstate(**ignored)(rule)
        guard.bare = rule
        return guard  # type: ignore[no-any-return]

    return guarded


def bare(method: Any) -> Any:
    """Return the method of an object without its `quiet`, for whoever has warnings off."""
    rule = getattr(getattr(method, "__func__", None), "bare", None)
    return method if rule is None else MethodType(rule, method.__self__)
