"""Place: which process of how many this one is, and where the first one is found."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import Any

from glassbrick.checks import refuse
from glassbrick.distributed.runtime import detect
from glassbrick.errors import ArgumentError, ArgumentTypeError, DistributedError

__all__ = ["Place", "find_place"]

_WHO = "distributed.start"


@dataclass(frozen=True)
class Place:
    """Where a process stands among the others.

    Attributes
    ----------
    host, port : str, int
        Where process 0 listens.
    process, processes : int
        Its number, counted from 0; how many there are.
    devices : tuple of int or None
        The graphics cards that it is to use; None for all that it sees.
    """

    host: str
    port: int
    process: int
    processes: int
    devices: tuple[int, ...] | None = None

    @property
    def address(self) -> str:
        """HOST:PORT."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def is_local(self) -> bool:
        """Whether only processes of this machine can find process 0."""
        return self.host in ("localhost", "::1") or self.host.startswith("127.")


def find_place(coordinator: str | None, processes: int | None, process: int | None) -> Place:
    """Return where this process stands: as told, or else as the cluster says.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument cannot be used.
    DistributedError
        If something is not told, and there is no cluster to say it.
    """
    if coordinator is not None:
        _split(coordinator)
    for name, value in (("processes", processes), ("process", process)):
        _require_number(name, value)
    devices: tuple[int, ...] | None = None
    if None in (coordinator, processes, process):
        coordinator, processes, process, devices = detect(coordinator, processes, process)
    if coordinator is None or processes is None or process is None:
        told = {"coordinator": coordinator, "processes": processes, "process": process}
        missing = ", ".join(name for name, value in told.items() if value is None)
        raise DistributedError(
            f"{_WHO}: no cluster was found (SLURM, Open MPI, Kubernetes, Cloud TPU) that would say "
            f"what was not given: {missing}. For two processes on this machine: --coordinator "
            "127.0.0.1:7654 --processes 2 --process 0 in one terminal, --process 1 in another."
        )
    if not 0 <= process < processes:
        expected = f"a number from 0 to {processes - 1}, for there are {processes} processes"
        refuse(ArgumentError, f"{_WHO}, process", expected, process)
    return Place(*_split(coordinator), process, processes, devices)


def _require_number(name: str, value: Any) -> None:
    if value is None:
        return
    lowest = int(name == "processes")
    expected = f"a whole number of at least {lowest}"
    if isinstance(value, bool) or not isinstance(value, Integral):
        refuse(ArgumentTypeError, f"{_WHO}, {name}", expected, value)
    if value < lowest:
        refuse(ArgumentError, f"{_WHO}, {name}", expected, value)


def _split(coordinator: str) -> tuple[str, int]:
    who, expected = f"{_WHO}, coordinator", "HOST:PORT, such as 10.0.0.1:7654"
    if not isinstance(coordinator, str):
        refuse(ArgumentTypeError, who, expected, coordinator)
    host, _, port = coordinator.rpartition(":")
    if not (host and port.isdecimal() and 0 < int(port) < 65536):
        refuse(ArgumentError, who, expected, coordinator)
    return host.strip("[]"), int(port)
