"""Scores of rows that come part by part, of which only sums are kept."""

from __future__ import annotations

import math

import numpy as np

from glassbrick.arrays import Array
from glassbrick.sklearn.tabular.baselines import class_scores

__all__ = ["ClassSums", "NumberSums"]


class NumberSums:
    """R² and the usual errors of predicted numbers; see `number_scores`.

    All sums are of numbers divided by a power of two, which changes no digit, so that no square
    overflows. Means and squares around them are merged as by Chan, Golub and LeVeque, Algorithms
    for Computing the Sample Variance, 1983.

    Attributes
    ----------
    rows : int
        How many there were.

    Examples
    --------
    >>> import numpy as np
    >>> sums = NumberSums()
    >>> sums.add(np.array([1.0, 2.0]), np.array([1.0, 3.0]))
    >>> sums.add(np.array([6.0]), np.array([6.0]))
    >>> {name: round(score, 4) for name, score in sums.scores().items()}
    {'r2': 0.9286, 'rmse': 0.5774, 'mae': 0.3333}
    """

    def __init__(self) -> None:
        self.rows = 0
        self._unit = 0.0  # a power of two
        self._mean = 0.0
        self._squares = 0.0  # of the distances of truths from their mean
        self._squared_errors = 0.0
        self._errors = 0.0

    @np.errstate(under="ignore")
    def add(self, truth: Array, predicted: Array) -> None:
        """Add some rows."""
        self._measure_in(_unit_of(truth, predicted))
        if self._unit:
            truth, predicted = truth / self._unit, predicted / self._unit
        errors = predicted - truth
        rows, total = len(truth), self.rows + len(truth)
        mean = float(truth[0] + (truth - truth[0]).mean())  # exact if all are the same
        apart = mean - self._mean
        self._squares += float(((truth - mean) ** 2).sum()) + apart**2 * self.rows * rows / total
        self._mean += apart * (rows / total)
        self._squared_errors += float((errors**2).sum())
        self._errors += float(np.abs(errors).sum())
        self.rows = total

    def scores(self) -> dict[str, float]:
        """Return the scores of all rows, of which there is at least one."""
        unit = self._unit or 1.0
        return {
            "r2": self._r2(),
            "rmse": math.sqrt(self._squared_errors / self.rows) * unit,
            "mae": self._errors / self.rows * unit,
        }

    def _r2(self) -> float:
        if self.rows < 2:
            return float("nan")
        if self._squares == 0.0:  # as scikit-learn has it
            return 1.0 if self._squared_errors == 0.0 else 0.0
        return 1.0 - self._squared_errors / self._squares

    def _measure_in(self, unit: float) -> None:
        """Divide all sums by a larger unit, if it is one."""
        if unit > self._unit:
            ratio = self._unit / unit
            self._mean, self._errors = self._mean * ratio, self._errors * ratio
            self._squares, self._squared_errors = (
                self._squares * ratio**2,
                self._squared_errors * ratio**2,
            )
            self._unit = unit


class ClassSums:
    """The share of right classes, and the log loss; see `class_scores`.

    Attributes
    ----------
    rows : int
        How many there were.
    """

    def __init__(self) -> None:
        self.rows = 0
        self._sums: dict[str, float] = {}

    def add(self, truth: Array, probabilities: Array) -> None:
        """Add some rows: the numbers of their classes, and the probability of each class."""
        with np.errstate(under="ignore"):
            means = class_scores(truth, probabilities, None)
        for name, mean in means.items():
            self._sums[name] = self._sums.get(name, 0.0) + mean * len(truth)
        self.rows += len(truth)

    def scores(self) -> dict[str, float]:
        """Return the scores of all rows, of which there is at least one."""
        return {name: total / self.rows for name, total in self._sums.items()}


def _unit_of(truth: Array, predicted: Array) -> float:
    """Return the power of two below the largest number; 0 if all are."""
    largest = max(float(np.abs(truth).max()), float(np.abs(predicted).max()))
    return 2.0 ** max(math.frexp(largest)[1] - 1, -1022) if largest else 0.0
