"""Prediction intervals from the errors on rows that a network has not seen."""

from __future__ import annotations

import math

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import real_number, refuse
from glassbrick.errors import ArgumentError, DataError

__all__ = ["kept_errors", "width_of"]

_MOST = 10_000  # that are kept; more tell no more
_ROUNDING = 1e-9


def kept_errors(errors: Array) -> Array:
    """Return sizes of errors in ascending order, at most some thousands of them a column.

    Of more, each that is kept stands for those below it, so that intervals do not become too
    small.
    """
    sizes = np.sort(np.abs(errors), axis=0)
    if len(sizes) <= _MOST:
        return sizes
    return np.asarray(sizes[np.ceil(np.linspace(0.0, len(sizes) - 1, _MOST)).astype(int)])


def width_of(errors: Array, coverage: float, who: str) -> float:
    r"""Return how far the truth is from a prediction at most, with a probability of `coverage`.

    Parameters
    ----------
    errors : ndarray of shape (n,)
        Sizes of errors on rows not seen, ascending.
    coverage : float
        Between 0 and 1.
    who : str
        Who asks, for errors.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If `coverage` is no such number.
    DataError
        If there are too few errors to know.

    Notes
    -----
    It is the error of rank :math:`\lceil (n + 1)\,c \rceil`; Vovk, Gammerman and Shafer,
    Algorithmic Learning in a Random World, 2005.
    """
    if real_number(coverage, who, above=0.0) >= 1.0:
        refuse(ArgumentError, who, "a number between 0 and 1", coverage)
    rank = math.ceil((len(errors) + 1) * coverage - _ROUNDING)
    if rank > len(errors):
        needed = math.ceil(coverage / (1.0 - coverage) - _ROUNDING)
        raise DataError(
            f"{who}: for intervals that hold {coverage:.4g} of the truths, expected at least "
            f"{needed} different rows in training; received {len(errors)}."
        )
    return float(errors[rank - 1])
