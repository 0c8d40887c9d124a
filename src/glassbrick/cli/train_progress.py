"""What is seen while an ensemble trains: one bar over all of it, or a line a network."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

from glassbrick.training import Callback
from glassbrick.training.callbacks.callback import Logs

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["TrainProgress"]


class TrainProgress(Callback):
    """Shows how far the training of several networks is.

    Parameters
    ----------
    networks, epochs : int
        How many there will be.
    lines : text stream or None
        Where to print a line for each network if there is no terminal to draw a bar on.

    Attributes
    ----------
    network : int
        The one that is trained, counted from 1.
    resumed : int
        How many epochs were done before, all networks taken together.
    """

    is_spectator = True
    is_for_first = True

    def __init__(self, networks: int, epochs: int, lines: TextIO | None):
        self.networks, self.epochs, self.network, self.resumed = networks, epochs, 0, 0
        self._lines = lines
        self._bar: Progress | None = None

    def start(self) -> None:
        """Begin to draw, on the terminal, for which standard error is taken."""
        if not sys.stderr.isatty():
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._lines = None
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._bar.add_task("", total=self.networks * self.epochs)
        self._bar.start()

    def stop_drawing(self) -> None:
        """Leave nothing of the bar on the terminal."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Count a network."""
        self.network += 1
        if "resumed_from" in (logs or {}):
            self.resumed += self.history.epochs
        self._show("", at_once=True)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:  # noqa: ARG002
        """Move the bar on."""
        self._show(f"loss {(logs or {})['val_loss']:.4g}")

    def on_train_end(self, logs: Logs | None = None) -> None:  # noqa: ARG002
        """Tell of a network that is done."""
        history = self.history
        if self._lines is not None and history.stop_reason != "interrupted":
            line = (
                f"Network {self.network} of {self.networks}: {history.epochs} epochs, "
                f"loss {history.best_loss:.4g} on rows not seen, after epoch {history.best_epoch}"
            )
            print(line, file=self._lines, flush=True)

    def _show(self, loss: str, *, at_once: bool = False) -> None:
        if self._bar is not None:
            done = min(self.history.epochs, self.epochs)
            self._bar.update(
                self._task,
                completed=(self.network - 1) * self.epochs + done,
                description=f"Network {self.network} of {self.networks}, epoch {done} {loss}",
                refresh=at_once,
            )
