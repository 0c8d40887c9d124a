"""StreamFit: a fit on a stream, of which each epoch may take hours."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from glassbrick.blocks import inherits
from glassbrick.checks import refuse
from glassbrick.engines import Course, Engine, EpochLosses, Job, ReadingError, Session
from glassbrick.errors import ArgumentError, GlassbrickError
from glassbrick.losses import Loss, RowLoss
from glassbrick.optimizers import LBFGS
from glassbrick.training.callbacks import Callbacks
from glassbrick.training.fit import Fit
from glassbrick.training.fit_data import FitData
from glassbrick.training.plan import Plan

if TYPE_CHECKING:
    from glassbrick.training.run import Run

__all__ = ["StreamFit", "Within"]


class Within(NamedTuple):
    """A place within an epoch.

    Attributes
    ----------
    losses : ndarray
        Of the batches of the epoch so far.
    rate : float
        The learning rate at its beginning.
    epoch : int
        Which one, from 0.
    stream : str
        Fingerprint of what was trained on.
    batch_size : int
        In batches of so many rows.
    """

    losses: Any
    rate: float
    epoch: int
    stream: str
    batch_size: int


class StreamFit(Fit):
    """Trains on a stream for as long as a plan says.

    Parameters
    ----------
    run : Run
        What is trained, and what happened before.
    data : FitData
        On what, with a stream.
    plan : Plan
        The settings.
    callbacks : Callbacks
        What to call.
    """

    def __init__(self, run: Run, data: FitData, plan: Plan, callbacks: Callbacks):
        if data.stream is None:
            raise TypeError("the data is no stream")
        self._stream = data.stream
        self._losses = array("d")  # of the batches of the epoch so far
        self._sum = 0.0  # of them
        self._first_rate: float | None = None  # of that epoch, if it was begun elsewhere
        self._error: BaseException | None = None
        super().__init__(run, data, plan, callbacks)
        self._can_run_ahead = False

    def _job(self) -> Job:
        stream, validation = self._stream, self.data.validation_stream
        course = Course(stream, validation, self._place, self._passed, self._look)
        job = replace(super()._job(), course=course)
        return job if validation is None else replace(job, validation=None)

    def _start(self, engine: Engine) -> Session:
        return engine.start_stream(self.job)

    def prepare(self, choice: tuple[Engine, str] | None = None) -> None:
        """Do all that can be refused before anything is trained; see `Fit.prepare`."""
        net, optim = self.run.net, self.run.optim
        if isinstance(optim, LBFGS):
            expected = "an optimizer that makes a step for each batch"
            advice = "Each step of L-BFGS needs all rows at once. Take Adam, for example."
            refuse(ArgumentError, "fit on a stream, optim", expected, optim, advice)
        if self.data.validation_stream is not None and not _is_mean_over_rows(net.loss):
            expected = "a loss that is a mean over rows (a RowLoss)"
            advice = "It is taken batch by batch. Give X_test and y_test as arrays."
            refuse(ArgumentError, "fit, X_test, a stream", expected, net.loss, advice)
        before, self.run.within = self.run.within, None
        if before is not None and before[2:] == self._here():
            self._go_on(before.losses, before.rate)
        super().prepare(choice)

    @property
    def batches_done(self) -> int:
        """How many batches of the next epoch were trained on already."""
        return len(self._losses)

    def within(self) -> Any:
        """Return where it is within an epoch."""
        if not self._losses:
            return None
        return [np.array(self._losses), float(self._rate)]

    def go_on_within(self, place: Any) -> None:
        """Be there."""
        if place is not None:
            self._go_on(*place)

    def _go_on(self, losses: Any, rate: float) -> None:
        self._losses, self._first_rate = array("d", losses.tolist()), rate
        self._sum = float(losses.sum())

    def _here(self) -> tuple[int, str, int]:
        """Return the epoch that is next, and on what."""
        return self.run.history.epochs, self._stream.fingerprint(), self.plan.batch_size

    def _first_logs(self) -> dict[str, Any]:
        return super()._first_logs() | {"batch": len(self._losses), "batches": self.job.batches}

    def train(self) -> None:
        """Train, and tell the run of everything; if rows cannot be read, keep what was done."""
        try:
            super().train()
        except ReadingError as stop:
            self._error = stop.reason
            if self.cluster is not None:
                self.cluster.fail(stop.reason)
            run = self.run
            if not self._losses and run.history.epochs == self._first:
                raise stop.reason from None  # nothing was done
            self._keep(stop.reason)
            raise

    def _keep(self, error: BaseException) -> None:
        """Take down where training stopped, and say so."""
        run, epoch, batch = self.run, self.run.history.epochs + 1, len(self._losses)
        told = f"Training stopped in epoch {epoch}, after batch {batch:,} of {self.job.batches:,}."
        if self._keeper is not None:
            self._keeper.now()
            told += (
                " When the data can be read, run this again: it goes on from the newest checkpoint "
                f"in {self._keeper.checkpoint.folder}."
            )
        else:
            run.within = Within(np.array(self._losses), self._rate, *self._here())
            told += (
                " The network keeps what it has learned. When the data can be read, "
                "fit(restart=False) goes on with the next batch; from another process, "
                "only a Checkpoint among the callbacks does."
            )
        if isinstance(error, GlassbrickError):
            error.args = (f"{error.args[0]} {told}", *error.args[1:])
        else:
            error.add_note(told)

    def raise_error(self) -> None:
        """Raise the error because of which no more rows could be read, if there was one."""
        if self._error is not None:
            raise self._error

    def _place(self) -> tuple[int, int, int]:
        """Return the epoch and the batch at which to begin, and before which epoch to end."""
        return self.run.history.epochs, len(self._losses), self.until

    def _passed(self, losses: Sequence[float]) -> bool:
        """Take note of some batches; say whether it is time for a checkpoint."""
        self._losses.extend(losses)
        if not math.isfinite(losses[-1]):
            return False
        self._sum += sum(losses)
        done, all_ = len(self._losses), self.job.batches
        self.callbacks.call("on_progress", done, {"loss": self._sum / done, "batches": all_})
        return self._keeper is not None and done < all_ and self._keeper.is_time

    def _look(self) -> None:
        if self._keeper is not None:
            self._keeper.now()

    def _present_rate(self) -> float:
        rate, self._first_rate = self._first_rate, None
        return super()._present_rate() if rate is None else rate

    def epoch_done(self, losses: EpochLosses) -> None:
        """Add an epoch to the history, act on it, and tell."""
        told = losses._replace(batches=self._losses)
        self._losses, self._sum = array("d"), 0.0
        super().epoch_done(told)


def _is_mean_over_rows(loss: Loss) -> bool:
    """Whether the loss of all rows is the mean of those of parts of them."""
    return isinstance(loss, RowLoss) and inherits(loss, Loss, "forward")
