"""TracedArray: stands for a NumPy array while a step is compiled, and records what is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import jax
import jax.numpy as jnp
import numpy as np

from glassbrick.arrays import Array, Traced
from glassbrick.engines.xla.tracing.journal import journal
from glassbrick.engines.xla.tracing.numberless import Numberless
from glassbrick.engines.xla.tracing.operators import Operators
from glassbrick.engines.xla.tracing.refusal import refuse_to_trace

__all__ = ["TracedArray", "require_numbers"]


class TracedArray(Traced, Numberless, Operators):
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
    shadow : ndarray, optional
        An array that is laid out as NumPy's would be; without it, row by row.

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

    def __init__(
        self,
        value: Any,
        *,
        scalar: bool = False,
        number: bool = False,
        shadow: Array | None = None,
    ):
        self._shadow = np.empty(value.shape, value.dtype) if shadow is None else shadow
        self._value, self._recording = value, journal.get()
        self._base = None
        self.scalar, self.number = scalar, number
        self.transposed = self.was_read = False

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """So that ``isinstance(x, np.ndarray)`` in a user's rule is true, or ``float``."""
        if self.number:
            return {"b": bool, "i": int, "f": float}[self.dtype.kind]
        return self.dtype.type if self.scalar else np.ndarray

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

    @property
    def root(self) -> TracedArray:
        """The array that this is a view of, or itself."""
        return self if self._base is None else self._base.root

    def as_number(self) -> Any:
        """Return it as ``float(x)`` would, if there were a number."""
        return TracedArray(self.value.astype(np.float64), number=True)

    def draw_bernoulli(self, key: Any, probability: float) -> TracedArray:
        """See `Traced.draw_bernoulli`."""
        from glassbrick.engines.xla.tracing.drawing import draw_bernoulli

        return draw_bernoulli(self, key, probability)

    def draw_normal(self, key: Any) -> TracedArray:
        """See `Traced.draw_normal`."""
        from glassbrick.engines.xla.tracing.drawing import draw_normal

        return draw_normal(self, key)

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
        if self.scalar or self.number or not isinstance(shadow, np.ndarray):
            return TracedArray(get(self.value), scalar=shadow.ndim == 0)
        if not np.may_share_memory(shadow, self._shadow):
            return TracedArray(get(self.value), shadow=shadow)
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

    @shape.setter
    def shape(self, shape: Any) -> NoReturn:  # noqa: ARG002
        refuse_to_trace("x.shape = ...", "arrays keep their shape", "Use x = x.reshape(shape).")

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
        if order == "A":
            order = "F" if self._shadow.flags.fnc else "C"
        if order == "F":
            given = shape[0] if len(shape) == 1 and np.ndim(shape[0]) else shape
            return self.T.reshape(tuple(reversed(given)), copy=copy).T
        if order != "C":
            refuse_to_trace(f"order={order!r}", "only C, F and A are compiled", "Use C.")
        before = self.shape
        copying: dict[str, Any] = {} if copy is None else {"copy": copy}
        shadow = self._shadow.reshape(*shape, **copying)
        return self._moved(
            shadow, lambda v: v.reshape(shadow.shape), lambda _, v: v.reshape(before)
        )

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
        if self.ndim < 2:
            raise ValueError("matrix transpose with ndim < 2 is undefined")  # as NumPy says it
        return self.swapaxes(-1, -2)

    def swapaxes(self, first: int, second: int) -> TracedArray:
        """As ``ndarray.swapaxes``."""
        self._shadow.swapaxes(first, second)  # raises what NumPy raises
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

    def copy(self, order: str = "C") -> TracedArray:
        """As ``ndarray.copy``."""
        shadow = np.empty_like(self._shadow, order=order)  # type: ignore[call-overload]
        return TracedArray(self.value, scalar=self.scalar, number=self.number, shadow=shadow)

    def __copy__(self) -> TracedArray:
        return self.copy()

    def __deepcopy__(self, memo: object) -> TracedArray:
        return self.copy()

    def astype(
        self,
        dtype: Any,
        order: str = "K",
        casting: Any = "unsafe",
        subok: bool = True,  # noqa: ARG002
        copy: bool = True,
    ) -> TracedArray:
        """As ``ndarray.astype``."""
        new = np.dtype(dtype)
        if not np.can_cast(self.dtype, new, casting):
            raise TypeError(
                f"Cannot cast array data from {self.dtype!r} to {new!r} according to the rule "
                f"{casting!r}"
            )
        require_numbers(new)
        if not copy and new == self.dtype:
            return self
        shadow = np.empty_like(self._shadow, new, order=order)  # type: ignore[call-overload]
        return TracedArray(self.value.astype(new), scalar=self.scalar, shadow=shadow)

    def sort(self, axis: int = -1, **kwargs: Any) -> None:
        """As ``ndarray.sort``, in place."""
        self[...] = np.sort(self, axis, **kwargs)

    def conj(self) -> Any:
        """As ``ndarray.conj``."""
        return np.conj(self) if self.dtype.kind == "c" else self

    conjugate = conj

    def clip(self, min: Any = None, max: Any = None, out: Any = None) -> Any:  # noqa: A002
        """As ``ndarray.clip``."""
        return np.clip(self, min, max, out=out)

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
    def real(self) -> TracedArray:
        """As ``ndarray.real``."""
        if self.dtype.kind != "c":
            return self
        return self._moved(self._shadow.real, jnp.real, lambda v, part: part + 1j * v.imag)

    @property
    def imag(self) -> TracedArray:
        """As ``ndarray.imag``, of complex numbers."""
        if self.dtype.kind != "c":
            zeros = TracedArray(jnp.zeros(self.shape, self.dtype))
            zeros.setflags(write=False)
            return zeros
        return self._moved(self._shadow.imag, jnp.imag, lambda v, part: v.real + 1j * part)

    def __getattr__(self, name: str) -> NoReturn:
        if hasattr(np.ndarray, name) and not name.startswith("__"):
            refuse_to_trace(
                f"ndarray.{name}", "it is not among what can be compiled", "Use another function."
            )
        raise AttributeError(f"'numpy.ndarray' object has no attribute {name!r}")


def require_numbers(dtype: np.dtype[Any]) -> None:
    """Refuse texts, objects, and numbers that XLA does not know."""
    if dtype.kind not in "biufc" or dtype in (np.longdouble, np.clongdouble):
        refuse_to_trace(f"dtype {dtype}", "XLA has none such", "Use np.float64 or np.float32.")


def _as_function(name: str) -> Callable[..., Any]:
    function = getattr(np, name)

    def method(self: TracedArray, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    method.__name__, method.__doc__ = name, f"As ``ndarray.{name}``."
    return method


_METHODS = (
    *("all", "any", "argmax", "argmin", "argsort", "cumprod"),
    *("cumsum", "diagonal", "dot", "max", "mean", "min", "prod", "repeat", "round", "std", "sum"),
    *("take", "trace", "var"),
)
for _name in _METHODS:
    setattr(TracedArray, _name, _as_function(_name))
