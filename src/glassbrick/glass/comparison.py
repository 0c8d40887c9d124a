"""Comparison: hand-written gradients against numeric ones, one result for each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from glassbrick.arrays import Array
from glassbrick.errors import GlassbrickError
from glassbrick.glass.gradient_report import GradientReport, GradientResult
from glassbrick.glass.numeric_gradient import Function, has_kink, numeric_gradient

__all__ = ["Comparison"]

_MOST_ELEMENTS = 60  # of each array; a random choice stands for larger ones


class Comparison:
    """Adds results to a report.

    Parameters
    ----------
    report : GradientReport
        Where the results go.
    rng : Generator
        Chooses elements of large arrays.
    """

    def __init__(self, report: GradientReport, rng: np.random.Generator):
        self.report = report
        self.rng = rng

    def compare(
        self,
        block: str,
        gradient: str,
        analytic: Callable[[], Array],
        function: Function,
        at: Array,
        weights: Array,
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
        """
        try:
            with np.errstate(all="ignore"):
                found = np.asarray(analytic())
        except Exception as error:
            return self.fail(block, gradient, error)
        if found.shape != at.shape:
            problem = f"it has shape {found.shape}, but belongs to an array of shape {at.shape}"
            if found.ndim and found.shape[1:] == at.shape[1:]:
                problem += ": is a sum over the rows missing?"
            return self.fail(block, gradient, problem)
        numeric = numeric_gradient(function, at, weights, self._choose(at.shape))
        values = np.array([found[position] for position in numeric.positions], dtype=float)
        smooth = np.isfinite(numeric.values)
        distance, worst = _relative_error(values, numeric.values, smooth)
        if distance > self.report.tolerance:  # an element right at a kink is no one's fault
            for number, position in enumerate(numeric.positions):
                smooth[number] &= not has_kink(function, at, weights, position)
            distance, worst = _relative_error(values, numeric.values, smooth)
        ok = bool(smooth.any() and distance <= self.report.tolerance)
        problem = ""
        if not smooth.any():
            problem = "the function is nowhere smooth and finite, so nothing could be compared"
        elif not ok:
            problem = (
                f"at {list(numeric.positions[worst])} of an array of shape {at.shape} it is "
                f"{values[worst]:.10g}, but numerically {numeric.values[worst]:.10g}"
            )
        self.report.add(
            GradientResult(
                block=block,
                gradient=gradient,
                ok=ok,
                error=distance,
                method=numeric.method,
                checked=int(smooth.sum()),
                skipped=int((~smooth).sum()),
                problem=problem,
            )
        )
        return ok

    def fail(self, block: str, gradient: str, problem: Exception | str) -> bool:
        """Add a gradient that could not be computed at all."""
        if isinstance(problem, Exception) and not isinstance(problem, GlassbrickError):
            problem = f"{type(problem).__name__}: {problem}"
        self.report.add(GradientResult(block, gradient, ok=False, problem=str(problem)))
        return False

    def _choose(self, shape: tuple[int, ...]) -> list[tuple[int, ...]]:
        size = int(np.prod(shape))
        flat: list[int] = list(range(size))
        if size > _MOST_ELEMENTS:
            flat = self.rng.choice(size, _MOST_ELEMENTS, replace=False).tolist()
        return [tuple(int(i) for i in np.unravel_index(number, shape)) for number in flat]


def _relative_error(values: Array, numeric: Array, smooth: Array) -> tuple[float, int]:
    """Return the error in norm over the smooth elements, and where it is largest."""
    if not smooth.any():
        return float("nan"), 0
    difference = np.where(smooth, np.abs(values - numeric), 0.0)
    difference = np.where(np.isnan(difference), np.inf, difference)
    if not difference.any():
        return 0.0, 0
    size = max(np.linalg.norm(values[smooth]), np.linalg.norm(numeric[smooth]))
    return float(np.linalg.norm(difference) / size), int(np.argmax(difference))
