"""The part of the page on single rows: predicted and actual, and the largest errors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glassbrick.arrays import Array
from glassbrick.cli.report.figures import agreement, calibration, residuals
from glassbrick.cli.report.intervals import truth_of
from glassbrick.cli.report.tables import Cell, matrix, table
from glassbrick.cli.scoring import COVERAGE, confusion
from glassbrick.cli.trained import Trained
from glassbrick.errors import DataError
from glassbrick.sklearn.tabular.comparison import figure
from glassbrick.sklearn.tabular.intervals import width_of
from glassbrick.tables import Column

__all__ = ["largest_errors", "predicted_and_actual"]

_MOST_CLASSES = 25
_WORST, _SHOWN = 10, 4  # rows, and columns of them


def predicted_and_actual(trained: Trained) -> str:
    """Show predictions of rows not seen, each by the network that has not seen it."""
    rows, said = trained.model.judged_.rows, trained.model.judged_.said
    name, truth = trained.prepared.target, truth_of(trained)
    if trained.prepared.task == "regression":
        band = _width(trained)
        note = f"Rows not seen in training. {len(rows):,} predictions."
        left = agreement(truth, said[:, 0], band, COVERAGE, name)
        right = residuals(truth, said[:, 0], band, COVERAGE)
        return f'<p>{note}</p><div class="pair">{left}{right}</div>'
    classes = trained.classes
    if len(classes) > _MOST_CLASSES:
        return ""
    counts = confusion(truth, said.argmax(axis=1), len(classes))
    note = "Rows not seen in training: a line for each true class, a column for each predicted."
    drawn = calibration(truth, said, classes, name)
    return f'<p>{note}</p><div class="pair">{matrix(classes, counts)}{drawn}</div>'


def largest_errors(trained: Trained, important: Sequence[str]) -> str:
    """Return a table of the rows that were predicted worst, with the columns that matter most.

    Parameters
    ----------
    trained : Trained
        What came of the training.
    important : sequence of str
        Columns, those that matter most first.
    """
    said, truth = trained.model.judged_.said, truth_of(trained)
    if trained.prepared.task == "regression":
        errors = truth - said[:, 0]
        worst = np.argsort(-np.abs(errors), kind="stable")[:_WORST]
        heads = ["actual", "predicted", "error"]
        told = [[f"{v:.4g}" for v in (truth[n], said[n, 0], errors[n])] for n in worst.tolist()]
        return _rows(trained, worst, heads, told, important, numbers=3)
    likely = said[np.arange(len(truth)), truth]
    wrong = np.flatnonzero(said.argmax(axis=1) != truth)
    worst = wrong[np.argsort(likely[wrong], kind="stable")][:_WORST]
    if not len(worst):
        return "<p>No row was predicted wrong.</p>"
    names = trained.classes
    heads = ["actual", "predicted", "probability of the actual"]
    told = [[names[truth[n]], names[said[n].argmax()], figure(likely[n])] for n in worst.tolist()]
    note = f"<p>{len(wrong):,} of {len(truth):,} rows were predicted wrong.</p>"
    return note + _rows(trained, worst, heads, told, important, numbers=1)


def _rows(
    trained: Trained,
    worst: Array,
    heads: list[str],
    told: list[list[str]],
    important: Sequence[str],
    *,
    numbers: int,
) -> str:
    """Name each row as whoever opens the file finds it, and tell some of its columns."""
    data = trained.prepared.training
    places = trained.model.judged_.rows[worst]
    in_file = places if data.rows is None else data.rows[places]
    columns = [data.column(name, "--report").at(places) for name in important[:_SHOWN]]
    rows: list[list[Cell]] = [
        [f"{place + 1:,}", *cells, *(_value(column, number) for column in columns)]
        for number, (place, cells) in enumerate(zip(in_file.tolist(), told, strict=True))
    ]
    first = 4 - numbers
    right = [0, *range(first, 4), *(4 + n for n, c in enumerate(columns) if c.kind == "number")]
    heads = ["row", *heads, *(column.name for column in columns)]
    note = "The first row of the data is row 1. Beside it are the columns that matter most."
    return f"<p>{note}</p>" + table(heads, rows, numbers=right, caption="Largest errors")


def _value(column: Column, number: int) -> str:
    if column.missing[number]:
        return "missing"
    value = column.values[number]
    if column.kind == "number":
        return f"{value:.6g}"
    return str(value)[:10] if column.kind == "date" else str(value)


def _width(trained: Trained) -> float | None:
    try:
        return width_of(trained.model.errors_[:, 0], COVERAGE, "--report")
    except DataError:  # too few rows to know
        return None
