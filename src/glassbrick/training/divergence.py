"""Divergence: what ends a training whose numbers are no longer finite."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from glassbrick.arrays import Array
from glassbrick.engines import EpochLosses

if TYPE_CHECKING:
    from glassbrick.training.run import Run

__all__ = ["require_finite", "require_finite_params"]

_NOT_FINITE = "a parameter is no longer finite"


def require_finite(run: Run, losses: EpochLosses, epoch: int, steps: int) -> None:
    """Stop at an epoch in which something is not finite; `steps` come before it."""
    batches, val_loss = losses.batches, losses.validation
    if not math.isfinite(batches[-1]):
        run.diverged(epoch, len(batches), f"the training loss is {batches[-1]}", steps)
    if val_loss is not None and not math.isfinite(val_loss):
        run.diverged(epoch, len(batches), f"the validation loss is {val_loss}", steps)
    if val_loss is None and not losses.finite:
        run.diverged(epoch, len(batches), _NOT_FINITE, steps)


def require_finite_params(run: Run, epoch: int, batches: int, steps: int) -> None:
    """Find what a finite validation loss can hide, before the parameters count as the best."""
    if not all(map(_is_finite, run.net.params())):
        run.diverged(epoch, batches, _NOT_FINITE, steps)


def _is_finite(array: Array) -> bool:
    """Whether all numbers are; of those whose squares have a finite sum, one look shows it."""
    return math.isfinite(np.vdot(array, array)) or bool(np.isfinite(array).all())
