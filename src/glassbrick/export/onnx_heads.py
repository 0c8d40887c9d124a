"""What an ONNX model returns in the end: numbers, or classes and their probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.export.onnx_graph import Graph

__all__ = ["CLASSES", "NUMBERS", "add_classes", "add_labels", "add_numbers", "column_a_class"]

NUMBERS = ("prediction",)
"""What a model returns that predicts numbers."""

CLASSES = ("label", "probabilities")
"""What a model returns that predicts classes."""

_FIRST_AXIS_OF_COLUMNS = np.array([1], np.int64)
_INTEGERS = np.dtype(np.int64)


def add_numbers(graph: Graph, values: str, width: int, dtype: np.dtype[Any]) -> None:
    """Return numbers as "prediction": one axis if there is one column, else (rows, width)."""
    if width == 1:
        values = graph.node("Squeeze", [values, graph.tensor(_FIRST_AXIS_OF_COLUMNS)])
    graph.output("prediction", values, dtype, (None,) if width == 1 else (None, width))


def column_a_class(graph: Graph, positive: str, classes: int, dtype: np.dtype[Any]) -> str:
    """Return a column for each class, of the one that tells how likely the second class is.

    Of a single class it is certain.
    """
    one = graph.number(1.0, dtype)
    if classes == 1:
        return graph.node("Pow", [positive, graph.number(0.0, dtype)])
    return graph.node("Concat", [graph.node("Sub", [one, positive]), positive], axis=1)


def add_classes(graph: Graph, likely: str, classes: Array, dtype: np.dtype[Any]) -> None:
    """Return the likeliest class as "label", and how likely each is as "probabilities".

    Parameters
    ----------
    graph : Graph
        Where to.
    likely : str
        A column for each class.
    classes : ndarray
        Texts, as objects, or numbers, in the order of the columns.
    dtype : dtype
        Of the columns.
    """
    numbers = graph.node("ArgMax", [likely], axis=1, keepdims=0)
    labels = graph.node("Gather", [graph.tensor(classes), numbers], axis=0)
    graph.output("label", labels, classes.dtype, (None,))
    graph.output("probabilities", likely, dtype, (None, len(classes)))


def add_labels(graph: Graph, likely: str, labels: int, dtype: np.dtype[Any]) -> None:
    """Return 1 for each label that is likelier than not, and how likely each of them is."""
    chosen = graph.node("Greater", [likely, graph.number(0.5, dtype)])
    graph.output("label", graph.cast(chosen, _INTEGERS), _INTEGERS, (None, labels))
    graph.output("probabilities", likely, dtype, (None, labels))
