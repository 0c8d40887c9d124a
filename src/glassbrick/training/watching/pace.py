"""Pace: when to look next, so that looking takes a small part of the time."""

from __future__ import annotations

import math
import time

__all__ = ["Pace"]


class Pace:
    """Says after how many epochs the next look is due.

    Looks are at least `every` seconds apart, and so far apart that they take no more than
    `share` of the time. Each of the `first` epochs is looked at, whatever that takes.

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
        self.begin(0)

    def begin(self, epoch: int) -> None:
        """Start the clock before the epoch after this one."""
        self._start = self._epoch = epoch
        self._ended = time.perf_counter()  # the latest look
        self._rest, self._done, self._speed = 0.0, 1, 0.0

    def looked(self, epoch: int, cost: float) -> None:
        """Take note that a look after an epoch, which took so many seconds, has just ended."""
        now = time.perf_counter()
        done = epoch - self._epoch
        if done:
            self._done = done
            self._speed = done / max(now - cost - self._ended, 1e-9)
        self._epoch, self._ended = epoch, now
        self._rest = max(self.every, cost / self.share)

    def epochs_left(self, epoch: int) -> int:
        """Return how many epochs there are from this one to the next look; at least 1."""
        if epoch - self._start < self.first:
            return 1
        seconds = self._ended + self._rest - time.perf_counter()
        # The first epochs may have been slow for reasons of their own, so that a speed is
        # trusted for twice the epochs that it was measured by.
        most = 2 * max(self._done, epoch - self._epoch)
        return max(1, min(math.ceil(seconds * self._speed), most))

    def is_due(self, epoch: int) -> bool:
        """Whether to look after this epoch."""
        if epoch - self._start <= self.first:
            return True
        return time.perf_counter() >= self._ended + self._rest
