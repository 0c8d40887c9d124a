"""Difficulty: how far off predictions of some rows are, compared with those of others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from sklearn.preprocessing import StandardScaler

from glassbrick.arrays import Array
from glassbrick.checks import complaint
from glassbrick.errors import DataError
from glassbrick.sklearn.tabular.intervals import width_of

__all__ = ["Difficulty", "Learned", "learn_difficulty", "learned_from"]

_FEWEST = 50  # errors from which to learn which rows are difficult
_PARTS = 5
_FLOOR = 0.25  # of the usual spread
_LEAST = 0.1  # of the usual error, which smaller ones are hardly told from
_COVERAGE = 0.9  # of the intervals by which ways are compared
_PENALTIES = np.logspace(-1.0, 5.0, 13)
_WIDEST = 256  # features; of more, the spread alone has to tell
_NUMBERS = 5  # before the weights, in an array


@dataclass(frozen=True)
class Difficulty:
    r"""Expects errors in proportion to :math:`s^a \exp(b + w x)` for a row, within bounds.

    Here :math:`s^2` is the square of the spread of what networks say of the row, plus that of a
    floor, and :math:`x` are its features.

    Attributes
    ----------
    floor, slope, offset : float
        The floor of the spread; :math:`a`; :math:`b`.
    lowest, highest : float
        Bounds of the logarithm: nothing is expected that was not seen.
    weights : ndarray, shape (features,)
        :math:`w`.
    """

    floor: float
    slope: float
    offset: float
    lowest: float
    highest: float
    weights: Array

    @classmethod
    def same(cls, features: int) -> Self:
        """Make one for which all rows are alike."""
        return cls(1.0, 0.0, 0.0, 0.0, 0.0, np.zeros(features))

    @classmethod
    def from_array(cls, numbers: Array) -> Self:
        """Make what `to_array` told.

        Raises
        ------
        DataError
            If these are no numbers that can be computed with.
        """
        floor, slope, offset, lowest, highest = map(float, numbers[:_NUMBERS])
        if not np.isfinite(numbers).all() or floor <= 0.0 or lowest > highest:
            raise DataError(complaint("difficulty", "finite numbers in order", "others"))
        return cls(floor, slope, offset, lowest, highest, np.array(numbers[_NUMBERS:]))

    def to_array(self) -> Array:
        """Return all numbers."""
        own = (self.floor, self.slope, self.offset, self.lowest, self.highest)
        return np.array([*own, *self.weights])

    @np.errstate(under="ignore")
    def of(self, spread: Array, X: Array) -> Array:
        """Return how far off predictions are expected to be, in a unit of its own.

        Parameters
        ----------
        spread : ndarray, shape (rows,)
            Standard deviation of what networks say.
        X : ndarray, shape (rows, features)
            Features, one for each category.
        """
        logarithm = self.offset + self.slope * np.log(np.hypot(spread, self.floor))
        logarithm = logarithm + X @ self.weights
        return np.asarray(np.exp(np.clip(logarithm, self.lowest, self.highest)))


@dataclass(frozen=True)
class Learned:
    """What was learned of the errors of an output.

    Attributes
    ----------
    difficulty : Difficulty
        Which was chosen.
    ratios : ndarray of shape (n,), or None
        Errors divided by it, in ascending order; None if all rows are taken to be alike.
    """

    difficulty: Difficulty
    ratios: Array | None = None

    def width(self, errors: Array, spread: Array, X: Array, coverage: float, who: str) -> Array:
        """Return how far the truths of rows are from predictions at most; see `width_of`.

        Parameters
        ----------
        errors : ndarray
            Sizes of errors on rows not seen, ascending.
        spread, X
            As of `Difficulty.of`.
        coverage, who
            As of `width_of`.
        """
        if self.ratios is None:
            return np.full(len(spread), width_of(errors, coverage, who))
        return width_of(self.ratios, coverage, who) * self.difficulty.of(spread, X)

    def arrays(self, output: int) -> dict[str, Array]:
        """Return what a file holds of it; see `learned_from`."""
        if self.ratios is None:
            return {}
        return {_names(output)[0]: self.difficulty.to_array(), _names(output)[1]: self.ratios}


def learned_from(arrays: Mapping[str, Array], outputs: int, features: int) -> tuple[Learned, ...]:
    """Return what `Learned.arrays` told, for each output.

    Raises
    ------
    DataError
        If it is something else.
    """
    left, found = dict(arrays), []
    for k in range(outputs):
        names = _names(k)
        if not left.keys() & set(names):
            found.append(Learned(Difficulty.same(features)))
            continue
        numbers, ratios = (np.array(left.pop(name)) for name in names)
        if any(array.dtype != np.float64 or array.ndim != 1 for array in (numbers, ratios)):
            raise DataError(complaint("difficulty", "rows of numbers", f"{ratios.shape}"))
        if len(numbers) != _NUMBERS + features:
            expected = f"{_NUMBERS + features} numbers"
            raise DataError(complaint("difficulty", expected, str(len(numbers))))
        if not np.isfinite(ratios).all() or (np.diff(ratios, prepend=0.0) < 0.0).any():
            raise DataError(complaint("ratios", "sizes in ascending order", "others"))
        found.append(Learned(Difficulty.from_array(numbers), ratios))
    if left:
        raise DataError(complaint("arrays", "those of errors", f"{sorted(left)}"[:60]))
    return tuple(found)


def _names(output: int) -> tuple[str, str]:
    return f"difficulty_{output}", f"ratios_{output}"


def learn_difficulty(errors: Array, spread: Array, X: Array) -> Learned:
    """Learn which rows are difficult; take all to be alike unless that makes better intervals.

    A ridge regression foresees the logarithm of errors. Parts of the rows tell what it is worth,
    each by what was learned from the others: by the interval score, which asks for intervals that
    are narrow and hold the truth; Gneiting and Raftery, Strictly Proper Scoring Rules, 2007.

    Parameters
    ----------
    errors : ndarray, shape (n,)
        Sizes of errors on rows not seen.
    spread : ndarray, shape (n,)
        Standard deviations of what networks say of these rows, but for those whose errors they
        are: that one errs and is far from the others at the same time.
    X : ndarray, shape (n, features)
        Features of these rows.
    """
    same, usual = Difficulty.same(X.shape[1]), float(np.median(errors))
    if len(errors) < _FEWEST or not usual > 0.0:
        return Learned(same)
    parts = np.arange(len(errors)) % _PARTS
    learned, expected = _by_errors(errors / usual, spread, X, parts)
    alike = _interval_score(errors / usual, np.ones_like(errors), parts)
    if _interval_score(errors / usual, expected, parts) >= alike:
        return Learned(same)
    return Learned(learned, np.sort(errors / expected))


@np.errstate(under="ignore")
def _by_errors(sizes: Array, spread: Array, X: Array, parts: Array) -> tuple[Difficulty, Array]:
    """Learn how large errors are; return that, and what the other parts expect of each part."""
    floor = _FLOOR * float(np.median(spread)) or 1.0
    width = X.shape[1] if X.shape[1] <= _WIDEST else 0
    table = np.column_stack([np.log(np.hypot(spread, floor)), X[:, :width]])
    scaler, model = StandardScaler().fit(table), RidgeCV(_PENALTIES)
    scaled, target = scaler.transform(table), np.log(sizes + _LEAST)
    expected = cross_val_predict(model, scaled, target, cv=PredefinedSplit(parts))
    weights = model.fit(scaled, target).coef_ / scaler.scale_
    offset = float(model.intercept_ - scaler.mean_ @ weights)
    bounds = (float(expected.min()), float(expected.max()))
    of_features = np.pad(weights[1:], (0, X.shape[1] - width))
    learned = Difficulty(floor, float(weights[0]), offset, *bounds, of_features)
    return learned, np.exp(expected)


def _interval_score(errors: Array, expected: Array, parts: Array) -> float:
    """Return how wide intervals are, and by how much truths are missed; lower is better."""
    total = 0.0
    for part in range(_PARTS):
        inside, others = parts == part, parts != part
        ratios = np.sort(errors[others] / expected[others])
        half = width_of(ratios, _COVERAGE, "fit") * expected[inside]
        missed = np.maximum(errors[inside] - half, 0.0)
        total += float((2.0 * half + 2.0 / (1.0 - _COVERAGE) * missed).sum())
    return total
