"""StreamSession: one fit on rows that come batch by batch, read ahead by a thread."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from itertools import islice
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from glassbrick.arrays import Array
from glassbrick.batches import Rows
from glassbrick.engines.engine import Engine, Job, Session
from glassbrick.engines.epoch_losses import EpochLosses
from glassbrick.engines.read_ahead import ReadAhead
from glassbrick.network import NeuralNetwork
from glassbrick.stream import Share, Stream

__all__ = ["Chunk", "StreamSession", "mean_loss"]

_T = TypeVar("_T")

_CHUNK = 2 * 2**20  # bytes of rows that are handed over at once
_MOST_BATCHES, _FEWEST_BATCHES = 4096, 4  # in a chunk; an engine may need a few to begin with
_AHEAD = 1  # chunks that wait
_BLOCK = 4096  # validation rows predicted at a time


class Chunk(NamedTuple, Generic[_T]):
    """Some batches of an epoch that follow upon each other.

    Attributes
    ----------
    held : object
        The batches, as an engine wants them.
    size : int
        How many.
    epoch, before : int
        In which epoch, from 0, and how many batches of it came before.
    is_last : bool
        Whether they end the epoch.
    """

    held: _T
    size: int
    epoch: int
    before: int
    is_last: bool


class StreamSession(Session, Generic[_T]):
    """Trains on a stream, chunk by chunk, while a thread prepares the chunks that follow.

    It reads ahead into the next epoch, too, for its order does not depend on this one.

    Parameters
    ----------
    job : Job
        What to train, and on what, with a course.

    Attributes
    ----------
    share, share_of_short : Share
        Which part of each full batch is read here, and of the short last one.
    capacity : int
        Most full batches in a chunk.
    """

    share = share_of_short = Share()

    def __init__(self, job: Job):
        if job.course is None:
            raise TypeError("the job is not on a stream")
        self.job, self.course = job, job.course
        self.full = job.rows // job.batch_size
        a_row = sum(a[:1].nbytes for a in (job.X, job.y, job.weights) if a is not None)
        most = min(_MOST_BATCHES, _CHUNK // (a_row * job.batch_size))
        self.capacity = max(1, min(self.full, max(most, _FEWEST_BATCHES)))

    def run(
        self,
        ahead: Callable[[], int],
        next_order: Callable[[], Array],  # noqa: ARG002 (the stream's own)
        done: Callable[[EpochLosses], None],
    ) -> str:
        """Train until it is enough; see `Session.run`."""
        with ReadAhead(self._chunks(), _AHEAD) as chunks:
            while epochs := ahead():
                for _ in range(epochs):
                    done(self._epoch(chunks))
        return ""

    def _epoch(self, chunks: Iterator[Chunk[_T]]) -> EpochLosses:
        """Train on what is left of an epoch."""
        try:
            for losses in self._parts(chunks):
                is_wanted = self.course.passed(losses)
                if not math.isfinite(losses[-1]):
                    return EpochLosses(losses[-1:], None, finite=False)
                if is_wanted:
                    self.write()
                    self.course.look()
        finally:  # whatever ends it, what was done counts
            self.write()
        told = self.finish()
        if self.course.validation is None:
            return told
        with self.job.optim.averaged():
            validation = mean_loss(self.job.net, self.course.validation)
        return EpochLosses(told.batches, validation, told.finite)

    def _parts(self, chunks: Iterator[Chunk[_T]]) -> Iterator[list[float]]:
        """Train to the end of an epoch, and yield the losses of some batches at a time."""
        yield from self.get_ready()
        is_last = False
        while not is_last:
            chunk = next(chunks)
            yield from self.train(chunk)
            is_last = chunk.is_last

    def get_ready(self) -> Iterator[list[float]]:
        """Do what takes memory before rows are read ahead.

        Yields
        ------
        list of float
            The losses of the first batches, if it takes training on them; see `train`.
        """
        return iter(())

    @abstractmethod
    def prepare(self, batches: list[Rows], full: int) -> _T:
        """Make what `train` takes, in a thread: of so many full batches, and maybe a short one."""

    @abstractmethod
    def train(self, chunk: Chunk[_T]) -> Iterator[list[float]]:
        """Train on a chunk.

        Yields
        ------
        list of float
            The losses of some more batches, a few times a second. It ends with the first one that
            is not finite; network and optimizer are then as before that batch's step.
        """

    @abstractmethod
    def write(self) -> None:
        """Put what has changed so far where it belongs."""

    @abstractmethod
    def finish(self) -> EpochLosses:
        """Return what an epoch has to tell, but for the losses of its batches."""

    def _chunks(self) -> Generator[Chunk[_T]]:
        """Iterate over all chunks that are left, epoch after epoch."""
        epoch, first, until = self.course.begin()
        for number in range(epoch, until):
            yield from self._chunks_of(number, first)
            first = 0

    def _chunks_of(self, epoch: int, first: int) -> Generator[Chunk[_T]]:
        last, held = self.job.batches - 1, list[Rows]()
        if first > last:
            yield Chunk(self.prepare(held, 0), 0, epoch, first, is_last=True)
        for number, rows in enumerate(self._batches(epoch, first), first):
            held.append(rows)
            # The short last batch goes with those before it.
            if number == last or (len(held) >= self.capacity and number + 1 < self.full):
                size, before = len(held), number + 1 - len(held)
                prepared, held = self.prepare(held, min(size, self.full - before)), []
                yield Chunk(prepared, size, epoch, before, number == last)
                del prepared  # lest it stays while the next one is made

    def _batches(self, epoch: int, first: int) -> Iterator[Rows]:
        """Iterate over the batches of an epoch, or this process's part of them."""
        stream, size = self.course.stream, self.job.batch_size
        with closing(stream.batches(epoch, size, first, self.share)) as batches:
            if self.share == self.share_of_short:
                yield from batches
                return
            yield from islice(batches, max(0, self.full - first))
        with closing(stream.batches(epoch, size, self.full, self.share_of_short)) as batches:
            yield from batches


@np.errstate(all="ignore")
def mean_loss(net: NeuralNetwork, stream: Stream) -> float:
    """Return the loss over all rows of a stream, of a network whose loss is a mean over rows."""
    losses, rows = [], 0
    with ReadAhead(_in_order(stream), _AHEAD) as blocks:
        for block in blocks:
            losses.append(len(block.X) * Engine.evaluate(net, *block))
            rows += len(block.X)
    return math.fsum(losses) / rows if np.isfinite(losses).all() else math.nan


def _in_order(stream: Stream) -> Generator[Rows]:
    yield from stream.in_order(_BLOCK)
