"""RateSearch: which learning rate suits, found out by trying all of them in one short training."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from glassbrick.arrays import Array
from glassbrick.batches import Rows, Shuffler, cut
from glassbrick.checks import refuse
from glassbrick.drawing import BLUE, GREY, RED, axes_for, dress, styled
from glassbrick.errors import ArgumentError, DataError
from glassbrick.network import NeuralNetwork
from glassbrick.optimizers import LBFGS, Optimizer
from glassbrick.training.fit_data import FitData
from glassbrick.training.trial import require_fitting

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["RateSearch", "try_rates"]

_SMOOTHING = 0.95  # of the losses of single batches, which scatter
_HOPELESS = 3.0  # times the size of the losses so far, above all of them: it only gets worse
_FEWEST = 5  # steps from which something can be said


@dataclass(frozen=True)
class RateSearch:
    """The loss of a short training in which the learning rate grows from step to step.

    Attributes
    ----------
    rates : ndarray, shape (steps,)
        The learning rate of each step.
    losses : ndarray, shape (steps,)
        The loss of each step's batch.
    smoothed : ndarray, shape (steps,)
        A moving average of the losses.
    suggestion : float
        The rate at which the loss fell fastest: a good one to begin with.

    Notes
    -----
    Smith, Cyclical Learning Rates for Training Neural Networks, 2017.
    """

    rates: Array
    losses: Array
    smoothed: Array
    suggestion: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the loss over the learning rate, with the suggestion.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure of pyplot's.

        Returns
        -------
        matplotlib.axes.Axes
            What it is drawn in.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.
        ArgumentTypeError
            If `ax` is something else.
        """
        with styled("RateSearch.plot"):
            ax = axes_for(ax, "RateSearch.plot", (6.4, 4.0))
            dress(ax)
            ax.plot(self.rates, self.losses, color=GREY, linewidth=0.8, label="each batch")
            ax.plot(self.rates, self.smoothed, color=BLUE, label="smoothed")
            label = f"suggestion: {self.suggestion:.2g}"
            ax.axvline(self.suggestion, color=RED, linestyle="--", label=label)
            ax.set_xscale("log")
            low, first = float(self.smoothed.min()), float(self.smoothed[0])
            room = max(first - low, 0.1 * abs(first)) or 1.0
            ax.set_ylim(low - 0.1 * room, first + 0.6 * room)  # not up to where it went wrong
            ax.set(xlabel="learning rate", ylabel="training loss")
            ax.legend()
        return ax

    def __repr__(self) -> str:
        return f"RateSearch(steps={len(self.rates)}, suggestion={self.suggestion:.3g})"


def try_rates(
    net: NeuralNetwork,
    optim: Optimizer,
    data: FitData,
    lowest: float,
    highest: float,
    *,
    steps: int,
    batch_size: int,
) -> RateSearch:
    """Train copies of a network and its optimizer, with a rate that grows by the same factor.

    Parameters
    ----------
    net, optim : NeuralNetwork, Optimizer
        Bound to each other. They stay as they are.
    data : FitData
        What to train on.
    lowest, highest : float
        The first and the last rate.
    steps : int
        How many; fewer are made if the loss gets out of hand.
    batch_size : int
        Rows a step.

    Raises
    ------
    ArgumentError
        If there are too few steps to say anything, or the optimizer knows its steps itself.
    GlassbrickError
        If the data does not fit the network, or the loss is not finite from the start.
    """
    if isinstance(optim, LBFGS):
        advice = "LBFGS finds the length of each step itself. Train with it as it is."
        refuse(ArgumentError, "find_lr", "an optimizer with a learning rate", optim, advice)
    if steps < _FEWEST:
        refuse(ArgumentError, "find_lr, steps", f"a whole number of at least {_FEWEST}", steps)
    rows = data.training
    net, optim = copy.deepcopy((net, optim))
    if not net.is_built:
        net._draw_params(rows.X[:1])
    require_fitting(net, data, "find_lr")
    optim.reset()
    rates = np.geomspace(lowest, highest, steps)
    losses: list[float] = []
    with np.errstate(all="ignore"):
        for rate, batch in zip(rates.tolist(), _batches(net, rows, batch_size), strict=False):
            optim.lr = rate
            loss = float(net.train_batch(*batch))
            if not math.isfinite(loss) or _is_hopeless(loss, losses):
                break
            losses.append(loss)
            optim.step()
    return _judged(rates, np.array(losses))


def _is_hopeless(loss: float, losses: list[float]) -> bool:
    size = max(map(abs, losses), default=math.inf)  # a loss can be negative
    return loss - _HOPELESS * size > max(losses, default=math.inf)


def _batches(net: NeuralNetwork, rows: Rows, size: int) -> Iterator[tuple[Array, ...]]:
    """Yield batches without end, each epoch in another order."""
    shuffler = Shuffler(len(rows.X), net.streams.for_shuffling(None))
    while True:
        order = shuffler.next_order(len(rows.X))
        for batch in cut(len(order), size):
            yield tuple(array[order[batch]] for array in rows if array is not None)


def _judged(rates: Array, losses: Array) -> RateSearch:
    """Smooth the losses, and find where they fall fastest."""
    if len(losses) < _FEWEST:
        raise DataError(
            f"find_lr: expected a loss that is finite for {_FEWEST} steps; it got out of hand "
            f"after {len(losses)}. Scale the data to about 1, or begin with lowest=1e-8."
        )
    rates = rates[: len(losses)]
    smoothed, average = np.empty(len(losses)), 0.0
    for number, loss in enumerate(losses.tolist()):
        average = _SMOOTHING * average + (1.0 - _SMOOTHING) * loss
        smoothed[number] = average / (1.0 - _SMOOTHING ** (number + 1))
    until = max(_FEWEST, int(np.argmin(smoothed)) + 1)
    half = max(1, until // 8)  # a slope over a quarter of them: single steps only tell of batches
    windows = sliding_window_view(smoothed[:until], 2 * half + 1)
    slopes = windows @ np.arange(-half, half + 1)  # of least squares, but for a factor
    return RateSearch(rates, losses, smoothed, float(rates[half + int(np.argmin(slopes))]))
