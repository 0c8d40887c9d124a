"""EarlyStopping: whether it is time to stop."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["EarlyStopping"]


@dataclass
class EarlyStopping:
    """Counts evaluations without progress.

    An evaluation makes progress if its loss undercuts that of the last one that did by
    more than `min_delta`. After `patience` evaluations without it training stops. Which
    evaluation was the best, by however little, is another question: `History` knows.

    Attributes
    ----------
    patience : int or None
        Evaluations without progress before stopping; None never stops.
    min_delta : float
        How much lower a loss must be to count as progress.
    misses : int
        Evaluations without progress since the last one with it.
    reference : float
        Loss of the last evaluation with progress.
    """

    patience: int | None = 1
    min_delta: float = 0.0
    misses: int = 0
    reference: float = math.inf

    def update(self, loss: float) -> None:
        """Take note of an evaluation."""
        if loss < self.reference - self.min_delta:
            self.reference = loss
            self.misses = 0
        else:
            self.misses += 1

    @property
    def should_stop(self) -> bool:
        """Whether patience is at an end."""
        return self.patience is not None and self.misses >= self.patience
