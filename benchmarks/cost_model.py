"""CostModel: how long a training step takes on many processes, from what its parts cost.

A step is computing, adding up gradients over processes, and reading the next rows, which goes on
at the same time as the rest if there is a core for it:

    step = max(compute(rows of a process) + reduce(bytes of parameters), read(rows of a process))

Adding up goes around a ring: each of P processes sends 2 (P - 1) messages of a P-th of all bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

BYTES_A_NUMBER = 4


@dataclass(frozen=True)
class CostModel:
    """What was measured, in the few numbers that predict the rest.

    Attributes
    ----------
    compute : dict from sizes to (seconds a step, seconds a row)
        Of one core.
    latency : float
        Seconds that a message takes, however short.
    bandwidth : float
        Bytes a second between two processes.
    read : float
        Seconds that one core takes to read, shuffle and encode a row.
    """

    compute: dict[tuple[int, ...], tuple[float, float]]
    latency: float
    bandwidth: float
    read: float

    @classmethod
    def of(cls, costs: dict[str, Any]) -> CostModel:
        """Fit to what `costs.measure` found."""
        latency, bandwidth = _ring(costs["reductions"])
        read = 1.0 / costs["reading"]["rows_a_second"]
        return cls(_compute(costs["steps"]), latency, bandwidth, read)

    def on(self, bandwidth: float, latency: float) -> CostModel:
        """Return the same machines with a network between them."""
        slower = max(latency, self.latency), min(bandwidth, self.bandwidth)
        return CostModel(self.compute, *slower, self.read)

    def parts(self, sizes: Sequence[int], batch: int, processes: int) -> dict[str, float]:
        """Return the seconds of computing, adding up and reading in a step."""
        rows = -(-batch // processes)
        a_step, a_row = self.compute[tuple(sizes)]
        return {
            "compute": a_step + rows * a_row,
            "reduce": self.reduce(BYTES_A_NUMBER * parameters(sizes), processes),
            "read": rows * self.read,
        }

    def step(self, sizes: Sequence[int], batch: int, processes: int = 1) -> float:
        """Return the seconds of a step, with a second core for reading."""
        parts = self.parts(sizes, batch, processes)
        return max(parts["compute"] + parts["reduce"], parts["read"])

    def reduce(self, size: float, processes: int) -> float:
        """Return the seconds in which so many bytes are added up."""
        messages = 2 * (processes - 1)
        return messages * (self.latency + size / processes / self.bandwidth)

    def epoch(self, sizes: Sequence[int], batch: int, rows: int, processes: int = 1) -> float:
        """Return the seconds of an epoch."""
        return -(-rows // batch) * self.step(sizes, batch, processes)


def parameters(sizes: Sequence[int]) -> int:
    """Count weights and biases."""
    pairs = pairwise(sizes)
    return sum(before * after + after for before, after in pairs)


def _compute(steps: Sequence[dict[str, Any]]) -> dict[tuple[int, ...], tuple[float, float]]:
    found: dict[tuple[int, ...], tuple[float, float]] = {}
    for sizes in dict.fromkeys(tuple(step["sizes"]) for step in steps):
        own = [step for step in steps if tuple(step["sizes"]) == sizes]
        a_row, a_step = np.polyfit([s["batch"] for s in own], [s["seconds"] for s in own], 1)
        found[sizes] = max(0.0, float(a_step)), float(a_row)
    return found


def _ring(reductions: dict[str, Sequence[dict[str, float]]]) -> tuple[float, float]:
    """Fit latency and bandwidth, with relative errors, for times go from microseconds to tenths."""
    rows, seconds = [], []
    for processes, own in reductions.items():
        messages = 2 * (int(processes) - 1)
        for one in own:
            rows.append((messages, messages * one["bytes"] / int(processes)))
            seconds.append(one["seconds"])
    scaled = np.array(rows) / np.array(seconds)[:, np.newaxis]
    (latency, a_byte), *_ = np.linalg.lstsq(scaled, np.ones(len(rows)), rcond=None)
    return max(0.0, float(latency)), 1.0 / float(a_byte)
