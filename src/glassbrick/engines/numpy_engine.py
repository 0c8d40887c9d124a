"""The NumPy engine: the obvious loop, kept lean, in which every number can be looked at."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from glassbrick.arrays import Array
from glassbrick.batches import cut
from glassbrick.engines.engine import BatchSession, Engine, EpochLosses, Job
from glassbrick.engines.proven_step import ProvenStep

__all__ = ["NumpyEngine", "NumpySession"]


class NumpyEngine(Engine):
    """Runs each batch eagerly."""

    name = "numpy"

    def start(self, job: Job) -> BatchSession:
        """Prepare for a fit."""
        return NumpySession(job)


class NumpySession(BatchSession):
    """Runs the batches of one fit eagerly.

    The first batch of an epoch, and a short last one, pass all checks; the batches
    between have the first one's shape, and pass through the blocks' rules alone.
    NumPy's floating-point warnings are off inside, for the trainer looks at every loss
    itself and reports divergence as an error.

    Parameters
    ----------
    job : Job
        What to train, and on what.
    """

    def __init__(self, job: Job):
        self.job = job

    def train(self, epochs: int, next_order: Callable[[], Array]) -> Iterator[EpochLosses]:
        """Train for some epochs; see `BatchSession.train`."""
        for _ in range(epochs):
            yield self._epoch(next_order())

    @np.errstate(all="ignore")
    def _epoch(self, order: Array) -> EpochLosses:
        job = self.job
        losses = self._batches(order)
        if not math.isfinite(losses[-1]):
            return EpochLosses(losses, None, finite=False)
        if job.validation is not None:
            with job.optim.averaged():
                validation = NumpyEngine.evaluate(job.net, *job.validation)
            return EpochLosses(losses, validation, finite=True)
        finite = all(np.isfinite(param).all() for param in job.net.params())
        return EpochLosses(losses, None, finite)

    def _batches(self, order: Array) -> list[float]:
        """Train on all rows once; stop at a loss that is not finite."""
        job, net = self.job, self.job.net
        losses: list[float] = []
        step: Callable[..., float] = net.train_batch
        X, y, weights, hooks = job.X, job.y, job.weights, job.hooks
        for batch in cut(len(order), job.batch_size):
            rows = order[batch]
            if len(rows) < job.batch_size:
                step = net.train_batch
            if hooks is not None:
                hooks.begin(len(losses) + 1)
            given = () if weights is None else (weights.take(rows, 0),)
            loss = float(step(X.take(rows, 0), y.take(rows, 0), *given))
            losses.append(loss)
            if not math.isfinite(loss):
                break
            job.optim.step()
            if hooks is not None:
                hooks.end(len(losses), loss)
            if batch.start == 0 and ProvenStep.applies_to(net):
                step = ProvenStep(net)
        return losses
