"""Look: what a step of a copy of a network shows: activations, gradients, units, updates."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np

from glassbrick.arrays import Array
from glassbrick.doctor.pass_through import Pass, pass_once, rms
from glassbrick.doctor.trial import weights_of
from glassbrick.layers.tree import named_operations
from glassbrick.network import NeuralNetwork
from glassbrick.operations import ParamOperation
from glassbrick.optimizers import LBFGS, Optimizer

__all__ = ["QUANTILES", "Look", "Spread", "look_at"]

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Of values, as shares of them."""

_MOST = 4096  # values, from all over an array, that quantiles are taken of


@dataclass(frozen=True)
class Spread:
    """How the numbers of an array are spread.

    Attributes
    ----------
    mean, std, norm : float
        Of all of them.
    quantiles : tuple of float
        Of 4,096 at most; see `QUANTILES`.
    """

    mean: float
    std: float
    norm: float
    quantiles: tuple[float, ...]

    @classmethod
    def of(cls, array: Array) -> Spread:
        """Look at an array."""
        size = rms(array)
        mean = float(np.mean(array, dtype=np.float64))
        flat = array.ravel()
        some = np.sort(flat[:: -(-flat.size // _MOST)])
        places = np.round(np.multiply(QUANTILES, some.size - 1)).astype(int)
        return cls(
            mean,
            float(np.sqrt(max(size**2 - mean**2, 0.0))),
            size * float(np.sqrt(array.size)),
            tuple(some[places].tolist()),
        )


@dataclass(frozen=True)
class Look:
    """What was seen of one step.

    Attributes
    ----------
    outputs : dict of str to Spread
        Of each layer.
    gradients : dict of str to Spread
        Of each operation with weights.
    updates : dict of str to float
        Of each operation with weights: the root mean square of what a step adds to them, over
        theirs. Empty for `LBFGS`, whose steps are no matter of one batch.
    seen : Pass
        What a doctor looks at.
    weights : dict of str to ndarray
        Copies of the weights before the step.
    """

    outputs: dict[str, Spread]
    gradients: dict[str, Spread]
    updates: dict[str, float]
    seen: Pass
    weights: dict[str, Array]


@np.errstate(all="ignore")
def look_at(net: NeuralNetwork, optim: Optimizer, X: Array, y: Array) -> Look:
    """Let copies of a network and its optimizer make a step on some rows, and look at it."""
    net, optim = copy.deepcopy((net, optim))
    weights = {place: np.copy(array) for place, array in weights_of(net).items()}
    seen = pass_once(net, X, y, keep=True)
    outputs = {str(layer.name): Spread.of(layer.output) for layer in net.layers}
    gradients = {
        place: Spread.of(operation.param_grad)
        for layer in net.layers
        for place, operation in named_operations(layer)
        if isinstance(operation, ParamOperation) and operation.is_weight
    }
    updates: dict[str, float] = {}
    if not isinstance(optim, LBFGS):
        optim.step()
        for place, array in weights_of(net).items():
            size = rms(weights[place])
            updates[place] = rms(array - weights[place]) / size if size > 0.0 else np.nan
    return Look(outputs, gradients, updates, seen, weights)
