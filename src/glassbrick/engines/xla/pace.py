"""Pace: how many steps a call of a compiled program is to take."""

from __future__ import annotations

from glassbrick.distributed import Cluster

__all__ = ["Pace"]

_FIRST_STEPS = 1
_GROWTH = 8  # at most, from one call to the next


class Pace:
    """Finds out how many steps can be made in so much time, lest Ctrl-C and progress wait longer.

    Parameters
    ----------
    seconds : float
        That a call is to take.
    cluster : Cluster, optional
        The processes that make the same calls, if there are others.

    Attributes
    ----------
    steps : int
        How many the next call is to take.
    """

    def __init__(self, seconds: float, cluster: Cluster | None = None):
        self.steps = _FIRST_STEPS
        self._seconds, self._cluster = seconds, cluster

    def learn(self, steps: int, seconds: float) -> None:
        """Take note of how long the steps of a call took."""
        speed = max(1, steps) / seconds
        if self._cluster is not None:
            speed = min(self._cluster.gather(speed))
        self.steps = max(1, min(int(self._seconds * speed), _GROWTH * self.steps))
