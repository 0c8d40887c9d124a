"""The wording that checks share: who, what was expected, what was received, what to do."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any, NoReturn, TypeVar

import numpy as np

from glassbrick.errors import ArgumentError, ArgumentTypeError, GlassbrickError, ShapeError

__all__ = [
    "T",
    "assert_same_shape",
    "complaint",
    "describe",
    "errors_within",
    "instance_of",
    "one_of",
    "positive_integer",
    "real_number",
    "refuse",
    "require_array",
    "require_shape",
    "true_or_false",
]

T = TypeVar("T")


def complaint(who: str, expected: str, received: str, advice: str = "") -> str:
    """Put the four parts of an error message together."""
    message = f"{who}: expected {expected}; received {received}."
    return f"{message} {advice}" if advice else message


def describe(value: object) -> str:
    """Say in a few words what a value is: arrays by shape and dtype, others by repr and type."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if value is None:
        return "None"
    text = repr(value)
    if len(text) > 60:
        text = text[:57] + "..."
    return f"{text} ({type(value).__name__})"


def refuse(
    kind: type[GlassbrickError], who: str, expected: str, received: object, advice: str = ""
) -> NoReturn:
    """Raise an error of the given kind, worded by `complaint`."""
    raise kind(complaint(who, expected, describe(received), advice))


class errors_within:  # noqa: N801
    """Puts the name of a place before the messages of errors that arise in a ``with`` block.

    A class, for one written as a generator takes three times as long, and each epoch of each
    network of a population enters one.

    Parameters
    ----------
    place : str
        Where it is.
    """

    def __init__(self, place: str):
        self._place = place

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, GlassbrickError):
            error.within(self._place)


def positive_integer(value: Any, who: str, advice: str = "") -> int:
    """Return `value` as an int, or refuse it unless it is a whole number of at least 1."""
    expected = "a whole number of at least 1"
    if isinstance(value, bool | np.bool) or not isinstance(value, Integral):
        refuse(ArgumentTypeError, who, expected, value, advice)
    if value < 1:
        refuse(ArgumentError, who, expected, value, advice)
    return int(value)


def real_number(value: Any, who: str, *, above: float = -math.inf, or_equal: bool = False) -> float:
    """Return `value` as a float, or refuse it unless it is finite and in range."""
    expected = "a finite number"
    if above > -math.inf:
        expected += f" of at least {above:g}" if or_equal else f" greater than {above:g}"
    if isinstance(value, bool | np.bool) or not isinstance(value, Real):
        refuse(ArgumentTypeError, who, expected, value)
    try:
        number = float(value)
    except OverflowError:
        refuse(ArgumentError, who, expected, value)
    in_range = number >= above if or_equal else number > above
    if not (math.isfinite(number) and in_range):
        refuse(ArgumentError, who, expected, value)
    return number


def true_or_false(value: Any, who: str) -> bool:
    """Return `value` as a bool, or refuse what is neither."""
    if not isinstance(value, bool | np.bool):
        refuse(ArgumentTypeError, who, "True or False", value)
    return bool(value)


def instance_of(value: Any, kind: type[T], who: str, example: str) -> T:
    """Return `value`, or refuse it unless it is an instance of `kind`."""
    if isinstance(value, kind):
        return value
    advice = f"For example: {example}."
    if isinstance(value, type) and issubclass(value, kind):
        advice = f"Make one by calling the class: {value.__name__}(...)."
    article = "an" if kind.__name__[0] in "AEIOU" else "a"
    refuse(ArgumentTypeError, who, f"{article} {kind.__name__}", value, advice)


def one_of(value: Any, choices: dict[str, T], who: str) -> T:
    """Look `value` up in `choices`, or refuse it and list them."""
    if isinstance(value, str) and value in choices:
        return choices[value]
    kind = ArgumentError if isinstance(value, str) else ArgumentTypeError
    refuse(kind, who, "one of " + ", ".join(f'"{name}"' for name in choices), value)


def require_array(value: object, who: str) -> None:
    """Refuse what is neither a NumPy array nor acts like one."""
    if not (isinstance(value, np.ndarray) or hasattr(value, "__array_ufunc__")):
        refuse(ArgumentTypeError, who, "a NumPy array", value, "Convert it with np.asarray.")


def require_shape(array: Any, shape: tuple[int, ...], who: str, advice: str = "") -> None:
    """Refuse an array of another shape than `shape`."""
    require_array(array, who)
    if array.shape != shape:
        refuse(ShapeError, who, f"an array of shape {shape}", array, advice)


def assert_same_shape(array: np.ndarray[Any, Any], array_grad: np.ndarray[Any, Any]) -> None:
    """Raise a `ShapeError` unless a gradient has the shape of the array it belongs to.

    Parameters
    ----------
    array, array_grad : ndarray
        Any two arrays.

    Raises
    ------
    ShapeError
        If the shapes differ. It is a ``ValueError``, not an ``AssertionError``, so
        that ``python -O`` does not remove the check.

    Examples
    --------
    >>> import numpy as np
    >>> assert_same_shape(np.zeros((2, 3)), np.ones((2, 3)))
    """
    require_array(array, "assert_same_shape, first array")
    require_shape(array_grad, array.shape, "assert_same_shape, gradient")
