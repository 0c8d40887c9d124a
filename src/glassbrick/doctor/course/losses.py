"""Losses: one that does not fall, and one of validation that rises while the other falls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from glassbrick.doctor.remark import Remark
from glassbrick.doctor.rule import rule

if TYPE_CHECKING:
    from glassbrick.doctor.chart import Chart

__all__ = ["loss_not_falling", "overfitting"]

# The first epochs are the steepest: where ten bring less than one percent, more will not help.
_EPOCHS, _LEAST = 10, 0.01
# Validation losses scatter from epoch to epoch, but hardly by a tenth, ten epochs after the best.
_PAST, _RISE = 10, 0.1


@rule()
def loss_not_falling(chart: Chart) -> Iterator[Remark]:
    """Look whether ten epochs made a difference."""
    losses = chart.losses
    if len(losses) < _EPOCHS:
        return
    first, best = losses[0], min(losses)
    if first - best < _LEAST * abs(first):
        yield Remark(
            "warning",
            "loss",
            f"It was {first:.4g} in the first epoch, and {best:.4g} in the best of {len(losses)}.",
            "Take another learning rate (Trainer.find_lr), and see what diagnose(net, X, y) says.",
            {"first": first, "best": best, "epochs": len(losses)},
        )


@rule()
def overfitting(chart: Chart) -> Iterator[Remark]:
    """Look whether the validation loss is long past its best, and the loss still falls."""
    val = np.array(chart.val_losses)
    if not np.isfinite(val).any():
        return
    best = int(np.nanargmin(val))
    risen = val[-1] - val[best] > _RISE * abs(val[best])
    if len(val) - 1 - best >= _PAST and risen and chart.losses[-1] < chart.losses[best]:
        yield Remark(
            "warning",
            "validation",
            f"Its loss was lowest in epoch {best + 1}, {val[best]:.4g}, and is {val[-1]:.4g} now, "
            f"while that of training fell from {chart.losses[best]:.4g} to {chart.losses[-1]:.4g}.",
            "Stop early (EarlyStopping), more rows, fewer units, Dropout, or l2.",
            {"best_epoch": best + 1, "best": float(val[best]), "now": float(val[-1])},
        )
