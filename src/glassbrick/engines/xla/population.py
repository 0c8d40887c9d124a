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
    """Those that still want epochs, and the cohorts they are in.

    Whom a thread has trained is asked anew, and nobody else: to ask a hundred each time that a
    quarter of them is done would take as long as a tenth of the training of small networks.
    """

    def __init__(self, places: list[Place]):
        self._places, self._told = places, [*places]
        self._cohorts: list[Cohort] = []

    def go_on(self, pool: Executor) -> bool:
        """Give threads something to do; return whether anybody wants anything."""
        if not self._cohorts or any(place.is_changed() for place in self._asked()):
            self.hear(ALL_COMPLETED)
            self._asked()
            self._cohorts = form_cohorts(self._places, _threads())
            self._told = [place for place in self._places if not place.remaining]  # diverged
            list(pool.map(Cohort.compile, self._cohorts))
        for cohort in self._cohorts:
            cohort.begin(pool)
        return bool(self._places)

    def hear(self, when: str) -> None:
        """Wait for a thread, or all, and hand on what it tells."""
        going = {future: cohort for cohort in self._cohorts for future in cohort.going}
        done, _ = wait(going, return_when=when)
        for future in done:
            self._told += going[future].end(future)

    def _asked(self) -> list[Place]:
        """Ask those that were told of epochs; return who of them wants more."""
        told, self._told = self._told, []
        staying = [place for place in told if place.wants_more()]
        if len(staying) < len(told):
            self._places = [place for place in self._places if not place.is_over]
        return staying

    def stop(self) -> None:
        """Let the threads stop soon, and wait for them."""
        for cohort in self._cohorts:
            cohort.stop()


def _threads() -> int:
    """Return how many cores there are to use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
