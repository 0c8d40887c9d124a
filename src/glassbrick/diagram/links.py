"""The lines between the neurons of a small network: which lead where, with which weight."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from glassbrick.arrays import Array
from glassbrick.diagram.parts import Part, Plan
from glassbrick.operations import (
    BatchStandardize,
    BiasAdd,
    Dropout,
    GainMultiply,
    LogSoftmax,
    Softmax,
    WeightMultiply,
)
from glassbrick.operations.by_name import ACTIVATIONS

__all__ = ["MOST_LINES", "Link", "can_be_neurons", "is_small", "lines_of", "links_of", "widths_of"]

MOST_LINES = 5000
"""With more, the picture is a grey mass of many megabytes."""

_MOST_NEURONS, _FEW_LINES, _MOST_LAYERS = 16, 600, 7
_MIXING = (Softmax, LogSoftmax)  # what they give for a column depends on the others
_COLUMN_BY_COLUMN = {
    kind for kind in ACTIVATIONS.values() if isinstance(kind, type) and kind not in _MIXING
} | {BatchStandardize, BiasAdd, Dropout, GainMultiply}


class Link(NamedTuple):
    """A line.

    Attributes
    ----------
    source, target : int
        The columns that it leads from and to.
    weight : float
        What it multiplies by; NaN if that is not known, or if it does not multiply.
    """

    source: int
    target: int
    weight: float


def can_be_neurons(plan: Plan) -> bool:
    """Whether all layers are weights, or treat each column by itself, and are known."""
    if plan.inputs is None or len(plan.inputs) != 1:
        return False
    widths = widths_of(plan)
    return all(
        _weight_of(part) is not None if _has_weights(part) else _keeps_columns(part, width)
        for part, width in zip(plan.parts, widths, strict=False)
    )


def is_small(plan: Plan) -> bool:
    """Whether neurons and lines are few enough to be told apart."""
    is_narrow = max(widths_of(plan)) <= _MOST_NEURONS
    return is_narrow and lines_of(plan) <= _FEW_LINES and len(plan.parts) <= _MOST_LAYERS


def lines_of(plan: Plan) -> int:
    """Return how many lines there are between neurons."""
    return sum(
        before * after if _has_weights(part) else after
        for (before, after), part in zip(pairwise(widths_of(plan)), plan.parts, strict=True)
    )


def widths_of(plan: Plan) -> list[int]:
    """Return how many columns data and the outputs of layers have."""
    shapes = [plan.inputs, *(part.shape for part in plan.parts)]
    return [math.prod(shape or (0,)) for shape in shapes]


def links_of(part: Part, width: int, *, has_weights: bool) -> Iterator[Link]:
    """Yield the lines that lead into the neurons of a layer, from so many columns."""
    weight = _weight_of(part)
    if weight is not None:
        for source, row in enumerate(weight):
            for target, value in enumerate(row):
                yield Link(source, target, float(value) if has_weights else math.nan)
        return
    gain: Array = np.full(width, math.nan)
    for operation in part.operations:
        if isinstance(operation, GainMultiply) and has_weights:
            gain = operation.param.ravel()
    for column, value in enumerate(gain):
        yield Link(column, column, float(value))


def _has_weights(part: Part) -> bool:
    return any(isinstance(operation, WeightMultiply) for operation in part.operations)


def _weight_of(part: Part) -> Array | None:
    """Return the weights of a layer that begins with them, and has nothing like them after."""
    first, *others = part.operations or (None,)
    if type(first) is not WeightMultiply or part.parts:
        return None
    return None if any(isinstance(op, WeightMultiply) for op in others) else first.param


def _keeps_columns(part: Part, width: int) -> bool:
    return (
        not part.parts
        and part.shape == (width,)
        and all(type(operation) in _COLUMN_BY_COLUMN for operation in part.operations)
    )
