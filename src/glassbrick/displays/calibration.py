"""CalibrationDisplay: whether what is said to be so probable happens as often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.arrays import Array, as_numbers
from glassbrick.checks import complaint, one_of, positive_integer, refuse
from glassbrick.displays.display import Display
from glassbrick.displays.said import labels_of, probabilities_of, target_name, true_values
from glassbrick.drawing import BLUE, PALE, SOFT, ink_of, short
from glassbrick.drawing import title as write_title
from glassbrick.errors import DataError, ShapeError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer, ErrorbarContainer
    from matplotlib.lines import Line2D

__all__ = ["CalibrationDisplay"]

_STRATEGIES = ("uniform", "quantile")
_Z = 1.959964  # of the normal distribution, for 95 %
_FOOT, _BARS = -0.26, 0.2  # where bars for the numbers of rows begin, and how high they are


class CalibrationDisplay(Display):
    """How often it happens, over how probable it was said to be, in bins of rows.

    Of two classes it is the probability of one of them, against the share of rows that are of
    it. Of more it is the probability of whichever class is predicted, against the share of rows
    in which that is right; or that of `pos_label`, if there is one. Each point has the interval
    that holds the true share with 95 %; the bars below tell the numbers of rows.

    Parameters
    ----------
    y_true : array_like of bool, shape (rows,)
        Whether it happened.
    y_prob : array_like, shape (rows,)
        How probable it was said to be.
    n_bins : int, default 10
        How many bins there are; those without rows are left out.
    strategy : {"uniform", "quantile"}, default "uniform"
        Bins of equal width, or of equally many rows.
    name : str, default ""
        Of what the probability is, for the axes: "of rain".

    Attributes
    ----------
    prob_true, prob_pred : ndarray, shape (bins,)
        How often it happened, and the mean probability.
    counts : ndarray of int, shape (bins,)
        Rows.
    interval : ndarray, shape (bins, 2)
        Between what the true share lies.
    brier_score : float
        The mean of squares of probability minus what happened.
    calibration_error : float
        The mean distance of the points from the line, weighted by rows: the expected calibration
        error.
    ax_, figure_ : Axes, Figure
        In which it was drawn last.
    errorbar_, line_, bars_ : ErrorbarContainer, Line2D, BarContainer
        The points; the line of what is calibrated; the numbers of rows.

    Raises
    ------
    DataError, ShapeError
        If probabilities are not between 0 and 1, or rows do not match.
    ArgumentError, ArgumentTypeError
        If a setting is something else.

    Notes
    -----
    The intervals are Wilson's, Probable Inference, the Law of Succession, and Statistical
    Inference, 1927. The error is that of Guo et al., On Calibration of Modern Neural Networks,
    2017, over the bins that are drawn.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from glassbrick.displays import CalibrationDisplay
    >>> display = CalibrationDisplay.from_predictions(
    ...     [0, 0, 1, 1], [0.2, 0.2, 0.8, 0.6], n_bins=2, ax=Figure().subplots()
    ... )
    >>> display.prob_true.tolist(), display.prob_pred.round(2).tolist()
    ([0.0, 1.0], [0.2, 0.7])
    """

    _size = (5.0, 5.6)

    errorbar_: ErrorbarContainer
    line_: Line2D
    bars_: BarContainer

    def __init__(
        self,
        y_true: ArrayLike,
        y_prob: ArrayLike,
        *,
        n_bins: int = 10,
        strategy: str = "uniform",
        name: str = "",
    ):
        who = type(self).__name__
        happened, probabilities = _events(y_true, y_prob, who)
        n_bins = positive_integer(n_bins, f"{who}, n_bins")
        one_of(strategy, dict.fromkeys(_STRATEGIES), f"{who}, strategy")
        shares = np.linspace(0.0, 1.0, n_bins + 1)
        edges = shares if strategy == "uniform" else np.quantile(probabilities, shares)
        places = np.searchsorted(edges[1:-1], probabilities)
        counts = np.bincount(places, minlength=n_bins)
        there = counts > 0
        self.edges: Array = np.column_stack([edges[:-1], edges[1:]])[there]
        self.counts: Array = counts[there]
        self.prob_true: Array = np.bincount(places, happened, n_bins)[there] / self.counts
        self.prob_pred: Array = np.bincount(places, probabilities, n_bins)[there] / self.counts
        self.interval = _wilson(self.prob_true, self.counts)
        self.brier_score = float(np.mean((probabilities - happened) ** 2))
        gaps = np.abs(self.prob_true - self.prob_pred)
        self.calibration_error = float(gaps @ self.counts / len(happened))
        self.name = name

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_prob: ArrayLike,
        *,
        labels: ArrayLike | None = None,
        pos_label: Any = None,
        n_bins: int = 10,
        strategy: str = "uniform",
        name: str = "",
        ax: Axes | None = None,
    ) -> Self:
        """Draw probabilities.

        Parameters
        ----------
        y_true : array_like, shape (rows,)
            Labels, texts or numbers.
        y_prob : array_like, shape (rows,) or (rows, classes)
            The probability of the second of two classes, or of all of them.
        labels : array_like, optional
            All classes, in the order of the columns of `y_prob`; by default those that occur,
            ascending.
        pos_label : label, optional
            The class whose probability is looked at; by default the second of two, of more
            whichever is predicted.
        n_bins, strategy
            As of the class.
        name : str, default ""
            Of the target.
        ax : matplotlib Axes, optional
            Where to draw.
        """
        who = f"{cls.__name__}.from_predictions"
        probabilities = as_numbers(y_prob, f"{who}, y_prob", np.float64)
        if probabilities.ndim == 1 or probabilities.shape[1:] == (1,):
            column = probabilities.reshape(-1, 1)
            probabilities = np.concatenate((1.0 - column, column), axis=1)
        truth = np.asarray(y_true)
        if labels is None:
            labels = np.unique(truth)
            if len(labels) < 2 and probabilities.shape[1] == 2 and truth.dtype.kind in "biuf":
                labels = [0, 1]
        events = _of_class(truth, probabilities, labels, pos_label, who)
        return cls._of(events, n_bins, strategy, name, ax)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any = None,
        *,
        pos_label: Any = None,
        n_bins: int = 10,
        strategy: str = "uniform",
        name: str = "",
        ax: Axes | None = None,
    ) -> Self:
        """Predict, and draw.

        Parameters
        ----------
        estimator : NeuralNetwork or classifier
            Which tells probabilities. A network's loss has to be a cross entropy.
        X, y : array_like or table
            Rows, and their classes. Estimators for tables take the name of a column for `y`, or
            None for that of training.
        pos_label, n_bins, strategy, name, ax
            As of `from_predictions`.
        """
        who = f"{cls.__name__}.from_estimator"
        probabilities, classes = probabilities_of(estimator, X, who)
        truth = true_values(estimator, X, y, len(probabilities), who)
        events = _of_class(truth, probabilities, classes, pos_label, who)
        return cls._of(events, n_bins, strategy, name or target_name(estimator, y), ax)

    @classmethod
    def _of(
        cls,
        events: tuple[Array, Array, str],
        n_bins: int,
        strategy: str,
        name: str,
        ax: Axes | None,
    ) -> Self:
        happened, probabilities, label = events
        named = f"that {name} is {label}" if name and label else f"of {label}" if label else ""
        return cls(happened, probabilities, n_bins=n_bins, strategy=strategy, name=named).plot(ax)

    def _draw(self, axes: Axes) -> None:
        widths = np.diff(self.edges, axis=1)[:, 0]
        self.bars_ = axes.bar(
            self.edges[:, 0],
            _BARS * self.counts / self.counts.max(),
            np.maximum(widths, 0.004),
            align="edge",
            bottom=_FOOT,
            color=PALE,
            edgecolor="white",
            label="rows",
        )
        axes.axhline(0.0, color=SOFT, linewidth=0.7)
        for bar, count in zip(self.bars_, self.counts.tolist(), strict=True):
            if bar.get_width() >= 0.045:
                middle, top = bar.get_x() + bar.get_width() / 2.0, _FOOT + bar.get_height() + 0.008
                axes.text(middle, top, f"{count:,}", ha="center", fontsize="x-small")
        (self.line_,) = axes.plot(
            [0, 1], [0, 1], color=ink_of(axes), linewidth=1, label="calibrated"
        )
        reach = np.abs(self.interval.T - self.prob_true)
        look: dict[str, Any] = {"color": BLUE, "markersize": 5, "elinewidth": 1.2, "capsize": 2}
        self.errorbar_ = axes.errorbar(
            self.prob_pred, self.prob_true, reach, fmt="o", label="observed, 95 %", **look
        )
        what = short(self.name, 40) if self.name else "of the predicted class"
        axes.set(xlim=(-0.02, 1.02), ylim=(_FOOT, 1.02), aspect="equal")
        axes.set_yticks(np.linspace(0.0, 1.0, 6))
        axes.set(xlabel=f"probability {what}", ylabel="how often it is so")
        axes.legend(loc="upper left")
        figures = f"Brier score {self.brier_score:.3g}", f"ECE {self.calibration_error:.3g}"
        write_title(axes, *figures, f"{self.counts.sum():,} rows")


def _of_class(
    truth: Array, probabilities: Array, labels: Any, pos_label: Any, who: str
) -> tuple[Array, Array, str]:
    """Return whether it happened, how probable it was, and what; "" for being right."""
    labels = np.asarray(labels)
    if probabilities.shape != (len(truth), len(labels)):
        expected = f"{len(truth)} rows, and a column for each of {len(labels)} classes"
        refuse(ShapeError, f"{who}, probabilities", expected, probabilities)
    first = np.repeat(labels[:1], len(truth))
    numbers = labels_of(truth, first, labels, who).truth
    if pos_label is None and len(labels) > 2:
        said = probabilities.argmax(axis=1)
        return numbers == said, probabilities.max(axis=1), ""
    names = {str(label): place for place, label in enumerate(labels.tolist())}
    chosen = str(labels[-1] if pos_label is None else pos_label)
    place = one_of(chosen, names, f"{who}, pos_label")
    return numbers == place, probabilities[:, place], chosen


def _events(y_true: ArrayLike, y_prob: ArrayLike, who: str) -> tuple[Array, Array]:
    happened = as_numbers(y_true, f"{who}, y_true", np.float64)
    probabilities = as_numbers(y_prob, f"{who}, y_prob", np.float64)
    if happened.ndim != 1 or probabilities.shape != happened.shape or not len(happened):
        received = f"shapes {happened.shape} and {probabilities.shape}"
        expected = "one of each for each row"
        raise ShapeError(complaint(f"{who}, y_true and y_prob", expected, received))
    if not np.isin(happened, (0.0, 1.0)).all():
        refuse(DataError, f"{who}, y_true", "True or False for each row", happened)
    if (probabilities < 0.0).any() or (probabilities > 1.0).any():
        wrong = probabilities[(probabilities < 0.0) | (probabilities > 1.0)][0]
        refuse(DataError, f"{who}, y_prob", "probabilities, from 0 to 1", float(wrong))
    return happened, probabilities


def _wilson(shares: Array, counts: Array) -> Array:
    """Return the ends of intervals that hold the true shares with 95 %, (bins, 2)."""
    square = _Z**2 / counts
    middle = (shares + square / 2.0) / (1.0 + square)
    reach = np.sqrt(square * (shares * (1.0 - shares) + square / 4.0)) / (1.0 + square)
    return np.column_stack([middle - reach, middle + reach])
