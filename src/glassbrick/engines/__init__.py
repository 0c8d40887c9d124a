"""How a batch loop is run. An engine never changes what the batches mean."""

from glassbrick.engines.auto_engine import AutoEngine
from glassbrick.engines.engine import BatchHooks, Engine, EpochLosses, Job, Member, Session
from glassbrick.engines.lbfgs_session import LBFGSSession
from glassbrick.engines.numpy_engine import NumpyEngine
from glassbrick.engines.xla_engine import XLAEngine

__all__ = [
    "ENGINES",
    "AutoEngine",
    "BatchHooks",
    "Engine",
    "EpochLosses",
    "Job",
    "LBFGSSession",
    "Member",
    "NumpyEngine",
    "Session",
    "XLAEngine",
]

ENGINES: dict[str, type[Engine]] = {
    engine.name: engine for engine in (NumpyEngine, XLAEngine, AutoEngine)
}
"""The engines by the names that `Trainer` takes."""
