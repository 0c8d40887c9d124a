"""Who can be trained by the same program: cohorts of networks that differ in numbers only."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence

from glassbrick.engines.epoch_losses import EpochLosses
from glassbrick.engines.xla.cohort import Cohort
from glassbrick.engines.xla.place import Place
from glassbrick.engines.xla.recorder import STEPS_TO_SETTLE, Recorder
from glassbrick.engines.xla.recording import Recording
from glassbrick.engines.xla.settings import own_settings
from glassbrick.errors import TracingError

__all__ = ["form_cohorts"]


def form_cohorts(places: Sequence[Place], threads: int) -> list[Cohort]:
    """Put those together that one program can train.

    Numbers in which they differ become inputs of the program, unless a rule decides by one of
    them what to do: then those are together that have the same. Where the first steps make state
    (velocities, say), these are made eagerly, as `Place.head` says.

    Parameters
    ----------
    places : sequence of Place
        The members. Those that diverge in the first steps are told so, and are in no cohort.
    threads : int
        How many can work at the same time.
    """
    for place in places:
        place.look(frozenset())
    cohorts = []
    for some in _groups(places, lambda place: place.kind()):
        try:
            cohorts += _settled(some, threads)
        except TracingError:
            parts = _groups(some, _numbers)
            if len(parts) == 1:
                raise
            for part in parts:
                cohorts += _settled(part, threads)
    return cohorts


def _settled(places: list[Place], threads: int) -> list[Cohort]:
    """Return the cohorts of some that are alike, after the steps that make state."""
    with own_settings():
        recorder, step = _record(places)
        if step.differences and len(places[0].head) < min(STEPS_TO_SETTLE, places[0].most_ahead):
            moved = [place for place in places if _moved(place)]
            parts = _groups(moved, lambda place: place.kind())
            return [cohort for part in parts for cohort in _settled(part, threads)]
        program = recorder.program(step)
    if recorder.varying:
        for place in places:
            place.look(recorder.varying)
    return [Cohort(places, program, threads)]


def _record(places: list[Place]) -> tuple[Recorder, Recording]:
    """Record the step of the first, with all numbers as inputs in which others differ."""
    recorder = Recorder(places[0].job)
    recorder.varying = _differing(places)
    return recorder, recorder.step(places[0].job.rows_a_step)


def _differing(places: list[Place]) -> frozenset[str]:
    first, *others = [place.floats for place in places]
    differing: set[str] = set()
    for other in others:
        differing |= {path for path, fact in first.items() if other[path] != fact}
    return frozenset(differing)


def _moved(place: Place) -> bool:
    """Make a step, and look at what it made; return whether it went well, else tell."""
    if math.isfinite(place.step_eagerly()):
        place.look(frozenset())
        return True
    losses, place.head = place.head, []
    place.told(EpochLosses(losses, None, finite=False))
    return False


def _numbers(place: Place) -> Hashable:
    return frozenset(place.floats.items())


def _groups(places: Sequence[Place], key: Callable[[Place], Hashable]) -> list[list[Place]]:
    """Put those together that have the same key."""
    groups: dict[Hashable, list[Place]] = {}
    for place in places:
        groups.setdefault(key(place), []).append(place)
    return list(groups.values())
