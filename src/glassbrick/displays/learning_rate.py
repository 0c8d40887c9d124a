"""LearningRateDisplay: the loss over the learning rate, in a short training in which it grows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from numpy.typing import ArrayLike

from glassbrick.checks import instance_of
from glassbrick.displays.display import Display
from glassbrick.training import RateSearch, Trainer

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = ["LearningRateDisplay"]


class LearningRateDisplay(Display):
    """The loss over the learning rate, with the rate to begin with.

    Parameters
    ----------
    search : RateSearch
        What `Trainer.find_lr` returned.

    Attributes
    ----------
    ax_, figure_ : Axes, Figure
        In which it was drawn last.
    losses_line_, smoothed_line_, suggestion_line_ : Line2D
        The losses of the batches, their moving average, and the suggestion.

    Raises
    ------
    ArgumentTypeError
        If `search` is something else.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from glassbrick import SGD, Dense, MeanSquaredError, NeuralNetwork, Trainer
    >>> from glassbrick.displays import LearningRateDisplay
    >>> net = NeuralNetwork([Dense(1, "linear")], MeanSquaredError(), rng=0)
    >>> X = np.random.default_rng(0).standard_normal((100, 3))
    >>> display = LearningRateDisplay.from_trainer(
    ...     Trainer(net, SGD()), X, X[:, :1], ax=Figure().subplots()
    ... )
    >>> 0.001 < display.search.suggestion < 1.0
    True
    """

    losses_line_: Line2D
    smoothed_line_: Line2D
    suggestion_line_: Line2D

    def __init__(self, search: RateSearch):
        who = f"{type(self).__name__}, search"
        self.search = instance_of(search, RateSearch, who, "trainer.find_lr(X, y)")

    @classmethod
    def from_search(cls, search: RateSearch, *, ax: Axes | None = None) -> Self:
        """Draw what `Trainer.find_lr` returned."""
        return cls(search).plot(ax)

    @classmethod
    def from_trainer(
        cls, trainer: Trainer, X: ArrayLike, y: ArrayLike, *, ax: Axes | None = None, **how: Any
    ) -> Self:
        """Search, and draw. The network and the optimizer stay as they are.

        Parameters
        ----------
        trainer : Trainer
            Of the network and the optimizer.
        X, y : array_like
            Data to train on.
        ax : matplotlib Axes, optional
            Where to draw.
        **how
            As of `Trainer.find_lr`: `lowest`, `highest`, `steps`, `batch_size`.
        """
        trainer = instance_of(trainer, Trainer, f"{cls.__name__}.from_trainer", "Trainer(net, ...)")
        return cls(trainer.find_lr(X, y, **how)).plot(ax)

    def _draw(self, axes: Axes) -> None:
        lines = axes.get_lines()
        self.search.plot(axes)
        there = len(lines)
        self.losses_line_, self.smoothed_line_, self.suggestion_line_ = axes.get_lines()[there:]
