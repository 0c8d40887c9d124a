"""Layers in a row: checked, named, and passed through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.batches import cut
from glassbrick.checks import describe, instance_of, refuse
from glassbrick.errors import ArgumentError, ArgumentTypeError, OwnershipError
from glassbrick.layers.layer import Layer
from glassbrick.names import snake_case
from glassbrick.operations import Operation

__all__ = ["as_layers", "layer_name", "named_operations", "pass_through"]


def as_layers(layers: Any) -> tuple[Layer, ...]:
    """Return what a network was given as `layers`, or refuse it unless each is one, once."""
    who = "NeuralNetwork, layers"
    if not isinstance(layers, list | tuple):
        refuse(ArgumentTypeError, who, "a list of layers", layers, "For example: [Dense(1)].")
    if not layers:
        refuse(ArgumentError, who, "at least one layer", layers, "For example: [Dense(1)].")
    for layer in layers:
        instance_of(layer, Layer, who, '[Dense(13), Dense(1, "linear")]')
        if "neurons" not in vars(layer):
            kind = type(layer).__name__
            advice = f"Call super().__init__(neurons) in {kind}.__init__."
            refuse(ArgumentError, who, "layers that know their neurons", type(layer), advice)
    if len({id(layer) for layer in layers}) < len(layers):
        raise OwnershipError(
            f"{who}: the same layer stands twice. A layer remembers its last batch, "
            f"so it can have only one place; make a new one for each: {describe(layers)}."
        )
    return tuple(layers)


def layer_name(layer: Layer, before: Sequence[Layer]) -> str:
    """Name a layer by its class and its number among those `before` it: "dense_2"."""
    number = 1 + sum(type(other) is type(layer) for other in before)
    return f"{snake_case(type(layer).__name__)}_{number}"


def named_operations(layer: Layer) -> Iterator[tuple[str, Operation]]:
    """Name operations by layer and class, and number those alike: "dense_1.relu_2"."""
    seen: dict[str, int] = {}
    for operation in layer.operations:
        name = snake_case(type(operation).__name__)
        seen[name] = seen.get(name, 0) + 1
        number = f"_{seen[name]}" if seen[name] > 1 else ""
        yield f"{layer.name}.{name}{number}", operation


def pass_through(layers: Sequence[Layer], X: Array, batch_size: int = 4096) -> Array:
    """Pass all rows through `layers`, a bounded number at a time."""
    parts = []
    for batch in cut(len(X), batch_size):
        part = X[batch]
        for layer in layers:
            part = layer.forward(part)
        parts.append(part)
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
