"""Metric: a function that judges predictions, by its name, with its better direction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.checks import one_of, refuse
from glassbrick.errors import ArgumentError, ArgumentTypeError

__all__ = ["METRICS", "Metric", "as_metric", "metric"]

_Function = TypeVar("_Function", bound=Callable[..., float])


@dataclass(frozen=True)
class Metric:
    """A function of targets and predictions that returns one number.

    Attributes
    ----------
    name : str
        By which it is asked for and recorded.
    function : callable
        Of (y_true, y_pred).
    higher_is_better : bool or None
        Its direction; None of a user's own function, of which nobody knows.

    Raises
    ------
    ArgumentTypeError
        When called, if the function returns something else than one real number.

    Examples
    --------
    >>> METRICS["r2"].higher_is_better, METRICS["mae"].higher_is_better
    (True, False)
    >>> METRICS["mae"]([1.0, 2.0], [2.0, 4.0])
    1.5
    """

    name: str
    function: Callable[..., float]
    higher_is_better: bool | None = None

    def __call__(self, y_true: ArrayLike, y_pred: ArrayLike) -> float:
        """Judge predictions; see the function."""
        value: Any = self.function(y_true, y_pred)
        if isinstance(value, np.ndarray) and value.ndim == 0:
            value = value[()]
        if not isinstance(value, Real):
            refuse(ArgumentTypeError, f"metric {self.name}", "to return one real number", value)
        return float(value)


METRICS: dict[str, Metric] = {}
"""The metrics by name; `metric` fills it."""


def metric(*, higher_is_better: bool) -> Callable[[_Function], _Function]:
    """Enter a function into `METRICS`, by its own name, and leave it a plain function."""

    def enter(function: _Function) -> _Function:
        METRICS[function.__name__] = Metric(function.__name__, function, higher_is_better)
        return function

    return enter


def as_metric(value: Any, who: str) -> Metric:
    """Return the metric that `value` names, or that it is as a function.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there is none of the name, `value` cannot be called or has no name, or the name
        is one under which something else is recorded.
    """
    if isinstance(value, Metric):
        return value
    if isinstance(value, str):
        return one_of(value, METRICS, who)
    name = getattr(value, "__name__", None)
    if not callable(value) or isinstance(value, type) or not isinstance(name, str):
        expected = "the name of a metric, or a function of (y_true, y_pred)"
        advice = f"The names are {', '.join(METRICS)}."
        refuse(ArgumentTypeError, who, expected, value, advice)
    known = METRICS.get(name)
    if known is not None and known.function is value:
        return known
    if name in ("loss", "lr") or name.startswith("val_"):
        advice = 'History records other numbers as "loss", "lr" and "val_...": rename it.'
        refuse(ArgumentError, who, "a function of another name", name, advice)
    return Metric(name, value)
