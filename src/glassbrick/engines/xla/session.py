"""One fit on the XLA engine: record, compile, and run the epochs in calls of bounded time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import jax
import numpy as np

from glassbrick.arrays import Array
from glassbrick.engines.engine import EpochLosses, Job, Session
from glassbrick.engines.xla.program import Data, Part
from glassbrick.engines.xla.training_state import TrainingState

__all__ = ["XLASession"]

_SECONDS_A_CALL = 0.2  # so that Ctrl-C and progress do not have to wait for long
_FIRST_STEPS = 16
_MOST_EPOCHS, _MOST_INDICES = 32, 65536  # of the orders handed over in one call


class XLASession(Session):
    """Runs the batches of one fit compiled.

    Between two calls the network and the optimizer hold NumPy arrays, the same as before.
    A call ends after about a fifth of a second, in the middle of an epoch if need be.

    Parameters
    ----------
    job : Job
        What to train, and on what.
    """

    def __init__(self, job: Job):
        self.job = job
        self.full, rest = divmod(len(job.X), job.batch_size)
        self.has_short = rest > 0
        self.capacity = max(1, min(_MOST_EPOCHS, _MOST_INDICES // len(job.X)))
        X_val, y_val = job.validation or (None, None)
        with jax.enable_x64(True):
            self.data = Data(*jax.device_put((job.X, job.y, X_val, y_val)))
        self.state = TrainingState(job, self.data, self.capacity)
        self.steps_a_call = _FIRST_STEPS

    def train(self, epochs: int, next_order: Callable[[], Array]) -> Iterator[EpochLosses]:
        """Train for some epochs; see `Session.train`."""
        orders = [next_order()]
        head = self._settle(orders[0])
        while epochs:
            if head or self.steps_a_call < 2 * self.job.batches:
                told = [self._one_epoch(orders[0], head)]
                head = []
            else:
                several = min(self.steps_a_call // self.job.batches, epochs, self.capacity)
                orders += [next_order() for _ in range(several - len(orders))]
                told = self._whole_epochs(orders)
            epochs -= len(told)
            yield from told
            if epochs:
                orders = [next_order()]

    def _settle(self, order: Array) -> list[float]:
        """Get ready; return the loss of the first batch if it had to be trained on for that."""
        first = order[: self.job.batch_size]
        with jax.enable_x64(True):
            return self.state.settle(self.job.X[first], self.job.y[first])

    def _one_epoch(self, order: Array, head: list[float]) -> EpochLosses:
        """Train on all rows once, but for the first batch if `head` has its loss already."""
        losses = list(head)
        while True:
            start = min(len(losses), self.full)
            stop = min(start + self.steps_a_call, self.full)
            last = stop == self.full
            short = self.has_short and last and len(losses) <= self.full
            told = self._call([order], Part(1, start, stop, short, last))[0]
            losses += told.batches
            if last or not np.isfinite(losses[-1]):
                return _until_not_finite(losses, told)

    def _whole_epochs(self, orders: list[Array]) -> list[EpochLosses]:
        told = self._call(orders, Part(len(orders), 0, self.full, self.has_short, True))
        return [_until_not_finite(epoch.batches, epoch) for epoch in told]

    def _call(self, orders: list[Array], part: Part) -> list[EpochLosses]:
        """Run the compiled program, and put the arrays that it changed where they belong."""
        indices = np.zeros((self.capacity, len(self.job.X)), np.int32)
        indices[: len(orders)] = orders
        began = time.perf_counter()
        with jax.enable_x64(True):
            told = self.state.run(indices, part)
        steps = max(1, part.epochs * (part.stop - part.start + part.short))
        speed = steps / (time.perf_counter() - began)
        self.steps_a_call = max(1, min(int(_SECONDS_A_CALL * speed), 8 * self.steps_a_call))
        return [self._losses(row, part) for row in told[: part.epochs]]

    def _losses(self, told: Array, part: Part) -> EpochLosses:
        """Take apart what the program tells of an epoch."""
        *batches, short, validation, finite = told.tolist()
        losses = batches[part.start : part.stop] + [short] * part.short
        validated = self.job.validation is not None and part.finish
        return EpochLosses(losses, validation if validated else None, bool(finite))


def _until_not_finite(losses: list[float], told: EpochLosses) -> EpochLosses:
    """Leave out the batches after the first loss that is not finite."""
    wrong = np.flatnonzero(~np.isfinite(losses))
    if len(wrong):
        return EpochLosses(losses[: wrong[0] + 1], None, finite=False)
    return EpochLosses(losses, told.validation, told.finite)
