"""Shard: the part of a cohort that a thread trains, in calls of bounded time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from glassbrick.arrays import Array
from glassbrick.engines.xla.pace import Pace
from glassbrick.engines.xla.population_program import Places
from glassbrick.engines.xla.program import Data, Part
from glassbrick.engines.xla.settings import own_settings

__all__ = ["Shard", "Work"]

_SECONDS_A_CALL = 0.5  # so that Ctrl-C and progress do not have to wait for long


class Work(NamedTuple):
    """What a compiled program is given; see `PopulationProgram`."""

    carry: list[Array]
    fixed: list[Array]
    data: Data
    places: Places


class Shard:
    """Trains members that it is given, again and again.

    Attributes
    ----------
    pace : Pace
        Knows how many steps fit into a call.
    is_stopped : bool
        Set to end after the call that goes on.
    """

    def __init__(self) -> None:
        self.pace = Pace(_SECONDS_A_CALL)
        self.is_stopped = False

    def train(self, run: Callable[..., Any], work: Work, whole: Part) -> tuple[list[Array], Array]:
        """Run whole epochs, or one in parts; return all arrays, and what is told of each epoch."""
        carry, told = work.carry, np.zeros(())
        with own_settings():
            start = whole.start
            while not self.is_stopped:
                stop = whole.stop if whole.epochs > 1 else min(start + self.pace.steps, whole.stop)
                last = stop == whole.stop
                part = whole._replace(
                    start=start, stop=stop, short=whole.short and last, finish=last
                )
                carry, found = self._call(run, work, carry, part)
                if told.ndim == 0:
                    told = found
                told[: whole.epochs, start:stop] = found[: whole.epochs, start:stop]
                if last:
                    told[: whole.epochs, -3:] = found[: whole.epochs, -3:]
                    break
                start = stop
        return [np.asarray(array) for array in carry], told[: whole.epochs]

    def _call(
        self, run: Callable[..., Any], work: Work, carry: list[Any], part: Part
    ) -> tuple[list[Any], Array]:
        """Run the compiled program, and find out how much of it a call should do."""
        began = time.perf_counter()
        carry, told = run(carry, work.fixed, work.data, work.places, part.given())
        numbers = np.array(told)
        steps = part.epochs * (part.stop - part.start + part.short)
        self.pace.learn(steps, time.perf_counter() - began)
        return carry, numbers
