"""How a batch loop is run. An engine never changes what the batches mean."""

from glassbrick.engines.auto_engine import AutoEngine
from glassbrick.engines.by_name import ENGINES, engine_of
from glassbrick.engines.engine import (
    BatchHooks,
    Course,
    Engine,
    Job,
    Member,
    Session,
)
from glassbrick.engines.epoch_losses import EpochLosses, SoundEpochs
from glassbrick.engines.lbfgs_session import LBFGSSession
from glassbrick.engines.numpy_engine import NumpyEngine
from glassbrick.engines.read_ahead import ReadingError
from glassbrick.engines.stream_session import mean_loss
from glassbrick.engines.xla_engine import XLA

__all__ = [
    "ENGINES",
    "XLA",
    "AutoEngine",
    "BatchHooks",
    "Course",
    "Engine",
    "EpochLosses",
    "Job",
    "LBFGSSession",
    "Member",
    "NumpyEngine",
    "ReadingError",
    "Session",
    "SoundEpochs",
    "engine_of",
    "mean_loss",
]
