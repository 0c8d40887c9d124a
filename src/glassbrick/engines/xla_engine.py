"""The XLA engine: the same blocks, recorded once, compiled, and run many steps a call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.util import find_spec
from typing import Any

from glassbrick.arrays import Array
from glassbrick.checks import positive_integer, refuse
from glassbrick.distributed import Cluster, current
from glassbrick.engines.engine import BatchSession, Engine, Job, Member, Session
from glassbrick.errors import ArgumentError, MissingExtraError
from glassbrick.jax_import import without_drawing
from glassbrick.network import NeuralNetwork

__all__ = ["XLA"]


class XLA(Engine):
    """Records a training step through the Python objects, and compiles it with XLA.

    Copies of the blocks, the loss and the optimizer are run on arrays without numbers; what they
    do to them becomes a program that trains whole epochs without Python.

    Parameters
    ----------
    devices : int, "all" or sequence of jax.Device, optional
        Devices that share out each batch: so many, all that JAX has, or these. Each holds the
        network and computes the gradients of its own rows, and XLA adds these up; the numbers are
        those of one device, up to rounding. By default the one that JAX uses by itself.

    Raises
    ------
    MissingExtraError
        If JAX is not installed.
    ArgumentError, ArgumentTypeError
        If `devices` is something else. Whether there are so many is seen when JAX starts, which
        is when training does.

    Examples
    --------
    >>> from glassbrick import XLA, Adam, Dense, MeanSquaredError, NeuralNetwork, Trainer
    >>> net = NeuralNetwork([Dense(8, "relu"), Dense(1)], MeanSquaredError(), rng=0)
    >>> trainer = Trainer(net, Adam(), engine=XLA(devices="all"))
    >>> trainer.engine
    XLA(devices='all')
    """

    name = "xla"

    def __init__(self, devices: int | str | Sequence[Any] | None = None):
        if not self.is_installed():
            raise MissingExtraError('engine="xla"', "JAX", "xla")
        self.devices = _as_devices(devices)

    @staticmethod
    def is_installed() -> bool:
        """Whether JAX is there. It is not imported before it is needed."""
        return find_spec("jax") is not None

    @staticmethod
    def make_host_devices(count: int) -> None:
        """Have JAX make so many devices of the CPU when it starts, in case it has no others.

        They share the cores that there are. Nothing happens if JAX has started already.
        """
        jax = without_drawing("jax")
        with suppress(RuntimeError):
            jax.config.update("jax_num_cpu_devices", count)

    def count_devices(self) -> int:
        """Return how many devices share out a batch.

        Raises
        ------
        ArgumentError
            If JAX has fewer than were asked for.
        """
        return max(1, len(self._placement().devices))

    @property
    def cluster(self) -> Cluster | None:
        """The processes whose devices share out a batch; None if they are all of this one."""
        cluster = current()
        return cluster if cluster is not None and self._placement().spans_processes else None

    def choose(self, job: Job) -> tuple[Engine, str]:
        """Return this engine, and on how many devices it runs if somebody said so."""
        return self.choose_together([job])

    def choose_together(self, jobs: Sequence[Job]) -> tuple[Engine, str]:
        """Choose as for one job."""
        engine, reason = super().choose_together(jobs)
        if self.devices is None:
            return engine, reason
        count = self.count_devices()
        reason = f"{reason}, on {count} device{'s' if count > 1 else ''}"
        cluster = self.cluster
        return engine, reason if cluster is None else f"{reason} of {cluster.processes} processes"

    def start(self, job: Job) -> BatchSession:
        """Prepare for a fit.

        Raises
        ------
        ArgumentError
            If a callback wants to be called for each batch.
        """
        _require_no_hooks(job)
        session = without_drawing("glassbrick.engines.xla.session")
        return session.XLASession(job, self._placement())  # type: ignore[no-any-return]

    def start_stream(self, job: Job) -> Session:
        """Prepare for a fit on a stream.

        Raises
        ------
        ArgumentError
            If a callback wants to be called for each batch.
        """
        _require_no_hooks(job)
        session = without_drawing("glassbrick.engines.xla.stream_session")
        return session.XLAStreamSession(job, self._placement())  # type: ignore[no-any-return]

    def run_together(self, members: Sequence[Member]) -> None:
        """Run several fits, as many at once as differ in numbers only; see `Engine`.

        On devices that were asked for, they run one after the other, each on all of these.

        Raises
        ------
        ArgumentError
            If a callback wants to be called for each batch.
        """
        for member in members:
            _require_no_hooks(member.job)
        if self.devices is not None:  # each is shared out already
            super().run_together(members)
            return
        population = without_drawing("glassbrick.engines.xla.population")
        population.run_together(members)

    def require_compilable(self, job: Job) -> None:
        """Find out whether a job can be compiled, without compiling it.

        Raises
        ------
        TracingError
            If a block or the optimizer does what cannot be compiled.
        """
        recorder = without_drawing("glassbrick.engines.xla.recorder")
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
        single = without_drawing("glassbrick.engines.xla.single_call")
        return single.compute(call, net, inputs, self._placement())

    def __repr__(self) -> str:
        return "XLA()" if self.devices is None else f"XLA(devices={self.devices!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        devices = self.devices
        if not isinstance(devices, tuple):
            return type(self), (devices,)
        return _with_devices, (type(self), [(d.platform, d.id) for d in devices])

    def _placement(self) -> Any:
        """Find the devices, which starts JAX."""
        return without_drawing("glassbrick.engines.xla.placement").Placement.on(self.devices)


def _as_devices(devices: Any) -> int | str | tuple[Any, ...] | None:
    """Return what stands for devices, or refuse it; without JAX, so without looking for them."""
    who, expected = "XLA, devices", 'a number of devices, "all", or devices of JAX'
    if devices is None or devices == "all":
        return devices  # type: ignore[no-any-return]
    if isinstance(devices, str):
        refuse(ArgumentError, who, expected, devices)
    if not isinstance(devices, Sequence):
        return positive_integer(devices, who, f"It can be {expected}.")
    if not devices or len(set(devices)) < len(devices):
        refuse(ArgumentError, who, "one device or more, each once", devices)
    return tuple(devices)


def _with_devices(kind: type[XLA], places: list[tuple[str, int]]) -> XLA:
    """Make an engine of the devices that JAX has here at such places: its own cannot be copied."""
    jax = without_drawing("jax")
    there = {(d.platform, d.id): d for platform, _ in places for d in jax.devices(platform)}
    for place in places:
        if place not in there:
            refuse(ArgumentError, "XLA, devices", f"one of {list(there)}", place)
    return kind([there[place] for place in places])


def _require_no_hooks(job: Job) -> None:
    if job.hooks is not None:
        raise ArgumentError(
            'engine="xla" runs whole epochs in one call, so no callback can be called for '
            "each batch: write on_epoch_begin and on_epoch_end instead of "
            'on_train_batch_begin and on_train_batch_end, or train with engine="numpy".'
        )
