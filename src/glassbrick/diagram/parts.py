"""What a diagram shows of a network: layers and operations, with the shapes that are known."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from glassbrick.arrays import Array
from glassbrick.layers.concatenate import Concatenate
from glassbrick.layers.layer import Layer
from glassbrick.layers.residual import Residual
from glassbrick.layers.series import Series
from glassbrick.layers.single import Single
from glassbrick.layers.tree import kind_of
from glassbrick.modes import predicting
from glassbrick.operations import Operation, ParamOperation
from glassbrick.summary import SummaryRow, summarize

if TYPE_CHECKING:
    from glassbrick.network import NeuralNetwork

__all__ = ["TIMES", "Part", "Plan", "Shape", "by", "plan_of"]

TIMES = "\u00d7"

Shape: TypeAlias = tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """A layer.

    Attributes
    ----------
    name, kind : str
        What the layer is called, and its class.
    operations : tuple of Operation
        Its own, in their order.
    labels : tuple of str
        What the operations are called in the diagram.
    parts : tuple of Part
        The layers that it is made of.
    join : str
        How these are put together: "series", "residual" or "concatenate".
    shape : tuple of int or None
        Of a row of its output, if it is known.
    parameters : int or None
        How many there are in it, if it is known.
    """

    name: str
    kind: str
    operations: tuple[Operation, ...]
    labels: tuple[str, ...]
    parts: tuple[Part, ...]
    join: str
    shape: Shape | None
    parameters: int | None


@dataclass(frozen=True)
class Plan:
    """A network as it is drawn.

    Attributes
    ----------
    inputs : tuple of int or None
        Shape of a row of data, if it is known.
    parts : tuple of Part
        Its layers.
    loss : str
        The class of its loss.
    has_weights : bool
        Whether the parameters are the network's own, and not those of a copy.
    features, outputs : tuple of str
        Names of the columns of data and prediction; empty if there are none.
    """

    inputs: Shape | None
    parts: tuple[Part, ...]
    loss: str
    has_weights: bool
    features: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    @property
    def parameters(self) -> int | None:
        """How many there are in all, if it is known."""
        counts = [part.parameters for part in self.parts]
        return None if None in counts else sum(count or 0 for count in counts)


def plan_of(net: NeuralNetwork, inputs: int | None) -> Plan:
    """Return what can be drawn of a network, which stays as it is.

    Parameters
    ----------
    net : NeuralNetwork
        Built or not.
    inputs : int, optional
        Number of features, from which a copy of a network that is not built learns its shapes.
    """
    loss, is_built = type(net.loss).__name__, net.is_built
    if not is_built:
        net = copy.deepcopy(net)
        if inputs is None:
            return Plan(None, _guessed_row(net.layers, None)[0], loss, has_weights=False)
        net.build(inputs)
    rows = {row.name: row for row in summarize(net, None).rows}
    parts = tuple(_known(layer, rows) for layer in net.layers)
    return Plan(net.layers[0].shape, parts, loss, has_weights=is_built)


def _known(layer: Layer, rows: dict[str, SummaryRow]) -> Part:
    """Tell a layer that has been set up."""
    row = rows[layer.name]
    inside = tuple(_known(child, rows) for child in layer.layers)
    return _part(layer, layer.operations, inside, row.output_shape, row.parameters)


def _guessed_row(
    layers: Sequence[Layer], shape: Shape | None
) -> tuple[tuple[Part, ...], Shape | None]:
    """Tell layers in a row that have not been set up, for data of this shape, if it is known."""
    parts = []
    for layer in layers:
        part = _guessed(layer, shape)
        parts.append(part)
        shape = part.shape
    return tuple(parts), shape


def _guessed(layer: Layer, shape: Shape | None) -> Part:
    if not layer.layers:
        return _tried(layer, shape)
    output: Shape | None
    if isinstance(layer, Concatenate):
        inside = tuple(_guessed(branch, shape) for branch in layer.layers)
        shapes = [part.shape for part in inside if part.shape is not None]
        is_known = len(shapes) == len(inside) and all(len(found) == 1 for found in shapes)
        output = (sum(found[0] for found in shapes),) if is_known else None
    else:
        inside, output = _guessed_row(layer.layers, shape)
        output = output if isinstance(layer, Series) else None  # another may do what it likes
    counts = [part.parameters for part in inside]
    total = None if None in counts else sum(count or 0 for count in counts)
    return _part(layer, (), inside, output, total)


def _tried(layer: Layer, shape: Shape | None) -> Part:
    """Tell what a layer is made of by setting it up, for some number of columns if need be."""
    width = shape or (layer.inputs or 1,)
    is_known = shape is not None or layer.inputs is not None
    output: Shape | None = None if layer.neurons is None else (layer.neurons,)
    operations: Sequence[Operation] = ()
    layer.start_over()
    try:
        with np.errstate(all="ignore"), predicting():
            result = layer.forward(np.zeros((1, *width)))
        operations = layer.operations
    except Exception:  # blocks of users raise what they like when the guess does not suit them
        operations = (layer.operation,) if isinstance(layer, Single) else ()
        is_known = False
    if is_known:
        output = result.shape[1:]
    held = [op.param.size for op in operations if isinstance(op, ParamOperation)]
    is_bare = isinstance(layer, Single) and not isinstance(layer.operation, ParamOperation)
    return _part(layer, operations, (), output, sum(held) if is_known or is_bare else None)


def _part(
    layer: Layer,
    operations: Sequence[Operation],
    inside: tuple[Part, ...],
    shape: Shape | None,
    parameters: int | None,
) -> Part:
    if isinstance(layer, Residual):
        join = "residual"
    else:
        join = "concatenate" if isinstance(layer, Concatenate) else "series"
    has_shapes = parameters is not None
    labels = tuple(_label(op, isinstance(layer, Single), has_shapes) for op in operations)
    name, kind = layer.name.rsplit(".", 1)[-1], kind_of(layer).__name__
    return Part(name, kind, tuple(operations), labels, inside, join, shape, parameters)


def _label(operation: Operation, is_alone: bool, has_shapes: bool) -> str:
    """Name an operation by its class, and by the shape of its parameter, if that is known."""
    if isinstance(operation, ParamOperation):
        param: Array = operation.param
        name = type(operation).__name__
        return f"{name} {by(param.shape)}" if has_shapes and math.prod(param.shape) > 1 else name
    return repr(operation).removesuffix("()") if is_alone else type(operation).__name__


def by(shape: Shape) -> str:
    """Write a shape with crosses between its sizes."""
    return TIMES.join(f"{size:,}" for size in shape)
