"""The NumPy engine: the obvious loop, kept lean, in which every number can be looked at."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from glassbrick.arrays import Array
from glassbrick.batches import cut
from glassbrick.engines.engine import Engine
from glassbrick.engines.proven_step import ProvenStep
from glassbrick.layers.series import pass_through
from glassbrick.network import NeuralNetwork
from glassbrick.optimizers import Optimizer

__all__ = ["NumpyEngine"]


class NumpyEngine(Engine):
    """Runs each batch eagerly.

    The first batch of an epoch, and a short last one, pass all checks; the batches
    between have the first one's shape, and pass through the blocks' rules alone.
    NumPy's floating-point warnings are off inside, for the trainer looks at every loss
    itself and reports divergence as an error.
    """

    name = "numpy"

    @np.errstate(all="ignore")
    def run_epoch(
        self,
        net: NeuralNetwork,
        optim: Optimizer,
        X: Array,
        y: Array,
        order: Array,
        batch_size: int,
    ) -> list[float]:
        """Train on all rows once; see `Engine.run_epoch`."""
        losses: list[float] = []
        step: Callable[[Array, Array], float] = net.train_batch
        for batch in cut(len(order), batch_size):
            rows = order[batch]
            if len(rows) < batch_size:
                step = net.train_batch
            loss = float(step(X.take(rows, 0), y.take(rows, 0)))
            losses.append(loss)
            if not math.isfinite(loss):
                break
            optim.step()
            if batch.start == 0 and ProvenStep.applies_to(net):
                step = ProvenStep(net)
        return losses

    @np.errstate(all="ignore")
    def evaluate(self, net: NeuralNetwork, X: Array, y: Array) -> float:
        """Return the loss over all rows of `X`."""
        return float(net.loss.forward(pass_through(net.layers, X), y))
