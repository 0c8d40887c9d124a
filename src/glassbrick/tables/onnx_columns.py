"""The encoders of columns as nodes of ONNX, which compute the same in the same steps."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from glassbrick.checks import refuse
from glassbrick.errors import ArgumentTypeError
from glassbrick.export.onnx_graph import FIGURES, TEXTS, Graph
from glassbrick.tables.encoders import (
    CYCLES,
    WIDEST,
    CategoryEncoder,
    DateEncoder,
    Encoder,
    NumberEncoder,
)

__all__ = ["Encoded", "add_column"]

_FAR = 1e9  # from here on a number is drawn in to the limit, as exactly as a double can tell


class Encoded(NamedTuple):
    """What stands in the model for a column of a table.

    Attributes
    ----------
    name : str
        Of the column.
    input : str
        Of the input.
    meaning : str
        What its values have to be.
    features : tuple of str
        The names of what comes of them, a matrix each.
    """

    name: str
    input: str
    meaning: str
    features: tuple[str, ...]


def add_column(graph: Graph, encoder: Encoder) -> Encoded:
    """Add an input for a column, and the nodes that make features of it.

    Parameters
    ----------
    graph : Graph
        Where to.
    encoder : Encoder
        Of the column.
    """
    name = encoder.name
    graph.place = f"column {name}"
    features: tuple[str, ...]
    if isinstance(encoder, CategoryEncoder):
        text = _text_of_missing(encoder)
        meaning = f'text; "{text}" where it is missing'
        input_ = graph.input(name, TEXTS, (1,), meaning)
        features = (_category(graph, encoder, input_, text),)
    elif isinstance(encoder, DateEncoder):
        meaning = "days since 1970-01-01, whole or not; NaN where it is missing"
        input_ = graph.input(name, FIGURES, (1,), meaning)
        features = _date(graph, encoder, input_)
    elif isinstance(encoder, NumberEncoder):
        meaning = "number; NaN where it is missing"
        input_ = graph.input(name, FIGURES, (1,), meaning)
        features = _number(graph, encoder, input_)
    else:
        refuse(ArgumentTypeError, "Networks for a table as ONNX", "an encoder of ours", encoder)
    return Encoded(name, input_, meaning, features)


def _number(graph: Graph, encoder: NumberEncoder, values: str) -> tuple[str, ...]:
    """Scale numbers, and draw in those far away."""
    missing = graph.node("IsNaN", [values])
    is_missing = graph.cast(missing, FIGURES)
    if encoder.scale:
        median, scale = graph.number(encoder.median), graph.number(encoder.scale)
        known = graph.node("Where", [missing, median, values])
        middle = graph.number(encoder.median / encoder.scale)
        scaled = graph.node("Sub", [graph.node("Div", [known, scale]), middle])
        first = _drawn_in(graph, scaled)
    else:
        first = graph.node("Mul", [is_missing, graph.number(0.0)])
    return (first, is_missing) if encoder.has_missing else (first,)


def _drawn_in(graph: Graph, scaled: str) -> str:
    """Compute s / sqrt(1 + (s/3)²), of numbers whose squares cannot overflow."""
    below = graph.node("Min", [scaled, graph.number(_FAR)])
    near = graph.node("Max", [below, graph.number(-_FAR)])
    share = graph.node("Div", [near, graph.number(WIDEST)])
    square = graph.node("Mul", [share, share])
    length = graph.node("Sqrt", [graph.node("Add", [square, graph.number(1.0)])])
    return graph.node("Div", [near, length])


def _category(graph: Graph, encoder: CategoryEncoder, texts: str, text_of_missing: str) -> str:
    """Return the number of each category, or a matrix of 0 and 1."""
    levels = [*encoder.known, text_of_missing] if encoder.has_missing else [*encoder.known]
    first, unknown = (1, 0) if encoder.is_embedded else (0, -1)
    numbers = graph.node(
        "LabelEncoder",
        [texts],
        domain="ai.onnx.ml",
        keys_strings=levels,
        values_int64s=list(range(first, first + len(levels))),
        default_int64=unknown,
    )
    if not encoder.is_embedded:
        numbers = graph.node("Equal", [numbers, graph.tensor(np.arange(len(levels)))])
    return graph.cast(numbers, FIGURES)


def _text_of_missing(encoder: CategoryEncoder) -> str:
    """Return "", or "?" or more of these where that is a category itself."""
    text = ""
    while text in encoder.known:
        text += "?"
    return text


def _date(graph: Graph, encoder: DateEncoder, days: str) -> tuple[str, ...]:
    """Return the scaled moment, and sines and cosines; 0 for a missing date."""
    features = _number(graph, encoder.days, days)
    missing = graph.node("IsNaN", [days])
    for cycle in encoder.cycles:
        turn = graph.number(2.0 * math.pi / CYCLES[cycle])
        angle = graph.node("Mul", [days, turn])
        circle = (graph.node(kind, [angle]) for kind in ("Sin", "Cos"))
        zero = graph.number(0.0)
        features += tuple(graph.node("Where", [missing, zero, part]) for part in circle)
    return features
