"""What epochs tell: their losses, and whether all was finite."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, Self

from glassbrick.arrays import Array

__all__ = ["EpochLosses", "SoundEpochs"]


class EpochLosses(NamedTuple):
    """What an epoch has to tell.

    Attributes
    ----------
    batches : sequence of float
        The loss of each batch before its step. It ends with the first loss that is not
        finite.
    validation : float or None
        The loss on the validation data after the epoch; None without such data, or if a
        batch's loss was not finite.
    finite : bool
        Whether all parameters are finite after the epoch. Looked at only if there is no
        validation loss, which would show it.
    """

    batches: Sequence[float]
    validation: float | None
    finite: bool

    @classmethod
    def of(cls, batches: list[float], validation: float | None, *, finite: bool) -> Self:
        """Make it of all numbers of an epoch, whose first loss that is not finite ends it."""
        for number, loss in enumerate(batches, 1):
            if not math.isfinite(loss):
                return cls(batches[:number], None, finite=False)
        return cls(batches, validation, finite)

    @property
    def is_finite(self) -> bool:
        """Whether nothing diverged, as far as it shows."""
        return self.finite if self.validation is None else math.isfinite(self.validation)


class SoundEpochs(NamedTuple):
    """What several epochs have to tell in which all was finite.

    Attributes
    ----------
    batches : ndarray of shape (epochs, batches)
        The loss of each batch before its step.
    validation : list of float, or None
        The losses on the validation data after each epoch, if there are such data.
    """

    batches: Array
    validation: list[float] | None

    @property
    def epochs(self) -> int:
        """How many there are."""
        return len(self.batches)

    def each(self, first: int = 0) -> list[EpochLosses]:
        """Return what each has to tell, from the first that is asked for, counted from 0."""
        rows = self.batches[first:].tolist()
        validation = [None] * len(rows) if self.validation is None else self.validation[first:]
        return [EpochLosses(*epoch, finite=True) for epoch in zip(rows, validation, strict=True)]
