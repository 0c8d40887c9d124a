"""What looks on while a network trains, and may have a say in it."""

from glassbrick.training.callbacks.callback import Callback, Callbacks, LambdaCallback
from glassbrick.training.callbacks.checkpoint import Checkpoint
from glassbrick.training.callbacks.csv_logger import CSVLogger
from glassbrick.training.callbacks.doctor import Doctor
from glassbrick.training.callbacks.early_stopping import EarlyStopping
from glassbrick.training.callbacks.live_curve import LiveCurve
from glassbrick.training.callbacks.progress import progress_for
from glassbrick.training.callbacks.reduce_lr import ReduceLROnPlateau
from glassbrick.training.callbacks.time_budget import TimeBudget
from glassbrick.training.callbacks.watch import Watch

__all__ = [
    "CSVLogger",
    "Callback",
    "Callbacks",
    "Checkpoint",
    "Doctor",
    "EarlyStopping",
    "LambdaCallback",
    "LiveCurve",
    "ReduceLROnPlateau",
    "TimeBudget",
    "Watch",
    "progress_for",
]
