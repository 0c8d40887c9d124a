"""One fit on a stream with the XLA engine: chunks of batches, while the next ones are read."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from glassbrick.arrays import Array
from glassbrick.batches import Rows
from glassbrick.engines.engine import EpochLosses, Job
from glassbrick.engines.stream_session import Chunk, StreamSession
from glassbrick.engines.xla.chunk_state import ChunkData, ChunkState
from glassbrick.engines.xla.placement import Placement
from glassbrick.engines.xla.program import Part
from glassbrick.engines.xla.settings import own_settings

__all__ = ["XLAStreamSession"]

_SECONDS_A_CALL = 0.3  # so that Ctrl-C and progress do not have to wait for long
_ALIGNED = 64  # bytes: what lies so need not be copied once more, if the device is the processor


class _Held(NamedTuple):
    """The batches of a chunk, in rows as they came, and on the device."""

    batches: list[tuple[Array, ...]]
    data: ChunkData


class XLAStreamSession(StreamSession[_Held]):
    """Runs the batches of one fit compiled.

    Parameters
    ----------
    job : Job
        What to train, and on what, with a course.
    placement : Placement
        On which devices.
    """

    def __init__(self, job: Job, placement: Placement):
        super().__init__(job)
        rest = job.rows % job.batch_size
        arrays = _held(Rows(job.X, job.y, job.weights))
        size = job.batch_size if self.full else 0
        self._full = [_like(array, self.capacity, size) for array in arrays]
        self._short = [_like(array, 1, rest) for array in arrays]
        validation = job.validation or (None, None, None)
        self._placement = placement
        with own_settings():
            self._validation = tuple(placement.put(validation))
        self._empty = self._put(self._full, self._short)
        self._state = ChunkState(job, self._empty, placement)
        self._steps_a_call = 1

    def prepare(self, batches: list[Rows]) -> _Held:
        """Put batches one upon the other, and on the device."""
        given = [_held(rows) for rows in batches]
        full, short = given, self._short
        if given and len(given[-1][0]) < self.job.batch_size:
            full, short = given[:-1], [array[np.newaxis] for array in given[-1]]
        whole = [_aligned(array.shape, array.dtype) for array in self._full]
        if full:
            for array, parts in zip(whole, zip(*full, strict=True), strict=True):
                np.stack(parts, out=array[: len(parts)])
        # What was given can go: the chunk holds the same numbers.
        kept = [tuple(array[number] for array in whole) for number in range(len(full))]
        return _Held([*kept, *given[len(full) :]], self._put(whole, short))

    def _put(self, full: list[Array], short: list[Array]) -> ChunkData:
        with own_settings():
            full, short = self._placement.put_rows((full, short), axis=1)
            return ChunkData(full, short, self._validation)

    def train(self, chunk: Chunk[_Held]) -> Iterator[list[float]]:
        """Train on a chunk; see `StreamSession.train`."""
        batches, data = chunk.held
        losses = self._settle(chunk)
        if losses:
            yield losses
        done = len(losses)
        full = sum(len(rows[0]) == self.job.batch_size for rows in batches)
        while done < chunk.size and math.isfinite((losses or [0.0])[-1]):
            start = min(done, full)
            stop = min(start + self._steps_a_call, full)
            losses = self._call(data, Part(1, start, stop, stop == full < chunk.size, False))
            done += len(losses)
            if not math.isfinite(losses[-1]):
                self._stop_at(data, start, done - 1, batches[done - 1])
            yield losses

    def _settle(self, chunk: Chunk[_Held]) -> list[float]:
        """Get ready, where an epoch begins; see `TrainingState.settle`."""
        with own_settings():
            return [] if self._state.is_under_way else self._state.settle(chunk.held.batches)

    def _call(self, data: ChunkData, part: Part) -> list[float]:
        """Run the compiled program, and find out how much of it a call should do."""
        began = time.perf_counter()
        with own_settings():
            told = self._state.run_chunk(data, part)
        losses: list[float] = told[part.start : part.stop].tolist()
        losses += [float(told[-3])] * part.short
        speed = max(1, len(losses)) / (time.perf_counter() - began)
        self._steps_a_call = max(1, min(int(_SECONDS_A_CALL * speed), 8 * self._steps_a_call))
        wrong = np.flatnonzero(~np.isfinite(losses))
        return losses[: wrong[0] + 1] if len(wrong) else losses

    def _stop_at(self, data: ChunkData, start: int, stop: int, rows: tuple[Array, ...]) -> None:
        """Train once more, and no further than an eager loop would have gone."""
        self._state.go_back()
        with own_settings():
            self._state.run_chunk(data, Part(1, start, stop, short=False, finish=False))
        self.write()
        self._state.try_eagerly(*rows)

    def write(self) -> None:
        """Put what has changed so far where it belongs."""
        self._state.write()

    def finish(self) -> EpochLosses:
        """Return the validation loss on rows in memory, or whether parameters are finite."""
        with own_settings():
            self._state.settle(())
            told = self._state.run_chunk(self._empty, Part(1, 0, 0, short=False, finish=True))
        self.write()
        self._state.forget()  # somebody may change something before the next epoch begins
        _, validation, finite = told[-3:].tolist()
        return EpochLosses([], None if self.job.validation is None else validation, bool(finite))


def _held(rows: Rows) -> tuple[Array, ...]:
    """Return features, targets, and weights if there are any."""
    return tuple(array for array in rows if array is not None)


def _like(array: Array, batches: int, rows: int) -> Array:
    """Return what stands for so many batches of such rows, before there are any."""
    return np.zeros((batches, rows, *array.shape[1:]), array.dtype)


def _aligned(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return an array that is not filled yet."""
    size = math.prod(shape) * dtype.itemsize
    memory = np.empty(size + _ALIGNED, np.uint8)
    start = -memory.ctypes.data % _ALIGNED
    return memory[start : start + size].view(dtype).reshape(shape)
