"""The loss at the start: not finite, or higher than that of a network that says nothing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from glassbrick.doctor.patient import Patient
from glassbrick.doctor.remark import Remark
from glassbrick.doctor.rule import rule
from glassbrick.losses import MeanSquaredError

__all__ = ["first_loss", "loss_not_finite", "mean_not_known"]

# Outputs of 0 cost log K for K classes, and the mean square of y for a squared error. Outputs of
# random size 1, as weights that suit their layers give, cost at most twice that.
# A squared error may be worse without harm, as errors far from 0 teach fast: the chapter's
# standard normal weights give outputs of about 4 for 13 features, and squares of 16.
_FACTOR, _FACTOR_OF_SQUARES = 2.5, 25.0
# A mean that is more than twice the standard deviation: 4 times the variance, and 1 more.
_MEAN = 5.0


@rule("numbers")
def loss_not_finite(patient: Patient) -> Iterator[Remark]:
    """Look whether the first pass overflows."""
    if not patient.problem and not np.isfinite(patient.first_pass.loss):
        yield Remark(
            "error",
            "loss",
            f"It is {patient.first_pass.loss} before the first step.",
            "Scale features and targets to about 1, or take a smaller weight_init.",
            {"loss": patient.first_pass.loss},
        )


@rule("a pass")
def first_loss(patient: Patient) -> Iterator[Remark]:
    """Compare the loss at the start with that of outputs that are all 0."""
    loss, silent = patient.first_pass.loss, patient.first_pass.silent_loss
    is_square = isinstance(patient.net.loss, MeanSquaredError)
    factor = _FACTOR_OF_SQUARES if is_square else _FACTOR
    if silent > 0.0 and loss > factor * silent:
        yield Remark(
            "warning",
            "loss",
            f"It is {loss:.4g} at the start; outputs that are all 0 would cost {silent:.4g}.",
            "Outputs are too large: scale the features, or make the network with rng=, whose "
            "weights suit their layers.",
            {"loss": loss, "silent_loss": silent},
        )


@rule("a pass")
def mean_not_known(patient: Patient) -> Iterator[Remark]:
    """Look whether the first thing to be learned is only how large targets are."""
    if not isinstance(patient.net.loss, MeanSquaredError):
        return
    variance = float(np.var(patient.y, axis=0, dtype=np.float64).sum())
    loss = patient.first_pass.loss
    if variance > 0.0 and patient.first_pass.silent_loss > _MEAN * variance < loss:
        yield Remark(
            "note",
            "loss",
            f"It is {loss:.4g} at the start, and would be {variance:.4g}, the variance of y, if "
            "the network knew the mean.",
            "Subtract the mean of y: the first epochs learn nothing else.",
            {"loss": loss, "variance": variance},
        )
