"""How good a model's predictions are, of rows whose truth is known."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import refuse
from glassbrick.cli.model_file import ModelFile
from glassbrick.cli.table_file import TableFile
from glassbrick.errors import DataError
from glassbrick.sklearn.tabular.baselines import class_scores, number_scores
from glassbrick.tables import ClassTarget, Column, as_kind

__all__ = [
    "COVERAGE",
    "Scored",
    "confusion",
    "lines_of_confusion",
    "score",
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
    there, data = len(data), data.where_known(target, command)
    truth = data.column(target, command)
    data = data.without(target)
    judge = _score_classes if model.is_classifier else _score_numbers
    with data.rows_as_in_file():
        return {**judge(model, data, truth, command), "rows_without_target": there - len(data)}


def _score_numbers(model: ModelFile, data: TableFile, column: Column, command: str) -> Scored:
    truth = as_kind(column, "number", f"{command}, {data.name}").values
    said = model.numbers(data, command)
    if said.shape[1] != 1:
        refuse(DataError, command, "a model that predicts one column", f"{said.shape[1]} columns")
    scores = number_scores(truth, said[:, 0], None)
    try:
        interval = model.interval(data, COVERAGE, command)
    except DataError:  # trained on too few rows to know
        interval = None
    if interval is not None:
        inside = (interval[:, 0] <= truth) & (truth <= interval[:, 1])
        scores["coverage"] = float(inside.mean())
    return {"rows": len(truth), "scores": scores}


def _score_classes(model: ModelFile, data: TableFile, column: Column, command: str) -> Scored:
    who = f"{command}, {data.name}"
    names = model.class_names
    target = ClassTarget(column.name, names)
    truth = target.encode(as_kind(column, "category", who), who)[:, 0].astype(int)
    probabilities = model.probabilities(data, command)
    with np.errstate(under="ignore"):
        scored: Scored = {"rows": len(truth), "scores": class_scores(truth, probabilities, None)}
    if len(names) <= _FEW:
        scored["confusion"] = {
            "classes": names,
            "counts": confusion(truth, probabilities.argmax(axis=1), len(names)).tolist(),
        }
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
