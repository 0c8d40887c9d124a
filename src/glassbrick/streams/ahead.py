"""Reading ahead: a thread that works while its results are used."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from typing import Any, TypeVar

__all__ = ["read_ahead"]

_T = TypeVar("_T")

_PATIENCE = 0.1  # seconds, after which the thread looks whether anyone still waits


class _Reader(threading.Thread):
    """Puts what an iterator gives into a queue, and its error if there is one."""

    def __init__(self, items: Iterator[Any], ahead: int):
        super().__init__(name="glassbrick-stream", daemon=True)
        self.items = items
        self.results: queue.Queue[tuple[str, Any]] = queue.Queue(ahead)
        self.is_left = threading.Event()

    def run(self) -> None:
        """Work until the end, an error, or until nobody waits any more."""
        try:
            for item in self.items:
                self._put("item", item)
                if self.is_left.is_set():
                    return
            self._put("end", None)
        except BaseException as error:  # which is raised where the results are used
            self._put("error", error)
        finally:
            close = getattr(self.items, "close", None)
            if close is not None:
                close()

    def _put(self, what: str, item: Any) -> None:
        while not self.is_left.is_set():
            try:
                self.results.put((what, item), timeout=_PATIENCE)
            except queue.Full:
                continue
            return


def read_ahead(items: Iterator[_T], ahead: int) -> Generator[_T]:
    """Iterate over the same items, of which up to `ahead` are made before they are asked for.

    They are made by a thread, which ends when the generator is closed. An error is raised where
    the item that could not be made is asked for.
    """
    reader = _Reader(items, ahead)
    reader.start()
    try:
        while True:
            what, item = reader.results.get()
            if what == "end":
                return
            if what == "error":
                raise item
            yield item
    finally:
        reader.is_left.set()
        reader.join()
