"""What comes in from outside becomes a clean array of floats here, or a clear error."""

from __future__ import annotations

import warnings
from typing import Any, Literal, NoReturn, TypeAlias, TypeGuard

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from glassbrick.checks import complaint, describe, one_of, refuse
from glassbrick.errors import ArgumentError, DataError, ShapeError

__all__ = [
    "Array",
    "Traced",
    "as_float_dtype",
    "as_matrix",
    "as_number",
    "as_numbers",
    "as_rows",
    "as_targets",
    "is_traced",
    "is_used",
    "read_only",
    "require_same_rows",
    "to_2d_np",
]

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


class Traced:
    """What stands for an array while the XLA engine compiles a step.

    It acts like an array, but has no numbers that could be looked at or converted.
    """

    __slots__ = ()

    def as_number(self) -> float:
        """Return what stands for the Python number that ``float`` would make of it."""
        raise NotImplementedError

    def draw_bernoulli(self, key: Any, probability: float) -> Any:
        """Return 1 with a probability, else 0, in the shape and dtype of this one.

        The random numbers come from `key`, two numbers that are others afterwards.
        """
        raise NotImplementedError

    def draw_normal(self, key: Any) -> Any:
        """Return standard normal numbers in the shape and dtype of this one."""
        raise NotImplementedError


def is_traced(value: object) -> TypeGuard[Any]:
    """Whether `value` stands for an array whose numbers are still to be computed."""
    return issubclass(type(value), Traced)


def is_used(number: Any) -> bool:
    """Whether a setting is not 0; or a compiled step is given it, so that it may be anything."""
    return is_traced(number) or bool(number)


def as_number(value: Any) -> float:
    """Return a Python number, which takes the dtype of what it meets, for one of NumPy."""
    return value.as_number() if is_traced(value) else value.item()  # type: ignore[no-any-return]


_NUMBERS = (bool, int, float, np.bool, np.integer, np.floating)
_REMEDIES = {
    "O": "Convert every column to numbers first; a missing value (None) must be filled in.",
    "U": "Encode text as numbers first, for example one column of 0 and 1 per category.",
    "S": "Encode text as numbers first, for example one column of 0 and 1 per category.",
    "c": "Give real and imaginary parts as separate columns.",
    "M": "Give dates as numbers, for example days since a first date.",
    "m": "Give durations as numbers, for example in seconds.",
}


def as_numbers(value: ArrayLike, name: str, dtype: DTypeLike | None = None) -> Array:
    """Make a C-contiguous array of finite floats of whatever holds numbers.

    Parameters
    ----------
    value : array_like
        An array, a table, or nested lists.
    name : str
        What to call it in an error.
    dtype : dtype, optional
        The dtype to convert to. Without it float32 and float64 stay as they are,
        float16 becomes float32, and integers and booleans become float64.

    Returns
    -------
    ndarray
        `value` or a view of it if it fits already, else a copy.

    Raises
    ------
    DataError
        If `value` is None, sparse, masked, ragged, or holds anything but finite real numbers.
    """
    array = _as_real_array(value, name)
    target = np.dtype(dtype) if dtype is not None else _float_dtype(array.dtype)
    with np.errstate(all="ignore"):
        numbers = np.ascontiguousarray(array, dtype=target).reshape(array.shape)
    _require_finite(numbers, array, name)
    return numbers


def as_matrix(value: ArrayLike, name: str, dtype: DTypeLike | None = None) -> Array:
    """Make a matrix, (rows, columns), of `value`; see `as_numbers`.

    Raises
    ------
    ShapeError
        If `value` has not two axes.
    DataError
        If it has no rows or no features, and for all that `as_numbers` refuses.
    """
    array = as_rows(value, name, dtype)
    if array.ndim != 2:
        refuse(ShapeError, name, "two axes, (rows, columns)", array)
    return array


def as_rows(value: ArrayLike, name: str, dtype: DTypeLike | None = None) -> Array:
    """Make rows of features, (rows, features) or with more axes, of `value`; see `as_numbers`.

    Raises
    ------
    ShapeError
        If `value` has fewer than two axes.
    DataError
        If it has no rows or no features, and for all that `as_numbers` refuses.
    """
    array = as_numbers(value, name, dtype)
    if array.ndim < 2:
        advice = ""
        if array.ndim == 1:
            advice = (
                f"If it is one row, use {name}.reshape(1, -1); "
                f"if it is one feature, {name}.reshape(-1, 1)."
            )
        refuse(ShapeError, name, "two axes, (rows, features)", array, advice)
    if array.size == 0:
        refuse(DataError, name, "at least one row and one feature", array)
    return array


def as_targets(value: ArrayLike, name: str, dtype: DTypeLike | None = None) -> Array:
    """Make a matrix, (rows, outputs), of `value`; one axis is taken as one column."""
    array = as_numbers(value, name, dtype)
    return as_matrix(array[:, np.newaxis] if array.ndim == 1 else array, name, dtype)


def read_only(array: Array) -> Array:
    """Return a view of `array` that a careless block cannot write into."""
    view = array.view()
    view.flags.writeable = False
    return view


def require_same_rows(X: Array, X_name: str, y: Array, y_name: str) -> None:
    """Refuse features and targets that have not the same number of rows."""
    if len(X) != len(y):
        raise DataError(
            complaint(
                f"{X_name} and {y_name}",
                "the same number of rows",
                f"{len(X)} rows in {X_name} and {len(y)} in {y_name}",
            )
        )


def to_2d_np(a: Array, type: Literal["col", "row"] = "col") -> Array:  # noqa: A002 (the chapter's name)
    """Turn an array of one axis into a matrix of one column or one row.

    Parameters
    ----------
    a : ndarray, shape (n,)
        Any array of one axis.
    type : {"col", "row"}
        Whether to return shape (n, 1) or (1, n).

    Returns
    -------
    ndarray
        A view of `a`.

    Raises
    ------
    ShapeError
        If `a` has not one axis.
    ArgumentError
        If `type` is neither "col" nor "row".

    Examples
    --------
    >>> import numpy as np
    >>> to_2d_np(np.array([1.0, 2.0, 3.0])).shape
    (3, 1)
    """
    array = np.asarray(a)
    if array.ndim != 1:
        refuse(ShapeError, "to_2d_np", "an array of one axis", array)
    if type not in ("col", "row"):
        refuse(ArgumentError, "to_2d_np, type", '"col" or "row"', type)
    return array.reshape(-1, 1) if type == "col" else array.reshape(1, -1)


def as_float_dtype(dtype: DTypeLike, who: str) -> type[np.floating[Any]]:
    """Return float64 or float32, by whatever name NumPy knows it; refuse others."""
    try:
        with warnings.catch_warnings(action="ignore"):  # of old names, refused anyway
            name = np.dtype(dtype).name
    except TypeError:
        name = describe(dtype)
    kinds: dict[str, type[np.floating[Any]]] = {"float64": np.float64, "float32": np.float32}
    return one_of(name, kinds, who)


def _as_real_array(value: ArrayLike, name: str) -> Array:
    if value is None:
        refuse(DataError, name, "an array of numbers", value)
    if hasattr(value, "toarray"):
        advice = f"Make it dense with {name}.toarray()."
        raise DataError(complaint(name, "a dense array", f"a {type(value).__name__}", advice))
    if np.ma.is_masked(value):
        advice = "Fill the masked values in first, for example with .filled(0)."
        raise DataError(complaint(name, "an array without masked values", "masked values", advice))
    try:
        array = np.asarray(value)
    except Exception as error:  # whatever an array-like object raises
        advice = "Rows of unequal length cannot form a matrix."
        raise DataError(
            complaint(name, "an array of numbers", f"a {type(value).__name__}: {error}", advice)
        ) from None
    if array.dtype.kind == "O" and all(isinstance(v, _NUMBERS) for v in array.flat):
        array = array.astype(np.float64)  # a table of floats, integers and booleans
    if array.dtype.kind not in "biuf":
        _refuse_dtype(array, name)
    return array


def _refuse_dtype(array: Array, name: str) -> NoReturn:
    received = f"dtype {array.dtype}"
    if array.size and array.dtype.kind in "OUS":
        first = next(v for v in array.flat if not isinstance(v, _NUMBERS))
        received += f", for example {first!r} ({type(first).__name__})"
    advice = _REMEDIES.get(array.dtype.kind, "")
    raise DataError(complaint(name, "real numbers", received, advice))


def _float_dtype(dtype: np.dtype[Any]) -> type[np.floating[Any]]:
    small = dtype.kind == "f" and dtype.itemsize <= 4
    return np.float32 if small else np.float64


def _require_finite(numbers: Array, original: Array, name: str) -> None:
    finite = np.isfinite(numbers)
    if finite.all():
        return
    where = np.argwhere(~finite)
    first = tuple(int(i) for i in where[0])
    was = original[first]
    received = f"{len(where)} of {numbers.size} values not finite, the first {was} at {list(first)}"
    advice = "Fill in or leave out such rows before training."
    if np.isfinite(was):
        advice = f"It is too large for {numbers.dtype}: scale the data, or use float64."
    raise DataError(complaint(name, "finite numbers", received, advice))
