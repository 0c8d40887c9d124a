"""One pass forward and backward, and what can be seen of it: units, and gradients of weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glassbrick.arrays import Array
from glassbrick.layers.tree import named_operations
from glassbrick.network import NeuralNetwork
from glassbrick.operations import (
    ELU,
    GELU,
    SELU,
    HardSigmoid,
    HardSwish,
    LeakyReLU,
    Mish,
    Operation,
    ParamOperation,
    ReLU,
    Sigmoid,
    SiLU,
    Softplus,
    Softsign,
    Tanh,
)

__all__ = ["SAMPLE", "Pass", "Units", "Weights", "pass_once", "rms", "sample_of"]

SAMPLE = 256
"""Rows that a pass looks at: of a share of units or rows, 256 tell three percent or better."""

# Steepest slopes of functions that are flat at both ends.
_BOUNDED: dict[type[Operation], float] = {
    Sigmoid: 0.25,
    Tanh: 1.0,
    HardSigmoid: 1.0 / 6.0,
    Softsign: 1.0,
}
# These have a side on which they give no signal, or ever less.
_ONE_SIDED = (ReLU, LeakyReLU, ELU, SELU, GELU, SiLU, Mish, Softplus, HardSwish)

# A unit whose slope is below a thousandth of the steepest in every row passes on next to nothing:
# what comes before it learns a thousand times slower than it could.
_DEAD = 1e-3
# For a sigmoid, below 2 % of the steepest slope means an input beyond 5.3 in size.
_FLAT = 0.02


@dataclass(frozen=True)
class Units:
    """The units of one activation.

    Attributes
    ----------
    place : str
        For example "dense_1.relu".
    number, dead : int
        All of them, and those that pass on no gradient in any row.
    flat : float
        Of functions flat at both ends: the share of values, of all rows and units, that lie in
        a flat part. 0 for others.
    which : tuple of int
        The numbers of the dead ones, from 0.
    """

    place: str
    number: int
    dead: int
    flat: float
    which: tuple[int, ...] = ()

    @property
    def dead_share(self) -> float:
        """Which part of them is dead."""
        return self.dead / self.number


@dataclass(frozen=True)
class Weights:
    """The weights of one operation.

    Attributes
    ----------
    place : str
        For example "dense_1.weight_multiply".
    size, gradient : float
        Root mean squares of the weights and of their gradient.
    """

    place: str
    size: float
    gradient: float


@dataclass(frozen=True)
class Pass:
    """What was seen of one pass.

    Attributes
    ----------
    loss : float
        Without penalties.
    silent_loss : float
        What it would be if all outputs were 0.
    units : list of Units
        Of each activation, first to last.
    weights : list of Weights
        Of each operation that has some, first to last.
    """

    loss: float
    silent_loss: float
    units: list[Units]
    weights: list[Weights]


def pass_once(net: NeuralNetwork, X: Array, y: Array, *, keep: bool = False) -> Pass:
    """Pass rows through a network, which remembers them, and back, and look at it.

    With `keep` the network still holds what it computed afterwards.
    """
    prediction = net.forward(X)
    loss = float(net.loss.forward(prediction, y))
    net.backward(net.loss.backward())
    named = [pair for layer in net.layers for pair in named_operations(layer)]
    weights = [
        Weights(place, rms(operation.param), rms(operation.param_grad))
        for place, operation in named
        if isinstance(operation, ParamOperation) and operation.is_weight
    ]
    # Only now, because to ask an activation for its slopes is another backward.
    units = [
        _units(place, operation)
        for place, operation in named
        if type(operation) in _BOUNDED or isinstance(operation, _ONE_SIDED)
    ]
    silent_loss = float(net.loss.forward(np.zeros_like(prediction), y))
    if not keep:
        net.release()
    return Pass(loss, silent_loss, units, weights)


def sample_of(rows: Array, number: int = SAMPLE) -> Array:
    """Return so many rows at most, from all over, because rows may be sorted; a view."""
    return rows[:: -(-len(rows) // number)]


def rms(array: Array) -> float:
    """Return the root of the mean of squares, in float64 so that it does not overflow."""
    return float(np.sqrt(np.mean(np.square(array, dtype=np.float64))))


def _units(place: str, operation: Operation) -> Units:
    slopes = np.abs(operation.backward(np.ones_like(operation.output)))
    slopes = slopes.reshape(len(slopes), -1)
    steepest = _BOUNDED.get(type(operation), 1.0)
    dead = np.flatnonzero(slopes.max(axis=0) < _DEAD * steepest)
    flat = float(np.mean(slopes < _FLAT * steepest)) if type(operation) in _BOUNDED else 0.0
    return Units(place, slopes.shape[1], len(dead), flat, tuple(dead.tolist()))
