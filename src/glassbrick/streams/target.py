"""TargetSummary: what is known of the column to predict, of which the rows pass by once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import complaint
from glassbrick.errors import DataError
from glassbrick.streams.arrays import column_of_arrow, numbers_of, where_known
from glassbrick.streams.summary import CategorySummary, NumberSummary
from glassbrick.tables import ClassTarget, Kind, NumberTarget, Target, Task

if TYPE_CHECKING:
    import pyarrow

__all__ = ["TargetSummary"]

_MOST_CLASSES = 1000
_FEW = 10  # different whole numbers that are taken for classes


class TargetSummary:
    """Looks at a target as numbers and as classes.

    Parameters
    ----------
    name : str
        Of the column.
    kind : {"number", "category", "date"}
        What its values are.
    """

    def __init__(self, name: str, kind: Kind):
        self.name, self.kind = name, kind
        self.numbers = NumberSummary(name)
        self.classes: CategorySummary | None = CategorySummary(name)
        self.are_whole = True

    @property
    def checksum(self) -> int:
        """Of the values; see `Summary`."""
        looked_at = self.numbers if self.kind == "number" else self.classes
        return 0 if looked_at is None else looked_at.checksum

    def known(self, values: Any) -> Array:
        """Return where there is something to predict."""
        return where_known(values)

    def add(self, values: Any) -> None:
        """Take note of values, none of which is missing.

        Raises
        ------
        OverflowError
            If a number is infinite.
        """
        if self.kind == "number":
            numbers = numbers_of(values, np.float64, np.float32)
            self.numbers.add_numbers(numbers)
            self.are_whole = self.are_whole and not (numbers % 1.0).any()
        if self.classes is not None:
            self.classes.add(values)
            if len(self.classes.counts) > _MOST_CLASSES or not self.are_whole:
                self.classes = None

    def task(self, asked: Task | None, who: str) -> Task:
        """Return the task, which is asked for or found as in tables that are in memory.

        Raises
        ------
        DataError
            If the column is none to predict, or cannot be for the task that was asked for.
        """
        place = f'{who}, column "{self.name}"'
        if self.kind == "date":
            raise DataError(complaint(place, "numbers or classes to predict", "dates"))
        if asked == "regression" and self.kind != "number":
            raise DataError(complaint(place, "numbers, for regression", "texts"))
        if asked is not None:
            return asked
        if self.kind == "category":
            return "classification"
        classes = 0 if self.classes is None else len(self.classes.counts)
        are_few = 0 < classes <= _FEW and 2 * classes <= self.numbers.rows
        return "classification" if are_few else "regression"

    def target(self, asked: Task | None, sample: pyarrow.Table, who: str) -> Target:
        """Return what makes numbers to train on of it.

        Raises
        ------
        DataError
            If there is nothing to learn, such as one class only.
        """
        place = f'{who}, column "{self.name}"'
        if self.task(asked, who) == "regression":
            if self.numbers.different == 1:
                raise DataError(complaint(place, "different numbers", f"{self.numbers.low:g}"))
            if len(sample) == self.numbers.rows:  # all of them
                values = sample.column(self.name).combine_chunks()
                return NumberTarget.fit(column_of_arrow(self.name, values, "number"), who)
            deviation = self.numbers.deviation
            if not np.isfinite([self.numbers.mean, deviation]).all():
                raise DataError(complaint(place, "numbers whose squares can be added", "larger"))
            return NumberTarget(self.name, self.numbers.mean, deviation or 1.0)
        if self.classes is None:
            if not self.are_whole:
                received, advice = "numbers with fractions", "They are no classes: task regression."
            else:
                received, advice = "more", "If these are numbers, the task is regression."
            raise DataError(complaint(place, f"at most {_MOST_CLASSES} classes", received, advice))
        return ClassTarget.of_labels(self.name, self.classes.counts, who)
