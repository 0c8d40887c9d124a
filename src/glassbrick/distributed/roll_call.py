"""Roll call: all processes of a run find each other, and out whether they can work together.

JAX's own service ends a process that finds nobody, or too many, without an error that could be
caught. So nothing of JAX is begun before all have answered here.
"""

from __future__ import annotations

import errno
import os
import selectors
import socket
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any, NoReturn

from glassbrick.distributed.place import Place
from glassbrick.distributed.wire import LONGEST, Message, Wire, close_all
from glassbrick.errors import DistributedError

__all__ = ["Person", "call_the_roll"]

_PATIENCE = 5.0  # seconds, after which it is told who is waited for
_MOST = 1024  # that may come at the same moment
_LONGEST_HELLO = 1 << 16  # bytes, of somebody who is not known yet
_KINDS = {"process": int, "processes": int, "host": str, "pid": int, "versions": dict}
_WHO = "distributed.start"


@dataclass(frozen=True)
class Person:
    """Who a process is.

    Attributes
    ----------
    process, processes : int
        Its number, and how many it believes there are.
    host, pid : str, int
        Where it runs.
    versions : dict of str to str
        On which the numbers depend.
    """

    process: int
    processes: int
    host: str
    pid: int
    versions: dict[str, str]

    @classmethod
    def here(cls, place: Place, versions: dict[str, str]) -> Person:
        """Describe this process."""
        return cls(place.process, place.processes, socket.gethostname(), os.getpid(), versions)

    @classmethod
    def of(cls, told: Any) -> Person:
        """Return who somebody says it is.

        Raises
        ------
        ValueError
            If no process says such things of itself.
        """
        if not isinstance(told, dict) or told.keys() != _KINDS.keys():
            raise ValueError("no person")
        if any(type(told[name]) is not kind for name, kind in _KINDS.items()):
            raise ValueError("no person")
        return cls(**told)

    def __str__(self) -> str:
        return f"process {self.process} ({self.host}, pid {self.pid})"


def call_the_roll(place: Place, me: Person, timeout: float) -> tuple[list[Person], dict[int, Wire]]:
    """Wait until all are there.

    Parameters
    ----------
    place : Place
        Of this process.
    me : Person
        What to tell the others.
    timeout : float
        Seconds.

    Returns
    -------
    persons : list of Person
        By number.
    wires : dict of int to Wire
        From process 0 to all others; from these to process 0.

    Raises
    ------
    DistributedError
        If the others are not found in time, or do not fit together.
    """
    deadline = time.monotonic() + timeout
    if me.process == 0:
        return _Call(place, me, timeout, deadline).take()
    return _answer(place, me, timeout, deadline)


class _Call:
    """Process 0 waits for all others."""

    def __init__(self, place: Place, me: Person, timeout: float, deadline: float):
        self.place, self.timeout, self.deadline = place, timeout, deadline
        self.persons = {0: me}
        self.wires: dict[int, Wire] = {}
        self._unknown: dict[Wire, float] = {}  # who have said nothing yet, and until when they may

    def take(self) -> tuple[list[Person], dict[int, Wire]]:
        with self._listen() as door, selectors.DefaultSelector() as selector:
            door.setblocking(False)
            selector.register(door, selectors.EVENT_READ)
            told_at = time.monotonic() + _PATIENCE
            try:
                while len(self.persons) < self.place.processes:
                    now = time.monotonic()
                    if now >= self.deadline:
                        self._give_up()
                    if now >= told_at:
                        _tell(f"waiting for {self._missing()} to come to {self.place.address}")
                        told_at = self.deadline
                    self._send_silent_away(selector, now)
                    next_at = min(self.deadline, told_at, *self._unknown.values())
                    for key, _ in selector.select(max(0.01, next_at - now)):
                        if key.fileobj is door:
                            self._open(door, selector)
                        else:
                            self._hear(key.data, selector)
            finally:
                for wire in self._unknown:
                    wire.close()
        persons = [self.persons[number] for number in range(self.place.processes)]
        for wire in self.wires.values():
            wire.send({"welcome": [asdict(person) for person in persons]})
        return persons, self.wires

    def _listen(self) -> socket.socket:
        place = self.place
        try:
            if place.is_local:
                family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
                return socket.create_server((place.host, place.port), family=family)
            if socket.has_dualstack_ipv6():
                return socket.create_server(
                    ("", place.port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=_MOST
                )
            return socket.create_server(("", place.port), backlog=_MOST)
        except OSError as error:
            why = error.strerror or str(error)
            if error.errno == errno.EADDRINUSE:
                why = "the port is in use. Give all processes another one, or end what uses it"
            raise DistributedError(
                f"{_WHO}: process 0 cannot listen at {place.address}: {why}."
            ) from None

    def _open(self, door: socket.socket, selector: selectors.BaseSelector) -> None:
        """Take somebody's connection; others can come while it has not said anything."""
        try:
            connection, _ = door.accept()
        except OSError:  # it has left again
            return
        wire = Wire(connection, _LONGEST_HELLO)
        self._unknown[wire] = time.monotonic() + _PATIENCE
        selector.register(wire, selectors.EVENT_READ, wire)

    def _hear(self, wire: Wire, selector: selectors.BaseSelector) -> None:
        """Find out who it is, once all of that has come."""
        messages = wire.receive()
        if messages == []:
            return
        selector.unregister(wire)
        del self._unknown[wire]
        if messages is None or not self._admit(wire, messages[0]):
            wire.close()

    def _send_silent_away(self, selector: selectors.BaseSelector, now: float) -> None:
        for wire in [wire for wire, until in self._unknown.items() if now >= until]:
            selector.unregister(wire)
            del self._unknown[wire]
            wire.close()

    def _admit(self, wire: Wire, hello: Message) -> bool:
        """Let in who says who it is; False of whoever looks in by mistake."""
        try:
            person = Person.of(hello.get("glassbrick"))
        except ValueError:
            return False
        first, number = self.persons[0], person.process
        if person.processes != first.processes:
            self._refuse(
                f"{person} was told that there are {person.processes} processes, and process 0 "
                f"that there are {first.processes}. Give all the same number.",
                wire,
            )
        if not 0 <= number < first.processes:
            return False
        if number in self.persons:
            self._refuse(
                f"two processes say that they are process {number}: one on "
                f"{self.persons[number].host}, pid {self.persons[number].pid}, and one on "
                f"{person.host}, pid {person.pid}. Give each a number of its own.",
                wire,
            )
        for name, version in first.versions.items():
            if person.versions.get(name) != version:
                self._refuse(
                    f"{person} has {name} {person.versions.get(name)}, and process 0 has "
                    f"{version}. Install the same versions everywhere.",
                    wire,
                )
        self.persons[number], self.wires[number] = person, wire
        wire.longest = LONGEST
        return True

    def _give_up(self) -> NoReturn:
        self._refuse(
            f"{self._missing()} did not come to {self.place.address} within "
            f"{self.timeout:g} seconds. There: {self._present()}. Start as many "
            "processes as --processes says, each with a number of its own."
        )

    def _refuse(self, why: str, *others: Wire) -> NoReturn:
        """Tell all who are known, and others, that nothing comes of it."""
        wires = [*self.wires.values(), *others]
        for wire in wires:
            wire.send({"refused": why})
        close_all(wires)
        raise DistributedError(f"{_WHO}: {why}")

    def _missing(self) -> str:
        missing = [str(n) for n in range(self.place.processes) if n not in self.persons]
        return f"process{'es' * (len(missing) > 1)} {', '.join(missing)}"

    def _present(self) -> str:
        return ", ".join(str(self.persons[number]) for number in sorted(self.persons))


def _answer(
    place: Place, me: Person, timeout: float, deadline: float
) -> tuple[list[Person], dict[int, Wire]]:
    """Tell process 0 that this one is there, and wait for all others."""
    wire = Wire(_reach(place, timeout, deadline))
    wire.send({"glassbrick": asdict(me)})
    # Process 0 gives up by its own clock, which may have begun later.
    verdict = wire.first_message(time.monotonic() + timeout + _PATIENCE)
    if verdict is not None and "refused" in verdict:
        wire.close()
        raise DistributedError(f"{_WHO}: {verdict['refused']}")
    try:
        return [Person.of(person) for person in (verdict or {})["welcome"]], {0: wire}
    except (KeyError, TypeError, ValueError):
        wire.close()
        raise DistributedError(
            f"{_WHO}: what answers at {place.address} is no process 0 that waits for this one, or "
            "it has ended. Is the coordinator right, and is process 0 running?"
        ) from None


def _reach(place: Place, timeout: float, deadline: float) -> socket.socket:
    """Connect to process 0, which may begin later than this one."""
    told_at = time.monotonic() + _PATIENCE
    while True:
        left = deadline - time.monotonic()
        try:
            return socket.create_connection((place.host, place.port), max(0.05, min(left, 5.0)))
        except OSError as error:
            why = "no answer" if isinstance(error, TimeoutError) else error.strerror or str(error)
        if time.monotonic() >= told_at:
            _tell(f"process {place.process} is waiting for process 0 at {place.address}: {why}")
            told_at = deadline
        if time.monotonic() + 0.2 >= deadline:
            raise DistributedError(
                f"{_WHO}: process {place.process} did not reach process 0 at {place.address} "
                f"within {timeout:g} seconds: {why}. Is the coordinator right, and is process 0 "
                "running?"
            )
        time.sleep(0.2)


def _tell(what: str) -> None:
    print(f"glassbrick: {what}", file=sys.stderr, flush=True)  # noqa: T201
