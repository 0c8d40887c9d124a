"""The network of a multi-layer perceptron, as scikit-learn starts and penalizes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.layers import BatchNorm, Dense, Layer, LayerNorm
from glassbrick.losses import Loss
from glassbrick.network import NeuralNetwork
from glassbrick.operations import Dropout, Operation
from glassbrick.operations.by_name import ACTIVATIONS
from glassbrick.penalties import Penalty
from glassbrick.sklearn.settings import SCIKIT_LEARNS_ACTIVATIONS, Settings

__all__ = ["PenaltyByRow", "dense_layers", "new_network", "penalize_weights"]

_NORMALIZATIONS = {"batch": BatchNorm, "layer": LayerNorm}
_GAIN, _GAIN_OF_SIGMOIDS = 6.0, 2.0


@dataclass(frozen=True, eq=False)
class PenaltyByRow(Penalty):
    """A penalty that is divided by the number of rows of the batch.

    A batch of :math:`n` rows pays what it would with an `l2` of :math:`1/n` of this one.

    Attributes
    ----------
    loss : Loss
        Which knows the batch.
    """

    loss: Loss

    def value(self, param: Array) -> float:
        """Return what a parameter costs."""
        return super().value(param) / len(self.loss.prediction)

    def gradient(self, param: Array) -> Array:
        """Return the gradient of `value`."""
        return super().gradient(param) / len(self.loss.prediction)


def penalize_weights(net: NeuralNetwork, alpha: float, mean_weight: float) -> None:
    r"""Let weights cost what `alpha` means to scikit-learn.

    Its penalty is :math:`\alpha/2 \sum w^2`, divided by the sum of the weights of the batch's
    rows: for a batch of `n` rows that all count 1, our `l2` is ``alpha / (2 * n)``.

    Parameters
    ----------
    net : NeuralNetwork
        Whose dense layers pay.
    alpha : float
        The factor.
    mean_weight : float
        What a row counts on average.
    """
    penalty = PenaltyByRow(0.0, 0.5 * alpha / mean_weight, net.loss) if alpha else None
    for layer in dense_layers(net):
        layer.penalty = penalty


def new_network(
    settings: Settings,
    loss: Loss,
    sizes: tuple[int, int],
    dtype: np.dtype[Any],
    source: np.random.RandomState,
) -> NeuralNetwork:
    """Make a network, and draw its parameters in scikit-learn's way and order.

    Parameters
    ----------
    settings : Settings
        Of the hidden layers.
    loss : Loss
        What it is trained for.
    sizes : pair of int
        Numbers of features and of outputs.
    dtype : dtype
        Of the parameters.
    source : RandomState
        Where they come from. Layers with an activation that scikit-learn does not have start
        as they do everywhere else here.
    """
    theirs = [name in SCIKIT_LEARNS_ACTIVATIONS.values() for name in settings.activations]
    theirs.append(theirs[-1] if theirs else True)
    widths = [sizes[0], *settings.hidden, sizes[1]]
    names = [*settings.activations[: len(settings.hidden)], *settings.activations[-1:], ""]
    drawn = [
        _draw(widths[i], widths[i + 1], names[i], source) if theirs[i] else None
        for i in range(len(widths) - 1)
    ]
    # Drawn only where it is needed, so that the draws that follow are scikit-learn's.
    needs_seed = settings.dropout > 0.0 or not all(theirs)
    seed = int(source.randint(2**31 - 1)) if needs_seed else 0
    net = NeuralNetwork(_layers(settings, sizes[1]), loss, rng=seed)  # type: ignore[arg-type]
    net.build(sizes[0], dtype)
    for layer, start in zip(dense_layers(net), drawn, strict=True):
        for param, value in zip(layer.params, start or (), strict=start is not None):
            param[...] = value
    return net


def dense_layers(net: NeuralNetwork) -> list[Dense]:
    """Return the layers that hold `coefs_` and `intercepts_`."""
    return [layer for layer in net.layers if isinstance(layer, Dense)]


def _layers(settings: Settings, outputs: int) -> Sequence[Layer | Operation]:
    layers: list[Layer | Operation] = []
    for neurons, name in zip(settings.hidden, settings.activations, strict=False):
        if settings.normalization is None:
            layers.append(Dense(neurons, name))
        else:
            normalized = _NORMALIZATIONS[settings.normalization]()
            layers += [Dense(neurons, "linear"), normalized, ACTIVATIONS[name]()]
        if settings.dropout:
            layers.append(Dropout(settings.dropout))
    return [*layers, Dense(outputs, "linear")]


def _draw(
    inputs: int, outputs: int, activation: str, source: np.random.RandomState
) -> tuple[Array, Array]:
    """Draw weights and biases: Glorot and Bengio, 2010, in scikit-learn's way."""
    gain = _GAIN_OF_SIGMOIDS if activation == "sigmoid" else _GAIN
    bound = np.sqrt(gain / (inputs + outputs))
    weights = source.uniform(-bound, bound, (inputs, outputs))
    return weights, source.uniform(-bound, bound, outputs)
