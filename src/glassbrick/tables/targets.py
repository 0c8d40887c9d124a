"""Targets: what is to be predicted, as the numbers that a network is trained on, and back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Literal, Self, TypeAlias

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import complaint, describe, one_of
from glassbrick.errors import DataError, FileError
from glassbrick.tables.columns import Column, as_kind

__all__ = ["ClassTarget", "NumberTarget", "Target", "Task", "complete", "target_of", "task_of"]

Task: TypeAlias = Literal["regression", "classification"]

_MOST_CLASSES = 10  # different whole numbers that are taken for classes


class Target(ABC):
    """What is to be predicted.

    Attributes
    ----------
    task : {"regression", "classification"}
        Which kind of prediction it is.
    name : str
        Of the column.
    """

    task: ClassVar[Task]
    name: str

    @classmethod
    @abstractmethod
    def fit(cls, column: Column, who: str) -> Self:
        """Learn from the training rows."""

    @abstractmethod
    def encode(self, column: Column, who: str) -> Array:
        """Return what the network is trained on, shape (rows, 1)."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Return the arguments that this was made of."""


class NumberTarget(Target):
    """Numbers, which the network learns with a mean of 0 and a standard deviation of 1.

    Parameters
    ----------
    name : str
        Of the column.
    mean, deviation : float
        Of the training rows.
    """

    task = "regression"

    def __init__(self, name: str, mean: float, deviation: float):
        self.name, self.mean, self.deviation = name, float(mean), float(deviation)

    @classmethod
    @np.errstate(under="ignore")  # what is too small to be seen beside the others is 0
    def fit(cls, column: Column, who: str) -> Self:
        """Learn from the training rows."""
        column = complete(as_kind(column, "number", who), who)
        size = float(np.abs(column.values).max()) or 1.0
        scaled = column.values / size  # whose squares cannot overflow
        return cls(column.name, scaled.mean() * size, (scaled.std() or 1.0) * size)

    @np.errstate(under="ignore")
    def encode(self, column: Column, who: str) -> Array:
        """Return the scaled numbers, shape (rows, 1)."""
        column = complete(as_kind(column, "number", who), who)
        scaled: Array = column.values / self.deviation - self.mean / self.deviation
        return scaled[:, np.newaxis]

    @np.errstate(under="ignore")
    def decode(self, outputs: Array) -> Array:
        """Return numbers as they were in the table, of scaled ones."""
        return outputs * self.deviation + self.mean

    def to_json(self) -> dict[str, Any]:
        """Return the arguments that this was made of."""
        return {"name": self.name, "mean": self.mean, "deviation": self.deviation}


class ClassTarget(Target):
    """Classes, which the network knows by their numbers.

    Parameters
    ----------
    name : str
        Of the column.
    classes : sequence of str
        In their order: as numbers if all are, else as texts.
    """

    task = "classification"

    def __init__(self, name: str, classes: Sequence[str]):
        self.name, self.classes = name, tuple(classes)
        self._numbers = {label: number for number, label in enumerate(self.classes)}

    @classmethod
    def fit(cls, column: Column, who: str) -> Self:
        """Learn from the training rows."""
        column = complete(as_kind(column, "category", who), who)
        return cls.of_labels(column.name, column.values, who)

    @classmethod
    def of_labels(cls, name: str, labels: Iterable[str], who: str) -> Self:
        """Learn from the labels that there are.

        Raises
        ------
        DataError
            If all are the same.
        """
        classes = sorted(set(labels), key=_as_number_or_text)
        if len(classes) < 2:
            place = f'{who}, column "{name}"'
            raise DataError(complaint(place, "at least two classes", f"{classes[0]} in all rows"))
        return cls(name, classes)

    def encode(self, column: Column, who: str) -> Array:
        """Return the numbers of the classes, shape (rows, 1)."""
        column = complete(as_kind(column, "category", who), who)
        for row, label in enumerate(column.values):
            if label not in self._numbers:
                place = f'{who}, column "{self.name}", row {row}'
                expected = f"one of the classes of training, {', '.join(self.classes[:10])}"
                raise DataError(complaint(place, expected, describe(label)))
        return np.array([[float(self._numbers[label])] for label in column.values])

    def decode(self, numbers: Array) -> Array:
        """Return the classes that numbers stand for."""
        return np.array(self.classes, object)[numbers]

    def to_json(self) -> dict[str, Any]:
        """Return the arguments that this was made of."""
        return {"name": self.name, "classes": list(self.classes)}


_TARGETS: dict[str, type[Target]] = {kind.task: kind for kind in (NumberTarget, ClassTarget)}


def task_of(column: Column) -> Task:
    """Find out which kind of prediction a column asks for.

    Texts and truth values are classes; so are at most ten different whole numbers, if each
    stands in two rows on average at least.
    """
    if column.kind != "number":
        return "classification"
    known = column.values[~column.missing]
    different = np.unique(known)
    are_few = len(different) <= _MOST_CLASSES and 2 * len(different) <= len(known)
    return "classification" if are_few and (different % 1.0 == 0.0).all() else "regression"


def target_of(told: Mapping[str, Any], who: str) -> Target:
    """Make a target of its task and what its `to_json` told.

    Raises
    ------
    FileError
        If it is something else.
    """
    try:
        arguments = dict(told)
        return one_of(arguments.pop("task"), _TARGETS, who)(**arguments)
    except (KeyError, TypeError, ValueError) as error:
        raise FileError(f"{who}: its target cannot be understood: {error!r}.") from None


def complete(column: Column, who: str) -> Column:
    """Return a target, or refuse one that is missing in some rows.

    Raises
    ------
    DataError
        If it is; with the column and the row.
    """
    if column.missing.any():
        row = int(np.argmax(column.missing))
        received = f"none there, and in {int(column.missing.sum())} rows in all"
        advice = "Leave out rows without it."
        place = f'{who}, column "{column.name}", row {row}'
        raise DataError(complaint(place, "a value to learn from", received, advice))
    return column


def _as_number_or_text(label: str) -> tuple[bool, float, str]:
    try:
        return False, float(label), label
    except ValueError:
        return True, 0.0, label
