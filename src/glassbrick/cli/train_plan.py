"""TrainPlan: what `glassbrick train` was asked for, looked at before anything is trained."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import typer

from glassbrick.arrays import Array
from glassbrick.checks import complaint
from glassbrick.cli.data_files import DataFiles
from glassbrick.cli.devices import prepare_devices
from glassbrick.cli.outputs import require_ending, require_room
from glassbrick.cli.table_file import TableFile
from glassbrick.drawing import require_matplotlib
from glassbrick.errors import DataError
from glassbrick.tables import Column, Task, task_of

__all__ = ["Prepared", "TrainPlan", "hidden_of", "prepare", "require_outputs", "share_of"]

_BOSTONS_TARGET = "MEDV"


@dataclass(frozen=True)
class TrainPlan:
    """The arguments of the command."""

    data: DataFiles | None
    target: str | None
    task: Task | None
    layers: str
    engine: str
    epochs: int
    seed: int
    ensemble: int
    valid: str | None
    out: Path | None
    checkpoint: Path | None
    report: Path | None
    as_json: bool
    force: bool
    watch: bool = False
    replay: Path | None = None
    doctor: bool = True
    devices: int | str | None = None


@dataclass(frozen=True)
class Prepared:
    """What to train on.

    Attributes
    ----------
    training : TableFile
        Rows that are trained on.
    valid : TableFile or None
        Rows that are not.
    target : str
        Name of the column to predict.
    task : {"regression", "classification"}
        Which kind of prediction it is.
    hidden : tuple of int
        Neurons of each hidden layer.
    without_target : int
        How many rows were left out, for there is nothing to predict in them.
    """

    training: TableFile
    valid: TableFile | None
    target: str
    task: Task
    hidden: tuple[int, ...]
    without_target: int


def prepare(plan: TrainPlan) -> Prepared:
    """Refuse what cannot be done, and read the data.

    Raises
    ------
    BadParameter
        If an option has a value that it cannot have.
    FileError, DataError, MissingExtraError
        If a file cannot be read or written, or the data cannot be used.
    """
    hidden = hidden_of(plan.layers)
    share = share_of(plan.valid)
    require_outputs(plan)
    prepare_devices(plan.devices)
    data = TableFile.boston() if plan.data is None else TableFile.of(plan.data, "train")
    target = plan.target or (_BOSTONS_TARGET if plan.data is None else None)
    if target is None:
        there = ", ".join(f'"{name}"' for name in data.names)
        raise typer.BadParameter(
            f"say which column to predict: --target COLUMN. In {data.name} there are {there}."
        )
    rows, data = len(data), data.where_known(target, "train")
    column = data.column(target, "train")
    task = plan.task or task_of(column)
    _require_task(data, column, task)
    training, valid = data, None
    if share is not None:
        seen, others = _split(column, task, share, plan.seed)
        if not len(others) or len(seen) < 2:
            raise DataError(f"train: --valid {plan.valid} leaves too few of {len(data)} rows.")
        training, valid = data.at(seen), data.at(others)
    elif plan.valid is not None:
        valid = TableFile.read(Path(plan.valid), "train, --valid")
        valid.column(target, "train, --valid")
    return Prepared(training, valid, target, task, hidden, rows - len(data))


def hidden_of(layers: str) -> tuple[int, ...]:
    """Return numbers of neurons, of a text such as "128,64".

    Raises
    ------
    BadParameter
        If it is something else.
    """
    if layers.strip() in ("", "0"):
        return ()
    try:
        sizes = tuple(int(part) for part in layers.split(","))
    except ValueError:
        sizes = (0,)
    if min(sizes) < 1:
        raise typer.BadParameter(
            f"--layers: expected numbers of neurons such as 128,64, or 0 for no hidden layer; "
            f"received {layers!r}."
        )
    return sizes


def share_of(valid: str | None) -> float | None:
    """Return a share; None if it is a file, or nothing."""
    try:
        share = float(valid or "file")
    except ValueError:
        return None
    if not (math.isfinite(share) and 0.0 < share < 1.0):
        raise typer.BadParameter(
            f"--valid: expected a share between 0 and 1, or a file; received {valid}."
        )
    return share


def require_outputs(plan: TrainPlan) -> None:
    """Find out whether all that is to be written can be."""
    if plan.report is not None:
        require_ending(plan.report, "--report", (".html", ".htm"))
        require_matplotlib("--report")
    if plan.replay is not None:
        require_ending(plan.replay, "--replay", (".html", ".htm"))
    options: dict[Path, str] = {}
    for option, path in (("--out", plan.out), ("--report", plan.report), ("--replay", plan.replay)):
        if path is None:
            continue
        require_room(path, option, plan.force)
        if path in options:
            raise typer.BadParameter(f"{options[path]} and {option}: both would be {path}.")
        options[path] = option


def _require_task(data: TableFile, column: Column, task: Task) -> None:
    """Refuse a column that the task cannot be done with."""
    who = f'train, {data.name}, column "{column.name}"'
    if column.kind == "date":
        raise DataError(complaint(who, "numbers or classes to predict", "dates"))
    if task == "regression":
        if column.kind != "number":
            advice = "Leave --task out, or choose another column."
            raise DataError(complaint(who, "numbers, for regression", "texts", advice))
        if len(data) > 1 and (column.values == column.values[0]).all():
            raise DataError(complaint(who, "different numbers", f"{column.values[0]:g} in all"))
    elif column.kind == "number" and (column.values % 1.0 != 0.0).any():
        row = int(np.argmax(column.values % 1.0 != 0.0))
        with data.rows_as_in_file():
            raise DataError(
                complaint(f"{who}, row {row}", "a class", f"{column.values[row]:g}")
                + " Numbers with fractions are no classes: --task regression."
            )


def _split(column: Column, task: Task, share: float, seed: int) -> tuple[Array, Array]:
    """Deal out rows, each class for itself, and none of a class of one row to the others."""
    order = np.random.default_rng([seed, len(column)]).permutation(len(column))
    if task == "regression":
        count = round(share * len(order))
        return np.sort(order[count:]), np.sort(order[:count])
    values = column.values.astype(str)[order]
    others = np.concatenate(
        [rows[: int(share * len(rows) + 0.5 * (len(rows) > 1))] for rows in _classes(order, values)]
    )
    return np.setdiff1d(order, others), np.sort(others)


def _classes(order: Array, values: Array) -> list[Array]:
    return [order[values == value] for value in np.unique(values)]
