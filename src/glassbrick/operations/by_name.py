"""The activations by name: what their modules define, and the names that have other reasons."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from glassbrick.names import snake_case
from glassbrick.operations import activations, rectifiers, self_gated, softmax
from glassbrick.operations.operation import Operation
from glassbrick.operations.self_gated import GELU, SiLU

__all__ = ["ACTIVATIONS"]

ACTIVATIONS: dict[str, Callable[[], Operation]] = {
    snake_case(name): getattr(module, name)
    for module in (activations, rectifiers, self_gated, softmax)
    for name in module.__all__
}
"""What makes an activation, by the name by which a layer can be given it."""

ACTIVATIONS["gelu_tanh"] = partial(GELU, approximate=True)
ACTIVATIONS["swish"] = SiLU
