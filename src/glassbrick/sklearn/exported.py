"""Exported: estimators as ONNX models."""

from __future__ import annotations

import os
from abc import abstractmethod
from importlib import metadata
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from glassbrick.arrays import Array
from glassbrick.checks import complaint, true_or_false
from glassbrick.errors import TracingError
from glassbrick.export.calls import program_of
from glassbrick.export.onnx_calls import add_program
from glassbrick.export.onnx_graph import TEXTS, Graph
from glassbrick.export.onnx_heads import (
    CLASSES,
    NUMBERS,
    add_classes,
    add_labels,
    add_numbers,
    column_a_class,
)
from glassbrick.files import as_path, write_whole
from glassbrick.network import NeuralNetwork
from glassbrick.sklearn.labels import Labels

__all__ = ["Exported", "ExportedClassifier", "ExportedRegressor"]


class Exported:
    """An estimator that can be written as an ONNX model."""

    def to_onnx(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write an ONNX model that predicts the same, for programs that know no Python.

        Its input is "X", (rows, features), in the dtype of the network. A regressor's model
        returns "prediction", in the shape of `predict`. A classifier's returns "label", the
        classes as int64, double or string, and "probabilities", a column for each class.

        Parameters
        ----------
        path : str or path
            Of the file, which by custom ends in ".onnx".
        overwrite : bool, default False
            Whether to replace a file that is there.

        Raises
        ------
        NotFittedError
            If the estimator was not fitted.
        MissingExtraError
            If onnx is not installed.
        TracingError
            If a block, or a class, is something that ONNX has not.
        FileError
            If there is a file already, or it cannot be written.
        """
        who = f"{type(self).__name__}.to_onnx"
        check_is_fitted(self)
        place = as_path(path, f"{who}, path")
        overwrite = true_or_false(overwrite, f"{who}, overwrite")
        model = self._onnx(who, metadata.version("glassbrick"))
        write_whole(place, model, who, overwrite=overwrite)

    @abstractmethod
    def _onnx(self, who: str, version: str) -> bytes:
        """Return the model."""


class ExportedRegressor(Exported):
    """A regressor with one network."""

    net_: NeuralNetwork

    def _onnx(self, who: str, version: str) -> bytes:
        graph = Graph(NUMBERS, who)
        outputs, width = _network(graph, self.net_)
        add_numbers(graph, outputs, width, self.net_.dtype)
        return graph.model(_doc(self, self.net_), version)


class ExportedClassifier(Exported):
    """A classifier with one network, and labels."""

    net_: NeuralNetwork
    _labels: Labels

    def _onnx(self, who: str, version: str) -> bytes:
        graph, labels, dtype = Graph(CLASSES, who), self._labels, self.net_.dtype
        outputs, width = _network(graph, self.net_)
        if labels.is_multilabel:
            add_labels(graph, outputs, width, dtype)
        else:
            classes = _as_tensor(labels.classes, who)
            if width == 1:
                outputs = column_a_class(graph, outputs, len(classes), dtype)
            add_classes(graph, outputs, classes, dtype)
        return graph.model(_doc(self, self.net_), version)


def _network(graph: Graph, net: NeuralNetwork) -> tuple[str, int]:
    """Add a network with its input; return what its outputs mean, and how many columns that is."""
    program = program_of(net, interpreted=True)
    result = add_program(graph, program, graph.input("X", program.dtype, program.inputs))
    graph.place = "target"
    return result, program.shape[1] or 1


def _doc(estimator: object, net: NeuralNetwork) -> str:
    return f"Predicts as a {type(estimator).__name__} with {net!r} does."


def _as_tensor(classes: Array, who: str) -> Array:
    """Return classes in a dtype that ONNX Runtime can return."""
    if all(isinstance(label, str) for label in classes.tolist()):
        return classes.astype(TEXTS)
    kinds: dict[str, Any] = {"b": bool, "i": np.int64, "u": np.int64, "f": np.float64}
    found = classes.astype(kinds.get(classes.dtype.kind, TEXTS))
    if found.dtype == TEXTS or not np.array_equal(found, classes):
        expected = "texts, or numbers that int64 or double can hold"
        received = ", ".join(map(repr, classes.tolist()[:5]))
        raise TracingError(complaint(f"{who}, classes_", expected, received))
    return found
