"""TracedArray: stands for a NumPy array while a step is compiled, and records what is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn, Self

import jax
import jax.numpy as jnp
import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from glassbrick.arrays import Array, Traced
from glassbrick.engines.xla.tracing.journal import journal
from glassbrick.engines.xla.tracing.refusal import refuse_to_trace

__all__ = ["TracedArray"]

_NO_VALUES = "there are no numbers yet while the step is compiled"


class TracedArray(Traced, NDArrayOperatorsMixin):
    """An array of numbers that are still to be computed.

    NumPy hands it whatever is done to it (``__array_ufunc__``, ``__array_function__``), and
    it does the same to a value of JAX. It keeps NumPy's meaning of identity: it can be
    changed in place, and views of it see the change and pass their own on.

    Parameters
    ----------
    value : jax.Array
        What it stands for.
    scalar : bool
        Whether NumPy would have made a scalar, which is not changed in place.
    number : bool
        Whether it stands for a Python number, which takes the dtype of what it meets.

    Notes
    -----
    The shadow is a NumPy array of the same shape, dtype and strides, whose numbers nobody
    ever reads or writes: it answers what NumPy would do (is this a view or a copy? is that
    index in range?) and costs no memory.
    """

    __slots__ = (
        *("_base", "_get", "_put", "_recording", "_shadow", "_value"),
        *("number", "scalar", "transposed", "was_read"),
    )

    _shadow: Array
    _base: TracedArray | None
    _get: Callable[[jax.Array], jax.Array]
    _put: Callable[[jax.Array, jax.Array], jax.Array]

    def __init__(self, value: Any, *, scalar: bool = False, number: bool = False):
        self._shadow = np.empty(value.shape, value.dtype)
        self._value, self._recording = value, journal.get()
        self._base = None
        self.scalar, self.number = scalar, number
        self.transposed = self.was_read = False

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """So that ``isinstance(x, np.ndarray)`` in a user's rule is true."""
        return TracedArray if self.scalar or self.number else np.ndarray

    @property
    def value(self) -> jax.Array:
        """What it stands for, as of now."""
        if self._base is not None:
            return self._get(self._base.value)
        if self._recording is not journal.get():
            refuse_to_trace(
                "an array of an earlier recording",
                "it never had any numbers",
                "Hold what a step leaves for the next one in attributes, lists or dicts of the "
                "block or the optimizer.",
            )
        self.was_read = True
        return self._value  # type: ignore[no-any-return]

    def stand_for(self, value: jax.Array) -> None:
        """Stand for this value from now on, the one that a recording begins with."""
        self._value, self._recording = value, journal.get()

    @property
    def current(self) -> jax.Array:
        """The value, for those who only look whether it has changed."""
        return self.value if self._base is not None else self._value

    def assign(self, value: jax.Array) -> None:
        """Take another value, in place."""
        if not self._shadow.flags.writeable:
            raise ValueError("assignment destination is read-only")  # as NumPy says it
        value = jnp.broadcast_to(value, self.shape).astype(self.dtype)
        if self._base is not None:
            self._base.assign(self._put(self._base.value, value))
        else:
            self._value = value

    def _moved(
        self,
        shadow: Array,
        get: Callable[[jax.Array], jax.Array],
        put: Callable[[jax.Array, jax.Array], jax.Array],
    ) -> TracedArray:
        """Return a view of this array, or a copy, whichever NumPy made of its shadow."""
        if not np.may_share_memory(shadow, self._shadow):
            return TracedArray(get(self.value))
        view = TracedArray.__new__(TracedArray)
        view._shadow, view._base, view._get, view._put = shadow, self, get, put
        view._recording = self._recording
        view.scalar = view.number = view.transposed = view.was_read = False
        return view

    # What NumPy asks for, and what it does with it.

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        from glassbrick.engines.xla.tracing.ufuncs import apply_ufunc

        return apply_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        from glassbrick.engines.xla.tracing.functions import apply_function

        return apply_function(function, args, kwargs)

    # What is known of it.

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        return self._shadow.shape  # type: ignore[no-any-return]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of its numbers."""
        return self._shadow.dtype

    ndim = property(lambda self: self._shadow.ndim)
    size = property(lambda self: self._shadow.size)
    itemsize = property(lambda self: self._shadow.itemsize)
    nbytes = property(lambda self: self._shadow.nbytes)
    strides = property(lambda self: self._shadow.strides)
    flags = property(lambda self: self._shadow.flags)

    def setflags(self, *args: Any, **kwargs: Any) -> None:
        """As ``ndarray.setflags``."""
        self._shadow.setflags(*args, **kwargs)

    def __len__(self) -> int:
        return len(self._shadow)

    def __iter__(self) -> Iterator[TracedArray]:
        return (self[index] for index in range(len(self)))

    def __repr__(self) -> str:
        return f"an array of shape {self.shape} and dtype {self.dtype}, still to be computed"

    # Views and copies.

    def reshape(self, *shape: Any, order: str = "C", copy: bool | None = None) -> TracedArray:
        """As ``ndarray.reshape``."""
        if order != "C":
            refuse_to_trace(f"order={order!r}", "only order C is compiled", "Use order C.")
        before = self.shape
        shadow = self._shadow.reshape(*shape)
        view = self._moved(
            shadow, lambda v: v.reshape(shadow.shape), lambda _, v: v.reshape(before)
        )
        return view.copy() if copy else view

    def ravel(self, order: str = "C") -> TracedArray:
        """As ``ndarray.ravel``."""
        return self.reshape(-1, order=order)

    def flatten(self, order: str = "C") -> TracedArray:
        """As ``ndarray.flatten``."""
        return self.reshape(-1, order=order).copy()

    def transpose(self, *axes: Any) -> TracedArray:
        """As ``ndarray.transpose``."""
        shadow = self._shadow.transpose(*axes)
        given = axes[0] if len(axes) == 1 else axes or None
        order = [int(a) % self.ndim for a in given] if given is not None else None
        back = None if order is None else [int(a) for a in np.argsort(order)]
        moved = self._moved(
            shadow, lambda v: jnp.transpose(v, order), lambda _, v: jnp.transpose(v, back)
        )
        moved.transposed = self.ndim == 2 and order in (None, [1, 0])
        return moved

    @property
    def T(self) -> TracedArray:  # noqa: N802
        """As ``ndarray.T``."""
        return self.transpose()

    @property
    def mT(self) -> TracedArray:  # noqa: N802
        """As ``ndarray.mT``."""
        return self.swapaxes(-1, -2)

    def swapaxes(self, first: int, second: int) -> TracedArray:
        """As ``ndarray.swapaxes``."""
        axes = list(range(self.ndim))
        axes[first], axes[second] = axes[second], axes[first]
        return self.transpose(axes)

    def squeeze(self, axis: Any = None) -> TracedArray:
        """As ``ndarray.squeeze``."""
        return self.reshape(self._shadow.squeeze(axis).shape)

    def view(self, *args: Any, **kwargs: Any) -> TracedArray:
        """As ``ndarray.view``, without another dtype or class."""
        if args or kwargs:
            refuse_to_trace("view(dtype)", "bits cannot be read as others", "Use astype.")
        return self._moved(self._shadow.view(), lambda v: v, lambda _, v: v)

    def copy(self, order: str = "C") -> TracedArray:  # noqa: ARG002
        """As ``ndarray.copy``."""
        return TracedArray(self.value)

    def __copy__(self) -> TracedArray:
        return self.copy()

    def __deepcopy__(self, memo: object) -> TracedArray:
        return self.copy()

    def astype(self, dtype: Any, *, copy: bool = True) -> TracedArray:
        """As ``ndarray.astype``."""
        if not copy and np.dtype(dtype) == self.dtype:
            return self
        return TracedArray(self.value.astype(np.dtype(dtype)), scalar=self.scalar)

    def fill(self, value: Any) -> None:
        """As ``ndarray.fill``."""
        self[...] = value

    def __getitem__(self, key: Any) -> TracedArray:
        from glassbrick.engines.xla.tracing.indexing import get_item

        return get_item(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        from glassbrick.engines.xla.tracing.indexing import set_item

        set_item(self, key, value)

    @property
    def real(self) -> Self:
        """As ``ndarray.real``, of real numbers."""
        return self

    # What needs numbers.

    def __bool__(self) -> bool:
        refuse_to_trace(
            "a branch on a value", _NO_VALUES, "Use np.where(condition, a, b) instead of if."
        )

    def __float__(self) -> float:
        _refuse_number("float(x)")

    def __int__(self) -> int:
        _refuse_number("int(x)")

    def __index__(self) -> int:
        _refuse_number("a value used as an index or a length")

    def __complex__(self) -> complex:
        _refuse_number("complex(x)")

    def item(self) -> NoReturn:
        """Refuse."""
        _refuse_number("item()")

    def tolist(self) -> NoReturn:
        """Refuse."""
        _refuse_number("tolist()")

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        refuse_to_trace(
            "a conversion to numbers",
            _NO_VALUES,
            "np.array and np.asarray are not needed here (np.copy makes a copy), and a method of "
            "a constant array, c.dot(x), cannot be followed: write np.dot(c, x) or c @ x. To fill "
            "an array bit by bit start from np.zeros_like(x).",
        )

    def __contains__(self, value: object) -> bool:
        refuse_to_trace("value in x", _NO_VALUES, "Use np.any(x == value) within np.where.")

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        refuse_to_trace("pickling an array", _NO_VALUES, "Do it outside of the step.")

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __getattr__(self, name: str) -> NoReturn:
        if hasattr(np.ndarray, name) and not name.startswith("__"):
            refuse_to_trace(
                f"ndarray.{name}", "it is not among what can be compiled", "Use another function."
            )
        raise AttributeError(f"'numpy.ndarray' object has no attribute {name!r}")


def _refuse_number(what: str) -> NoReturn:
    refuse_to_trace(
        what, _NO_VALUES, "Leave it an array, and use NumPy's functions (np.sqrt for math.sqrt)."
    )


def _as_function(name: str) -> Callable[..., Any]:
    function = getattr(np, name)

    def method(self: TracedArray, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    method.__name__, method.__doc__ = name, f"As ``ndarray.{name}``."
    return method


_METHODS = (
    *("all", "any", "argmax", "argmin", "argsort", "clip", "conj", "cumprod", "cumsum"),
    *("diagonal", "dot", "max", "mean", "min", "prod", "repeat", "round", "std", "sum"),
    *("take", "trace", "var"),
)
for _name in _METHODS:
    setattr(TracedArray, _name, _as_function(_name))
