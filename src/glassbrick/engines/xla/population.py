"""Several fits on the XLA engine, run together: cohorts of networks that one program trains."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import (
    ALL_COMPLETED,
    FIRST_COMPLETED,
    Executor,
    ThreadPoolExecutor,
    wait,
)

from glassbrick.engines.engine import Member
from glassbrick.engines.xla.cohort import Cohort
from glassbrick.engines.xla.kinship import form_cohorts
from glassbrick.engines.xla.place import Place

__all__ = ["run_together"]


def run_together(members: Sequence[Member]) -> None:
    """Run several fits, each with the result that it has alone.

    Threads train those that want epochs, as many of them as nobody has to look at a network
    before. When one is done, the objects hold NumPy arrays, the same as before, so that callbacks
    can look at them and change them, while other threads train others.
    """
    population = _Population([Place(member) for member in members])
    with ThreadPoolExecutor(_threads()) as pool:
        try:
            while population.go_on(pool):
                population.hear(FIRST_COMPLETED)
        except BaseException:  # Ctrl-C, for example
            population.stop()
            raise


class _Population:
    """Those that still want epochs, and the cohorts they are in."""

    def __init__(self, places: list[Place]):
        self._places = places
        self._cohorts: list[Cohort] = []

    def go_on(self, pool: Executor) -> bool:
        """Give threads something to do; return whether anybody wants anything."""
        self._places = [place for place in self._places if place.wants_more()]
        if not self._cohorts or any(place.is_changed() for place in self._places):
            while self.hear(ALL_COMPLETED):
                self._places = [place for place in self._places if place.wants_more()]
            self._cohorts = form_cohorts(self._places, _threads())
            list(pool.map(Cohort.compile, self._cohorts))
        for cohort in self._cohorts:
            cohort.begin(pool)
        return bool(self._places)

    def hear(self, when: str) -> bool:
        """Wait for a thread, or all, and hand on what it tells; return whether there was one."""
        going = {future: cohort for cohort in self._cohorts for future in cohort.going}
        done, _ = wait(going, return_when=when)
        for future in done:
            going[future].end(future)
        return bool(going)

    def stop(self) -> None:
        """Let the threads stop soon, and wait for them."""
        for cohort in self._cohorts:
            cohort.stop()


def _threads() -> int:
    """Return how many cores there are to use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
