"""How good a model's predictions are, of rows whose truth is known."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import refuse
from glassbrick.cli.model_file import ModelFile
from glassbrick.cli.running_scores import ClassSums, NumberSums
from glassbrick.cli.table_file import TableFile
from glassbrick.errors import DataError
from glassbrick.tables import ClassTarget, Column, as_kind

__all__ = [
    "COVERAGE",
    "Scored",
    "confusion",
    "lines_of_confusion",
    "score",
    "score_parts",
]

COVERAGE = 0.9
"""How many of the truths the intervals are to hold."""

Scored = dict[str, Any]
"""JSON: "rows", "rows_without_target", "scores" by name, and of few classes "confusion"."""

_FEW = 12  # classes, up to which there is room for a matrix


def score(model: ModelFile, data: TableFile, target: str, command: str) -> Scored:
    """Compare predictions with a column, in the rows in which it has a value.

    Raises
    ------
    DataError
        If a column is missing, or a value in it cannot be used.
    """
    return score_parts(model, [data], data.name, target, command)


def score_parts(
    model: ModelFile, parts: Iterable[TableFile], name: str, target: str, command: str
) -> Scored:
    """Do the same with a table that comes part by part, and is called `name`."""
    there = 0
    judge = _Classes(model, command) if model.is_classifier else _Numbers(model, command)
    for part in parts:
        there += len(part)
        known = np.flatnonzero(~part.column(target, command).missing)
        if len(known):
            data = part if len(known) == len(part) else part.at(known)
            with data.rows_as_in_file():
                judge.add(data.without(target), data.column(target, command))
    if not judge.rows:
        raise DataError(f'{command}, {name}, column "{target}": there are no values in it.')
    return {**judge.told(), "rows_without_target": there - judge.rows}


class _Judge(ABC):
    """Compares what a model says with the truth."""

    def __init__(self, model: ModelFile, command: str):
        self.model, self.command, self.rows = model, command, 0

    @abstractmethod
    def add(self, data: TableFile, truth: Column) -> None:
        """Compare some rows."""

    @abstractmethod
    def told(self) -> Scored:
        """Return the scores of all rows."""


class _Numbers(_Judge):
    def __init__(self, model: ModelFile, command: str):
        super().__init__(model, command)
        self._sums = NumberSums()
        self._inside: int | None = 0  # truths between the ends of their intervals

    def add(self, data: TableFile, truth: Column) -> None:
        numbers = as_kind(truth, "number", f"{self.command}, {data.name}").values
        said = self.model.numbers(data, self.command)
        if said.shape[1] != 1:
            expected = "a model that predicts one column"
            refuse(DataError, self.command, expected, f"{said.shape[1]} columns")
        self._sums.add(numbers, said[:, 0])
        self.rows += len(data)
        try:
            interval = self.model.interval(data, COVERAGE, self.command)
        except DataError:  # trained on too few rows to know
            interval = None
        if interval is None or self._inside is None:
            self._inside = None
        else:
            self._inside += int(((interval[:, 0] <= numbers) & (numbers <= interval[:, 1])).sum())

    def told(self) -> Scored:
        scores = self._sums.scores()
        if self._inside is not None:
            scores["coverage"] = self._inside / self.rows
        return {"rows": self.rows, "scores": scores}


class _Classes(_Judge):
    def __init__(self, model: ModelFile, command: str):
        super().__init__(model, command)
        self._sums, self._names = ClassSums(), model.class_names
        few = len(self._names) <= _FEW
        self._counts = np.zeros((len(self._names),) * 2, np.int64) if few else None

    def add(self, data: TableFile, truth: Column) -> None:
        who = f"{self.command}, {data.name}"
        target = ClassTarget(truth.name, self._names)
        classes = target.encode(as_kind(truth, "category", who), who)[:, 0].astype(int)
        probabilities = self.model.probabilities(data, self.command)
        self._sums.add(classes, probabilities)
        self.rows += len(data)
        if self._counts is not None:
            self._counts += confusion(classes, probabilities.argmax(axis=1), len(self._names))

    def told(self) -> Scored:
        scored: Scored = {"rows": self.rows, "scores": self._sums.scores()}
        if self._counts is not None:
            scored["confusion"] = {"classes": self._names, "counts": self._counts.tolist()}
        return scored


def confusion(truth: Array, predicted: Array, classes: int) -> Array:
    """Count rows: a line for each true class, a column for each that was predicted."""
    return np.bincount(truth * classes + predicted, minlength=classes**2).reshape(classes, -1)


def lines_of_confusion(told: dict[str, Any]) -> list[str]:
    """Return the matrix of true and predicted classes as text."""
    names = [name if len(name) <= 12 else f"{name[:11]}…" for name in told["classes"]]
    cell = max(len(n) for n in [*names, *(str(c) for row in told["counts"] for c in row)]) + 2
    if (len(names) + 1) * cell + 2 > 79:
        return []
    lines = ["Rows by true class, and by the predicted one (across):"]
    lines.append(" " * (cell + 2) + "".join(f"{name:>{cell}}" for name in names))
    for name, row in zip(names, told["counts"], strict=True):
        lines.append(f"  {name:{cell}}" + "".join(f"{count:{cell}}" for count in row))
    return lines
