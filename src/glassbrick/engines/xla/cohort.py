"""Cohort: networks that one program trains side by side, in shards that threads share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from typing import Any

import jax
import numpy as np

from glassbrick.arrays import Array
from glassbrick.engines.epoch_losses import EpochLosses, SoundEpochs
from glassbrick.engines.xla.place import Place
from glassbrick.engines.xla.population_program import Places, PopulationProgram
from glassbrick.engines.xla.program import INDEX, NO_PART, EpochProgram, Part
from glassbrick.engines.xla.pure_call import abstract
from glassbrick.engines.xla.settings import own_settings
from glassbrick.engines.xla.shard import Shard, Work
from glassbrick.engines.xla.shared_rows import SharedRows

__all__ = ["Cohort"]

_TURNS = 2  # shards for each thread, so that it has something to do while one is told of
_FEWEST = 8  # members of a shard, unless there are not so many
_MOST_EPOCHS, _MOST_INDICES = 32, 65536  # of the orders of a member handed over in one call


class Cohort:
    """Members whose programs are the same, but for numbers that are inputs of it.

    A shard is compiled for a number of members. Those that are over make room, so that fewer
    shards do. While threads train some of them, others are told of what they did.

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
        self._size = max(min(_FEWEST, len(places)), -(-len(places) // (_TURNS * threads)))
        self._idle = [Shard() for _ in range(-(-len(places) // self._size))]
        self._busy: dict[Future[Any], tuple[Shard, list[Place]]] = {}
        self._run: Callable[..., Any]  # once it is compiled

    def compile(self) -> None:
        """Compile for shards of the size that there are."""
        with own_settings():
            work = self._work(self.places[: self._size], 0)
            self._run = PopulationProgram(self._program).compile(
                *jax.tree.map(abstract, (work.carry, work.fixed, work.data, work.places, NO_PART))
            )

    @property
    def going(self) -> list[Future[Any]]:
        """What threads do for it now."""
        return list(self._busy)

    def begin(self, pool: Executor) -> None:
        """Let threads train those that wait, as far as nobody has to look at a network."""
        self.places = [place for place in self.places if place.remaining]
        needed = -(-len(self.places) // self._size)
        waiting = [place for place in self.places if not place.is_busy]
        while waiting and len(self._busy) < needed:
            # As many as there are shards for them, lest some have few and others many.
            number = min(self._size, -(-len(waiting) // (needed - len(self._busy))))
            some, waiting = waiting[:number], waiting[number:]
            for place in some:
                place.is_busy = True
            shard = self._idle.pop()
            whole = self._part(some, shard)
            work = self._work(some, whole.epochs)
            self._busy[pool.submit(shard.train, self._run, work, whole)] = shard, some

    def end(self, future: Future[Any]) -> list[Place]:
        """Hand on what a thread tells; return to whom."""
        carry, told = future.result()
        shard, some = self._busy.pop(future)
        self._idle.append(shard)
        for row, place in enumerate(some):
            values = zip(self._program.carried, carry, strict=True)
            place.write({number: array[row] for number, array in values})
            place.is_busy = False
        told = told.transpose(2, 0, 1)
        sound = np.isfinite(told).all((1, 2)) & (told[..., -1].all(1) | self._validates)
        for place, own, is_sound in zip(some, told, sound, strict=False):
            batches = self._batches(place, own)
            validation = own[:, -2].tolist() if self._validates else None
            if is_sound:
                place.told_all(SoundEpochs(batches, validation))
            else:
                _tell_each(place, batches, validation, own[:, -1])
        return some

    def stop(self) -> None:
        """Let the threads stop soon, and wait for them."""
        for shard, _ in self._busy.values():
            shard.is_stopped = True
        for future in self._busy:
            future.exception()

    def _part(self, places: list[Place], shard: Shard) -> Part:
        """Return how far a shard is to go: some whole epochs, or one of which more is known."""
        head = len(places[0].head)
        most = shard.pace.steps // (self._full + self._short)
        bounds = [place.remaining for place in places]
        epochs = 1 if head or most < 2 else min(most, self._capacity, *bounds)
        return Part(epochs, head, self._full, self._short and head <= self._full, True)

    def _work(self, places: Sequence[Place], epochs: int) -> Work:
        """Put together what a shard needs; places that are left over are those of the first."""
        padded = [*places, *[places[0]] * (self._size - len(places))]
        numbers = [self._number[id(place)] for place in padded]
        orders = np.zeros((self._size, self._capacity, self._rows_each), INDEX)
        for row, place in enumerate(places):
            if epochs:
                orders[row, :epochs] = place.next_orders(epochs)
                orders[row] += INDEX(self._rows.first[numbers[row]])
        validation = np.array([self._rows.validation[n] for n in numbers], INDEX)
        return Work(
            _stacked(padded, self._program.carried),
            _stacked(padded, self._program.fixed),
            self._rows.data,
            Places(orders, validation),
        )

    def _batches(self, place: Place, told: Array) -> Array:
        """Return the losses of batches, of the shape (epochs, batches), from all that is told."""
        batches = told[:, : self._full + self._short]
        if head := place.head:
            batches[0, : len(head)], place.head = head, []
        return batches


def _tell_each(place: Place, batches: Array, validation: list[float] | None, finite: Array) -> None:
    """Tell of epochs one by one, up to that in which something is not finite."""
    for number, losses in enumerate(batches.tolist()):
        val_loss = None if validation is None else validation[number]
        epoch = EpochLosses.of(losses, val_loss, finite=bool(finite[number]))
        place.told(epoch)
        if not epoch.is_finite:
            break


def _stacked(places: Sequence[Place], numbers: Sequence[int]) -> list[Array]:
    """Put the arrays of all below each other."""
    return [np.stack([place.survey.found[n].held for place in places]) for n in numbers]
