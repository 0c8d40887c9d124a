"""Short trainings of a copy: by heart of a few rows, or a few steps as they would be made."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np

from glassbrick.arrays import Array
from glassbrick.doctor.pass_through import Units, pass_once, rms, sample_of
from glassbrick.layers.tree import named_operations
from glassbrick.network import NeuralNetwork
from glassbrick.operations import ParamOperation
from glassbrick.optimizers import Adam, Optimizer

__all__ = ["Steps", "learn_by_heart", "make_steps", "weights_of"]

# Some units that the first steps silence come back within 50; what 150 leave dead stays dead.
_STEPS = 150
_BATCH = 32
_SEED = 0  # of the order of rows: the same diagnosis each time


@dataclass(frozen=True)
class Steps:
    """What some steps of training did.

    Attributes
    ----------
    lr : float
        The learning rate of the first step.
    first_loss, last_loss : float
        Mean losses of the first and the last quarter of the steps.
    ratios : dict of str to float
        Of each operation with weights: root mean square of a step over that of the weights,
        the median of the second half of the steps.
    units : list of Units
        After the steps, over the same rows as those of a first pass.
    """

    lr: float
    first_loss: float
    last_loss: float
    ratios: dict[str, float]
    units: list[Units]


def make_steps(net: NeuralNetwork, optim: Optimizer, X: Array, y: Array) -> Steps:
    """Train copies for some batches of rows in random order, and look at each step."""
    net, optim = copy.deepcopy((net, optim))
    optim.reset()
    optim.plan(max(1, len(X) // _BATCH), 100 * max(1, len(X) // _BATCH))  # for a schedule
    rng, lr = np.random.default_rng(_SEED), optim.lr
    losses: list[float] = []
    ratios: dict[str, list[float]] = {}
    while len(losses) < _STEPS:
        rows = rng.permutation(len(X))[:_BATCH]
        losses.append(float(net.train_batch(X[rows], y[rows])))
        if not np.isfinite(losses[-1]):
            break
        before = {place: np.copy(weights) for place, weights in weights_of(net).items()}
        optim.step()
        for place, weights in weights_of(net).items():
            size = rms(before[place])
            if size > 0.0:
                ratios.setdefault(place, []).append(rms(weights - before[place]) / size)
    part = _STEPS // 4
    return Steps(
        lr,
        float(np.mean(losses[:part])),
        float(np.mean(losses[-part:])),  # not finite if the steps ended early
        {place: float(np.median(some[len(some) // 2 :])) for place, some in ratios.items()},
        pass_once(net, sample_of(X), sample_of(y)).units,
    )


def weights_of(net: NeuralNetwork) -> dict[str, Array]:
    """Return the weights of a network by the names of their operations."""
    return {
        place: operation.param
        for layer in net.layers
        for place, operation in named_operations(layer)
        if isinstance(operation, ParamOperation) and operation.is_weight
    }


def learn_by_heart(
    net: NeuralNetwork, X: Array, y: Array, *, lr: float, steps: int, enough: float
) -> float:
    """Train a copy on a few rows until its loss is low enough; return the lowest loss."""
    net, optim = copy.deepcopy(net), Adam(lr)
    optim.bind(net)
    lowest = np.inf
    for _ in range(steps):
        loss = float(net.loss.forward(net.forward(X), y))
        if not np.isfinite(loss):
            break
        lowest = min(lowest, loss)
        if lowest <= enough:
            break
        net.backward(net.loss.backward())
        optim.step()
    return float(lowest)
