"""Concatenate: layers side by side."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import refuse
from glassbrick.errors import ArgumentError, ShapeError
from glassbrick.layers.series import LayerOfLayers, Passes

__all__ = ["Concatenate"]


class Concatenate(LayerOfLayers):
    r"""Several layers with the same input, their outputs side by side: :math:`Y = [f(X), g(X)]`.

    Parameters
    ----------
    layers : sequence of Layer, Operation or sequence
        The branches. With `Columns` first, a branch has columns of its own.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there are fewer than two, or one is something else.

    Notes
    -----
    :math:`\partial L/\partial X` is the sum over the branches. Huang et al., Densely Connected
    Convolutional Networks, 2017, pass an input on in this way.

    Examples
    --------
    Two columns of numbers, and one of five categories:

    >>> import numpy as np
    >>> from glassbrick import Columns, Concatenate, Embedding
    >>> table = Concatenate([Columns([0, 1]), [Columns([2]), Embedding(5, 3)]])
    >>> table.forward(np.array([[0.1, 0.2, 4.0], [0.3, 0.4, 0.0]])).shape
    (2, 5)
    """

    def __init__(self, layers: Sequence[Any]):
        super().__init__(layers)
        if len(self.layers) < 2:
            refuse(ArgumentError, "Concatenate, layers", "at least two branches", layers)
        self.inputs = next((branch.inputs for branch in self.layers if branch.inputs), None)
        self._cuts: tuple[int, ...] = ()  # between the branches' columns

    def _pass(self, passes: Passes, input_: Array) -> Array:
        outputs = [forward(input_) for forward in passes]
        for output in outputs:
            if output.shape[:-1] != outputs[0].shape[:-1]:
                expected = f"branches that differ in columns only from {outputs[0].shape}"
                refuse(ShapeError, self.name, expected, output, "Flatten() makes columns of them.")
        self._cuts = tuple(accumulate(output.shape[-1] for output in outputs[:-1]))
        return np.concatenate(outputs, axis=-1)

    def _pass_back(self, passes: Passes, output_grad: Array) -> Array:
        limits = pairwise((0, *self._cuts, None))
        parts = [output_grad[..., start:stop] for start, stop in limits]
        grads = [backward(part) for backward, part in zip(passes, parts, strict=True)]
        return sum(grads[1:], start=grads[0])
