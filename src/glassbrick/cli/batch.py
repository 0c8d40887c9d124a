"""Batch: rows of a file as the numbers that a model's network takes, and what they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import typer

from glassbrick.arrays import Array
from glassbrick.checks import complaint
from glassbrick.cli.model_file import ModelFile
from glassbrick.cli.table_file import TableFile
from glassbrick.errors import DataError, NotReadyError
from glassbrick.loading import load
from glassbrick.network import NeuralNetwork
from glassbrick.tables import ClassTarget, as_kind, complete

__all__ = ["Batch", "batch_of"]

_COMMAND = "explain"


@dataclass(frozen=True)
class Batch:
    """What a network is to explain.

    Attributes
    ----------
    net : NeuralNetwork
        Of an ensemble the first.
    x, y : ndarray
        As the network takes them.
    target : str
        The column that it predicts, or several.
    features : list of str
        Names of the columns of `x`.
    told : list of str
        What the model says of each row, in the units of the table; none of a network alone.
    note : str
        In words, what else there is to know.
    """

    net: NeuralNetwork
    x: Array
    y: Array
    target: str
    features: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    note: str = ""


def batch_of(path: Path, data: TableFile, targets: Sequence[str]) -> Batch:
    """Load a model, and make a batch of rows for it.

    Raises
    ------
    BadParameter
        If nobody knows what is predicted.
    GlassbrickError
        If the model cannot be read, or rows do not fit it.
    """
    model = load(path)
    if not targets and not hasattr(model, "targets_"):
        raise typer.BadParameter(f"{path} does not know what it predicts: add --target COLUMN")
    with data.rows_as_in_file(), np.errstate(under="ignore"):
        if isinstance(model, NeuralNetwork):
            return _of_network(model, data, targets)
        loaded = ModelFile(str(path), model)
        names = targets or loaded.targets
        if len(names) != max(len(loaded.targets), 1):
            expected = f"as many --target as the model predicts, {max(len(loaded.targets), 1)}"
            raise DataError(complaint(_COMMAND, expected, ", ".join(names)))
        make = _of_tabular if loaded.is_tabular else _of_estimator
        return make(loaded, data, names)


def _of_network(net: NeuralNetwork, data: TableFile, targets: Sequence[str]) -> Batch:
    if not net.is_built:
        raise NotReadyError(f"{_COMMAND}: the network has no parameters yet; train it first.")
    y = _numbers(data, targets)
    features = [name for name in data.names if name not in targets]
    x = _numbers(data, features)
    wanted = net.layers[0].shape
    if wanted is not None and x.shape[1:] != wanted:
        who = f"{_COMMAND}, {data.name}, columns besides {', '.join(targets)}"
        advice = "A network takes all columns but the target, as they stand in the file."
        raise DataError(complaint(who, f"{wanted[0]}", str(x.shape[1]), advice))
    return Batch(net, x.astype(net.dtype), y.astype(net.dtype), ", ".join(targets), features)


def _of_tabular(loaded: ModelFile, data: TableFile, names: Sequence[str]) -> Batch:
    model, who = loaded.model, f"{_COMMAND}, {data.name}"
    pairs = zip(model.targets_, names, strict=True)
    y = np.hstack([target.encode(data.column(name, _COMMAND), who) for target, name in pairs])
    x = model.features_.encode(data.columns, who)
    nets: list[NeuralNetwork] = model._networks()
    note = f"This is the first of {len(nets)} networks. " if len(nets) > 1 else ""
    note += "Its numbers are the columns as they were scaled and encoded in training"
    note += ", and so is what it predicts." if model.task == "regression" else "."
    dtype, features = nets[0].dtype, list(model.features_.names)
    told = _told(loaded, data)
    return Batch(nets[0], x.astype(dtype), y.astype(dtype), ", ".join(names), features, told, note)


def _of_estimator(loaded: ModelFile, data: TableFile, names: Sequence[str]) -> Batch:
    model, name = loaded.model, names[0]
    truth, rest, who = data.column(name, _COMMAND), data.without(name), f"{_COMMAND}, {data.name}"
    x = np.asarray(loaded.given(rest, _COMMAND))
    net: NeuralNetwork = model._networks()[0]
    x = x.astype(net.dtype)
    if loaded.is_classifier:
        classes = ClassTarget(name, loaded.class_names)
        numbers = classes.encode(as_kind(truth, "category", who), who)[:, 0].astype(int)
        y = model._labels.encode(np.asarray(model.classes_)[numbers], net.dtype)
        if net.predict(x).shape[1] == 2 and y.shape[1] == 1:
            y = model._labels.one_hot(y)
    else:
        y = complete(as_kind(truth, "number", who), who).values[:, np.newaxis]
    features = [str(n) for n in getattr(model, "feature_names_in_", rest.names)]
    return Batch(net, x, y.astype(net.dtype), name, features, _told(loaded, rest))


def _numbers(data: TableFile, names: Sequence[str]) -> Array:
    who = f"{_COMMAND}, {data.name}"
    columns = [complete(as_kind(data.column(n, _COMMAND), "number", who), who) for n in names]
    if not columns:
        raise DataError(complaint(who, "columns besides the target", "none"))
    return np.column_stack([column.values for column in columns])


def _told(loaded: ModelFile, data: TableFile) -> list[str]:
    """Predict, in words."""
    if loaded.is_classifier:
        classes: Any = loaded.classes(data, _COMMAND).reshape(len(data), -1)
        return [", ".join(map(str, row)) for row in classes.tolist()]
    numbers = loaded.numbers(data, _COMMAND)
    return [", ".join(f"{value:.6g}" for value in row) for row in numbers.tolist()]
