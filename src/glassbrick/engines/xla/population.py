"""Several fits on the XLA engine, run together: cohorts of networks that one program trains."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from glassbrick.engines.engine import Member
from glassbrick.engines.xla.cohort import Cohort
from glassbrick.engines.xla.kinship import form_cohorts
from glassbrick.engines.xla.place import Place

__all__ = ["run_together"]


def run_together(members: Sequence[Member]) -> None:
    """Run several fits, each with the result that it has alone.

    In each round the members that still want epochs train as many of them as nobody has to look
    at a network before. Between two rounds the objects hold NumPy arrays, the same as before, so
    that callbacks can look at them and change them.
    """
    places = [Place(member) for member in members]
    cohorts: list[Cohort] = []
    with ThreadPoolExecutor(_threads()) as pool:
        while places := [place for place in places if place.wants_more()]:
            if not cohorts or any(place.is_changed() for place in places):
                cohorts = form_cohorts(places, _threads())
                list(pool.map(Cohort.compile, cohorts))
            try:
                for cohort in cohorts:
                    cohort.begin(pool)
                for cohort in cohorts:
                    cohort.end()
            except BaseException:  # Ctrl-C, for example
                for cohort in cohorts:
                    cohort.stop()
                raise


def _threads() -> int:
    """Return how many cores there are to use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
