"""TimeBudget: training that is over in time."""

from __future__ import annotations

import time
from typing import ClassVar

from glassbrick.checks import real_number
from glassbrick.training.callbacks.callback import Callback, Logs

__all__ = ["TimeBudget"]


class TimeBudget(Callback):
    """Stop in time: before the first epoch that would not be done by then.

    How long an epoch takes is known from those before; the first one is always trained. A fit
    that goes on from a `Checkpoint` has all that time again.

    Parameters
    ----------
    max_seconds : float
        How long a fit may take.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If it is not a finite number greater than 0.

    Examples
    --------
    >>> from glassbrick import TimeBudget
    >>> TimeBudget(60)
    TimeBudget(60)
    """

    REASON: ClassVar[str] = "time budget"

    def __init__(self, max_seconds: float):
        self.max_seconds = real_number(max_seconds, "TimeBudget, max_seconds", above=0.0)
        self._began = self._last = 0.0
        self._until = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Start the clock."""
        self._began = self._last = time.perf_counter()
        self._until = self.history.epochs + (logs or {})["epochs"]

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:  # noqa: ARG002
        """Stop if one more epoch like this one would take too long."""
        if epoch == self._until:
            return
        now = time.perf_counter()
        # What the first one took to compile is not taken again.
        is_first = self._last == self._began
        an_epoch, self._last = 0.0 if is_first else now - self._last, now
        if now - self._began + an_epoch > self.max_seconds:
            self.stop(self.REASON)

    def __repr__(self) -> str:
        return f"TimeBudget({self.max_seconds:g})"
