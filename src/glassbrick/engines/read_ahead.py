"""ReadAhead: lets another thread fetch what comes next, while this one computes."""

from __future__ import annotations

import contextvars
from collections.abc import Generator
from contextlib import closing
from queue import Empty, Queue
from threading import Event, Thread
from types import TracebackType
from typing import Generic, Self, TypeVar

__all__ = ["ReadAhead", "ReadingError", "read", "read_ahead"]

_T = TypeVar("_T")

_PATIENCE = 10.0  # seconds to wait for a read that goes on when nobody wants it any more


class ReadingError(Exception):
    """Rows could not be read; `reason` is the error that says why."""

    def __init__(self, reason: BaseException):
        super().__init__(str(reason))
        self.reason = reason


class ReadAhead(Generic[_T]):
    """Iterates over what a generator yields, which runs in a thread of its own, some items ahead.

    Use it in a ``with`` statement, at whose end the generator is closed.

    Parameters
    ----------
    source : generator
        Begins to run when the first item is asked for.
    most : int
        How many items may wait.
    """

    def __init__(self, source: Generator[_T], most: int):
        self._source = source
        self._waiting: Queue[tuple[_T | None, BaseException | None]] = Queue(most)
        self._is_over = Event()
        self._thread: Thread | None = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> _T:
        """Return the next item.

        Raises
        ------
        ReadingError
            If the generator raised an error.
        """
        if self._thread is None:
            # In the same context, for NumPy's error state is a part of it.
            call = contextvars.copy_context().run
            self._thread = Thread(target=call, args=(self._read,), name="reader", daemon=True)
            self._thread.start()
        item, error = self._waiting.get()
        if error is not None:
            self._waiting.put((None, error))  # for whoever asks again
            raise error
        return item  # type: ignore[return-value]

    def _read(self) -> None:
        end: BaseException = StopIteration()
        try:
            with closing(self._source):
                for item in self._source:
                    self._waiting.put((item, None))
                    del item  # lest it stays while the next one is made
                    if self._is_over.is_set():
                        return
        except BaseException as error:  # else whoever waits would wait for ever
            end = ReadingError(error)
        self._waiting.put((None, end))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_over.set()
        if self._thread is None:
            self._source.close()
            return
        for _ in range(int(_PATIENCE * 100)):
            try:
                while True:  # it may wait for room
                    self._waiting.get_nowait()
            except Empty:
                self._thread.join(0.01)
            if not self._thread.is_alive():
                return


def read(source: Generator[_T]) -> Generator[_T]:
    """Iterate over what a generator yields, whose errors become those of reading."""
    with closing(source):
        try:
            yield from source
        except Exception as error:
            raise ReadingError(error) from None


def read_ahead(source: Generator[_T], most: int) -> Generator[_T]:
    """Iterate over what a generator yields, up to `most` items ahead; its errors are its own."""
    with ReadAhead(source, most) as waiting:
        try:
            yield from waiting
        except ReadingError as error:
            raise error.reason from None
