"""HistoryDisplay: the learning curves of a training, or of several in one figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from glassbrick.checks import instance_of, one_of, refuse
from glassbrick.displays.display import Display
from glassbrick.errors import ArgumentTypeError
from glassbrick.training import History, Trainer
from glassbrick.training.history_plot import SCALES, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = ["HistoryDisplay"]


class HistoryDisplay(Display):
    """Losses and metrics over the epochs, on training and on validation data.

    scikit-learn's `LearningCurveDisplay` shows scores over the number of rows; this shows what
    happened in one training. The best epoch is marked.

    Parameters
    ----------
    histories : History or sequence of History
        Of one training, or of several, as of the networks of an ensemble.
    metrics : sequence of str, optional
        Which metrics to draw, "mae" for both "mae" and "val_mae". The default is all that
        there is room for.
    scale : {"auto", "linear", "log"}, default "auto"
        Of the losses; "auto" is "log" if they span a power of ten.

    Attributes
    ----------
    ax_, axes_ : Axes, list of Axes
        Of the losses; and all: of the losses, and of each metric below.
    figure_ : Figure
        Which has them.
    lines_ : dict of str to list of Line2D
        By the name of what was recorded: a line of each history.
    best_ : list of Line2D
        The dots at the best epochs.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If an argument is something else.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from glassbrick import History
    >>> from glassbrick.displays import HistoryDisplay
    >>> history = History()
    >>> for loss in (3.0, 2.0, 1.5):
    ...     history.record(loss, loss + 0.5)
    >>> display = HistoryDisplay.from_history(history, ax=Figure().subplots())
    >>> display.lines_["val_loss"][0].get_ydata().tolist()
    [3.5, 2.5, 2.0]
    """

    axes_: list[Axes]
    lines_: dict[str, list[Line2D]]
    best_: list[Line2D]

    def __init__(
        self,
        histories: History | Sequence[History],
        *,
        metrics: Sequence[str] | None = None,
        scale: str = "auto",
    ):
        given = [histories] if isinstance(histories, History) else list(histories)
        who = type(self).__name__
        self.histories = [instance_of(h, History, f"{who}, history", "net.fit(...)") for h in given]
        one_of(scale, SCALES, f"{who}, scale")
        self.metrics, self.scale = metrics, scale

    @classmethod
    def from_history(
        cls,
        history: History | Sequence[History],
        *,
        metrics: Sequence[str] | None = None,
        scale: str = "auto",
        ax: Any = None,
    ) -> Self:
        """Draw what `Trainer.fit` returned.

        Parameters
        ----------
        history, metrics, scale
            As of the class.
        ax : matplotlib Axes, or several, optional
            The losses are drawn in the first, each metric in one of its own.
        """
        return cls(history, metrics=metrics, scale=scale).plot(ax)

    @classmethod
    def from_trainer(
        cls,
        trainer: Trainer,
        *,
        metrics: Sequence[str] | None = None,
        scale: str = "auto",
        ax: Any = None,
    ) -> Self:
        """Draw all that a trainer has done.

        Parameters
        ----------
        trainer : Trainer
            After a fit.
        metrics, scale, ax
            As of `from_history`.
        """
        trainer = instance_of(trainer, Trainer, f"{cls.__name__}.from_trainer", "Trainer(net, ...)")
        return cls(trainer.history.copy(), metrics=metrics, scale=scale).plot(ax)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        metrics: Sequence[str] | None = None,
        scale: str = "auto",
        ax: Any = None,
    ) -> Self:
        """Draw how a fitted estimator was trained.

        Parameters
        ----------
        estimator : estimator
            Of `glassbrick.sklearn`, of an ensemble all its networks; or another with scikit-learn's
            `loss_curve_`.
        metrics, scale, ax
            As of `from_history`.
        """
        return cls(_histories_of(estimator, cls.__name__), metrics=metrics, scale=scale).plot(ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw; `ax` may be several, as of `from_history`."""
        who = f"{type(self).__name__}.plot"
        curves = draw(self.histories, ax, self.metrics, self.scale, who)
        self.axes_, self.lines_, self.best_ = curves.axes, curves.lines, curves.best
        self._drawn_in(curves.axes[0])
        return self

    def _draw(self, axes: Axes) -> None:
        self.plot(axes)


def _histories_of(estimator: Any, who: str) -> list[History]:
    for name in ("histories_", "history_"):
        if hasattr(estimator, name):
            found = getattr(estimator, name)
            return [found] if isinstance(found, History) else list(found)
    if not hasattr(estimator, "loss_curve_"):
        expected = "a fitted estimator that has a history"
        refuse(ArgumentTypeError, f"{who}.from_estimator", expected, estimator)
    return [History(loss=[float(loss) for loss in estimator.loss_curve_])]
