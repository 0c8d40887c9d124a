"""Optimizers: how parameters move, given their gradients."""

from glassbrick.optimizers.adagrad import Adagrad
from glassbrick.optimizers.adam import Adam, AdamW
from glassbrick.optimizers.lbfgs import LBFGS
from glassbrick.optimizers.lion import Lion
from glassbrick.optimizers.nadam import NAdam
from glassbrick.optimizers.optimizer import Optimizer, Options
from glassbrick.optimizers.rmsprop import RMSProp
from glassbrick.optimizers.sgd import SGD

__all__ = [
    "LBFGS",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "Lion",
    "NAdam",
    "Optimizer",
    "Options",
    "RMSProp",
]
