"""Pace: when to look next, so that looking takes a small part of the time."""

from __future__ import annotations

import math
import time
from collections import deque

__all__ = ["Pace"]

_FREE = 0.02  # seconds: looks that take no longer are free at the start and at the end

_RECENT = 5  # looks, whose median tells what one costs: some are held up by other programs


class Pace:
    """Says after how many epochs the next look is due.

    Looks are at least `every` seconds apart, and so far apart that they take no more than
    `share` of the time. The `first` epochs are looked at, each one, if looks are quick.

    Parameters
    ----------
    share : float
        What part of the time looks may take.
    every : float
        Least seconds between two of them.
    first : int
        How many epochs at the start are all looked at.
    """

    def __init__(self, share: float, every: float, first: int = 3):
        self.share, self.every, self.first = share, every, first
        self.begin(0, 0.0)

    def begin(self, epoch: int, cost: float) -> None:
        """Start the clock before the epoch after this one, after a look of so many seconds."""
        self._began = time.perf_counter()
        self._start, self._epoch = epoch, epoch
        self._done, self._speed = 1, 0.0
        # The very first look takes longer, as much is done for the first time.
        self._ended, self._costs = self._began, deque([min(cost, _FREE)], _RECENT)

    def looked(self, epoch: int, cost: float) -> None:
        """Take note that a look after an epoch, which took so many seconds, has just ended."""
        now = time.perf_counter()
        self._done = epoch - self._epoch
        self._speed = self._done / max(now - cost - self._ended, 1e-9)
        self._epoch, self._ended = epoch, now
        self._costs.append(cost)

    def epochs_left(self, epoch: int) -> int:
        """Return how many epochs there are from this one to the next look; at least 1."""
        if self._is_free(epoch + 1):
            return 1
        now, done = time.perf_counter(), epoch - self._epoch
        speed = done / max(now - self._ended, 1e-9) if done else self._speed
        # The first epochs may have been slow for reasons of their own, so that a speed is
        # trusted for twice the epochs that it was measured by.
        most = 2 * max(self._done, done)
        return max(1, min(math.ceil((self._next - now) * speed), most))

    def is_due(self, epoch: int, *, is_last: bool = False) -> bool:
        """Whether to look after this epoch; after the last one, unless that takes too long."""
        now = time.perf_counter()
        if is_last and self._cost <= max(_FREE, self.share * (now - self._began)):
            return True
        return self._is_free(epoch) or now >= self._next

    @property
    def _cost(self) -> float:
        """What the next look will take."""
        return sorted(self._costs)[(len(self._costs) - 1) // 2]

    @property
    def _next(self) -> float:
        """When to look again."""
        return self._ended + max(self.every, self._cost / self.share)

    def _is_free(self, epoch: int) -> bool:
        return epoch - self._start <= self.first and self._cost <= _FREE
