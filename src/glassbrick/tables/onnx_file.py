"""Networks for a table as one ONNX model, which takes the columns as they stand in the table."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import complaint
from glassbrick.errors import ArgumentError, DataError
from glassbrick.export.calls import Program, program_of
from glassbrick.export.onnx_calls import add_program
from glassbrick.export.onnx_graph import FIGURES, TEXTS, Graph
from glassbrick.export.onnx_heads import (
    CLASSES,
    NUMBERS,
    add_classes,
    add_labels,
    add_numbers,
    column_a_class,
)
from glassbrick.network import NeuralNetwork
from glassbrick.tables.features import Features
from glassbrick.tables.onnx_columns import Encoded, add_column
from glassbrick.tables.targets import ClassTarget, NumberTarget, Target

__all__ = ["onnx_of_table"]


def onnx_of_table(
    features: Features,
    targets: Sequence[Target],
    networks: Sequence[NeuralNetwork],
    version: str,
    doc: str,
    labels: Array | None = None,
    *,
    who: str = "Networks for a table as ONNX",
) -> bytes:
    """Return an ONNX model that predicts from the columns of a table, for any number of rows.

    All that `Features.encode` does is in it, in float64. It takes the mean of what the networks
    say, in float64, too, and returns what stands in the table for it.

    Each column that is used is an input of its name, of shape (rows, 1): numbers as double, with
    NaN where one is missing; dates as double, days since 1970-01-01; categories as string, with
    "" where one is missing, truth values as "True" and "False". Where "" is a category itself,
    "?" stands for what is missing. A column without a name, or with that of an output, gets "_"
    put after its name. All this stands in the model, too: in the descriptions of its inputs, and
    as JSON in its property "columns".

    It returns "prediction", double, of shape (rows,), or with a second axis if there are several
    numbers; or for classes "label", string, of shape (rows,), and "probabilities", double, of
    shape (rows, classes). Of several targets with two classes each, "label" is int64, 0 or 1, and
    "probabilities" those of 1; both have the shape (rows, targets).

    Parameters
    ----------
    features : Features
        What the networks take.
    targets : sequence of Target
        What they predict: numbers, or classes of one target, or several with two classes each.
    networks : sequence of NeuralNetwork
        At least one.
    version : str
        Of Glassbrick.
    doc : str
        What the model is.
    labels : ndarray, optional
        What stands for the classes of one target, in their order; by default their texts.
    who : str
        What to call whoever asks, in errors.

    Raises
    ------
    MissingExtraError
        If onnx is not installed.
    TracingError
        If a block does what ONNX cannot.
    NotReadyError
        If a network has no parameters yet.
    DataError
        If a text cannot be written as UTF-8.
    ArgumentError
        If there is no network, or one was made for other features or another target.

    Examples
    --------
    >>> from glassbrick import MeanSquaredError, NeuralNetwork
    >>> from glassbrick.tables import NumberTarget, read_table, table_layers
    >>> table = read_table({"age": [3, 4, 5], "town": ["Bern", "Genf", "Bern"]}, "example")
    >>> features = Features.fit(table, "example")
    >>> net = NeuralNetwork(table_layers(features, 1), MeanSquaredError(), rng=0)
    >>> net.build(len(features.names))
    >>> model = onnx_of_table(features, [NumberTarget("pay", 50.0, 20.0)], [net], "1.0", "Pay")
    >>> type(model)
    <class 'bytes'>
    """
    _require_utf8(features, targets, who)
    encoders = [encoder for encoder in features.encoders if encoder.features or encoder.categories]
    programs = [program_of(net, interpreted=True) for net in networks]
    width = sum(len(encoder.features) or 1 for encoder in encoders)
    _require_fitting(targets, programs, width, who)
    graph = Graph(CLASSES if isinstance(targets[0], ClassTarget) else NUMBERS, who)
    columns = [add_column(graph, encoder) for encoder in encoders]
    graph.place = "features"
    matrix = graph.node("Concat", [part for c in columns for part in c.features], axis=1)
    mean = _mean(graph, matrix, programs)
    _add_targets(graph, targets, mean, programs[0].shape[1] or 1, labels)
    return graph.model(doc, version, {"columns": _told(columns)})


def _mean(graph: Graph, matrix: str, programs: Sequence[Program]) -> str:
    """Return the mean of what the networks say, in float64."""
    said = []
    for number, program in enumerate(programs, 1):
        rows = matrix if program.dtype == FIGURES else graph.cast(matrix, program.dtype)
        result = add_program(graph, program, rows, f"network_{number}.")
        graph.place = "mean"
        said.append(graph.cast(result, FIGURES))
    if len(said) == 1:
        return said[0]
    return graph.node("Div", [graph.node("Sum", said), graph.number(float(len(said)))])


def _add_targets(
    graph: Graph, targets: Sequence[Target], mean: str, width: int, labels: Array | None
) -> None:
    """Return what the outputs stand for."""
    graph.place = "target"
    numbers = [target for target in targets if isinstance(target, NumberTarget)]
    if numbers:
        deviations = graph.tensor(np.array([target.deviation for target in numbers]))
        means = graph.tensor(np.array([target.mean for target in numbers]))
        unscaled = graph.node("Add", [graph.node("Mul", [mean, deviations]), means])
        add_numbers(graph, unscaled, width, FIGURES)
    elif len(targets) > 1:
        add_labels(graph, mean, width, FIGURES)
    elif isinstance(targets[0], ClassTarget):
        classes = np.array(targets[0].classes, TEXTS) if labels is None else labels
        if width == 1:
            mean = column_a_class(graph, mean, len(classes), FIGURES)
        add_classes(graph, mean, classes, FIGURES)


def _told(columns: Sequence[Encoded]) -> str:
    """Tell which input is which column, and what is to be given there."""
    told = [{"column": c.name, "input": c.input, "values": c.meaning} for c in columns]
    return json.dumps(told, ensure_ascii=False)


def _require_fitting(
    targets: Sequence[Target], programs: Sequence[Program], width: int, who: str
) -> None:
    """Refuse networks that take or say something else."""
    if not programs:
        raise ArgumentError(complaint(who, "at least one network", "none"))
    for program in programs:
        if program.inputs != (width,):
            received = f"one for {program.inputs}"
            raise ArgumentError(complaint(who, f"networks for {width} features", received))
        said = program.shape[1:]
        expected = programs[0].shape[1:]
        if len(targets) > 1:
            expected = (len(targets),)
        elif isinstance(targets[0], ClassTarget):
            classes = len(targets[0].classes)
            expected = (1,) if classes == 2 and said == (1,) == expected else (classes,)
        if said != expected:
            outputs = f"networks whose outputs have the shape {expected} for each row"
            raise ArgumentError(complaint(who, outputs, f"one with {said}"))


def _require_utf8(features: Features, targets: Sequence[Target], who: str) -> None:
    """Refuse halves of characters, which are no text outside of Python."""
    told = json.dumps(
        [features.to_json(), *(target.to_json() for target in targets)], ensure_ascii=False
    )
    try:
        told.encode()
    except UnicodeEncodeError as error:
        received = repr(told[max(error.start - 10, 0) : error.end + 10])
        raise DataError(complaint(who, "texts that UTF-8 can write", received)) from None
