"""What is seen while an ensemble trains: one bar over all of it, or a line a network."""

from __future__ import annotations

import math
from typing import TextIO

from glassbrick.cli.bar import Bar
from glassbrick.training import Callback, History
from glassbrick.training.callbacks.callback import Logs

__all__ = ["TrainProgress"]

_FIFTHS = 5


class TrainProgress(Callback):
    """Shows how far the training of several networks is, at once or one after the other.

    Parameters
    ----------
    networks, epochs : int
        How many there will be.
    lines : text stream or None
        Where to print if there is no terminal to draw a bar on: a line for each network, and if
        they are trained at once, one for each fifth of the epochs.

    Attributes
    ----------
    at_once : bool
        Whether all networks are trained at once.
    network : int
        The one that began last, counted from 1.
    done : list of int
        How many epochs of each are done.
    resumed : int
        How many were done before, all networks taken together.
    """

    is_spectator = True
    is_for_first = True

    def __init__(self, networks: int, epochs: int, lines: TextIO | None):
        self.networks, self.epochs, self.network, self.resumed = networks, epochs, 0, 0
        self.at_once, self.done = False, [0] * networks
        self._losses, self._ended = [math.nan] * networks, dict[int, str]()
        self._lines, self._told = lines, 0
        self._bar = Bar()

    def start(self) -> None:
        """Begin to draw, on the terminal, for which standard error is taken."""
        self._bar.start("", self.networks * self.epochs)
        if self._bar.is_drawn:
            self._lines = None

    def stop_drawing(self) -> None:
        """Leave nothing of the bar on the terminal."""
        self._bar.stop()

    def for_member(self, number: int, members: int) -> Callback:  # noqa: ARG002
        """Return what tells this one of a network."""
        self.at_once = True
        return _OneOfThem(self, number)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Count a network."""
        self.begin(self.network, self.history, logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:  # noqa: ARG002
        """Move on."""
        self.move_on(self.network - 1, self.history, (logs or {})["val_loss"])

    def on_train_end(self, logs: Logs | None = None) -> None:  # noqa: ARG002
        """Tell of a network that is done."""
        self.end(self.network - 1, self.history)

    def begin(self, number: int, history: History, logs: Logs) -> None:
        """Take note of a network, counted from 0."""
        self.network = number + 1
        if "resumed_from" in logs:
            self.resumed += history.epochs
        self.done[number] = min(history.epochs, self.epochs)
        self._show(at_once=True)

    def move_on(self, number: int, history: History, loss: float) -> None:
        """Take note of an epoch of a network."""
        self.done[number], self._losses[number] = min(history.epochs, self.epochs), loss
        self._show()
        fifth = _FIFTHS * sum(self.done) // (self.networks * self.epochs)
        if self.at_once and self._lines is not None and self._told < fifth < _FIFTHS:
            self._told = fifth
            print(f"{self.networks} networks at once: {self.share}", file=self._lines, flush=True)

    def end(self, number: int, history: History) -> None:
        """Take note of the end of a network; tell of those trained at once together."""
        self.done[number] = self.epochs
        if history.stop_reason != "interrupted":
            self._ended[number] = (
                f"Network {number + 1} of {self.networks}: {history.epochs} epochs, "
                f"loss {history.best_loss:.4g} on rows not seen, after epoch {history.best_epoch}"
            )
        if self._lines is not None and (not self.at_once or len(self._ended) == self.networks):
            for line in map(self._ended.pop, sorted(self._ended)):
                print(line, file=self._lines, flush=True)

    @property
    def share(self) -> str:
        """Which part of all epochs is done."""
        return f"{100 * sum(self.done) // (self.networks * self.epochs)} % of the epochs"

    @property
    def state(self) -> str:
        """How far it is, and the latest loss."""
        if self.at_once:
            losses = [loss for loss in self._losses if not math.isnan(loss)]
            loss = sum(losses) / len(losses) if losses else math.nan
            text = f"{self.networks} networks at once: {self.share}"
        else:
            loss = self._losses[self.network - 1]
            epoch = self.done[self.network - 1]
            text = f"Network {self.network} of {self.networks}, epoch {epoch}"
        return text if math.isnan(loss) else f"{text}, loss {loss:.4g}"

    def _show(self, *, at_once: bool = False) -> None:
        if self._bar.is_drawn:
            self._bar.show(sum(self.done), self.state, at_once=at_once)


class _OneOfThem(Callback):
    """Tells how far one of several networks is."""

    is_spectator = True

    def __init__(self, progress: TrainProgress, number: int):
        self._progress, self._number = progress, number

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._progress.begin(self._number, self.history, logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:  # noqa: ARG002
        self._progress.move_on(self._number, self.history, (logs or {})["val_loss"])

    def on_train_end(self, logs: Logs | None = None) -> None:  # noqa: ARG002
        self._progress.end(self._number, self.history)
