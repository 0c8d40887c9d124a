"""Wire: messages of JSON between two processes of a run, a line each."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterable
from threading import Lock
from typing import Any

__all__ = ["LONGEST", "Message", "Wire", "close_all"]

Message = dict[str, Any]

LONGEST = 1 << 26  # bytes; what is longer is no message of ours
_SECONDS_TO_SEND, _SECONDS_TO_CLOSE = 20.0, 1.0


class Wire:
    """One end of a connection. Several threads may send, one may receive.

    Parameters
    ----------
    connection : socket
        Which is this wire's from now on.
    longest : int, default LONGEST
        How many bytes a message may have.

    Attributes
    ----------
    longest : int
        As given.
    """

    def __init__(self, connection: socket.socket, longest: int = LONGEST):
        self.longest = longest
        self._socket = connection
        self._socket.settimeout(_SECONDS_TO_SEND)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sending = Lock()
        self._pieces: list[bytes] = []  # of a message that has not come whole
        self._size = 0  # of them

    def fileno(self) -> int:
        """Return the number by which the operating system knows it; -1 once it is closed."""
        return self._socket.fileno()

    def send(self, message: Message) -> None:
        """Send, unless the other end is gone, which whoever receives finds out."""
        line = json.dumps(message).encode() + b"\n"
        with contextlib.suppress(OSError), self._sending:
            self._socket.sendall(line)

    def receive(self) -> list[Message] | None:
        """Return the messages that have come whole, after waiting for anything to come at all.

        Returns
        -------
        list of dict, or None
            None if the connection is closed, or what came is no message.
        """
        try:
            came = self._socket.recv(1 << 16)
        except TimeoutError:
            return []
        except OSError:
            return None
        lines = self._lines(came)
        if not came or self._size > self.longest:
            return None
        try:
            messages = [json.loads(line) for line in lines]
        except (ValueError, RecursionError):  # a stranger may nest what it sends as it likes
            return None
        return messages if all(isinstance(message, dict) for message in messages) else None

    def _lines(self, came: bytes) -> list[bytes]:
        """Return the lines that are whole now, and keep the rest."""
        lines = []
        first, *others = came.split(b"\n")
        self._pieces.append(first)
        self._size += len(first)
        for part in others:
            lines.append(b"".join(self._pieces))
            self._pieces, self._size = [part], len(part)
        return lines

    def first_message(self, deadline: float) -> Message | None:
        """Wait for a message until a moment of ``time.monotonic()``; None if none comes."""
        try:
            while (left := deadline - time.monotonic()) > 0.0:
                self._socket.settimeout(left)
                messages = self.receive()
                if messages is None:
                    return None
                if messages:
                    return messages[0]
            return None
        finally:
            if self.fileno() >= 0:
                self._socket.settimeout(_SECONDS_TO_SEND)

    def hang_up(self) -> None:
        """Say that nothing more is sent."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def close(self, deadline: float = 0.0) -> None:
        """Close, if possible not before the other end has got what was sent.

        To close while there are unread bytes is to reset: what was sent last could be lost.
        """
        self.hang_up()
        with contextlib.suppress(OSError):
            while (left := deadline - time.monotonic()) > 0.0:
                self._socket.settimeout(left)
                if not self._socket.recv(1 << 16):
                    break
        self._socket.close()


def close_all(wires: Iterable[Wire]) -> None:
    """Close several at once."""
    several, deadline = list(wires), time.monotonic() + _SECONDS_TO_CLOSE
    for wire in several:
        wire.hang_up()
    for wire in several:
        wire.close(deadline)
