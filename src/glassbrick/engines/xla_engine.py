"""The XLA engine: the same blocks, recorded once, compiled, and run many steps a call."""

from __future__ import annotations

from importlib.util import find_spec

from glassbrick.engines.engine import Engine, Job, Session
from glassbrick.errors import MissingExtraError

__all__ = ["XLAEngine"]


class XLAEngine(Engine):
    """Records a training step through the Python objects themselves, and compiles it with XLA.

    The blocks, the loss and the optimizer are run once on arrays without numbers; what they do
    to them becomes a program that trains whole epochs without Python.

    Raises
    ------
    MissingExtraError
        If JAX is not installed.
    """

    name = "xla"

    def __init__(self) -> None:
        if not self.is_installed():
            raise MissingExtraError('engine="xla"', "JAX", "xla")

    @staticmethod
    def is_installed() -> bool:
        """Whether JAX is there. It is not imported before it is needed."""
        return find_spec("jax") is not None

    def start(self, job: Job) -> Session:
        """Prepare for a fit."""
        from glassbrick.engines.xla.session import XLASession

        return XLASession(job)
