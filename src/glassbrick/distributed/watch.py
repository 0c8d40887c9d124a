"""Watch: a thread that knows which processes still run, and carries messages between them.

Process 0 has a wire to each other process. A wire that breaks is a process that was lost; so is
one on which nothing has come for too long, not even a pulse.
"""

from __future__ import annotations

import json
import os
import selectors
import sys
import time
from dataclasses import dataclass
from threading import Condition, Thread
from typing import Any

from glassbrick.checks import refuse
from glassbrick.distributed.roll_call import Person
from glassbrick.distributed.wire import Message, Wire, close_all
from glassbrick.errors import ArgumentTypeError, LostProcessError

__all__ = ["PULSE", "Loss", "Watch"]

PULSE = 1.0  # seconds between two signs of life
_GRACE = 3.0  # seconds in which the main thread can raise the error by itself
_STATUS = 1  # with which a process ends whose main thread cannot


@dataclass(frozen=True)
class Loss:
    """Which process was lost, and how."""

    process: int
    why: str


class Watch(Thread):
    """Watches over the other processes of a run.

    Parameters
    ----------
    me : int
        The number of this process.
    persons : list of Person
        All of them.
    wires : dict of int to Wire
        From process 0 to all others; from these to process 0.
    silence : float
        Seconds without a sign of life after which a process counts as lost; more than two
        pulses.

    Attributes
    ----------
    advice : str
        How to go on after a loss.
    is_computing : bool
        Whether the main thread is where only all processes together get on.
    """

    def __init__(self, me: int, persons: list[Person], wires: dict[int, Wire], silence: float):
        super().__init__(name="glassbrick-distributed", daemon=True)
        self.me, self.persons, self.silence = me, persons, silence
        self.advice, self.is_computing = "", False
        self._wires = dict(wires)
        self._changed = Condition()
        self._loss: Loss | None = None
        self._lost_at = 0.0
        self._ended: dict[int, str] = {}
        self._said: dict[int, dict[int, Message]] = {}
        self._answers: dict[int, list[Message]] = {}
        self._rounds = 0
        self._is_over = False

    def error(self, loss: Loss) -> LostProcessError:
        """Return the error that tells of a loss."""
        person, many = self.persons[loss.process], len(self.persons)
        itself = ", this one," if loss.process == self.me else ""
        message = (
            f"process {loss.process} of {many}{itself} on {person.host}, pid {person.pid}, was "
            f"lost: {loss.why}. {self.advice}"
        )
        return LostProcessError(message.strip(), process=loss.process, host=person.host)

    def require_all(self) -> None:
        """Raise the error if a process was lost."""
        if self._loss is not None:
            raise self.error(self._loss)

    def what_happened(self, seconds: float) -> LostProcessError | None:
        """Return the error about what has broken a common computation, once it is known."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while self._loss is None and (left := deadline - time.monotonic()) > 0.0:
                self._changed.wait(left)
            if self._loss is None and self._ended:
                self._lose(Loss(*next(iter(self._ended.items()))))
            return None if self._loss is None else self.error(self._loss)

    def exchange(self, value: Any) -> list[Any]:
        """Give all processes a value, and return those of all, by number.

        Raises
        ------
        ArgumentTypeError
            If JSON cannot hold the value; nothing is exchanged then.
        LostProcessError
            If a process is lost meanwhile, or has ended.
        """
        value = _through_json(value)
        with self._changed:
            self._rounds += 1
            number = self._rounds
            if self.me == 0:
                self._take(0, {"say": number, "value": value})
            else:
                self._wires[0].send({"say": number, "value": value})
            while number not in self._answers:
                self.require_all()
                absent = self._ended.keys() - self._said.get(number, {}).keys()
                if absent:
                    self._lose(Loss(min(absent), self._ended[min(absent)]))
                self._changed.wait(0.5)  # so that Ctrl-C is heard
            return self._answers.pop(number)

    def fail(self, why: str) -> None:
        """Tell all others that this process ends with an error."""
        self._broadcast({"lost": self.me, "why": why})

    def end(self) -> None:
        """Tell all others that this process ends, and leave them."""
        self._broadcast({"ended": self.me, "why": "it had ended before the others"})
        self._is_over = True
        if self.is_alive():
            self.join(2 * PULSE)
        close_all(self._wires.values())

    def run(self) -> None:
        """Listen, and give signs of life, until it is over."""
        heard = dict.fromkeys(self._wires, time.monotonic())
        before = pulse_at = time.monotonic()
        with selectors.DefaultSelector() as selector:
            for number, wire in self._wires.items():
                selector.register(wire, selectors.EVENT_READ, number)
            while not self._is_over:
                for key, _ in selector.select(PULSE / 4):
                    number, wire = key.data, self._wires[key.data]
                    messages = wire.receive()
                    heard[number] = time.monotonic()
                    self._hear(number, messages)
                    if messages is None:
                        selector.unregister(wire)
                        wire.close()
                        del heard[number]
                now = time.monotonic()
                if now - before > self.silence / 2:  # this process was stopped itself
                    heard = dict.fromkeys(heard, now)
                before = now
                if now >= pulse_at:
                    self._broadcast({"pulse": self.me})
                    pulse_at = now + PULSE
                self._look_for_silence(heard, now)
                self._leave_if_stuck(now)

    def _hear(self, number: int, messages: list[Message] | None) -> None:
        with self._changed:
            for message in messages or ():
                self._act_on(number, message)
            if messages is None and number not in self._ended:
                self._lose(Loss(number, "its connection broke, as when it is killed"))
            self._changed.notify_all()

    def _act_on(self, number: int, message: Message) -> None:
        if "say" in message:
            self._take(number, message)
        elif "all" in message:
            self._answers[message["all"]] = message["values"]
        elif "ended" in message:
            self._ended[message["ended"]] = message["why"]
            if self.me == 0:
                self._broadcast(message)
        elif "lost" in message:
            self._lose(Loss(message["lost"], message["why"]))

    def _take(self, number: int, message: Message) -> None:
        """Gather what processes say; when all have spoken, tell all."""
        said = self._said.setdefault(message["say"], {})
        said[number] = message["value"]
        if len(said) == len(self.persons):
            values = [said[n] for n in range(len(self.persons))]
            del self._said[message["say"]]
            self._answers[message["say"]] = values
            self._broadcast({"all": message["say"], "values": values})

    def _lose(self, loss: Loss) -> None:
        """Remember the first loss, which the others follow from; process 0 tells it to all."""
        if self._loss is None:
            self._loss, self._lost_at = loss, time.monotonic()
            if self.me == 0:
                self._broadcast({"lost": loss.process, "why": loss.why})

    def _broadcast(self, message: Message) -> None:
        for wire in self._wires.values():
            wire.send(message)

    def _look_for_silence(self, heard: dict[int, float], now: float) -> None:
        for number, moment in heard.items():
            if now - moment > self.silence and number not in self._ended:
                with self._changed:
                    self._lose(Loss(number, f"no sign of life for {self.silence:g} seconds"))
                    self._changed.notify_all()

    def _leave_if_stuck(self, now: float) -> None:
        """End the process if its main thread waits for one that will never come."""
        if self._loss is None or not self.is_computing or now - self._lost_at < _GRACE:
            return
        sys.stdout.flush()
        os.write(2, f"glassbrick: {self.error(self._loss)}\n".encode())
        os._exit(_STATUS)


def _through_json(value: Any) -> Any:
    """Return what the others get of a value: a list for a tuple, for example."""
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError, RecursionError):
        advice = "Of arrays give .tolist(), of NumPy's numbers .item()."
        refuse(ArgumentTypeError, "Cluster.gather, value", "what JSON can hold", value, advice)
