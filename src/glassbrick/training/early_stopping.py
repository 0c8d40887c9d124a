"""EarlyStopping: which evaluation was the best, and whether it is time to stop."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["EarlyStopping"]


@dataclass
class EarlyStopping:
    """Decides after each evaluation.

    The best evaluation is that with the lowest loss, by however little. Progress is
    counted apart: an evaluation makes progress if it undercuts the last one that did by
    more than `min_delta`, and after `patience` evaluations without it training stops.

    Attributes
    ----------
    patience : int or None
        Evaluations without progress before stopping; None never stops.
    min_delta : float
        How much lower a loss must be to count as progress.
    best_loss, best_epoch : float, int or None
        Of the best evaluation so far.
    misses : int
        Evaluations without progress since the last one with it.
    """

    patience: int | None = 1
    min_delta: float = 0.0
    best_loss: float = math.inf
    best_epoch: int | None = None
    misses: int = 0
    _reference: float = math.inf

    def is_best(self, epoch: int, loss: float) -> bool:
        """Take note of an evaluation, and say whether it is the best so far."""
        if loss < self._reference - self.min_delta:
            self._reference = loss
            self.misses = 0
        else:
            self.misses += 1
        if not loss < self.best_loss:
            return False
        self.best_loss, self.best_epoch = loss, epoch
        return True

    def set_best(self, loss: float) -> None:
        """Take another loss for the best epoch: it was judged on other data."""
        self.best_loss = self._reference = loss

    @property
    def should_stop(self) -> bool:
        """Whether patience is at an end."""
        return self.patience is not None and self.misses >= self.patience
