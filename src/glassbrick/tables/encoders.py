"""Encoders: what makes numbers of a column, as learned from the training rows alone."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from glassbrick.arrays import Array
from glassbrick.tables.columns import Column, Kind

__all__ = [
    "CYCLES",
    "WIDEST",
    "CategoryEncoder",
    "DateEncoder",
    "Encoder",
    "NumberEncoder",
    "days_of",
]

WIDEST = 3.0
"""Quartile ranges, to which numbers far away are drawn in."""

CYCLES = {"year": 365.2425, "week": 7.0, "day": 1.0}
"""How many days they last."""

_FEW = 9  # categories that get a feature each; more get a vector that is learned
_DAY = np.timedelta64(1, "D")


class Encoder(ABC):
    """Makes features of a column.

    Attributes
    ----------
    name : str
        Of the column.
    kind : str
        What its values are.
    features : tuple of str
        Names of the features; empty if there is one number of a category instead.
    categories : int
        How many categories there are, if `encode` returns their numbers; else 0.
    """

    kind: ClassVar[Kind]
    name: str
    features: tuple[str, ...]
    categories: int = 0

    @classmethod
    @abstractmethod
    def fit(cls, column: Column) -> Self:
        """Learn from the training rows."""

    @abstractmethod
    def encode(self, column: Column) -> Array:
        """Return a matrix, (rows, features), or (rows, 1) with numbers of categories."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Return the arguments that this was made of."""


class NumberEncoder(Encoder):
    r"""Scales robustly: :math:`s = (x - \mathrm{median}) / r`, then :math:`s/\sqrt{1 + (s/3)^2}`.

    :math:`r` is the range between the quartiles; where that is 0, half of the whole range.
    A missing value is 0, and has a feature of its own if there was one in training.

    Parameters
    ----------
    name : str
        Of the column.
    median, scale : float
        As learned; a scale of 0 is that of a constant column.
    has_missing : bool
        Whether a value was missing in training.

    Notes
    -----
    Holzmüller, Grinsztajn and Steinwart, Better by Default: Strong Pre-Tuned MLPs and Boosted
    Trees on Tabular Data, 2024.
    """

    kind = "number"

    def __init__(self, name: str, median: float, scale: float, has_missing: bool):
        self.name, self.median, self.scale = name, float(median), float(scale)
        self.has_missing = has_missing
        self.features = (name, f"{name} is missing") if has_missing else (name,)

    @classmethod
    def fit(cls, column: Column) -> Self:
        """Learn from the training rows."""
        known = column.values[~column.missing]
        if not len(known):
            return cls(column.name, 0.0, 0.0, False)
        ends = float(known.min()), float(known.max())
        return cls.of_known(column.name, known, ends, bool(column.missing.any()))

    @classmethod
    @np.errstate(under="ignore")
    def of_known(
        cls, name: str, known: Array, ends: tuple[float, float], has_missing: bool
    ) -> Self:
        """Learn from known numbers, or from some of them and the ends between which all are."""
        # Of quarters, so that nothing overflows; but not of the smallest numbers, which have none.
        part = 4.0 if max(map(abs, ends)) > 1.0 else 1.0
        low, high = (end / part for end in ends)
        first, median, third = np.quantile(known / part, (0.25, 0.5, 0.75))
        scale = third - first or (high - low) / 2.0
        largest = np.finfo(np.float64).max
        scale = min(scale, largest / part) * part
        return cls(name, median * part, scale, has_missing)

    def encode(self, column: Column) -> Array:
        """Return scaled numbers, and where one is missing."""
        missing = column.missing
        numbers = np.where(missing, self.median, column.values)
        with np.errstate(over="ignore", under="ignore"):
            scaled = (
                (numbers / self.scale - self.median / self.scale) if self.scale else 0.0 * missing
            )
            drawn_in = scaled / np.hypot(1.0, scaled / WIDEST)
        drawn_in = np.where(np.isinf(scaled), np.sign(scaled) * WIDEST, drawn_in)
        return np.column_stack([drawn_in, missing] if self.has_missing else [drawn_in]).astype(
            float
        )

    def to_json(self) -> dict[str, Any]:
        """Return the arguments that this was made of."""
        return {
            "name": self.name,
            "median": self.median,
            "scale": self.scale,
            "has_missing": self.has_missing,
        }


class CategoryEncoder(Encoder):
    """A feature for each of few categories; of many, the number of each, from which vectors grow.

    What is missing is a category if there was one in training. Of few categories one that was
    not there in training is none of them: all features are 0. Of many it is number 0, as are
    those that stood in one row only, from which nothing could be learned about themselves.

    Parameters
    ----------
    name : str
        Of the column.
    known : sequence of str
        The categories, the most frequent first.
    has_missing : bool
        Whether a value was missing in training.
    """

    kind = "category"

    def __init__(self, name: str, known: Sequence[str], has_missing: bool):
        self.name, self.known, self.has_missing = name, tuple(known), has_missing
        levels: list[str | None] = [*self.known, None] if has_missing else [*self.known]
        self.is_embedded = len(levels) > _FEW
        self._numbers = {level: number + self.is_embedded for number, level in enumerate(levels)}
        self.categories = len(levels) + 1 if self.is_embedded else 0
        told = (f"{name} is missing" if level is None else f"{name}={level}" for level in levels)
        self.features = () if self.is_embedded else tuple(told)

    @classmethod
    def fit(cls, column: Column) -> Self:
        """Learn from the training rows."""
        counts = Counter(value for value in column.values if value is not None)
        return cls.of_counts(column.name, counts, bool(column.missing.any()))

    @classmethod
    def of_counts(cls, name: str, counts: Mapping[str, int], has_missing: bool) -> Self:
        """Learn from how often each category is there."""
        # Sorted, so that the order of rows has no say.
        known = sorted(counts, key=lambda value: (-counts[value], value))
        if len(known) > _FEW:
            known = [value for value in known if counts[value] > 1]
        return cls(name, known, has_missing)

    def encode(self, column: Column) -> Array:
        """Return the number of each category, or a matrix of 0 and 1."""
        unknown = 0 if self.is_embedded else -1
        numbers = np.array([self._numbers.get(value, unknown) for value in column.values])
        if self.is_embedded:
            return numbers[:, np.newaxis].astype(float)
        return np.asarray(numbers[:, np.newaxis] == np.arange(len(self.features)), float)

    def to_json(self) -> dict[str, Any]:
        """Return the arguments that this was made of."""
        return {"name": self.name, "known": list(self.known), "has_missing": self.has_missing}


class DateEncoder(Encoder):
    """The moment as a number, and its place in the year, the week and the day on circles.

    Parameters
    ----------
    name : str
        Of the column.
    days : dict
        The arguments of the `NumberEncoder` of days since 1970.
    cycles : sequence of {"year", "week", "day"}
        Those that the training rows went through.
    """

    kind = "date"

    def __init__(self, name: str, days: dict[str, Any], cycles: Sequence[str]):
        self.name, self.days = name, NumberEncoder(**days)
        self.cycles = tuple(cycle for cycle in CYCLES if cycle in cycles)
        circles = (f"{name}, {part} of the {c}" for c in self.cycles for part in ("sine", "cosine"))
        self.features = (*self.days.features, *circles)

    @classmethod
    def fit(cls, column: Column) -> Self:
        """Learn from the training rows."""
        days = days_of(column)
        known = days.values[~days.missing]
        ends = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
        return cls.of_days(NumberEncoder.fit(days), ends, bool((known % 1.0 != 0.0).any()))

    @classmethod
    def of_days(cls, days: NumberEncoder, ends: tuple[float, float], has_times: bool) -> Self:
        """Learn from the days, the ends between which all are, and whether some have parts."""
        span = ends[1] - ends[0]
        whole = {"year": span > 60.0, "week": span >= 2.0, "day": has_times}
        return cls(
            days.name, days.to_json(), [cycle for cycle, is_seen in whole.items() if is_seen]
        )

    def encode(self, column: Column) -> Array:
        """Return the scaled moment, and sines and cosines; 0 for a missing date."""
        days = days_of(column)
        angles = [2.0 * math.pi / CYCLES[cycle] * days.values for cycle in self.cycles]
        circles = [np.nan_to_num(f(angle)) for angle in angles for f in (np.sin, np.cos)]
        return np.column_stack([self.days.encode(days), *circles])

    def to_json(self) -> dict[str, Any]:
        """Return the arguments that this was made of."""
        return {"name": self.name, "days": self.days.to_json(), "cycles": list(self.cycles)}


def days_of(column: Column) -> Column:
    """Return the days since 1970, and parts of days."""
    since: Array = (column.values - np.datetime64(0, "us")) / _DAY
    return Column(column.name, "number", np.where(column.missing, math.nan, since))
