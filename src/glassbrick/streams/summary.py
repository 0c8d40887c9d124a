"""Summaries of columns, of which the rows pass by once and are not kept."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import Counter
from typing import Any, ClassVar

import numpy as np

from glassbrick.arrays import Array
from glassbrick.streams.arrays import column_of_arrow, numbers_of, texts_of
from glassbrick.streams.checksums import checksum_of_numbers, checksum_of_texts
from glassbrick.tables import Kind
from glassbrick.tables.encoders import (
    CategoryEncoder,
    DateEncoder,
    Encoder,
    NumberEncoder,
    days_of,
)
from glassbrick.tables.features import useless

__all__ = [
    "CategorySummary",
    "DateSummary",
    "NumberSummary",
    "Summary",
    "summary_of",
]

_MOST_CATEGORIES = 50_000


class Summary(ABC):
    """What is known of a column so far.

    Parameters
    ----------
    name : str
        Of the column.

    Attributes
    ----------
    rows, missing : int
        How many there were, and in how many of them there is no value.
    checksum : int
        Of the values, one after the other.
    """

    kind: ClassVar[Kind]

    def __init__(self, name: str):
        self.name, self.rows, self.missing = name, 0, 0
        self.checksum = 0

    @abstractmethod
    def add(self, values: Any) -> None:
        """Take note of an array of Arrow's.

        Raises
        ------
        OverflowError
            If a number is infinite.
        """

    @property
    @abstractmethod
    def different(self) -> int:
        """How many different values there are; of numbers and dates only whether more than one."""

    @abstractmethod
    def encoder(self, sample: Any) -> Encoder:
        """Return what makes numbers of the column, given some of its values."""

    @property
    def useless(self) -> str:
        """Why nothing can be learned from it, if so."""
        return useless(self.kind, self.different, self.rows - self.missing, self.rows)


class NumberSummary(Summary):
    """Ends, mean and spread of numbers."""

    kind = "number"

    def __init__(self, name: str):
        super().__init__(name)
        self.low, self.high = math.inf, -math.inf
        self.mean, self.squares = 0.0, 0.0

    def add(self, values: Any) -> None:
        """Take note of an array of Arrow's."""
        self.add_numbers(numbers_of(values, np.float64, np.float32))

    def add_numbers(self, numbers: Array) -> None:
        """Take note of numbers, NaN where one is missing."""
        missing = int(np.count_nonzero(np.isnan(numbers)))
        self.rows += len(numbers)
        self.missing += missing
        self.checksum = checksum_of_numbers(numbers, self.checksum)
        if missing == len(numbers):
            return
        known = numbers[~np.isnan(numbers)] if missing else numbers
        low, high = float(known.min()), float(known.max())
        if math.isinf(low) or math.isinf(high):
            raise OverflowError(str(low if math.isinf(low) else high))
        self.low, self.high = min(self.low, low), max(self.high, high)
        self._add_moments(known)

    def _add_moments(self, known: Array) -> None:
        """Merge mean and squares; Chan, Golub and LeVeque, 1983."""
        with np.errstate(all="ignore"):
            before, here = self.rows - self.missing - len(known), len(known)
            mean = float(known.mean(dtype=np.float64))
            squares = float(np.square(known.astype(np.float64) - mean).sum())
            apart = mean - self.mean
            whole = before + here
            self.mean += apart * (here / whole)
            self.squares += squares + apart * apart * (before * (here / whole))

    @property
    def deviation(self) -> float:
        """The standard deviation."""
        return math.sqrt(self.squares / max(self.rows - self.missing, 1))

    @property
    def different(self) -> int:
        """1 if all values are the same, 2 if not."""
        return 1 + (self.low < self.high)

    def encoder(self, sample: Any) -> NumberEncoder:
        """Return what scales it, by the quartiles of a sample."""
        return self.encoder_of(numbers_of(sample, np.float64).astype(np.float64))

    def encoder_of(self, numbers: Array) -> NumberEncoder:
        """Return what scales it, by the quartiles of some of its numbers."""
        known = numbers[~np.isnan(numbers)]
        if not len(known):  # so few are known that none is in the sample
            known = np.array([self.low, self.high])
        ends = self.low, self.high
        return NumberEncoder.of_known(self.name, known, ends, self.missing > 0)


class DateSummary(Summary):
    """Ends of dates, and whether there are times of the day."""

    kind = "date"

    def __init__(self, name: str):
        super().__init__(name)
        self.days = NumberSummary(name)
        self.has_times = False

    def add(self, values: Any) -> None:
        """Take note of an array of Arrow's."""
        days = self._days(values)
        self.days.add_numbers(days)
        self.rows, self.missing = self.days.rows, self.days.missing
        self.checksum = self.days.checksum
        self.has_times |= bool((days[~np.isnan(days)] % 1.0 != 0.0).any())

    @property
    def different(self) -> int:
        """1 if all values are the same, 2 if not."""
        return self.days.different

    def encoder(self, sample: Any) -> DateEncoder:
        """Return what makes numbers of it."""
        ends = self.days.low, self.days.high
        return DateEncoder.of_days(self.days.encoder_of(self._days(sample)), ends, self.has_times)

    def _days(self, values: Any) -> Array:
        return np.asarray(days_of(column_of_arrow(self.name, values, "date")).values)


class CategorySummary(Summary):
    """How often each category is there; of very many, of those that are most frequent.

    Parameters
    ----------
    name : str
        Of the column.
    most : int
        How many are kept. When there are twice as many, the rarer half is forgotten.

    Attributes
    ----------
    counts : Counter
        Of texts.
    forgotten : int
        How often a category may have been there at most that is not among them.
    """

    kind = "category"

    def __init__(self, name: str, most: int = _MOST_CATEGORIES):
        super().__init__(name)
        self.most, self.forgotten = most, 0
        self.counts: Counter[str] = Counter()

    def add(self, values: Any) -> None:
        """Take note of an array of Arrow's."""
        texts = texts_of(values)
        self.rows += len(texts)
        self.missing += texts.null_count
        self.checksum = checksum_of_texts(texts, self.checksum)
        found = texts.drop_null().value_counts()
        for text, count in zip(
            found.field("values").to_pylist(), found.field("counts").to_pylist(), strict=True
        ):
            self.counts[text] += count
        if len(self.counts) > 2 * self.most:
            kept = self.counts.most_common(self.most)
            self.forgotten += self.counts.most_common()[self.most][1]
            self.counts = Counter(dict(kept))

    @property
    def different(self) -> int:
        """How many categories there are, as far as they were kept."""
        if self.forgotten and max(self.counts.values()) == 1:
            return self.rows - self.missing  # no text was seen twice
        return len(self.counts)

    def encoder(self, sample: Any) -> CategoryEncoder:  # noqa: ARG002
        """Return what makes numbers of it."""
        counts = self.counts
        if len(counts) > self.most:
            counts = Counter(dict(counts.most_common(self.most)))
        return CategoryEncoder.of_counts(self.name, counts, self.missing > 0)


_SUMMARIES: dict[str, type[Summary]] = {
    kind.kind: kind for kind in (NumberSummary, DateSummary, CategorySummary)
}


def summary_of(name: str, kind: Kind) -> Summary:
    """Return the summary of a column of a kind, of which nothing is known yet."""
    return _SUMMARIES[kind](name)
