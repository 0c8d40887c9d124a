"""Summary: what the tables and the plot show, taken from the figures of a run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from peers import PEERS, Peer, named

GLASSBRICK = ("glassbrick_numpy", "glassbrick_xla")


@dataclass(frozen=True)
class Line:
    """A peer at its best number of threads (and its best way, where it has several).

    Attributes
    ----------
    peer : Peer
        Who.
    threads : int
        The number of threads that was best.
    microseconds : list of float
        One figure a round.
    way : str
        The best of several ways, if there are several.
    """

    peer: Peer
    threads: int
    microseconds: list[float]
    way: str = ""

    @property
    def median(self) -> float:
        return float(np.median(self.microseconds))

    @property
    def quartiles(self) -> tuple[float, float]:
        low, high = np.percentile(self.microseconds, (25, 75))
        return float(low), float(high)

    def times(self, other: Line) -> float:
        """Return how many times the other's time this one takes, round by round, median."""
        return float(np.median(np.divide(self.microseconds, other.microseconds)))


def lines(runs: Iterable[dict[str, Any]]) -> list[Line]:
    """Choose the best run of each peer that has one, in the order of the peers."""
    by_peer: dict[str, list[Line]] = {}
    for run in runs:
        if "failed" not in run:
            peer = named([run["peer"]])[0]
            line = Line(peer, run["threads"], run["microseconds"], run.get("way", ""))
            by_peer.setdefault(peer.name, []).append(line)
    return [
        min(by_peer[peer.name], key=lambda line: line.median)
        for peer in PEERS
        if peer.name in by_peer
    ]


def failures(results: dict[str, Any]) -> list[str]:
    """Say who is left out, of everything or of a workload, and why."""
    found = [
        f"{named([name])[0].title}: left out, {why}" for name, why in results["left_out"].items()
    ]
    for step in results["steps"]:
        for run in step["runs"]:
            if "failed" in run:
                title, threads = named([run["peer"]])[0].title, run["threads"]
                found.append(
                    f"{title}: no figure on {step['workload']} with threads={threads}, "
                    f"{run['failed']}"
                )
    for name, told in results["startup"].items():
        if "failed" in told:
            found.append(f"{named([name])[0].title}: no chapter model, {told['failed']}")
    return found


def gigaflops(step: dict[str, Any], line: Line) -> float:
    """Return the speed at which the matrix products of a step were done, in 10^9 a second."""
    return float(step["operations_a_step"] / line.median / 1e3)


def number(value: float) -> str:
    """Write a number with three digits or more."""
    return f"{value:.1f}" if value < 99.95 else f"{value:,.0f}"


def with_unit(microseconds: float) -> str:
    """Write a time."""
    if microseconds >= 10_000:
        return f"{number(microseconds / 1000)} ms"
    return f"{number(microseconds)} µs"
