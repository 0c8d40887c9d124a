"""History: what happened in a training run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from glassbrick.checks import one_of
from glassbrick.errors import ArgumentError, MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame

__all__ = ["History"]


@dataclass
class History:
    """What happened in a training run, recorded whether or not anything was printed.

    A fit with ``restart=False`` carries the same history on. What was recorded of each
    epoch is found by name, too: ``history["loss"]``, ``"val_loss" in history``, ``dict(history)``.

    Attributes
    ----------
    loss : list of float
        Training loss of each completed epoch: the mean over its rows, each row at the
        moment its batch was trained on.
    val_loss : list of float
        Loss on the validation data after each completed epoch; empty without such data,
        and NaN for epochs of a fit that had none.
    metrics : dict of str to list of float
        What else was recorded, by name, such as "val_mae" or "lr"; NaN where an epoch has
        no value.
    evaluated : list of int
        The epochs, counted from 1, after which the validation loss was acted on.
    best_epoch : int or None
        The evaluated epoch with the lowest validation loss, whose parameters the network
        has; None if there was none.
    best_loss : float
        Its loss on the validation data of the last fit; infinity if there was none.
    stop_reason : str
        "completed", "early stopping", "interrupted", "diverged", "converged" or "evaluations
        used up" of `LBFGS`, "unreadable data" of a `Stream`, what a callback said, or "failed"
        if something raised an error.
    seconds : float
        Time spent in fit.
    engine : str
        Which engine ran it: "numpy" or "xla".
    engine_reason : str
        Why that one: "as asked for", or what ``engine="auto"`` weighed; on how many devices,
        if `XLA` was told.

    Raises
    ------
    ArgumentError
        If nothing was recorded by the name that is asked for.

    Examples
    --------
    >>> history = History()
    >>> history.record(2.0, 3.0, {"lr": 0.1})
    >>> history.record(1.0, 2.5, {"lr": 0.1, "val_mae": 1.5})
    >>> list(history), history["val_mae"]
    (['loss', 'val_loss', 'lr', 'val_mae'], [nan, 1.5])
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
    metrics: dict[str, list[float]] = field(default_factory=dict)

    def copy(self) -> History:
        """Return a history that later fits leave as it is."""
        return replace(
            self,
            loss=self.loss.copy(),
            val_loss=self.val_loss.copy(),
            evaluated=self.evaluated.copy(),
            metrics={name: values.copy() for name, values in self.metrics.items()},
        )

    def record(
        self, loss: float, val_loss: float | None, metrics: Mapping[str, float] | None = None
    ) -> None:
        """Add an epoch, with NaN for each metric that other epochs have and it has not."""
        values = {name: [value] for name, value in (metrics or {}).items()}
        self.record_all([loss], None if val_loss is None else [val_loss], values)

    def record_all(
        self,
        losses: list[float],
        val_losses: list[float] | None,
        metrics: Mapping[str, list[float]],
    ) -> None:
        """Add several epochs; see `record`."""
        epochs, missing = len(self.loss), [math.nan] * len(losses)
        for name in metrics:
            if name in self.metrics:
                continue
            if name in ("loss", "val_loss"):
                raise ArgumentError(f"History.record, metrics: {name} is not the name of a metric.")
            self.metrics[name] = [math.nan] * epochs
        for name, recorded in self.metrics.items():
            recorded += metrics.get(name, missing)
        if val_losses is not None and len(self.val_loss) < epochs:
            self.val_loss += [math.nan] * (epochs - len(self.val_loss))
        if val_losses is not None or self.val_loss:
            self.val_loss += missing if val_losses is None else val_losses
        self.loss += losses

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
        """All lists by name, as Keras has them: "loss", "val_loss" if there is one, metrics."""
        losses = {"loss": self.loss} | ({"val_loss": self.val_loss} if self.val_loss else {})
        return losses | self.metrics

    @property
    def latest(self) -> dict[str, float]:
        """The numbers of the last epoch, by name."""
        return {name: values[-1] for name, values in self.history.items() if values}

    def keys(self) -> list[str]:
        """Names of what was recorded."""
        return list(self.history)

    def __getitem__(self, name: str) -> list[float]:
        return one_of(name, self.history, "History")

    def __contains__(self, name: object) -> bool:
        return name in self.history

    def __iter__(self) -> Iterator[str]:
        return iter(self.history)

    def to_frame(self) -> DataFrame:
        """Return a table: a column for each name, a row for each epoch.

        Returns
        -------
        pandas.DataFrame
            Its index, "epoch", counts from 1.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        """
        try:
            from pandas import DataFrame, Index
        except ImportError:
            raise MissingExtraError("History.to_frame", "pandas", "pandas") from None
        return DataFrame(self.history, index=Index(self.epoch, name="epoch"))

    def plot(
        self,
        ax: Axes | Sequence[Axes] | Any = None,
        metrics: Sequence[str] | None = None,
        *,
        scale: str = "auto",
    ) -> Axes:
        """Draw the learning curves, with the best epoch marked.

        `glassbrick.displays.HistoryDisplay` draws several histories into one figure.

        Parameters
        ----------
        ax : matplotlib Axes, or several, optional
            Where to draw: the losses in the first, each metric in one of its own. Without
            it a new figure of pyplot's is made, which ``plt.show()`` shows.
        metrics : sequence of str, optional
            Which metrics to draw, "mae" for both "mae" and "val_mae". The default is all
            that there is room for in `ax`.
        scale : {"auto", "linear", "log"}, default "auto"
            Of the losses; "auto" is "log" if they span a power of ten. Losses of 0 or less are
            drawn on a linear scale in any case.

        Returns
        -------
        matplotlib.axes.Axes
            Of the losses; ``.figure.axes`` has all.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.
        NotReadyError
            If there is no epoch yet.
        ArgumentError, ArgumentTypeError
            If a metric was not recorded, or `ax` or `scale` is something else, or axes are too few.
        """
        from glassbrick.training.history_plot import draw

        return draw([self], ax, metrics, scale).axes[0]

    def _repr_html_(self) -> str:
        from glassbrick.training.history_html import as_html

        return as_html(self)

    def __repr__(self) -> str:
        best = "" if self.best_epoch is None else f", best_epoch={self.best_epoch}"
        best += "" if self.best_epoch is None else f", best_loss={self.best_loss:.6g}"
        return (
            f"History(epochs={self.epochs}{best}, stop_reason={self.stop_reason!r}, "
            f"seconds={self.seconds:.3g}, engine={self.engine!r})"
        )
