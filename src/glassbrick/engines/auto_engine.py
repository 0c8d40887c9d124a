"""The choice between engines: compile where that repays, else do without."""

from __future__ import annotations

from collections.abc import Sequence

from glassbrick.engines.engine import BatchSession, Engine, Job, Session
from glassbrick.engines.numpy_engine import NumpyEngine
from glassbrick.engines.xla_engine import XLA

__all__ = ["AutoEngine", "seconds_saved"]

# Measured on two cores (docs/benchmarks.md): what a compiled step saves, and what it costs to
# get there. Rough is good enough, for around the turning point both take equally long.
_SECONDS_TO_START = 1.5  # import JAX, record, compile
_SECONDS_SAVED_AN_OPERATION = 2.5e-6
_SECONDS_SAVED_A_MULTIPLICATION = 4e-12


class AutoEngine(Engine):
    """Chooses XLA for jobs that are long enough and can be compiled, else NumPy.

    The choice depends on the job alone, not on how fast the machine happens to be, so that
    the same job gives the same numbers each time.
    """

    name = "auto"

    def choose(self, job: Job) -> tuple[Engine, str]:
        """Choose an engine, and say why.

        Returns
        -------
        engine : Engine
            The one to use.
        reason : str
            In words.
        """
        return self.choose_together([job])

    def choose_together(self, jobs: Sequence[Job]) -> tuple[Engine, str]:
        """Choose an engine by the work of all; see `choose`."""
        if any(job.hooks is not None for job in jobs):
            return NumpyEngine(), "auto: a callback wants to be called for each batch"
        saved = sum(map(seconds_saved, jobs))
        if saved < _SECONDS_TO_START:
            return NumpyEngine(), (
                f"auto: compiling takes {_SECONDS_TO_START:g} s and would save {saved:.1g} s"
            )
        if not XLA.is_installed():
            return NumpyEngine(), (
                f"auto: JAX, which would save {saved:.1g} s, is not installed; "
                "pip install 'glassbrick[xla]'"
            )
        engine = XLA()
        try:
            for job in {_looks(job): job for job in jobs}.values():
                engine.require_compilable(job)
        except Exception as error:  # whatever the user's rules raise: the NumPy engine will tell
            return NumpyEngine(), f"auto: XLA cannot compile this: {error}"
        return engine, f"auto: compiling takes {_SECONDS_TO_START:g} s and saves {saved:.1g} s"

    def start(self, job: Job) -> BatchSession:
        """Prepare for a fit, with the engine of choice."""
        engine, _ = self.choose(job)
        return engine.start(job)

    def start_stream(self, job: Job) -> Session:
        """Prepare for a fit on a stream, with the engine of choice."""
        engine, _ = self.choose(job)
        return engine.start_stream(job)


def _looks(job: Job) -> str:
    """Return what two jobs of one kind have in common, as far as it shows."""
    classes = [type(part).__qualname__ for part in (job.net, job.optim, *job.net._parts())]
    return " ".join([*classes, repr(job.X.shape[1:])])


def seconds_saved(job: Job) -> float:
    """Estimate how much sooner a compiled job would be done, the time to compile aside."""
    operations = len(job.net.operations())
    weights = sum(param.size for param in job.net.params())
    multiplications = 3 * weights * job.rows_a_step
    a_step = (
        operations * _SECONDS_SAVED_AN_OPERATION + multiplications * _SECONDS_SAVED_A_MULTIPLICATION
    )
    return job.epochs * job.batches * a_step
