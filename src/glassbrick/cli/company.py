"""Company: the other processes of `glassbrick train --distributed`, and who does what."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import typer

from glassbrick.cli.engine_name import EngineName
from glassbrick.distributed import Cluster, current, start
from glassbrick.order import LANES

__all__ = ["Company", "in_company", "is_first", "lanes_for_all"]


@dataclass(frozen=True)
class Company:
    """The options of the command that are about other processes.

    Attributes
    ----------
    distributed : bool
        Whether there are to be others, as a launcher says.
    coordinator : str or None
        Where process 0 listens.
    processes, process : int or None
        How many there are, and which one this is, from 0.
    """

    distributed: bool
    coordinator: str | None
    processes: int | None
    process: int | None

    @property
    def is_wanted(self) -> bool:
        """Whether there are to be others: any of the options says so."""
        told = (self.coordinator, self.processes, self.process)
        return self.distributed or any(value is not None for value in told)

    def require_fitting(
        self, *, has_data: bool, engine: EngineName | None, devices: int | None, stream: bool | None
    ) -> None:
        """Refuse options that do not go together.

        Raises
        ------
        BadParameter
            If there are such.
        """
        if not has_data:
            raise typer.BadParameter("--distributed: say which files to train on.")
        if stream is False:
            raise typer.BadParameter(
                "--no-stream: several processes read rows as they need them. Leave it out."
            )
        if engine not in (None, EngineName.xla):
            raise typer.BadParameter(
                f"--engine {engine}: several processes need the engine xla. Leave it out."
            )
        if devices is not None:
            raise typer.BadParameter(
                f"--devices {devices}: several processes use all their devices. Leave it out."
            )

    def join(self) -> str:
        """Join the others; return why rows are streamed.

        Raises
        ------
        DistributedError, ArgumentError, MissingExtraError
            If that cannot be done; see `glassbrick.distributed.start`.
        """
        cluster = start(self.coordinator, processes=self.processes, process=self.process)
        many = cluster.processes
        if not cluster.is_first:
            told = f"glassbrick: process {cluster.process} of {many} has joined process 0 on "
            told += f"{cluster.hosts[0]}, which tells how far it is"
            print(told, file=sys.stderr, flush=True)  # noqa: T201
        return (
            f"Rows are streamed, and each batch is shared out among {many} processes, on "
            f"{_hosts(cluster)}."
        )


def is_first() -> bool:
    """Whether this process writes and prints: it does unless it follows another one."""
    cluster = current()
    return cluster is None or cluster.is_first


@contextmanager
def in_company(checkpoint: object) -> Iterator[None]:
    """Enclose what all processes do: an error of one is told to the others."""
    cluster = current()
    if cluster is None:
        yield
        return
    with cluster.advising(
        "Start all processes again, each by its own command"
        + (
            "; with --out or --checkpoint DIR they would go on from there."
            if checkpoint is None
            else f": training goes on from the newest checkpoint in {checkpoint}, if there is one."
        )
    ):
        yield


def lanes_for_all() -> int | None:
    """Return in how many lanes rows are to be read, so that all processes read as many."""
    cluster = current()
    return None if cluster is None else math.lcm(LANES, cluster.processes)


def _hosts(cluster: Cluster) -> str:
    hosts = list(dict.fromkeys(cluster.hosts))
    return f"{len(hosts)} hosts" if len(hosts) > 1 else hosts[0]
