"""Series: layers in a row, as one layer; and what all layers that are made of layers share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from glassbrick.arrays import Array
from glassbrick.batches import cut
from glassbrick.checks import describe, instance_of, refuse
from glassbrick.errors import (
    ArgumentError,
    ArgumentTypeError,
    GlassbrickError,
    NotReadyError,
    OwnershipError,
)
from glassbrick.layers.layer import Layer
from glassbrick.layers.single import Single
from glassbrick.layers.tree import layer_name
from glassbrick.operations import Operation, ParamOperation
from glassbrick.penalties import Penalty
from glassbrick.randomness import Place, Streams

__all__ = ["LayerOfLayers", "Passes", "Series", "as_layers", "pass_through"]

Passes: TypeAlias = Sequence[Callable[[Array], Array]]


class LayerOfLayers(Layer):
    """A layer that is made of layers.

    A subclass says in `_pass` how data gets through them, and in `_pass_back` how a gradient
    comes back.

    Attributes
    ----------
    layers : tuple of Layer
        What it is made of, named "series_1.dense_1", "series_1.dense_2", ...
    """

    def __init__(self, layers: Sequence[Any]):
        super().__init__(None)
        self.layers = as_layers(layers, f"{type(self).__name__}, layers")
        for layer in self.layers:
            layer.claim(self, f"{type(self).__name__}, layers")
        self._rename(self.name)
        self.inputs = self.layers[0].inputs

    @abstractmethod
    def _pass(self, passes: Passes, input_: Array) -> Array:
        """Return the output, given how to pass each layer."""

    @abstractmethod
    def _pass_back(self, passes: Passes, output_grad: Array) -> Array:
        """Return the gradient of the input, given how to pass back through each layer."""

    def forward(self, input_: Array) -> Array:
        """Pass `input_` through the layers; see `Layer.forward`."""
        if self.first:
            try:
                self._check_input(input_)
            except GlassbrickError as error:
                error.within(self.name)
                raise
        self.input_ = input_
        self.output = self._pass([layer.forward for layer in self.layers], input_)
        self.shape, self.first = input_.shape[1:], False
        return self.output

    def backward(self, output_grad: Array) -> Array:
        """Send the gradient of the output back through the layers; see `Layer.backward`."""
        if self.first:
            raise NotReadyError(f"{self.name}: backward was called before forward.")
        return self._pass_back([layer.backward for layer in self.layers], output_grad)

    @property
    def param_operations(self) -> tuple[ParamOperation, ...]:
        """The operations that hold parameters, in all layers."""
        return tuple(op for layer in self.layers for op in layer.param_operations)

    @property
    def penalties(self) -> list[tuple[Penalty, ParamOperation]]:
        """What weights cost, of which operations, in all layers."""
        return [penalty for layer in self.layers for penalty in layer.penalties]

    def require_params(self) -> None:
        """Raise `NotReadyError` if a layer has not been set up yet."""
        for layer in self.layers:
            layer.require_params()

    def release(self) -> None:
        """Forget the last batch, in all layers. Parameters stay."""
        super().release()
        for layer in self.layers:
            layer.release()

    def start_over(self) -> None:
        """Let the next forward set all layers up again."""
        super().start_over()
        for layer in self.layers:
            layer.start_over()

    def _join(self, streams: Streams, place: Place, name: str, seed: int | None) -> None:
        super()._join(streams, place, name, seed)
        for number, layer in enumerate(self.layers):
            layer._join(streams, (*place, number), layer.name, seed)

    def _rename(self, name: str) -> None:
        super()._rename(name)
        for number, layer in enumerate(self.layers):
            layer._rename(f"{name}.{layer_name(layer, self.layers[:number])}")

    def _setup_layer(self, input_: Array) -> None:
        """Leave it to the layers, which set themselves up."""

    def _require_rows(self, input_: Array) -> None:
        """Leave it to the layers."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for layer in self.layers:
            layer.claim(self, self.name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}([{', '.join(map(repr, self.layers))}])"


class Series(LayerOfLayers):
    r"""Layers in a row, as one layer: :math:`Y = f_n(\dots f_2(f_1(X)))`.

    Parameters
    ----------
    layers : sequence of Layer, Operation or sequence
        First to last. An operation stands for a layer of that operation alone, a list for a
        series.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there are none, or one is something else.

    Notes
    -----
    Chapter section 3.6 puts layers in a row; here they are a layer again.

    Examples
    --------
    >>> import numpy as np
    >>> from glassbrick import Dense, Dropout, Series
    >>> Series([Dense(4, "relu"), Dropout(0.1), Dense(2, "linear")]).forward(np.ones((5, 3))).shape
    (5, 2)
    """

    def _pass(self, passes: Passes, input_: Array) -> Array:
        for forward in passes:
            input_ = forward(input_)
        return input_

    def _pass_back(self, passes: Passes, output_grad: Array) -> Array:
        for backward in reversed(passes):
            output_grad = backward(output_grad)
        return output_grad


def as_layers(layers: Any, who: str) -> tuple[Layer, ...]:
    """Return what a network or a layer was given as layers, or refuse it unless each is one, once.

    An operation becomes a layer of it alone, a list or tuple a `Series`.
    """
    if not isinstance(layers, list | tuple):
        refuse(ArgumentTypeError, who, "a list of layers", layers, "For example: [Dense(1)].")
    if not layers:
        refuse(ArgumentError, who, "at least one layer", layers, "For example: [Dense(1)].")
    if len({id(layer) for layer in layers}) < len(layers):
        raise OwnershipError(
            f"{who}: the same layer stands twice. A layer remembers its last batch, "
            f"so it can have only one place; make a new one for each: {describe(layers)}."
        )
    return tuple(_as_layer(layer, who) for layer in layers)


def _as_layer(layer: Any, who: str) -> Layer:
    if isinstance(layer, Operation):
        return Single(layer)
    if isinstance(layer, list | tuple):
        return Series(layer)
    instance_of(layer, Layer, who, '[Dense(13), Dense(1, "linear")]')
    if "neurons" not in vars(layer):
        kind = type(layer).__name__
        advice = f"Call super().__init__(neurons) in {kind}.__init__."
        refuse(ArgumentError, who, "layers that know their neurons", type(layer), advice)
    return layer  # type: ignore[no-any-return]


def pass_through(layers: Sequence[Layer], X: Array, batch_size: int = 4096) -> Array:
    """Pass all rows through `layers`, a bounded number at a time."""
    parts = []
    for batch in cut(len(X), batch_size):
        part = X[batch]
        try:
            for layer in layers:
                part = layer.forward(part)
        except GlassbrickError as error:
            if batch.start:  # a row that the error names is counted from there
                error.within(f"from row {batch.start} on")
            raise
        parts.append(part)
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
