"""Cohort: networks that one program trains side by side, in shards that threads share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from typing import Any

import jax
import numpy as np

from glassbrick.arrays import Array
from glassbrick.engines.engine import EpochLosses
from glassbrick.engines.xla.place import Place, diverged
from glassbrick.engines.xla.population_program import Places, PopulationProgram
from glassbrick.engines.xla.program import EpochProgram, Part
from glassbrick.engines.xla.pure_call import abstract
from glassbrick.engines.xla.settings import own_settings
from glassbrick.engines.xla.shard import Shard, Work
from glassbrick.engines.xla.shared_rows import SharedRows

__all__ = ["Cohort"]

_MOST_EPOCHS, _MOST_INDICES = 32, 65536  # of the orders of a member handed over in one call


class Cohort:
    """Members whose programs are the same, but for numbers that are inputs of it.

    A shard is compiled for a number of members. Those that are over make room, so that fewer
    shards do.

    Parameters
    ----------
    places : list of Place
        The members.
    program : EpochProgram
        That of each of them.
    threads : int
        How many can work at the same time.
    """

    def __init__(self, places: list[Place], program: EpochProgram, threads: int):
        self.places, self._program = places, program
        job = places[0].job
        self._rows_each = len(job.X)
        self._full, rest = divmod(len(job.X), job.batch_size)
        self._short, self._validates = rest > 0, job.validation is not None
        self._capacity = max(1, min(_MOST_EPOCHS, _MOST_INDICES // len(job.X)))
        with own_settings():
            self._rows = SharedRows([place.job for place in places])
        self._number = {id(place): number for number, place in enumerate(places)}
        shards = min(threads, len(places))
        self._size = -(-len(places) // shards)
        self._shards = [Shard() for _ in range(shards)]
        self._going: list[tuple[list[Place], Future[Any]]] = []
        self._run: Callable[..., Any]  # once it is compiled

    def compile(self) -> None:
        """Compile for shards of the size that there are."""
        with own_settings():
            work = self._work(self.places[: self._size], 0)
            self._run = PopulationProgram(self._program).compile(
                *jax.tree.map(abstract, (work.carry, work.fixed, work.data, work.places)),
                abstract(np.zeros(len(Part._fields), np.int32)),
            )

    def begin(self, pool: Executor) -> None:
        """Let threads train those that want it, as far as nobody has to look at a network."""
        active = [place for place in self.places if place.remaining]
        number = -(-len(active) // self._size)
        self._going = []
        if not active:
            return
        batches = self._full + self._short
        most = min(shard.steps_a_call for shard in self._shards[:number]) // batches
        head = len(active[0].head)
        bounds = [place.remaining for place in active]
        epochs = 1 if head or most < 2 else min(most, self._capacity, *bounds)
        whole = Part(epochs, head, self._full, self._short and head <= self._full, True)
        for shard, first in zip(self._shards, range(number), strict=False):
            some = active[first::number]
            work = self._work(some, epochs)
            self._going.append((some, pool.submit(shard.train, self._run, work, whole)))

    def end(self) -> None:
        """Wait for the threads, and hand on what they tell."""
        done = [(some, future.result()) for some, future in self._going]
        self._going = []
        for some, (carry, _) in done:
            for row, place in enumerate(some):
                values = zip(self._program.carried, carry, strict=False)
                place.write({number: array[row] for number, array in values})
        for some, (_, told) in done:
            all_finite = bool(np.isfinite(told).all())
            for place, epochs in zip(some, told.transpose(2, 0, 1).tolist(), strict=False):
                for numbers in epochs:
                    losses = self._losses(place, numbers, all_finite=all_finite)
                    place.told(losses)
                    if not all_finite and diverged(losses):
                        break

    def stop(self) -> None:
        """Let the threads stop soon, and wait for them."""
        for shard in self._shards:
            shard.is_stopped = True
        for _, future in self._going:
            future.exception()

    def _work(self, places: Sequence[Place], epochs: int) -> Work:
        """Put together what a shard needs; places that are left over are those of the first."""
        padded = [*places, *[places[0]] * (self._size - len(places))]
        numbers = [self._number[id(place)] for place in padded]
        orders = np.zeros((self._size, self._capacity, self._rows_each), np.int32)
        for row, place in enumerate(places):
            for epoch, order in enumerate(place.next_orders(epochs)):
                np.add(
                    order, self._rows.first[numbers[row]], out=orders[row, epoch], casting="unsafe"
                )
        validation = np.array([self._rows.validation[n] for n in numbers], np.int32)
        return Work(
            [*_stacked(padded, self._program.carried), np.ones(self._size, bool)],
            _stacked(padded, self._program.fixed),
            self._rows.data,
            Places(orders, validation),
        )

    def _losses(self, place: Place, told: list[float], *, all_finite: bool) -> EpochLosses:
        """Take apart what the program tells of an epoch of a member."""
        _, validation, finite = told[-3:]
        del told[len(told) - (2 if self._short else 3) :]
        if head := place.head:
            told[: len(head)], place.head = head, []
            if len(head) > self._full:
                del told[len(head) :]
        if not all_finite:
            for number, loss in enumerate(told, 1):
                if not math.isfinite(loss):
                    return EpochLosses(told[:number], None, finite=False)
        return EpochLosses(told, validation if self._validates else None, finite != 0.0)


def _stacked(places: Sequence[Place], numbers: Sequence[int]) -> list[Array]:
    """Put the arrays of all below each other."""
    return [np.stack([place.survey.found[n].held for place in places]) for n in numbers]
