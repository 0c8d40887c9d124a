"""Noted: an array that takes down what NumPy is asked to do with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np

from glassbrick.arrays import Array
from glassbrick.errors import TracingError

__all__ = ["Note", "Notebook", "Noted", "Ref"]


@dataclass(frozen=True)
class Ref:
    """Stands for the result of an earlier call; 0 is the input, a name a held array."""

    number: int | str


@dataclass(frozen=True)
class Note:
    """One call: what was called, with what, and what came of it.

    Attributes
    ----------
    place : str
        The operation that made the call, "dense_1.sigmoid".
    name : str
        Of the function in ``np``, or of the method after a dot: "maximum", ".reshape".
    args, kwargs : sequence, mapping
        Its arguments: a `Ref` in the place of each `Noted`, everything else as it is.
    result : int
        The number of what came of it.
    value : ndarray
        What came of it, for the rows that it was tried with.
    """

    place: str
    name: str
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    result: int
    value: Array


@dataclass
class Notebook:
    """Takes down calls in their order."""

    notes: list[Note] = field(default_factory=list)
    place: str = ""

    def take(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any], value: Any) -> Noted:
        """Take down a call, and return what stands for its result."""
        number = len(self.notes) + 1
        given = tuple(_refs(arg) for arg in args), _refs(dict(kwargs))
        self.notes.append(Note(self.place, name, *given, number, np.asarray(value)))
        return Noted(self, number, np.asarray(value))


class Noted(np.lib.mixins.NDArrayOperatorsMixin):
    """Stands for an array; knows its numbers, and notes what is done with them.

    Parameters
    ----------
    notebook : Notebook
        Where to.
    number : int or str
        Which result it is; 0 is the input, a name an array that an operation holds.
    value : ndarray
        Its numbers.
    """

    def __init__(self, notebook: Notebook, number: int | str, value: Array):
        self.notebook, self.number, self.value = notebook, number, value

    shape = property(lambda self: self.value.shape)
    ndim = property(lambda self: self.value.ndim)
    size = property(lambda self: self.value.size)
    dtype = property(lambda self: self.value.dtype)

    @property
    def T(self) -> Noted:  # noqa: N802 (NumPy's name)
        """As ``ndarray.T``."""
        return self.transpose()  # type: ignore[no-any-return]

    @property
    def real(self) -> Noted:
        """As ``ndarray.real``: these numbers are."""
        return self

    def __len__(self) -> int:
        return len(self.value)

    def __getitem__(self, key: Any) -> Noted:
        return self.notebook.take("[]", (self, key), {}, self.value[_values(key)])

    def __setitem__(self, key: Any, value: Any) -> None:
        _refuse(self.notebook.place, "an assignment to a part of an array")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or ufunc.nout > 1 or set(kwargs) - {"out"}:
            _refuse(self.notebook.place, f"np.{ufunc.__name__} in this form")
        result = self._call(ufunc.__name__, ufunc, inputs, {})
        for target in kwargs.get("out", ()):
            if not isinstance(target, Noted) or target.shape != result.shape:
                _refuse(self.notebook.place, f"np.{ufunc.__name__} with out=")
            target.number, target.value = result.number, result.value
            return target
        return result

    def __array_function__(
        self,
        function: Callable[..., Any],
        types: Any,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
    ) -> Any:
        return self._call(function.__name__, function, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name not in _METHODS:
            raise AttributeError(name)

        def method(*args: Any, **kwargs: Any) -> Noted:
            value = getattr(self.value, name)(*_values(args), **_values(kwargs))
            return self.notebook.take(f".{name}", (self, *args), kwargs, value)

        return method

    def __bool__(self) -> NoReturn:
        _refuse(self.notebook.place, "a decision by numbers")

    __float__ = __int__ = __index__ = __iter__ = __bool__

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        _refuse(self.notebook.place, "a conversion to numbers")

    def _call(
        self, name: str, function: Callable[..., Any], args: Sequence[Any], kwargs: Any
    ) -> Noted:
        with np.errstate(all="ignore"):
            value = function(*_values(args), **_values(kwargs))
        return self.notebook.take(name, args, kwargs, value)


_METHODS = frozenset(
    ("astype", "clip", "dot", "max", "mean", "min", "ravel", "reshape", "sum", "take", "transpose")
)


def _values(thing: Any) -> Any:
    """Return arguments with numbers in the place of what stands for them."""
    if isinstance(thing, Noted):
        return thing.value
    if isinstance(thing, tuple | list):
        return type(thing)(_values(part) for part in thing)
    if isinstance(thing, dict):
        return {name: _values(part) for name, part in thing.items()}
    return thing


def _refs(thing: Any) -> Any:
    """Return arguments with `Ref` in the place of what stands for arrays, as they are now."""
    if isinstance(thing, Noted):
        return Ref(thing.number)
    if isinstance(thing, tuple | list):
        return type(thing)(_refs(part) for part in thing)
    if isinstance(thing, dict):
        return {name: _refs(part) for name, part in thing.items()}
    return thing


def _refuse(place: str, what: str) -> NoReturn:
    raise TracingError(
        f"{place}: expected calls of NumPy that can be written down; received {what}. Write it "
        "with whole arrays: np.where in the place of if, a new array in the place of a part."
    )
