"""Comparison: hand-written gradients against numeric ones, one result for each."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import describe
from glassbrick.errors import GlassbrickError
from glassbrick.numeric.gradient_report import GradientReport, GradientResult
from glassbrick.numeric.numeric_gradient import (
    Function,
    NumericGradient,
    complex_step,
    has_kink,
    numeric_gradient,
)

__all__ = ["Comparison"]

_CANCELLED = 1e-4  # of the size of its terms: a smaller gradient is judged as if it were so large


class Comparison:
    """Adds results to a report.

    Parameters
    ----------
    report : GradientReport
        Where the results go.
    rng : Generator
        Chooses elements of large arrays.
    most : int, default 60
        Elements of each array that are compared; a random choice stands for larger ones.
    """

    def __init__(self, report: GradientReport, rng: np.random.Generator, most: int = 60):
        self.report = report
        self.rng = rng
        self.most = most

    def compare(
        self,
        block: str,
        gradient: str,
        analytic: Callable[[], Array],
        function: Function,
        at: Array,
        weights: Array,
        size: float = 0.0,
    ) -> bool:
        """Compare one gradient, and say whether it is right.

        Parameters
        ----------
        block, gradient : str
            What to call it.
        analytic : callable
            Computes the hand-written gradient, of the shape of `at`.
        function, at, weights
            The function that it is the gradient of; see `numeric_gradient`.
        size : float, default 0
            Norm of the gradients that it is computed from, of which it has the rounding.
        """
        with np.errstate(all="ignore"):
            try:
                found, again = copy.copy(analytic()), analytic()
            except Exception as error:  # whatever a user's rule raises is a finding
                return self.fail(block, gradient, error)
            problem = _unusable(found, at) or _unjudgeable(function, at)
            if not problem and not np.array_equal(found, again, equal_nan=True):
                problem = "backward gives something else when it is called again"
            if problem:
                return self.fail(block, gradient, problem)
            return self._judge(block, gradient, found, function, at, weights, size)

    def _judge(
        self,
        block: str,
        gradient: str,
        found: Array,
        function: Function,
        at: Array,
        weights: Array,
        size: float,
    ) -> bool:
        tolerance = self.report.tolerance
        positions = self._choose(at.shape)
        numeric = numeric_gradient(function, at, weights, positions)
        directional = numeric.method == "complex step" and len(positions) < at.size
        if directional:
            hidden = self._not_chosen_but_wrong(found, function, at, weights)
            if hidden is not None:
                numeric = numeric_gradient(function, at, weights, [*positions, hidden])
        values = np.array([found[position] for position in numeric.positions])
        smooth = np.isfinite(numeric.values)
        distance, worst = _relative_error(values, numeric.values, smooth)
        if distance > tolerance:  # an element right at a kink is no one's fault
            for number, position in enumerate(numeric.positions):
                smooth[number] &= not has_kink(function, at, weights, position)
            distance, worst = _relative_error(values, numeric.values, smooth)
        if distance > tolerance and smooth.any():  # nor is rounding, where terms cancel
            size = max(size, self._uncancelled_size(function, at, weights, numeric.positions))
            distance, worst = _relative_error(values, numeric.values, smooth, _CANCELLED * size)
        problem = ""
        if not smooth.any() or distance > tolerance:
            problem = _problem(values, numeric, smooth, worst, at)
        result = GradientResult(
            block=block,
            gradient=gradient,
            ok=not problem,
            error=distance,
            method=numeric.method,
            checked=int(smooth.sum()),
            skipped=int((~smooth).sum()),
            problem=problem,
            difference=_largest_difference(values, numeric.values, smooth),
            directional=directional,
        )
        self.report.add(result)
        return result.ok

    def _uncancelled_size(
        self, function: Function, at: Array, weights: Array, positions: list[tuple[int, ...]]
    ) -> float:
        """Return how large the gradient would be if its terms did not cancel.

        They do in the gradient of biases before a batch normalization, of which rounding is all
        that is left.
        """
        others = weights * self.rng.standard_normal(weights.shape)
        values = numeric_gradient(function, at, others, positions).values
        return float(np.linalg.norm(values[np.isfinite(values)]))

    def _not_chosen_but_wrong(
        self, found: Array, function: Function, at: Array, weights: Array
    ) -> tuple[int, ...] | None:
        """Judge all elements at once, along a random direction; find a wrong one by halving."""
        signs = self.rng.choice([-1.0, 1.0], at.size)

        def gap(elements: Array) -> float:
            direction = np.zeros(at.size)
            direction[elements] = signs[elements]
            slope = complex_step(function, at, weights, direction.reshape(at.shape))
            return abs(slope - float(found.ravel() @ direction))

        elements = np.arange(at.size)
        if gap(elements) <= self.report.tolerance * np.linalg.norm(found):
            return None
        while len(elements) > 1:
            elements = max(np.array_split(elements, 2), key=gap)
        return _position(int(elements[0]), at.shape)

    def fail(self, block: str, gradient: str, problem: Exception | str) -> bool:
        """Add a gradient that could not be computed at all."""
        if isinstance(problem, Exception) and not isinstance(problem, GlassbrickError):
            problem = f"{type(problem).__name__}: {problem}"
        self.report.add(GradientResult(block, gradient, ok=False, problem=str(problem)))
        return False

    def _choose(self, shape: tuple[int, ...]) -> list[tuple[int, ...]]:
        size = int(np.prod(shape))
        flat: list[int] = list(range(size))
        if size > self.most:
            flat = self.rng.choice(size, self.most, replace=False).tolist()
        return [_position(number, shape) for number in flat]


def _position(number: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(number, shape))


def _unusable(found: object, at: Array) -> str:
    """Say what is wrong with the form of a gradient."""
    if not isinstance(found, np.ndarray):
        return f"it is {describe(found)}, not an array"
    if found.dtype.kind not in "fiub":
        return f"it is an array of dtype {found.dtype}, not of real numbers"
    if found.shape == at.shape:
        return ""
    problem = f"it has shape {found.shape}, but belongs to an array of shape {at.shape}"
    if found.ndim and found.shape[1:] == at.shape[1:]:
        problem += ": is a sum over the rows missing?"
    return problem


def _unjudgeable(function: Function, at: Array) -> str:
    """Say why a function cannot be differentiated numerically."""
    first, second = np.array(function(at)), np.array(function(at))
    if not np.array_equal(first, second, equal_nan=True):
        return "forward gives something else when it is called again, so nothing can be compared"
    if first.dtype != np.float64:
        return f"forward turns float64 into {first.dtype}, too coarse to compare: keep the dtype"
    return ""


def _relative_error(
    values: Array, numeric: Array, smooth: Array, least: float = 0.0
) -> tuple[float, int]:
    """Return the error in norm over the smooth elements, and where it is largest.

    It is relative to the size of the gradient, or to `least`, if that is more.
    """
    if not smooth.any():
        return float("nan"), 0
    difference = np.where(smooth, np.abs(values - numeric), 0.0)
    difference = np.where(np.isnan(difference), np.inf, difference)
    if not difference.any():
        return 0.0, 0
    norms = [float(np.linalg.norm(array[smooth])) for array in (values, numeric)]
    size = max(*norms, least)
    return float(np.linalg.norm(difference) / size), int(np.argmax(difference))


def _problem(values: Array, numeric: NumericGradient, smooth: Array, worst: int, at: Array) -> str:
    """Say in words what is wrong."""
    if not smooth.any():
        return "the function is nowhere smooth and finite, so nothing could be compared"
    problem = (
        f"at {list(numeric.positions[worst])} of an array of shape {at.shape} it is "
        f"{values[worst]:.10g}, but numerically {numeric.values[worst]:.10g}"
    )
    if not numeric.values[smooth].any():
        problem += "; the output does not depend on that array at all"
    return problem


def _largest_difference(values: Array, numeric: Array, smooth: Array) -> float:
    return float(np.abs(values - numeric)[smooth].max()) if smooth.any() else float("nan")
