"""Cluster: the processes that train one network together, as each of them sees it."""

from __future__ import annotations

import atexit
import contextlib
import sys
from collections.abc import Iterator
from typing import Any

from glassbrick.checks import real_number
from glassbrick.distributed.place import find_place
from glassbrick.distributed.roll_call import Person, call_the_roll
from glassbrick.distributed.runtime import connect, require_fresh, versions
from glassbrick.distributed.watch import PULSE, Watch
from glassbrick.errors import DistributedError, DivergenceError, GlassbrickError

__all__ = ["Cluster", "current", "start", "writes"]

_SECONDS_TO_EXPLAIN = 3.0  # between a computation that breaks and the news of why it does

_current: Cluster | None = None


class Cluster:
    """The processes of a run; `start` makes it.

    Parameters
    ----------
    persons : list of Person
        All of them, by number.
    me : int
        The number of this one.
    watch : Watch
        Over the others.

    Attributes
    ----------
    process, processes : int
        The number of this process, counted from 0; how many there are.
    """

    def __init__(self, persons: list[Person], me: int, watch: Watch):
        self.process, self.processes = me, len(persons)
        self._persons, self._watch = persons, watch

    @property
    def is_first(self) -> bool:
        """Whether this is process 0, which writes files and prints."""
        return self.process == 0

    @property
    def hosts(self) -> list[str]:
        """Where the processes run, by number."""
        return [person.host for person in self._persons]

    def gather(self, value: Any) -> list[Any]:
        """Return what each process gives, by number; all have to call it.

        Parameters
        ----------
        value : object
            What JSON can hold: None, numbers, texts, lists, and dicts with texts as keys. All
            processes, this one too, get what comes out of JSON: a tuple comes as a list.

        Raises
        ------
        ArgumentTypeError
            If JSON cannot hold it, before the others hear of it.
        LostProcessError
            If a process is lost, or has ended.
        """
        return self._watch.exchange(value)

    def barrier(self) -> None:
        """Wait until all processes are here; see `gather`."""
        self.gather(None)

    @contextlib.contextmanager
    def computing(self) -> Iterator[None]:
        """Enclose what only all processes together can compute.

        Raises
        ------
        LostProcessError
            If one is lost before or meanwhile. Where the computation does not end by itself, the
            process does, with that error as its last words.
        """
        watch = self._watch
        watch.require_all()
        watch.is_computing = True
        try:
            yield
        except (RuntimeError, ValueError) as error:  # JAX raises either
            if isinstance(error, GlassbrickError):
                raise
            lost = watch.what_happened(_SECONDS_TO_EXPLAIN)
            if lost is None:
                raise
            raise lost from None
        finally:
            watch.is_computing = False

    @contextlib.contextmanager
    def advising(self, checkpoints: object | None) -> Iterator[None]:
        """Let errors about losses say how to go on; tell the others if this part fails here.

        Parameters
        ----------
        checkpoints : path or None
            Where they are, or will be; None: nowhere.
        """
        watch = self._watch
        before, watch.advice = watch.advice, _how_to_go_on(checkpoints)
        try:
            yield
        except BaseException as error:
            self.fail(error)
            raise
        finally:
            watch.advice = before

    def fail(self, error: BaseException) -> None:
        """Tell all others that this process cannot go on, and why."""
        if isinstance(error, KeyboardInterrupt):
            self._watch.fail("it was interrupted")
        elif not isinstance(error, DistributedError | DivergenceError):  # which all have
            self._watch.fail(f"it ended with {type(error).__name__}: {error}".rstrip("."))

    def _end(self) -> None:
        global _current
        if _current is self:
            _current = None
            self._watch.end()


def _how_to_go_on(checkpoints: object | None) -> str:
    again = "Start all processes again, each by its own command"
    if checkpoints is None:
        return f"{again}. With a Checkpoint (--checkpoint DIR) they would go on where they were."
    return (
        f"{again}: training goes on from the newest checkpoint in {checkpoints}, if there is one."
    )


def writes(cluster: Cluster | None) -> bool:
    """Whether this process writes files and prints: it does unless it follows another one."""
    return cluster is None or cluster.is_first


def current() -> Cluster | None:
    """Return the cluster that this process belongs to; None before `start`."""
    return _current


def start(
    coordinator: str | None = None,
    *,
    processes: int | None = None,
    process: int | None = None,
    timeout: float = 60.0,
    silence: float = 60.0,
) -> Cluster:
    """Join the other processes of a run: each calls it, before anything is computed with JAX.

    What is not given is asked of the cluster, as JAX knows it: SLURM, Open MPI, Kubernetes, Cloud
    TPU, or the environment variable ``JAX_COORDINATOR_ADDRESS``.

    Afterwards ``Trainer(..., engine=XLA(devices="all"))`` trains on the devices of all processes.

    Parameters
    ----------
    coordinator : str, optional
        HOST:PORT at which process 0 listens, the same for all. Whoever can connect there can
        disturb the run: use a network that you trust.
    processes : int, optional
        How many there are.
    process : int, optional
        The number of this one, counted from 0.
    timeout : float, default 60
        Seconds in which all have to be there.
    silence : float, default 60
        Seconds without a sign of life after which a process counts as lost; more than 2, for each
        gives one a second. One whose connection breaks counts as lost at once.

    Returns
    -------
    Cluster
        Which of the processes this is.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument cannot be used.
    DistributedError
        If no cluster is found; if the processes do not find each other in time, or were told
        different numbers of them, or have different versions; if process 0 cannot listen; if JAX
        has started already.
    MissingExtraError
        If JAX is not installed.

    Examples
    --------
    >>> import glassbrick as gb
    >>> def script(process):
    ...     cluster = gb.distributed.start("127.0.0.1:7654", processes=2, process=process)
    ...     if cluster.is_first:
    ...         print("training on", *cluster.hosts)
    """
    global _current
    if _current is not None:
        raise DistributedError("distributed.start: this process has joined the others already.")
    timeout = real_number(timeout, "distributed.start, timeout", above=0.0)
    silence = real_number(silence, "distributed.start, silence", above=2.0 * PULSE)
    place = find_place(coordinator, processes, process)
    require_fresh()
    from glassbrick import __version__

    me = Person.here(place, {"Glassbrick": __version__, **versions()})
    persons, wires = call_the_roll(place, me, timeout)
    connect(place, timeout)
    watch = Watch(place.process, persons, wires, silence)
    watch.start()
    _current = Cluster(persons, place.process, watch)
    atexit.register(_current._end)
    _tell_of_uncaught_errors()
    return _current


def _tell_of_uncaught_errors() -> None:
    """Let the others know of an error that ends this process."""
    shown = sys.excepthook

    def tell(kind: type[BaseException], error: BaseException, traceback: Any) -> None:
        if _current is not None:
            _current.fail(error)
        shown(kind, error, traceback)

    sys.excepthook = tell
