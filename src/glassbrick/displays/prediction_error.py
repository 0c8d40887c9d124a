"""PredictionErrorDisplay: predicted against actual numbers, and what is left between them."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.arrays import Array
from glassbrick.checks import one_of, real_number
from glassbrick.displays.display import Display
from glassbrick.displays.said import number_pair, predicted_numbers, target_name, true_values
from glassbrick.drawing import (
    BLUE,
    PALE,
    RED,
    axes_for,
    dress,
    faded,
    ink_of,
    sample,
    short,
    styled,
)
from glassbrick.drawing import title as write_title
from glassbrick.metrics import mae, r2, rmse

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection
    from matplotlib.lines import Line2D

__all__ = ["PredictionErrorDisplay"]

_KINDS = ("actual_vs_predicted", "residual_vs_predicted", "residual_histogram")
_TREND = 10  # groups of rows whose medians are joined, of at least as many rows each


class PredictionErrorDisplay(Display):
    """Predicted against actual numbers, or the residuals, actual minus predicted.

    Parameters
    ----------
    y_true, y_pred : array_like, shape (rows,) or (rows, 1)
        Actual and predicted numbers.
    name, unit : str, default ""
        Of the target, for the axes: "price" in "1000 $".
    interval : float, optional
        How far the truth is from a prediction at most, in most rows: a band of this height
        above and below. `from_estimator` asks an estimator that has `predict_interval`.
    coverage : float, default 0.9
        In how many rows that is.

    Attributes
    ----------
    ax_, figure_ : Axes, Figure
        In which it was drawn last.
    scatter_ : PathCollection
        A point for each row; of more than 5,000 rows some, the worst among them. The figures in
        the title are of all rows.
    line_ : Line2D
        Where predictions are right.
    trend_ : Line2D or None
        Of residuals: the medians of ten groups of rows with alike predictions.
    bars_ : BarContainer
        Of a histogram.

    Raises
    ------
    DataError, ShapeError
        If they are not finite numbers, one of each for each row.

    Notes
    -----
    The prediction is on the axis across, as in scikit-learn: then points are as far above the
    line as below, and an interval is a vertical one. Piñeiro et al., How to evaluate models:
    observed vs. predicted or predicted vs. observed?, 2008.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from glassbrick.displays import PredictionErrorDisplay
    >>> display = PredictionErrorDisplay.from_predictions(
    ...     [1.0, 2.0, 3.0], [1.5, 2.0, 2.5], unit="m", ax=Figure().subplots()
    ... )
    >>> display.ax_.get_title(loc="left")
    'R² 0.75, RMSE 0.4082, MAE 0.3333, 3 rows'
    """

    _size = (5.2, 4.8)

    scatter_: PathCollection
    line_: Line2D
    trend_: Line2D | None
    bars_: Any

    def __init__(
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        name: str = "",
        unit: str = "",
        interval: float | None = None,
        coverage: float = 0.9,
    ):
        who = type(self).__name__
        self.y_true, self.y_pred = number_pair(y_true, y_pred, who)
        self.name, self.unit = name, unit
        if interval is not None:
            interval = real_number(interval, f"{who}, interval", above=0.0, or_equal=True)
        self.interval, self.coverage = interval, coverage

    @property
    def residuals(self) -> Array:
        """Actual minus predicted, of each row."""
        return self.y_true - self.y_pred

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        kind: str = _KINDS[0],
        name: str = "",
        unit: str = "",
        interval: float | None = None,
        coverage: float = 0.9,
        ax: Axes | None = None,
    ) -> Self:
        """Draw predictions.

        Parameters
        ----------
        y_true, y_pred, name, unit, interval, coverage
            As of the class.
        kind, ax
            As of `plot`.
        """
        told: dict[str, Any] = {"name": name, "unit": unit}
        told |= {"interval": interval, "coverage": coverage}
        return cls(y_true, y_pred, **told).plot(ax, kind=kind)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any = None,
        *,
        kind: str = _KINDS[0],
        name: str = "",
        unit: str = "",
        coverage: float = 0.9,
        ax: Axes | None = None,
    ) -> Self:
        """Predict, and draw.

        Parameters
        ----------
        estimator : NeuralNetwork or regressor
            Which predicts one number for each row.
        X, y : array_like or table
            Rows, and what is true of them. Estimators for tables take the name of a column for
            `y`, or None for that of training.
        name, unit : str
            As of the class; the default is the name that a table has for it.
        coverage : float, default 0.9
            Of the intervals of an estimator that has `predict_interval`.
        kind, ax
            As of `plot`.
        """
        who = f"{cls.__name__}.from_estimator"
        predicted = predicted_numbers(estimator, X, who)
        interval = None
        if hasattr(estimator, "predict_interval"):
            ends = np.asarray(estimator.predict_interval(X, coverage))
            interval = float(ends[0, 1] - ends[0, 0]) / 2.0
        return cls(
            true_values(estimator, X, y, len(predicted), who),
            predicted,
            name=name or target_name(estimator, y),
            unit=unit,
            interval=interval,
            coverage=coverage,
        ).plot(ax, kind=kind)

    def plot(self, ax: Axes | None = None, *, kind: str = _KINDS[0]) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure of pyplot's.
        kind : {"actual_vs_predicted", "residual_vs_predicted", "residual_histogram"}
            The last one has a normal curve of the same mean and spread behind it.
        """
        who = f"{type(self).__name__}.plot"
        draw = one_of(
            kind,
            dict(zip(_KINDS, (self._draw, self._draw_residuals, self._draw_bars), strict=True)),
            f"{who}, kind",
        )
        with styled(who):
            axes = axes_for(ax, who, self._size)
            dress(axes)
            draw(axes)
        self._drawn_in(axes)
        return self

    def _draw(self, axes: Axes) -> None:
        both = np.concatenate([self.y_true, self.y_pred])
        margin = 0.04 * float(np.ptp(both)) or 1.0
        ends = np.array([both.min() - margin, both.max() + margin])
        self._draw_band(axes, ends, ends)
        (self.line_,) = axes.plot(ends, ends, color=ink_of(axes), linewidth=1, label="perfect")
        self._draw_points(axes, self.y_true)
        axes.set(xlim=ends, ylim=ends, aspect="equal")
        axes.set(xlabel=self._label("predicted"), ylabel=self._label("actual"))
        axes.legend(loc="upper left")
        truth = (self.y_true, self.y_pred)
        score = f"R² {r2(*truth):.4g}" if len(self.y_true) > 1 else ""
        errors = f"RMSE {rmse(*truth):.4g}", f"MAE {mae(*truth):.4g}"
        write_title(axes, score, *errors, self._rows)

    def _draw_residuals(self, axes: Axes) -> None:
        ends = np.array([self.y_pred.min(), self.y_pred.max()])
        ends += np.array([-1.0, 1.0]) * (0.04 * float(np.ptp(ends)) or 1.0)
        self._draw_band(axes, ends, np.zeros(2))
        (self.line_,) = axes.plot(
            ends, [0.0, 0.0], color=ink_of(axes), linewidth=1, label="perfect"
        )
        self._draw_points(axes, self.residuals)
        self.trend_ = self._draw_trend(axes)
        axes.set(xlim=ends, xlabel=self._label("predicted"))
        axes.set_ylabel(self._label("actual minus predicted", named=False))
        axes.legend(loc="best")
        self._tell_residuals(axes)

    def _draw_trend(self, axes: Axes) -> Line2D | None:
        """Join medians of groups of rows, if each has enough: what bends is not learned."""
        if len(self.y_pred) < _TREND**2:
            return None
        groups = np.array_split(np.argsort(self.y_pred, kind="stable"), _TREND)
        middles = [float(np.median(self.y_pred[group])) for group in groups]
        medians = [float(np.median(self.residuals[group])) for group in groups]
        (line,) = axes.plot(middles, medians, "o--", color=RED, markersize=4, label="medians")
        return line

    def _draw_bars(self, axes: Axes) -> None:
        residuals = self.residuals
        counts, edges = np.histogram(residuals, bins=int(np.clip(len(residuals) ** 0.5, 5, 60)))
        widths = np.diff(edges)
        self.bars_ = axes.bar(
            edges[:-1], counts, widths, align="edge", color=BLUE, edgecolor="white", linewidth=0.5
        )
        spread = float(residuals.std())
        if spread > 0.0:
            places = np.linspace(edges[0], edges[-1], 200)
            normal = NormalDist(float(residuals.mean()), spread)
            heights = [len(residuals) * widths[0] * normal.pdf(x) for x in places.tolist()]
            axes.plot(places, heights, "--", color=RED, label="normal, of the same spread")
            axes.legend(loc="best")
        self.line_ = axes.axvline(0.0, color=ink_of(axes), linewidth=1)
        axes.set_xlabel(self._label("actual minus predicted", named=False))
        axes.set_ylabel("rows")
        self._tell_residuals(axes)

    def _tell_residuals(self, axes: Axes) -> None:
        low, middle, high = np.quantile(self.residuals, [0.05, 0.5, 0.95]).tolist()
        nine = f"90 % from {low:.3g} to {high:.3g}"
        write_title(axes, f"median {middle:.3g}", nine, self._rows)

    def _draw_band(self, axes: Axes, ends: Array, middle: Array) -> None:
        if self.interval is not None:
            low, high = middle - self.interval, middle + self.interval
            axes.fill_between(
                ends,
                low,
                high,
                color=PALE,
                linewidth=0,
                label=f"{100.0 * self.coverage:.3g} % interval",
            )

    def _draw_points(self, axes: Axes, heights: Array) -> None:
        rows = sample(np.abs(self.residuals))
        look: dict[str, Any] = {"s": 16, "linewidths": 0, "alpha": faded(len(rows))}
        self.scatter_ = axes.scatter(self.y_pred[rows], heights[rows], color=BLUE, **look)

    def _label(self, what: str, *, named: bool = True) -> str:
        name = f" {short(self.name)}" if named and self.name else ""
        return f"{what}{name} ({short(self.unit)})" if self.unit else f"{what}{name}"

    @property
    def _rows(self) -> str:
        return f"{len(self.y_true):,} rows" if len(self.y_true) != 1 else "1 row"
