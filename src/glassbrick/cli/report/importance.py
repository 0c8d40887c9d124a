"""Which columns matter: how much worse predictions become when a column is shuffled."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.cli.table_file import TableFile
from glassbrick.cli.trained import Trained
from glassbrick.metrics import r2
from glassbrick.sklearn.tabular.baselines import class_scores
from glassbrick.tables import ClassTarget, as_kind

__all__ = ["importances"]

_ROWS, _TIMES, _MANY = 300, 5, 40


def importances(trained: Trained) -> list[tuple[str, float]]:
    """Return for each column by how much R² falls, or the log loss rises; the largest first.

    Rows are a sample of those kept by --valid, or else of those in training. Each column is
    shuffled several times; of many columns each once.
    """
    prepared = trained.prepared
    data = prepared.valid if prepared.valid is not None else prepared.training
    random = np.random.default_rng(trained.plan.seed)
    data = data.at(np.sort(random.permutation(len(data))[:_ROWS]))
    used = [column.name for column in trained.columns if not column.left_out]
    times = _TIMES if len(used) <= _MANY else 1
    truth = _truth(trained, data)
    table = _lists(data)
    best = _merit(trained, table, truth)
    found = []
    for name in used:
        falls = []
        for _ in range(times):
            order = random.permutation(len(data))
            shuffled = {**table, name: [table[name][row] for row in order]}
            falls.append(best - _merit(trained, shuffled, truth))
        found.append((name, float(np.mean(falls))))
    return sorted(found, key=lambda pair: -pair[1])


def _lists(data: TableFile) -> dict[str, list[Any]]:
    """Return a table of lists, of the kinds that the columns were found to be."""
    return {
        column.name: column.values.astype("O").tolist()
        if column.kind == "date"
        else column.values.tolist()
        for column in data.columns
    }


def _truth(trained: Trained, data: TableFile) -> Array:
    column = data.column(trained.prepared.target, "--report")
    if trained.prepared.task == "regression":
        return as_kind(column, "number", "--report").values
    target: ClassTarget = trained.model.targets_[0]
    return target.encode(as_kind(column, "category", "--report"), "--report")


def _merit(trained: Trained, table: dict[str, list[Any]], truth: Array) -> float:
    """Return R², or the log loss with its sign turned."""
    with np.errstate(all="ignore"):
        if trained.prepared.task == "regression":
            if np.ptp(truth) == 0.0:
                return 0.0
            return float(r2(truth, trained.model.predict(table)))
        return -class_scores(truth, trained.model.predict_proba(table), None)["log_loss"]
