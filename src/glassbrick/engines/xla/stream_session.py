"""One fit on a stream with the XLA engine: chunks of batches, while the next ones are read."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any, NamedTuple

import numpy as np

from glassbrick.arrays import Array
from glassbrick.batches import Rows
from glassbrick.distributed import current
from glassbrick.engines.engine import Job
from glassbrick.engines.epoch_losses import EpochLosses
from glassbrick.engines.read_ahead import read
from glassbrick.engines.stream_session import Chunk, StreamSession
from glassbrick.engines.xla.chunk_state import ChunkData, ChunkState
from glassbrick.engines.xla.pace import Pace
from glassbrick.engines.xla.placement import Placement
from glassbrick.engines.xla.program import Part
from glassbrick.engines.xla.settings import own_settings
from glassbrick.engines.xla.training_state import together
from glassbrick.memory import give_back
from glassbrick.stream import Share

__all__ = ["XLAStreamSession"]

_SECONDS_A_CALL = 0.3  # so that Ctrl-C and progress do not have to wait for long
_ALIGNED = 64  # bytes: what lies so need not be copied once more, if the device is the processor


class _Held(NamedTuple):
    """The batches of a chunk, here and on the devices; `full` is how many are not short."""

    batches: list[tuple[Array, ...]]
    full: int
    data: ChunkData


class XLAStreamSession(StreamSession[_Held]):
    """Runs the batches of one fit compiled.

    If the devices are those of several processes, each reads its own rows of a batch; unless the
    devices do not divide it, when all read all of them.

    Parameters
    ----------
    job : Job
        What to train, and on what, with a course.
    placement : Placement
        On which devices.
    """

    def __init__(self, job: Job, placement: Placement):
        super().__init__(job)
        self._placement = placement
        self._cluster = current() if placement.spans_processes else None
        size, rest = (job.batch_size if self.full else 0), job.rows % job.batch_size
        count = max(1, len(placement.devices))
        self._is_spread, self._is_short_spread = size % count == 0, rest % count == 0
        if self._cluster is not None:
            share = Share(self._cluster.process, self._cluster.processes)
            self.share = share if self._is_spread else Share()
            self.share_of_short = share if self._is_short_spread else Share()
        arrays = _held(Rows(job.X, job.y, job.weights))
        self._full = [_like(a, self.capacity, _part(self.share, size)) for a in arrays]
        self._short = [_like(a, 1, _part(self.share_of_short, rest)) for a in arrays]
        with own_settings():
            self._validation = tuple(placement.put(job.validation or (None, None, None)))
        self._empty = self._put(self._full, self._short)
        self._state = ChunkState(job, self._empty, placement)
        self._pace, self._is_ready = Pace(_SECONDS_A_CALL, self._cluster), False

    def prepare(self, batches: list[Rows], full: int) -> _Held:
        """Put batches one upon the other, and on the devices."""
        given = [_held(rows) for rows in batches]
        short = [array[np.newaxis] for array in given[-1]] if given[full:] else self._short
        whole = [_aligned(array.shape, array.dtype) for array in self._full]
        for array, parts in zip(whole, zip(*given[:full], strict=True), strict=bool(full)):
            np.stack(parts, out=array[:full])
        # What was given can go: the chunk holds the same numbers.
        kept = [tuple(array[number] for array in whole) for number in range(full)]
        return _Held([*kept, *given[full:]], full, self._put(whole, short))

    def _put(self, full: list[Array], short: list[Array]) -> ChunkData:
        with own_settings():
            return ChunkData(
                self._put_rows(full, is_spread=self._is_spread),
                self._put_rows(short, is_spread=self._is_short_spread),
                self._validation,
            )

    def _put_rows(self, arrays: list[Array], *, is_spread: bool) -> list[Any]:
        put = self._placement
        return list(put.put_rows(arrays, axis=1) if is_spread else put.put(arrays))

    def get_ready(self) -> Iterator[list[float]]:
        """Compile before rows are read ahead, for both take memory; see `StreamSession`."""
        if self._is_ready:
            return
        self._is_ready = True
        epoch, first, _ = self.course.begin()
        batches = self._whole_batches(epoch, first)

        def make_room() -> None:
            batches.close()
            give_back()

        self._state.before_compiling = make_room
        with own_settings(), closing(batches):
            losses = self._state.settle(batches)
        give_back()
        if losses:
            yield losses

    def train(self, chunk: Chunk[_Held]) -> Iterator[list[float]]:
        """Train on a chunk; see `StreamSession.train`."""
        losses = self._settle(chunk)
        if losses:
            yield losses
        done, full = len(losses), chunk.held.full
        while done < chunk.size and math.isfinite((losses or [0.0])[-1]):
            start = min(done, full)
            stop = min(start + self._pace.steps, full)
            part = Part(1, start, stop, short=stop == full < chunk.size, finish=False)
            losses = self._call(chunk.held.data, part)
            done += len(losses)
            if not math.isfinite(losses[-1]):
                self._stop_at(chunk, start, done - 1)
            yield losses

    def _settle(self, chunk: Chunk[_Held]) -> list[float]:
        """Get ready, where an epoch begins; see `TrainingState.settle`."""
        if self._state.is_under_way:
            return []
        with own_settings():
            if self._cluster is None:
                return self._state.settle(chunk.held.batches)
            with closing(self._whole_batches(chunk.epoch, chunk.before)) as batches:
                return self._state.settle(batches)

    def _whole_batches(self, epoch: int, first: int) -> Generator[tuple[Array, ...]]:
        """Iterate over batches with the rows of all processes."""
        for rows in read(self.course.stream.batches(epoch, self.job.batch_size, first)):
            yield _held(rows)

    def _call(self, data: ChunkData, part: Part) -> list[float]:
        """Run the compiled program, and find out how much of it a call should do."""
        began = time.perf_counter()
        told = self._run(data, part)
        losses: list[float] = told[part.start : part.stop].tolist()
        losses += [float(told[-3])] * part.short
        self._pace.learn(len(losses), time.perf_counter() - began)
        wrong = np.flatnonzero(~np.isfinite(losses))
        return losses[: wrong[0] + 1] if len(wrong) else losses

    def _run(self, data: ChunkData, part: Part) -> Array:
        with own_settings(), together(self._cluster, self._state):
            return self._state.run_chunk(data, part)

    def _stop_at(self, chunk: Chunk[_Held], start: int, stop: int) -> None:
        """Train once more, and no further than an eager loop would have gone."""
        self._state.go_back()
        full = chunk.held.full
        self._run(chunk.held.data, Part(1, start, min(stop, full), short=False, finish=False))
        self.write()
        if self._cluster is None:
            self._state.try_eagerly(*chunk.held.batches[stop])
            return
        with closing(self._whole_batches(chunk.epoch, chunk.before + stop)) as batches:
            self._state.try_eagerly(*next(batches))

    def write(self) -> None:
        """Put what has changed so far where it belongs."""
        self._state.write()

    def finish(self) -> EpochLosses:
        """Return the validation loss on rows in memory, or whether parameters are finite."""
        with own_settings():
            self._state.settle(())
        told = self._run(self._empty, Part(1, 0, 0, short=False, finish=True))
        self.write()
        self._state.forget()  # somebody may change something before the next epoch begins
        _, validation, finite = told[-3:].tolist()
        return EpochLosses([], None if self.job.validation is None else validation, bool(finite))


def _held(rows: Rows) -> tuple[Array, ...]:
    """Return features, targets, and weights if there are any."""
    return tuple(array for array in rows if array is not None)


def _part(share: Share, rows: int) -> int:
    """Return how many of the rows of a batch are a share."""
    return len(range(rows)[share.span(rows)])


def _like(array: Array, batches: int, rows: int) -> Array:
    """Return what stands for so many batches of such rows, before there are any."""
    return np.broadcast_to(np.zeros((), array.dtype), (batches, rows, *array.shape[1:]))


def _aligned(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return an array that is not filled yet."""
    size = math.prod(shape) * dtype.itemsize
    memory = np.empty(size + _ALIGNED, np.uint8)
    start = -memory.ctypes.data % _ALIGNED
    return memory[start : start + size].view(dtype).reshape(shape)
