"""How a batch loop is run. An engine never changes what the batches mean."""

from glassbrick.engines.engine import Engine
from glassbrick.engines.numpy_engine import NumpyEngine

__all__ = ["ENGINES", "Engine", "NumpyEngine"]

ENGINES: dict[str, type[Engine]] = {engine.name: engine for engine in (NumpyEngine,)}
"""The engines by the names that `Trainer` takes."""
