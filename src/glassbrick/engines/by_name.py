"""The engines by the names that `Trainer` takes."""

from __future__ import annotations

from glassbrick.checks import one_of
from glassbrick.engines.auto_engine import AutoEngine
from glassbrick.engines.engine import Engine
from glassbrick.engines.numpy_engine import NumpyEngine
from glassbrick.engines.xla_engine import XLA

__all__ = ["ENGINES", "engine_of"]

_ALL: tuple[type[Engine], ...] = (NumpyEngine, XLA, AutoEngine)

ENGINES = {engine.name: engine for engine in _ALL}
"""What makes an engine, by its name."""


def engine_of(engine: str | Engine, who: str) -> Engine:
    """Return an engine as it is, or the one of a name.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there is none of that name.
    MissingExtraError
        If it is XLA and JAX is not installed.
    """
    return engine if isinstance(engine, Engine) else one_of(engine, ENGINES, who)()
