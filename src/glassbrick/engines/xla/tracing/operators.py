"""Python's operators, where they do something else than the universal functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

__all__ = ["Operators"]


class Operators(NDArrayOperatorsMixin):
    """The operators of an array, of a scalar of NumPy, and of a Python number."""

    __slots__ = ()

    __hash__ = None  # type: ignore[assignment]
    number: bool
    scalar: bool
    dtype: Any
    shape: Any

    def __eq__(self, other: object) -> Any:
        if other is None or isinstance(other, str | bytes):
            return np.zeros(self.shape, bool)[()]  # known without numbers
        return super().__eq__(other)

    def __ne__(self, other: object) -> Any:
        if other is None or isinstance(other, str | bytes):
            return np.ones(self.shape, bool)[()]
        return super().__ne__(other)

    def __pow__(self, other: Any) -> Any:
        if not self.scalar and not self.number:  # NumPy's own short cuts
            if type(other) is int and other == 2:
                return np.square(self)  # type: ignore[call-overload]
            if self.dtype.kind == "f" and type(other) in (int, float) and other in _POWERS:
                return _POWERS[other](self)
        return _power(self, other)

    def __round__(self, digits: int | None = None) -> Any:
        if not self.scalar and not self.number:
            raise TypeError("type numpy.ndarray doesn't define __round__ method")
        if digits is None:
            return int(self)  # type: ignore[call-overload] # refuses
        return _as_number(np.round(self, digits), self.number)  # type: ignore[call-overload]


_POWERS: dict[float, np.ufunc] = {0.5: np.sqrt, 2.0: np.square, -1.0: np.reciprocal}


def _as_number(result: Any, is_number: bool) -> Any:
    for part in result if isinstance(result, tuple) else (result,):
        part.number = is_number
    return result


def _for_numbers(operator: Callable[..., Any]) -> Callable[..., Any]:
    """Let an operator make a Python number of Python numbers."""

    def method(self: Any, *others: Any) -> Any:
        result = operator(self, *others)
        is_number = self.number and all(
            type(other) in (bool, int, float) or getattr(other, "number", False) for other in others
        )
        return _as_number(result, True) if is_number else result

    return method


def _in_place(operator: Callable[..., Any]) -> Callable[..., Any]:
    """Let scalars and numbers, which are not changed in place, be bound anew instead."""

    def method(self: Any, other: Any) -> Any:
        return NotImplemented if self.scalar or self.number else operator(self, other)

    return method


_power = _for_numbers(NDArrayOperatorsMixin.__pow__)
for _name in "add sub mul truediv floordiv mod divmod pow neg pos abs".split():
    for _method in (f"__{_name}__", f"__r{_name}__"):
        if _method != "__pow__" and hasattr(NDArrayOperatorsMixin, _method):
            setattr(Operators, _method, _for_numbers(getattr(NDArrayOperatorsMixin, _method)))
for _name in "add sub mul matmul truediv floordiv mod pow lshift rshift and or xor".split():
    _method = f"__i{_name}__"
    setattr(Operators, _method, _in_place(getattr(NDArrayOperatorsMixin, _method)))
