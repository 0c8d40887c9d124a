"""One fit on the XLA engine: record, compile, and run the epochs in calls of bounded time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

import numpy as np

from glassbrick.arrays import Array
from glassbrick.distributed import current
from glassbrick.engines.engine import BatchSession, Job
from glassbrick.engines.epoch_losses import EpochLosses
from glassbrick.engines.xla.pace import Pace
from glassbrick.engines.xla.placement import Placement
from glassbrick.engines.xla.program import INDEX, Data, Part
from glassbrick.engines.xla.settings import own_settings
from glassbrick.engines.xla.training_state import TrainingState, together

__all__ = ["XLASession"]

_SECONDS_A_CALL = 0.5  # so that Ctrl-C and progress do not have to wait for long
_MOST_EPOCHS, _MOST_INDICES = 32, 65536  # of the orders handed over in one call


class XLASession(BatchSession):
    """Runs the batches of one fit compiled.

    Between two calls the network and the optimizer hold NumPy arrays, the same as before.
    A call ends after about half a second, in the middle of an epoch if need be.

    Parameters
    ----------
    job : Job
        What to train, and on what.
    placement : Placement
        On which devices.
    """

    def __init__(self, job: Job, placement: Placement):
        self.job = job
        self.full, rest = divmod(len(job.X), job.batch_size)
        self.has_short = rest > 0
        self.capacity = max(1, min(_MOST_EPOCHS, _MOST_INDICES // len(job.X)))
        validation = job.validation or (None, None, None)
        with own_settings():
            self.data = Data(*placement.put((job.X, job.y, job.weights, *validation)))
        self.state = TrainingState(job, self.data, self.capacity, placement)
        self._cluster = current() if placement.spans_processes else None
        self._pace = Pace(_SECONDS_A_CALL, self._cluster)

    def train(self, epochs: int, next_order: Callable[[], Array]) -> Iterator[EpochLosses]:
        """Train for some epochs; see `BatchSession.train`."""
        orders = [next_order()]
        head = self._settle(orders[0])
        while epochs:
            if head or self._pace.steps < 2 * self.job.batches:
                told = self._one_epoch(orders[0], head)
                head = []
            else:
                several = min(self._pace.steps // self.job.batches, epochs, self.capacity)
                orders += [next_order() for _ in range(several - len(orders))]
                told = self._whole_epochs(orders)
            epochs -= len(told)
            yield from told
            if epochs:
                orders = [next_order()]

    def _settle(self, order: Array) -> list[float]:
        """Get ready; return the losses of the first batches if that took training on them."""
        with own_settings():
            return self.state.settle(
                self.job.batch(order, number) for number in range(max(1, self.full))
            )

    def _one_epoch(self, order: Array, head: list[float]) -> list[EpochLosses]:
        """Train on all rows once, but for the first batches if `head` has their losses already."""
        losses = list(head)
        whole = Part(1, len(head), self.full, self.has_short and len(head) <= self.full, True)
        told = EpochLosses(losses, None, finite=False)
        try:
            while not losses or math.isfinite(losses[-1]):
                start = min(len(losses), self.full)
                stop = min(start + self._pace.steps, self.full)
                last = stop == self.full
                (told,) = self._call([order], Part(1, start, stop, whole.short and last, last))
                losses += told.batches
                if last:
                    break
        except BaseException:  # Ctrl-C, for example: what was done counts
            self.state.write()
            raise
        return self._finish([order], whole, [EpochLosses(losses, told.validation, told.finite)])

    def _whole_epochs(self, orders: list[Array]) -> list[EpochLosses]:
        part = Part(len(orders), 0, self.full, self.has_short, True)
        return self._finish(orders, part, self._call(orders, part))

    def _call(self, orders: list[Array], part: Part) -> list[EpochLosses]:
        """Run the compiled program, and find out how much of it a call should do."""
        began = time.perf_counter()
        told = self._run(orders, part)
        steps = part.epochs * (part.stop - part.start + part.short)
        self._pace.learn(steps, time.perf_counter() - began)
        return [self._losses(row, part) for row in told[: part.epochs]]

    def _run(self, orders: list[Array], part: Part) -> Array:
        indices = np.zeros((self.capacity, len(self.job.X)), INDEX)
        indices[: len(orders)] = orders
        with own_settings(), together(self._cluster, self.state):
            return self.state.run(indices, part)

    def _finish(
        self, orders: list[Array], part: Part, epochs: list[EpochLosses]
    ) -> list[EpochLosses]:
        """Put what has changed where it belongs, unless training diverged."""
        for number, losses in enumerate(epochs):
            if not losses.is_finite:
                self._stop_at(number, losses, orders, part)
                return epochs[: number + 1]
        self.state.write()
        return epochs

    def _stop_at(self, number: int, losses: EpochLosses, orders: list[Array], part: Part) -> None:
        """Train once more, and no further than an eager loop would have gone."""
        self.state.forget()
        if number:
            self._run(orders[:number], part._replace(epochs=number))
        order, stop = orders[number], part.stop
        is_batch = not math.isfinite(losses.batches[-1])  # it ended before that batch's step
        if is_batch:
            stop = min(len(losses.batches) - 1, stop)
        for start in range(part.start, stop, self._pace.steps):
            until = min(start + self._pace.steps, stop)
            self._run([order], Part(1, start, until, short=False, finish=False))
        if not is_batch:
            self._run([order], Part(1, stop, stop, part.short, finish=True))
        self.state.write()
        if is_batch:
            self.state.try_eagerly(*self.job.batch(order, stop))

    def _losses(self, told: Array, part: Part) -> EpochLosses:
        """Take apart what the program tells of an epoch."""
        *batches, short, validation, finite = told.tolist()
        losses = batches[part.start : part.stop] + [short] * part.short
        validated = self.job.validation is not None and part.finish
        return EpochLosses.of(losses, validation if validated else None, finite=bool(finite))
