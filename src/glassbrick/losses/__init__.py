"""The losses: how far a prediction is from its target, and the gradient of that."""

from glassbrick.losses.classification import BinaryCrossEntropy, SoftmaxCrossEntropy
from glassbrick.losses.distributions import GaussianNLL, PoissonNLL
from glassbrick.losses.loss import Loss, RowLoss
from glassbrick.losses.regression import Huber, MeanAbsoluteError, MeanSquaredError, Quantile

__all__ = [
    "BinaryCrossEntropy",
    "GaussianNLL",
    "Huber",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "PoissonNLL",
    "Quantile",
    "RowLoss",
    "SoftmaxCrossEntropy",
]
