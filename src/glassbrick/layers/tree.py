"""Layers within layers: all of them, and what they are called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from glassbrick.layers.layer import Layer
from glassbrick.layers.single import Single
from glassbrick.names import snake_case
from glassbrick.operations import Operation

__all__ = ["all_layers", "kind_of", "layer_name", "named_operations", "own_operations"]


def all_layers(layers: Sequence[Layer]) -> Iterator[Layer]:
    """Iterate over layers, and over those that they are made of, first to last."""
    for layer in layers:
        yield layer
        yield from all_layers(layer.layers)


def named_operations(layer: Layer) -> Iterator[tuple[str, Operation]]:
    """Name operations by layer and class, those of layers within the layer too."""
    for part in layer.layers:
        yield from named_operations(part)
    yield from own_operations(layer)


def own_operations(layer: Layer) -> Iterator[tuple[str, Operation]]:
    """Name operations by layer and class, and number those alike: "dense_1.relu_2"."""
    seen: dict[str, int] = {}
    for operation in layer.operations:
        name = snake_case(type(operation).__name__)
        seen[name] = seen.get(name, 0) + 1
        number = f"_{seen[name]}" if seen[name] > 1 else ""
        yield f"{layer.name}.{name}{number}", operation


def layer_name(layer: Layer, before: Sequence[Layer]) -> str:
    """Name a layer by its class and its number among those `before` it: "dense_2"."""
    kind = kind_of(layer)
    number = 1 + sum(kind_of(other) is kind for other in before)
    return f"{snake_case(kind.__name__)}_{number}"


def kind_of(layer: Layer) -> type:
    """Return the class that a layer is named after: that of its operation, if it has but one."""
    return type(layer.operation) if isinstance(layer, Single) else type(layer)
