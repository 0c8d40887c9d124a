"""The NumPy engine: the obvious loop, kept lean, in which every number can be looked at."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from glassbrick.arrays import Array
from glassbrick.engines.engine import Engine
from glassbrick.layers import Layer
from glassbrick.network import NeuralNetwork, pass_through
from glassbrick.operations import ParamOperation
from glassbrick.optimizers import Optimizer

__all__ = ["NumpyEngine"]


class NumpyEngine(Engine):
    """Runs each batch eagerly.

    NumPy's floating-point warnings are off inside, for the trainer looks at every loss
    itself and reports divergence as an error.
    """

    name = "numpy"

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
        losses = []
        with np.errstate(all="ignore"), _input_is_data(net):
            # The cut into batches: each is a run of `batch_size` row numbers.
            for start in range(0, len(order), batch_size):
                rows = order[start : start + batch_size]
                loss = self._step(net, optim, X.take(rows, axis=0), y.take(rows, axis=0))
                losses.append(loss)
                if not math.isfinite(loss):
                    break
        return losses

    @staticmethod
    def _step(net: NeuralNetwork, optim: Optimizer, X_batch: Array, y_batch: Array) -> float:
        loss = float(net.train_batch(X_batch, y_batch))
        if math.isfinite(loss):
            optim.step()
        return loss

    def evaluate(self, net: NeuralNetwork, X: Array, y: Array) -> float:
        """Return the loss over all rows of `X`."""
        with np.errstate(all="ignore"):
            return float(net.loss.forward(pass_through(net.layers, X), y))


@contextmanager
def _input_is_data(net: NeuralNetwork) -> Iterator[None]:
    """Spare the first operation the gradient of the data: a large part of a backward pass."""
    layer = net.layers[0]
    first = layer.operations[0] if layer.operations else None
    spare = isinstance(first, ParamOperation) and type(layer).backward is Layer.backward
    if spare:
        first.input_is_data = True  # type: ignore[union-attr]
    try:
        yield
    finally:
        if spare:
            del first.input_is_data  # type: ignore[union-attr]
