"""Packed: the arrays of a page as one text, each once, exact in every digit that is shown."""

from __future__ import annotations

import base64
import zlib
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

import numpy as np

from glassbrick.arrays import Array

__all__ = ["Packed", "decimals"]

_EXACT = 10_000  # numbers, up to which an array is packed as it is, to the last bit

_NOT_FINITE = np.iinfo(np.int16).max  # in the place of an exponent


class Packed:
    """Arrays on their way to a page.

    Small ones are packed bit for bit. Of large ones, such as 784 x 256 weights, a page shows few
    digits; so these digits are packed, rounded here and once: a decimal number and its exponent.

    Parameters
    ----------
    digits : int, default 4
        Of the numbers of large arrays; at most 4.
    """

    def __init__(self, digits: int = 4):
        self.digits = digits
        self.told: list[dict[str, Any]] = []
        self._numbers: dict[tuple[Any, ...], int] = {}
        self._parts: list[bytes] = []
        self._length = 0

    def add(self, array: Array, exact: int = _EXACT) -> int:
        """Take an array in, and return its number; an equal one that is there already serves.

        Parameters
        ----------
        array : ndarray
            Of real numbers; of others only shape and dtype are told.
        exact : int
            Up to how many numbers it is packed to the last bit.
        """
        array = np.ascontiguousarray(array).reshape(array.shape)
        key = (array.shape, array.dtype.str, array.tobytes())
        if key not in self._numbers:
            self._numbers[key] = len(self.told)
            self.told.append(self._pack(array, exact))
        return self._numbers[key]

    def text(self) -> str:
        """Return all arrays, deflated, in base64."""
        return base64.b64encode(zlib.compress(b"".join(self._parts), 6)).decode()

    def _pack(self, array: Array, exact: int) -> dict[str, Any]:
        told: dict[str, Any] = {"shape": list(array.shape), "dtype": array.dtype.name}
        if array.dtype.kind not in "biuf":
            return told  # no real numbers: a page shows their shape
        told["at"] = self._length
        if array.size > exact:
            told["as"] = "decimal"
            for part in decimals(array, self.digits):
                self._append(part)
        else:
            told["as"] = "single" if array.dtype == np.float32 else "double"
            self._append(array.astype("<f4" if told["as"] == "single" else "<f8"))
        return told

    def _append(self, array: Array) -> None:
        """Append the first bytes of all numbers, then the second ones, which deflates better."""
        planes = array.reshape(-1, 1).view(np.uint8).T.tobytes()
        self._parts.append(planes)
        self._length += len(planes)


def decimals(array: Array, digits: int) -> tuple[Array, Array]:
    """Return whole numbers and exponents of ten: the values, rounded to so many digits.

    Halves are rounded away from zero, as browsers do. Values that are not finite have an
    exponent that no number has, and 0 (NaN), 1 or -1 (infinities) in the place of a number.

    >>> decimals(np.array([0.123456, -98765.0]), 4)
    (array([ 1235, -9877], dtype=int16), array([-4,  1], dtype=int16))
    """
    values = array.astype(np.float64).ravel()
    with np.errstate(all="ignore"):
        size = np.abs(values)
        exponents = np.floor(np.log10(size)) - (digits - 1)
        scaled = size * 10.0**-exponents
        rounded = np.floor(scaled + 0.5)
        # Where the product above may have lost the last digit, it is found out exactly.
        safe = (np.abs(scaled - np.floor(scaled) - 0.5) > 1e-6) & (np.abs(exponents) < 200)
        safe &= (rounded >= 10.0 ** (digits - 1)) & (rounded <= 10.0**digits)
        carried = rounded == 10.0**digits
        rounded[carried] /= 10.0
        exponents[carried] += 1.0
        safe |= (size == 0.0) | ~np.isfinite(values)
    numbers = np.zeros(values.shape, "<i2")
    powers = np.zeros(values.shape, "<i2")
    usual = safe & (size > 0.0) & np.isfinite(values)
    numbers[usual] = np.copysign(rounded[usual], values[usual])
    powers[usual] = exponents[usual]
    infinite = ~np.isfinite(values)
    powers[infinite] = _NOT_FINITE
    numbers[infinite] = np.nan_to_num(np.sign(values[infinite]))
    if not safe.all():
        special, places = np.unique(values[~safe], return_inverse=True)
        exact = np.array([_exactly(float(value), digits) for value in special], "<i2")
        numbers[~safe], powers[~safe] = exact[places].T
    return numbers, powers


def _exactly(value: float, digits: int) -> tuple[int, int]:
    rounded = Context(prec=digits, rounding=ROUND_HALF_UP).create_decimal(Decimal(value))
    sign, places, exponent = rounded.as_tuple()
    number = int("".join(map(str, places)))
    return (-number if sign else number), int(exponent)
