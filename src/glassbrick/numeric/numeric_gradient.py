"""Numeric derivatives of a function, by which the hand-written ones are judged."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from glassbrick.arrays import Array

__all__ = ["Function", "NumericGradient", "complex_step", "has_kink", "numeric_gradient"]

Function = Callable[[Array], Array]

_COMPLEX_STEP = 1e-30
_DIFFERENCE_STEP = 1e-3  # times the size of the number
_KINK = 1e-6  # differences of two step sizes that disagree by more straddle a kink


@dataclass(frozen=True)
class NumericGradient:
    """Derivatives at some elements of an array, and how they were found.

    Attributes
    ----------
    positions : list of tuple of int
        The elements.
    values : ndarray, shape (len(positions),)
        The derivatives there; NaN where the function has a kink.
    method : str
        "complex step" or "differences".
    """

    positions: list[tuple[int, ...]]
    values: Array
    method: str


def numeric_gradient(
    function: Function, at: Array, weights: Array, positions: list[tuple[int, ...]]
) -> NumericGradient:
    r"""Differentiate the weighted sum of a function's outputs.

    Parameters
    ----------
    function : callable
        From an array like `at` to an array like `weights`.
    at : ndarray of float64
        Where to differentiate.
    weights : ndarray of float64
        Of the outputs.
    positions : list of tuple of int
        With respect to which elements of `at`.

    Returns
    -------
    NumericGradient
        By complex step, :math:`\operatorname{Im} f(x+ih)/h`, which has no rounding error,
        if the function is analytic; else by fourth-order differences,
        :math:`(8(f(x+h)-f(x-h))-f(x+2h)+f(x-2h))/12h`.

    Notes
    -----
    Squire and Trapp, Using complex variables to estimate derivatives, 1998.
    """
    if positions and _is_analytic(function, at, weights):
        values = [complex_step(function, at, weights, _unit(at, p)) for p in positions]
        return NumericGradient(positions, np.array(values), "complex step")
    values = [_smooth_difference(function, at, weights, p) for p in positions]
    return NumericGradient(positions, np.array(values), "differences")


def has_kink(function: Function, at: Array, weights: Array, position: tuple[int, ...]) -> bool:
    """Whether the derivatives from the left and from the right differ, as at 0 in a ReLU.

    They differ a little wherever a function is curved, but then less and less with the
    step; across a kink they differ as much at any step.
    """
    direction = _unit(at, position)
    gaps = []
    for size in (1e-5, 1e-6):
        half = size / 2 * max(1.0, abs(float(at[position])))
        left = _difference(function, at - half * direction, weights, direction, half)
        right = _difference(function, at + half * direction, weights, direction, half)
        gaps.append(abs(left - right) / max(abs(left), abs(right), 1e-3))
    return not gaps[1] <= 1e-3 and not gaps[1] <= gaps[0] / 2


def _is_analytic(function: Function, at: Array, weights: Array) -> bool:
    """Whether the complex step can be trusted: it agrees with plain differences, roughly."""
    rng = np.random.default_rng(0)
    agreements = 0
    for _ in range(3):  # by majority, for one direction may cross a kink
        direction = np.asarray(rng.standard_normal(at.shape))
        try:
            exact = complex_step(function, at, weights, direction)
            rough = _difference(function, at, weights, direction, 1e-6)
        except Exception:  # a user's rule may raise anything when given complex numbers
            return False
        agreements += bool(abs(exact - rough) <= 1e-4 * max(abs(exact), abs(rough), 1e-6))
        if agreements == 2:
            return True
    return False


def complex_step(function: Function, at: Array, weights: Array, direction: Array) -> float:
    """Return the derivative along `direction`, exact to rounding, of an analytic function.

    Raises
    ------
    TypeError
        If the function drops the imaginary part.
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
        output = function(at + 1j * _COMPLEX_STEP * direction)
    if not np.iscomplexobj(output):
        raise TypeError("the function drops the imaginary part")
    return float(np.sum(output.imag / _COMPLEX_STEP * weights))


def _difference(
    function: Function, at: Array, weights: Array, direction: Array, step: float
) -> float:
    with np.errstate(all="ignore"):
        above = np.array(function(at + step * direction))  # copied, for a block may reuse it
        change = above - function(at - step * direction)
    return float(np.sum(change * weights)) / (2 * step)


def _smooth_difference(
    function: Function, at: Array, weights: Array, position: tuple[int, ...]
) -> float:
    """Fourth-order difference; NaN if two step sizes disagree, as they do across a kink."""
    direction = _unit(at, position)
    step = _DIFFERENCE_STEP * max(1.0, abs(float(at[position])))
    estimates = []
    for h in (step, step / 2):
        near = _difference(function, at, weights, direction, h)
        far = _difference(function, at, weights, direction, 2 * h)
        estimates.append((4 * near - far) / 3)
    coarse, fine = estimates
    agree = abs(coarse - fine) <= _KINK * max(abs(coarse), abs(fine), 1e-3)
    return fine if agree else float("nan")


def _unit(at: Array, position: tuple[int, ...]) -> Array:
    direction = np.zeros(at.shape)
    direction[position] = 1.0
    return direction
