"""Engine: what a trainer asks of whatever runs its batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Protocol

import numpy as np

from glassbrick.arrays import Array
from glassbrick.batches import Rows
from glassbrick.distributed import Cluster
from glassbrick.engines.epoch_losses import EpochLosses, SoundEpochs
from glassbrick.layers.series import pass_through
from glassbrick.modes import predicting
from glassbrick.network import NeuralNetwork
from glassbrick.optimizers import Optimizer
from glassbrick.stream import Stream

__all__ = [
    "BatchHooks",
    "BatchSession",
    "Course",
    "Engine",
    "Job",
    "Member",
    "Session",
]


class BatchHooks(NamedTuple):
    """Functions that a fit wants to have called for each batch, counted from 1.

    Attributes
    ----------
    begin : callable
        Takes the number of the batch.
    end : callable
        Takes the number of the batch, and its loss.
    """

    begin: Callable[[int], None]
    end: Callable[[int, float], None]


class Course(NamedTuple):
    """The rows of a job that come batch by batch, and who is told of them on the way.

    Attributes
    ----------
    stream : Stream
        All training rows.
    validation : Stream or None
        Rows whose loss is wanted after each epoch, if they come in batches, too.
    begin : callable
        Returns the epoch and the batch in it, both from 0, at which to begin; and the epoch
        before which to end.
    passed : callable
        Is told the losses of some batches, when they were trained on. Returns whether somebody
        has to look at the network now.
    look : callable
        Is called then, when the network and the optimizer are as those batches left them.
    """

    stream: Stream
    validation: Stream | None
    begin: Callable[[], tuple[int, int, int]]
    passed: Callable[[Sequence[float]], bool]
    look: Callable[[], None]


@dataclass(frozen=True)
class Job:
    """What an engine is to train, and on what.

    Attributes
    ----------
    net, optim : NeuralNetwork, Optimizer
        Bound to each other; their parameters and state are changed in place.
    X, y : ndarray, shapes (rows, features) and (rows, outputs)
        All training rows, C-contiguous, of the network's dtype. On a stream: some of them, as
        many as a batch has at least.
    validation : Rows or None
        Rows whose loss is wanted after each epoch.
    batch_size : int
        Rows a batch; the last one of an epoch takes what is left.
    epochs : int
        How many the fit may take.
    weights : ndarray of shape (rows, 1), or None
        How much each training row counts.
    hooks : BatchHooks or None
        What to call before and after each batch.
    course : Course or None
        Where the rows come from, if not from `X`, `y` and `weights`.
    """

    net: NeuralNetwork
    optim: Optimizer
    X: Array
    y: Array
    validation: Rows | None
    batch_size: int
    epochs: int
    weights: Array | None = None
    hooks: BatchHooks | None = None
    course: Course | None = None

    @property
    def rows(self) -> int:
        """Number of training rows."""
        return len(self.X) if self.course is None else self.course.stream.rows

    @property
    def batches(self) -> int:
        """Number of batches in an epoch."""
        return -(-self.rows // self.batch_size)

    @property
    def rows_a_step(self) -> int:
        """Number of rows in the first batch of an epoch."""
        return min(self.batch_size, self.rows)

    def batch(self, order: Array, number: int) -> tuple[Array, ...]:
        """Return the rows of a batch of an epoch, counted from 0."""
        rows = order[number * self.batch_size :][: self.batch_size]
        return tuple(array[rows] for array in (self.X, self.y, self.weights) if array is not None)

    def held(self) -> list[object]:
        """List what may be exchanged between two epochs: by a schedule, or by a callback."""
        parts = [self.optim, self.net.loss, *self.net._parts()]
        return [value for part in parts for value in vars(part).values()]


class Member(Protocol):
    """One of several fits that are run together; it asks and is told as `Session.run` says.

    Attributes
    ----------
    job : Job
        What is trained, and on what.
    """

    @property
    def job(self) -> Job:
        """What is trained, and on what."""

    def ahead(self) -> int:
        """Return how many epochs may be trained before it looks at its network; 0: enough."""

    def next_order(self) -> Array:
        """Return the row numbers in the order of its next epoch."""

    def next_orders(self, epochs: int) -> list[Array]:
        """Return the row numbers in the orders of its next epochs."""

    def epoch_done(self, losses: EpochLosses) -> None:
        """Take note of an epoch."""

    def epochs_done(self, told: SoundEpochs) -> None:
        """Take note of several epochs."""


class Session(ABC):
    """Trains for one fit."""

    @abstractmethod
    def run(
        self,
        ahead: Callable[[], int],
        next_order: Callable[[], Array],
        done: Callable[[EpochLosses], None],
    ) -> str:
        """Train until it is enough.

        Parameters
        ----------
        ahead : callable
            Returns how many epochs may be trained before anyone has to look at the network
            again; 0 if it is enough.
        next_order : callable
            Returns the row numbers in the order of the next epoch.
        done : callable
            Is told of each epoch.

        Returns
        -------
        str
            Why it ended before it was enough; "" if it did not.
        """


class BatchSession(Session):
    """Trains batch by batch."""

    def run(
        self,
        ahead: Callable[[], int],
        next_order: Callable[[], Array],
        done: Callable[[EpochLosses], None],
    ) -> str:
        """Train until it is enough; see `Session.run`."""
        while epochs := ahead():
            for losses in self.train(epochs, next_order):
                done(losses)
                if not losses.is_finite:  # whoever is told may have gone back to better parameters
                    break
        return ""

    @abstractmethod
    def train(self, epochs: int, next_order: Callable[[], Array]) -> Iterator[EpochLosses]:
        """Train for some epochs.

        Parameters
        ----------
        epochs : int
            How many.
        next_order : callable
            Returns the row numbers in the order of the next epoch.

        Yields
        ------
        EpochLosses
            Of each epoch. After the last one the network and the optimizer are as that
            epoch left them; before, an engine may be ahead of what it tells.
        """


class Engine(ABC):
    """Runs batches. The trainer decides everything else: order, evaluation, stopping.

    A training step is a function of the state (what the network and the optimizer hold)
    and of one batch, built in one place by each engine.
    """

    name: ClassVar[str]

    @property
    def cluster(self) -> Cluster | None:
        """The processes that train together with it; None if this one trains alone."""
        return None

    def choose(self, job: Job) -> tuple[Engine, str]:  # noqa: ARG002
        """Return the engine that is to run a job, and why: this one, unless it is a choice."""
        return self, "as asked for"

    def choose_together(self, jobs: Sequence[Job]) -> tuple[Engine, str]:  # noqa: ARG002
        """Return the engine that is to run several jobs together, and why."""
        return self, "as asked for"

    @abstractmethod
    def start(self, job: Job) -> BatchSession:
        """Prepare for a fit."""

    @abstractmethod
    def start_stream(self, job: Job) -> Session:
        """Prepare for a fit on a stream, that of the job's course."""

    def run_together(self, members: Sequence[Member]) -> None:
        """Run several fits, each with the result that it has alone: here, one after the other.

        Parameters
        ----------
        members : sequence of Member
            Which do not fail, but want no more epochs if something went wrong.
        """
        for member in members:
            self.start(member.job).run(member.ahead, member.next_order, member.epoch_done)

    @staticmethod
    @np.errstate(all="ignore")
    def evaluate(net: NeuralNetwork, X: Array, y: Array, weights: Array | None = None) -> float:
        """Return the loss over all rows of `X`; parameters stay as they are."""
        with predicting():
            return float(net.loss_of(pass_through(net.layers, X), y, weights))
