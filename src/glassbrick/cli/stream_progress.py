"""What is seen while rows are streamed: how far the first pass is, and each epoch."""

from __future__ import annotations

import time
from typing import TextIO

from glassbrick.cli.bar import Bar
from glassbrick.training import Callback
from glassbrick.training.callbacks.callback import Logs

__all__ = ["StreamProgress"]

_AT_FIRST = "Looking at all rows"
_OFTEN = 30.0  # seconds, after which a line is printed if there is no bar


class StreamProgress(Callback):
    """Shows how far it is: a bar on a terminal, else a line now and then.

    Parameters
    ----------
    epochs : int
        How many there will be.
    lines : text stream or None
        Where to print if there is no terminal.

    Attributes
    ----------
    resumed : int
        How many epochs were done before.
    done : int
        How many are done.
    """

    is_spectator = True
    is_for_first = True

    def __init__(self, epochs: int, lines: TextIO | None):
        self.epochs, self.resumed, self.done = epochs, 0, 0
        self._batches = 1
        self._lines = lines
        self._bar = Bar()
        self._told = time.monotonic()

    def start(self) -> None:
        """Begin to draw, on the terminal, for which standard error is taken."""
        self._bar.start(_AT_FIRST, 1.0)

    def stop_drawing(self) -> None:
        """Leave nothing of the bar on the terminal."""
        self._bar.stop()

    def read(self, done: int, total: int, file: str) -> None:
        """Take note of the first pass: how many bytes were read, and of which file."""
        name = file.rpartition("/")[2]
        self._show(done / max(total, 1), f"{_AT_FIRST}, {name[-30:]}" if name else _AT_FIRST)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin at the first epoch, or where it was."""
        told = logs or {}
        self.done = self.history.epochs
        self._batches = told.get("batches", 1)
        if "resumed_from" in told:
            self.resumed = self.done
        self._show(self._share(told.get("batch", 0)), f"Epoch {self.done + 1} of {self.epochs}")

    def on_progress(self, batch: int, logs: Logs | None = None) -> None:
        """Move on within an epoch."""
        loss = (logs or {})["loss"]
        where = f"Epoch {self.done + 1} of {self.epochs}, batch {batch:,} of {self._batches:,}"
        self._show(self._share(batch), f"{where}, loss {loss:.4g}")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Tell of an epoch."""
        self.done = epoch
        loss = (logs or {})["val_loss"]
        text = f"Epoch {epoch} of {self.epochs}: loss {loss:.4g} on rows not seen"
        if not self._bar.is_drawn and self._lines is not None:
            print(text, file=self._lines, flush=True)
            self._told = time.monotonic()
        self._show(epoch / self.epochs, text)

    def _share(self, batch: int) -> float:
        return (self.done + batch / self._batches) / self.epochs

    def _show(self, share: float, text: str) -> None:
        if self._bar.is_drawn:
            self._bar.show(min(share, 1.0), text)
        elif self._lines is not None and time.monotonic() - self._told > _OFTEN:
            self._told = time.monotonic()
            print(f"{text} ({share:.1%} of it all)", file=self._lines, flush=True)
