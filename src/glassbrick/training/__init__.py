"""How networks are trained."""

from glassbrick.training.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    ReduceLROnPlateau,
    TimeBudget,
)
from glassbrick.training.history import History
from glassbrick.training.rate_search import RateSearch
from glassbrick.training.trainer import Trainer

__all__ = [
    "CSVLogger",
    "Callback",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "RateSearch",
    "ReduceLROnPlateau",
    "TimeBudget",
    "Trainer",
]
