"""How a summary is made: a row of zeros passes through twins of the layers."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from glassbrick.blocks import Block
from glassbrick.checks import positive_integer
from glassbrick.errors import NotReadyError
from glassbrick.layers.layer import Layer
from glassbrick.layers.single import Single
from glassbrick.layers.tree import kind_of, own_operations
from glassbrick.modes import predicting
from glassbrick.operations import Operation, ParamOperation
from glassbrick.summary.summary import Summary, SummaryRow

if TYPE_CHECKING:
    from glassbrick.network import NeuralNetwork

__all__ = ["summarize"]


def summarize(net: NeuralNetwork, inputs: int | None) -> Summary:
    """Pass a row of zeros through twins of a network's layers, and look what is there.

    Parameters
    ----------
    net : NeuralNetwork
        Neither its parameters nor what it remembers of a batch change.
    inputs : int, optional
        Number of features: if the network is not built for so many, a copy is.

    Raises
    ------
    NotReadyError
        If the network is not built, and `inputs` not given.
    ArgumentError, ArgumentTypeError
        If `inputs` is not a whole number of at least 1.
    ShapeError
        If a layer was made for another number of inputs.
    """
    if inputs is not None:
        inputs = positive_integer(inputs, "NeuralNetwork.summary, inputs")
    elif not net.is_built:
        raise NotReadyError(
            "NeuralNetwork.summary: there are no parameters yet. Say the number of features, "
            "net.summary(inputs=13), which leaves the network as it is, or build it: "
            "net.build(13)."
        )
    if inputs is not None and not (net.is_built and net.layers[0].shape == (inputs,)):
        dtype = net.dtype if net.is_built else np.dtype(np.float64)
        net = copy.deepcopy(net)
        net.build(inputs, dtype)
    twins = [layer.apart() for layer in net.layers]
    shape = twins[0].shape or (0,)
    output = np.zeros((1, *shape), net.dtype)
    with np.errstate(all="ignore"), predicting():
        for twin in twins:
            output = twin.forward(output)
    rows = tuple(row for twin in twins for row in _rows(twin, 0))
    return Summary(math.prod(shape), net.dtype.name, type(net.loss).__name__, rows)


def _rows(layer: Layer, depth: int) -> Iterator[SummaryRow]:
    """Yield the row of a layer that has seen one row of data, then those of what is in it."""
    inside = [_operation_row(*named, depth + 1) for named in own_operations(layer)]
    for child in layer.layers:
        inside += _rows(child, depth + 1)
    parts = [row for row in inside if row.depth == depth + 1]
    yield SummaryRow(
        layer.name,
        kind_of(layer).__name__,
        depth,
        _output_shape(layer),
        sum(row.parameters for row in parts),
        sum(row.bytes for row in parts),
        sum(row.multiply_adds for row in parts),
    )
    if not isinstance(layer, Single):  # of which the operation is all there is
        yield from inside


def _operation_row(name: str, operation: Operation, depth: int) -> SummaryRow:
    param = operation.param if isinstance(operation, ParamOperation) else None
    shape = _output_shape(operation)
    return SummaryRow(
        name,
        type(operation).__name__,
        depth,
        shape,
        0 if param is None else param.size,
        0 if param is None else param.nbytes,
        0 if shape is None else operation.multiply_adds(),
    )


def _output_shape(block: Block) -> tuple[int, ...] | None:
    """Return the shape of what a block made of one row; None if it was not run."""
    output = vars(block).get("output")
    return None if output is None else output.shape[1:]
