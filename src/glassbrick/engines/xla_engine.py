"""The XLA engine: the same blocks, recorded once, compiled, and run many steps a call."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from threading import Lock
from types import ModuleType
from typing import Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.engines.engine import BatchSession, Engine, Job, Member
from glassbrick.errors import ArgumentError, MissingExtraError
from glassbrick.network import NeuralNetwork

__all__ = ["XLAEngine"]

_importing = Lock()  # lest another thread sees modules that are half imported


class XLAEngine(Engine):
    """Records a training step through the Python objects, and compiles it with XLA.

    Copies of the blocks, the loss and the optimizer are run on arrays without numbers; what they
    do to them becomes a program that trains whole epochs without Python.

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

    def start(self, job: Job) -> BatchSession:
        """Prepare for a fit.

        Raises
        ------
        ArgumentError
            If a callback wants to be called for each batch.
        """
        _require_no_hooks(job)
        session = _without_drawing("glassbrick.engines.xla.session")
        return session.XLASession(job)  # type: ignore[no-any-return]

    def run_together(self, members: Sequence[Member]) -> None:
        """Run several fits, as many at once as differ in numbers only; see `Engine`.

        Raises
        ------
        ArgumentError
            If a callback wants to be called for each batch.
        """
        for member in members:
            _require_no_hooks(member.job)
        population = _without_drawing("glassbrick.engines.xla.population")
        population.run_together(members)

    def require_compilable(self, job: Job) -> None:
        """Find out whether a job can be compiled, without compiling it.

        Raises
        ------
        TracingError
            If a block or the optimizer does what cannot be compiled.
        """
        recorder = _without_drawing("glassbrick.engines.xla.recorder")
        recorder.Recorder(job).require_compilable()

    def compute(self, call: Callable[..., Any], net: NeuralNetwork, *inputs: Array) -> Any:
        """Return what a call with a network returns, computed compiled.

        Parameters
        ----------
        call : callable
            Takes a network and the inputs, and returns arrays, in lists or dicts.
        net : NeuralNetwork
            Which stays as it is.
        *inputs : ndarray
            Its data.
        """
        single = _without_drawing("glassbrick.engines.xla.single_call")
        return single.compute(call, net, inputs)


def _require_no_hooks(job: Job) -> None:
    if job.hooks is not None:
        raise ArgumentError(
            'engine="xla" runs whole epochs in one call, so no callback can be called for '
            "each batch: write on_epoch_begin and on_epoch_end instead of "
            'on_train_batch_begin and on_train_batch_end, or train with engine="numpy".'
        )


def _without_drawing(module: str) -> ModuleType:
    """Import a module; importing JAX draws from NumPy's global stream, which is the user's."""
    with _importing:
        if "jax" not in sys.modules:
            _import_jax()
        return import_module(module)


def _import_jax() -> None:
    state = np.random.get_state()  # noqa: NPY002
    try:
        import_module("jax")
    except Exception as error:  # versions that do not fit each other raise all kinds
        problem = f"cannot be imported: {type(error).__name__}: {error}"
        raise MissingExtraError('engine="xla"', "JAX", "xla", problem) from None
    finally:
        np.random.set_state(state)  # noqa: NPY002
