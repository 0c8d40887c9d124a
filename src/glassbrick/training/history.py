"""History: what happened in a training run."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

__all__ = ["History"]


@dataclass
class History:
    """What happened in a training run, recorded whether or not anything was printed.

    A fit with ``restart=False`` carries the same history on.

    Attributes
    ----------
    loss : list of float
        Training loss of each completed epoch: the mean over its rows, each row at the
        moment its batch was trained on.
    val_loss : list of float
        Loss on the validation data after each completed epoch; empty without such data,
        and NaN for epochs of a fit that had none.
    evaluated : list of int
        The epochs, counted from 1, after which the validation loss was acted on.
    best_epoch : int or None
        The evaluated epoch with the lowest validation loss, whose parameters the network
        has; None if there was none.
    best_loss : float
        Its loss on the validation data of the last fit; infinity if there was none.
    stop_reason : str
        "completed", "early stopping", "interrupted", "diverged", or "failed" if a block
        or an optimizer raised an error.
    seconds : float
        Time spent in fit.
    engine : str
        Which engine ran it: "numpy" or "xla".
    engine_reason : str
        Why that one: "as asked for", or what ``engine="auto"`` weighed.
    """

    loss: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    evaluated: list[int] = field(default_factory=list)
    best_epoch: int | None = None
    best_loss: float = math.inf
    stop_reason: str = "running"
    seconds: float = 0.0
    engine: str = "numpy"
    engine_reason: str = "as asked for"

    def copy(self) -> History:
        """Return a history that later fits leave as it is."""
        return replace(
            self,
            loss=self.loss.copy(),
            val_loss=self.val_loss.copy(),
            evaluated=self.evaluated.copy(),
        )

    def record(self, loss: float, val_loss: float | None) -> None:
        """Add an epoch."""
        if val_loss is not None:
            self.val_loss += [math.nan] * (self.epochs - len(self.val_loss))
        if val_loss is not None or self.val_loss:
            self.val_loss.append(math.nan if val_loss is None else val_loss)
        self.loss.append(loss)

    @property
    def last_val_loss(self) -> float | None:
        """Validation loss of the last epoch; None if it had no validation data."""
        return None if not self.val_loss or math.isnan(self.val_loss[-1]) else self.val_loss[-1]

    @property
    def epochs(self) -> int:
        """Number of completed epochs."""
        return len(self.loss)

    @property
    def epoch(self) -> list[int]:
        """The numbers of the completed epochs: 1, 2, 3, ..."""
        return list(range(1, self.epochs + 1))

    @property
    def history(self) -> dict[str, list[float]]:
        """The losses by name, as Keras calls them: "loss" and, if there is one, "val_loss"."""
        losses = {"loss": self.loss}
        return losses | {"val_loss": self.val_loss} if self.val_loss else losses

    def __repr__(self) -> str:
        best = "" if self.best_epoch is None else f", best_epoch={self.best_epoch}"
        best += "" if self.best_epoch is None else f", best_loss={self.best_loss:.6g}"
        return (
            f"History(epochs={self.epochs}{best}, stop_reason={self.stop_reason!r}, "
            f"seconds={self.seconds:.3g}, engine={self.engine!r})"
        )
