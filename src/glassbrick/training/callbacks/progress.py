"""What a person sees while a network trains: the chapter's lines, a bar, or nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from glassbrick.checks import one_of
from glassbrick.training.callbacks.callback import Callback, Logs
from glassbrick.training.callbacks.early_stopping import EarlyStopping
from glassbrick.training.history import History

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

__all__ = ["Bar", "Lines", "Progress", "Silent", "progress_for"]

_PAUSE, _LONGEST_PAUSE = 15.0, 240.0  # seconds between two lines within an epoch


class Progress(Callback):
    """Shows nothing; the base of what shows something."""

    is_spectator = True
    is_for_first = True

    @staticmethod
    def say(line: str) -> None:
        """Print a line."""
        print(line, flush=True)  # noqa: T201


class Lines(Progress):
    """Prints a line for each evaluation, in the chapter's words."""

    _stopping: EarlyStopping | None = None
    _said, _pause = 0.0, 0.0  # when a line was printed within an epoch, and how long not to

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Say so if parameters that were there before are lost."""
        self._stopping = (logs or {}).get("stopping")
        self._said, self._pause = time.monotonic(), _PAUSE
        if "resumed_from" in (logs or {}):
            self.say(_resumption(self.history.epochs, logs or {}))
        elif (logs or {}).get("replaced_params"):
            self.say("Starting from new parameters (restart=False trains the old ones further)")

    def on_progress(self, batch: int, logs: Logs | None = None) -> None:
        """Print a line if nothing was for long; ever more rarely in a long epoch."""
        now, logs = time.monotonic(), logs or {}
        if now - self._said < self._pause or batch == logs["batches"]:
            return
        self._said, self._pause = now, min(2.0 * self._pause, _LONGEST_PAUSE)
        share = batch / logs["batches"]
        self.say(f"Epoch {self.history.epochs + 1}, {share:.0%}: loss {logs['loss']:.3f}")

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Print the loss if it is the best so far."""
        logs, epochs = logs or {}, self.history.epochs
        metrics = _told(logs)
        if "val_loss" not in logs:
            self.say(f"Training loss after {epochs} epochs is {logs['loss']:.3f}{metrics}")
        elif logs["improved"]:
            self.say(f"Validation loss after {epochs} epochs is {logs['val_loss']:.3f}{metrics}")

    def on_train_end(self, logs: Logs | None = None) -> None:  # noqa: ARG002
        """Say why training ended, unless it ran to a best end."""
        history = self.history
        if history.stop_reason == "interrupted":
            self.say(_interruption(history, self._stopping))
        elif self._stopping is not None:
            self.say(_judgement(history, self._stopping))
        elif history.best_epoch is not None and history.evaluated[-1] != history.best_epoch:
            loss = history.val_loss[history.evaluated[-1] - 1]
            what = "Loss increased" if loss > history.best_loss else "Loss did not improve"
            self.say(
                f"{what} after epoch {history.evaluated[-1]}, "
                f"final loss was {history.best_loss:.3f}, "
                f"using the model from epoch {history.best_epoch}"
            )
        elif history.stop_reason == "early stopping":
            self.say(
                f"Loss improved too little by epoch {history.epochs}, "
                f"final loss was {history.best_loss:.3f}"
            )


class Bar(Lines):
    """Shows a progress bar with the losses; on something that is no terminal, its last state."""

    def __init__(self) -> None:
        self._bar: RichProgress | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Start the bar."""
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress
        from rich.table import Column

        super().on_train_begin(logs)
        logs = logs or {}
        done = self.history.epochs
        until = done + logs["epochs"]
        done_within = logs.get("batch", 0) / logs.get("batches", 1)
        self._bar = RichProgress(
            TextColumn("epoch", table_column=Column(no_wrap=True)),
            MofNCompleteColumn(table_column=Column(no_wrap=True)),
            BarColumn(bar_width=12),
            TextColumn("{task.description}", table_column=Column(no_wrap=True)),
            TimeRemainingColumn(table_column=Column(no_wrap=True)),
        )
        narrowest = f"epoch {until}/{until} ━━━━━━  0:00:00"
        self._room = self._bar.console.width - len(narrowest)
        self._task = self._bar.add_task("", total=until, completed=done + done_within)
        self._bar.start()

    def on_progress(self, batch: int, logs: Logs | None = None) -> None:
        """Move the bar on within an epoch."""
        logs = logs or {}
        share = batch / logs["batches"]
        self._show(self.history.epochs + share, f"{share:.0%}, loss {logs['loss']:.4g}")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Move the bar on."""
        logs = logs or {}
        description = f"loss {logs['loss']:.4g}"
        if "val_loss" in logs:
            description += f", val {logs['val_loss']:.4g}"
        self._show(epoch, description + _told(logs))

    def _show(self, completed: float, description: str) -> None:
        if len(description) > self._room:
            description = f"{description[: max(0, self._room - 1)]}…"
        if self._bar is not None:
            self._bar.update(self._task, completed=completed, description=description)

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Leave it to the bar."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Stop drawing, and say why training ended."""
        self.close()
        super().on_train_end(logs)

    def close(self) -> None:
        """Stop drawing."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


class Silent(Progress):
    """Says nothing, unless training was interrupted: whoever did that wants an answer."""

    _stopping: EarlyStopping | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Remember what an answer depends on."""
        self._stopping = (logs or {}).get("stopping")

    def on_train_end(self, logs: Logs | None = None) -> None:  # noqa: ARG002
        """Answer an interrupt."""
        if self.history.stop_reason == "interrupted":
            self.say(_interruption(self.history, self._stopping))


def _resumption(epoch: int, logs: Logs) -> str:
    """Say from where training goes on."""
    if batch := logs.get("batch"):
        return f"Going on after batch {batch:,} of epoch {epoch + 1}, from {logs['resumed_from']}"
    if logs["epochs"]:
        return f"Going on after epoch {epoch}, from {logs['resumed_from']}"
    return f"Training was over already, after epoch {epoch}, says {logs['resumed_from']}"


def _told(logs: Logs) -> str:
    """Return the metrics, to be put after a loss."""
    others = ("loss", "val_loss", "lr", "improved")
    names = [name for name in logs if name not in others]
    return "".join(f", {name.removeprefix('val_')} {logs[name]:.4g}" for name in names)


def _interruption(history: History, stopping: EarlyStopping | None) -> str:
    where = f"Interrupted in epoch {history.epochs + 1}"
    if history.best_epoch is None or (stopping is not None and not stopping.restore_best):
        return f"{where}: keeping the parameters as they stand"
    return f"{where}: using the model from epoch {history.best_epoch}"


def _judgement(history: History, stopping: EarlyStopping) -> str:
    """Say which epoch was the best, and which one the network is left with."""
    epoch, monitor = history.best_epoch, stopping.monitor
    if epoch is None:
        return f"No epoch was judged by {monitor}"
    best = f"{monitor} was best after epoch {epoch}, {history[monitor][epoch - 1]:.4g}"
    used = epoch if stopping.restore_best else history.epochs
    return f"{best}; using the model from epoch {used}"


_KINDS: dict[str, type[Progress]] = {"lines": Lines, "bar": Bar, "silent": Silent}


def progress_for(verbose: Any) -> Progress:
    """Return what `verbose` asks for: "lines" or True, "bar", "silent" or False.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If it is none of these.
    """
    if verbose is True or verbose is False:
        verbose = "lines" if verbose else "silent"
    return one_of(verbose, _KINDS, "fit, verbose")()
