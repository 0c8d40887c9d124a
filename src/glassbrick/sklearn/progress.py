"""Progress: what scikit-learn looks at after each epoch, and what it does then."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Self

from glassbrick.network import NeuralNetwork
from glassbrick.sklearn.fitted import numbers, require
from glassbrick.sklearn.settings import Settings
from glassbrick.training import Callback
from glassbrick.training.callbacks.callback import Logs
from glassbrick.training.snapshot import Snapshot

__all__ = ["Progress"]

_LISTS = ("losses", "validation_losses", "scores")
_NUMBERS = ("best_loss", "best_score")
_COUNTS = ("epochs", "rows_seen", "misses")
_BY_ROWS = "sgd", "invscaling"  # which changes the rate after each epoch
_LOWEST_RATE = 1e-6  # at which an adaptive one is not lowered any more


class Progress(Callback):
    """Counts epochs without progress, over all fits that go on with one network.

    Attributes
    ----------
    losses, validation_losses, scores : list of float
        After each epoch.
    best_loss, best_score : float
        The lowest loss, and the highest score.
    epochs : int
        Those of the latest fit.
    rows_seen : int
        All rows of all epochs; L-BFGS does not count them.
    misses : int
        Epochs in which nothing became better.
    """

    is_spectator = True  # but for the epochs it asks for

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.validation_losses: list[float] = []
        self.scores: list[float] = []
        self.best_loss, self.best_score = math.inf, -math.inf
        self.epochs = self.rows_seen = self.misses = 0
        self._best: Snapshot | None = None
        self._score: Callable[[NeuralNetwork], float] | None = None
        self._settings: Settings

    @classmethod
    def from_plain(cls, told: Mapping[str, Any]) -> Self:
        """Make the progress that `to_plain` told.

        Raises
        ------
        DataError
            If it is something else.
        """
        progress = cls()
        known = {name: numbers(told[name], name) for name in _LISTS}
        known |= {name: require(told[name], name, int, float) for name in _NUMBERS}
        known |= {name: require(told[name], name, int) for name in _COUNTS}
        vars(progress).update(known)
        return progress

    def to_plain(self) -> dict[str, Any]:
        """Return what it counted."""
        return {name: getattr(self, name) for name in (*_LISTS, *_NUMBERS, *_COUNTS)}

    def begin(
        self, settings: Settings, rows: int, score: Callable[[NeuralNetwork], float] | None
    ) -> None:
        """Get ready for a fit.

        Parameters
        ----------
        settings : Settings
            Of the estimator.
        rows : int
            How many there are to train on.
        score : callable, optional
            Scores a network on the validation data.
        """
        self._settings, self._rows, self._score = settings, rows, score
        self._best, self.epochs = None, 0

    def end(self, net: NeuralNetwork, *, restore_best: bool) -> None:
        """Give the network the parameters with the best score, and forget what is not needed."""
        if restore_best and self._best is not None:
            self._best.restore()
            net.release()
        self._best = self._score = None
        del self._settings

    def look_after(self) -> int | None:
        """Say after how many epochs it may score the network, change its rate, or stop."""
        settings = self._settings
        if self._score is not None or (settings.solver, settings.learning_rate) == _BY_ROWS:
            return 1
        if settings.is_lbfgs or math.isinf(settings.n_iter_no_change):
            return None
        return max(1, int(settings.n_iter_no_change) + 1 - self.misses)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:  # noqa: ARG002
        """Look at the loss, or the score; lower the rate, or stop."""
        logs = logs or {}
        self.epochs += 1
        self.losses.append(float(logs["loss"]))
        if "val_loss" in logs:
            self.validation_losses.append(float(logs["val_loss"]))
        self._tell(f"Iteration {self.epochs}, loss = {self.losses[-1]:.8f}")
        self._count()
        if self._settings.is_lbfgs:
            return
        self.rows_seen += self._rows
        if (self._settings.solver, self._settings.learning_rate) == _BY_ROWS:
            first = self._settings.learning_rate_init
            self.trainer.optim.lr = first / (self.rows_seen + 1) ** self._settings.power_t
        if self.misses > self._settings.n_iter_no_change:
            self._give_up()

    def _count(self) -> None:
        """Count the epoch as a miss, unless it made progress."""
        tol, loss = self._settings.tol, self.losses[-1]
        if self._score is None:
            self.misses = self.misses + 1 if loss > self.best_loss - tol else 0
            self.best_loss = min(self.best_loss, loss)
            return
        score = self._score(self.net)
        self.scores.append(score)
        self._tell(f"Validation score: {score:f}")
        self.misses = self.misses + 1 if score < self.best_score + tol else 0
        if score > self.best_score:
            self.best_score, self._best = score, Snapshot(self.net)

    def _give_up(self) -> None:
        """Stop, or lower an adaptive learning rate."""
        what = "Training loss" if self._score is None else "Validation score"
        settings, optim = self._settings, self.trainer.optim
        said = (
            f"{what} did not improve more than tol={settings.tol:f} for "
            f"{settings.n_iter_no_change} consecutive epochs."
        )
        adaptive = settings.solver == "sgd" and settings.learning_rate == "adaptive"
        if not adaptive:
            self._tell(f"{said} Stopping.")
            self.stop("converged")
        elif optim.lr <= _LOWEST_RATE:
            self._tell(f"{said} Learning rate too small. Stopping.")
            self.stop("converged")
        else:
            optim.lr /= 5.0
            self._tell(f"{said} Setting learning rate to {optim.lr:f}")
            self.misses = 0

    def _tell(self, line: str) -> None:
        if self._settings.verbose:
            print(line, flush=True)  # noqa: T201
