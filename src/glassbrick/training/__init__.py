"""How networks are trained."""

from glassbrick.training.callbacks import (
    Callback,
    Checkpoint,
    CSVLogger,
    Doctor,
    EarlyStopping,
    LambdaCallback,
    LiveCurve,
    ReduceLROnPlateau,
    TimeBudget,
    Watch,
)
from glassbrick.training.history import History
from glassbrick.training.rate_search import RateSearch
from glassbrick.training.trainer import Trainer

__all__ = [
    "CSVLogger",
    "Callback",
    "Checkpoint",
    "Doctor",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LiveCurve",
    "RateSearch",
    "ReduceLROnPlateau",
    "TimeBudget",
    "Trainer",
    "Watch",
]
