"""What kind of loss a network has, as far as its targets are concerned."""

from __future__ import annotations

import numpy as np

from glassbrick.arrays import Array
from glassbrick.losses import (
    BinaryCrossEntropy,
    GaussianNLL,
    Huber,
    Loss,
    MeanAbsoluteError,
    MeanSquaredError,
    Quantile,
    SoftmaxCrossEntropy,
)

__all__ = ["best_is_zero", "is_of_numbers"]

_ERRORS = (MeanSquaredError, MeanAbsoluteError, Huber, Quantile)


def is_of_numbers(loss: Loss) -> bool:
    """Whether targets are numbers that outputs should be like, in the same unit."""
    return isinstance(loss, (*_ERRORS, GaussianNLL))


def best_is_zero(loss: Loss, y: Array) -> bool:
    """Whether the loss of a network that knows these targets by heart is 0."""
    if isinstance(loss, SoftmaxCrossEntropy):
        certain = y.shape[1] == 1 or bool(np.isin(y, (0.0, 1.0)).all())
        return loss.label_smoothing == 0.0 and certain
    if isinstance(loss, BinaryCrossEntropy):
        return bool(np.isin(y, (0.0, 1.0)).all())
    return isinstance(loss, _ERRORS)
