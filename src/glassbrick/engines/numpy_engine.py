"""The NumPy engine: the obvious loop, kept lean, in which every number can be looked at."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from glassbrick.arrays import Array
from glassbrick.batches import Rows, cut
from glassbrick.engines.engine import BatchSession, Engine, Job, Member, Session
from glassbrick.engines.epoch_losses import EpochLosses
from glassbrick.engines.numpy_population import run_together
from glassbrick.engines.proven_step import ProvenStep
from glassbrick.engines.stream_session import Chunk, StreamSession

__all__ = ["NumpyEngine", "NumpySession", "NumpyStreamSession", "eager_steps"]

_SECONDS = 0.25  # of training on a stream, after which it is told how it goes


class NumpyEngine(Engine):
    """Runs each batch eagerly."""

    name = "numpy"

    def start(self, job: Job) -> BatchSession:
        """Prepare for a fit."""
        return NumpySession(job)

    def run_together(self, members: Sequence[Member]) -> None:
        """Run several fits: networks that are small and alike at once, others one by one."""
        run_together(members, self.start, _epoch_losses)

    def start_stream(self, job: Job) -> Session:
        """Prepare for a fit on a stream."""
        return NumpyStreamSession(job)


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
        losses = list(eager_steps(self.job, self._batches(order)))
        if not math.isfinite(losses[-1]):
            return EpochLosses(losses, None, finite=False)
        return _epoch_losses(self.job, losses)

    def _batches(self, order: Array) -> Iterator[tuple[Array, ...]]:
        """Cut all rows into batches."""
        X, y, weights = self.job.X, self.job.y, self.job.weights
        for batch in cut(len(order), self.job.batch_size):
            rows = order[batch]
            if weights is None:
                yield X.take(rows, 0), y.take(rows, 0)
            else:
                yield X.take(rows, 0), y.take(rows, 0), weights.take(rows, 0)


def eager_steps(job: Job, batches: Iterable[tuple[Array, ...]], before: int = 0) -> Iterator[float]:
    """Train on batches, one after the other, and yield their losses.

    It ends at a loss that is not finite, before that batch's step.

    Parameters
    ----------
    job : Job
        Whose network and optimizer.
    batches : iterable of tuple of ndarray
        Features, targets, and weights if there are any.
    before : int
        How many batches of the epoch came before.
    """
    net, hooks = job.net, job.hooks
    step: Callable[..., float] = net.train_batch
    for number, batch in enumerate(batches, 1):
        if len(batch[0]) < job.batch_size:
            step = net.train_batch
        if hooks is not None:
            hooks.begin(before + number)
        loss = float(step(*batch))
        if not math.isfinite(loss):
            yield loss
            return
        job.optim.step()
        if hooks is not None:
            hooks.end(before + number, loss)
        yield loss
        if number == 1 and ProvenStep.applies_to(net):
            step = ProvenStep(net)


class NumpyStreamSession(StreamSession[list[tuple[Array, ...]]]):
    """Runs the batches of a fit on a stream eagerly."""

    def prepare(self, batches: list[Rows], full: int) -> list[tuple[Array, ...]]:  # noqa: ARG002
        """Leave out weights where there are none."""
        return [tuple(array for array in rows if array is not None) for rows in batches]

    def train(self, chunk: Chunk[list[tuple[Array, ...]]]) -> Iterator[list[float]]:
        """Train on a chunk; see `StreamSession.train`."""
        steps = eager_steps(self.job, chunk.held, chunk.before)
        while losses := _some(steps):
            yield losses

    def write(self) -> None:
        """Do nothing, for nothing is held back."""

    def finish(self) -> EpochLosses:
        """Return the validation loss on rows in memory, or whether parameters are finite."""
        return _epoch_losses(self.job, [])


def _epoch_losses(job: Job, losses: list[float]) -> EpochLosses:
    """Add the validation loss to the losses of an epoch, or whether parameters are finite."""
    if job.validation is None:
        finite = all(np.isfinite(param).all() for param in job.net.params())
        return EpochLosses(losses, None, finite)
    with job.optim.averaged():
        return EpochLosses(losses, NumpyEngine.evaluate(job.net, *job.validation), finite=True)


@np.errstate(all="ignore")
def _some(steps: Iterator[float]) -> list[float]:
    """Make steps for a moment; return their losses."""
    until, losses = time.perf_counter() + _SECONDS, list[float]()
    for loss in steps:
        losses.append(loss)
        if time.perf_counter() > until:
            break
    return losses
