"""DecisionBoundaryDisplay: what is predicted over two features, the others held still."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from glassbrick.arrays import Array, as_numbers
from glassbrick.checks import complaint, positive_integer, refuse
from glassbrick.displays.display import Display
from glassbrick.displays.plane import Plane, plane_of
from glassbrick.displays.said import (
    labels_of,
    predicted_numbers,
    probabilities_of,
    target_name,
    true_values,
)
from glassbrick.drawing import INK, MARKED, faded, sample, short
from glassbrick.drawing import title as write_title
from glassbrick.errors import DataError, ShapeError
from glassbrick.losses import BinaryCrossEntropy, SoftmaxCrossEntropy
from glassbrick.network import NeuralNetwork

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection

__all__ = ["DecisionBoundaryDisplay"]

_STRENGTH = 0.62  # of the colour of a class that is certain
_LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)


class DecisionBoundaryDisplay(Display):
    """What is predicted over two features: a colour for each class, as strong as it is probable.

    Lines show where probabilities are equal; of numbers, what is predicted. Rows are points, of
    the colour and the mark of their true class, and those that are predicted wrong, with all
    their features as they are, have a ring.

    Parameters
    ----------
    xx0, xx1 : array_like, shape (height, width)
        The two features.
    response : array_like, shape (height, width) or (height, width, classes)
        Numbers that are predicted; of two classes, the probability of the second one, with
        `classes`; or the probability of each class.
    classes : sequence, optional
        Names of the classes. Without them these are numbers.
    xlabel, ylabel : str, default ""
        Names of the features.
    name : str, default ""
        Of what is predicted.
    held : str, default ""
        What is said of the other features, in the title.

    Attributes
    ----------
    ax_, figure_ : Axes, Figure
        In which it was drawn last.
    surface_ : QuadContourSet or AxesImage
        The colours.
    scatter_ : list of PathCollection
        The rows, of each class.
    wrong_ : PathCollection or None
        The rings.

    Raises
    ------
    ShapeError
        If the arrays do not fit each other.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from glassbrick import Dense, NeuralNetwork, SoftmaxCrossEntropy
    >>> from glassbrick.displays import DecisionBoundaryDisplay
    >>> net = NeuralNetwork([Dense(2, "linear")], SoftmaxCrossEntropy(), rng=0)
    >>> net.build(3)
    >>> X = np.random.default_rng(0).standard_normal((50, 3))
    >>> display = DecisionBoundaryDisplay.from_estimator(
    ...     net, X, X[:, 0] > 0, features=(0, 2), grid_resolution=20, ax=Figure().subplots()
    ... )
    >>> display.response.shape, display.xlabel, display.ylabel
    ((20, 20), 'x0', 'x2')
    """

    _size = (6.0, 4.8)
    _grid = False

    surface_: Any
    scatter_: list[PathCollection]
    wrong_: PathCollection | None

    def __init__(
        self,
        xx0: Any,
        xx1: Any,
        response: Any,
        *,
        classes: Sequence[Any] | Array | None = None,
        xlabel: str = "",
        ylabel: str = "",
        name: str = "",
        held: str = "",
    ):
        who = type(self).__name__
        self.xx0, self.xx1 = as_numbers(xx0, f"{who}, xx0"), as_numbers(xx1, f"{who}, xx1")
        self.response = as_numbers(response, f"{who}, response", np.float64)
        shape = self.xx0.shape
        if self.xx0.ndim != 2 or self.xx1.shape != shape or self.response.shape[:2] != shape:
            received = f"{shape}, {self.xx1.shape} and {self.response.shape}"
            expected = "a grid of points, and a response at each"
            raise ShapeError(complaint(f"{who}, xx0, xx1 and response", expected, received))
        self.classes = None if classes is None else [str(label) for label in classes]
        wanted = shape if classes is None or len(classes) == 2 else (*shape, len(classes))
        if self.response.shape != wanted:
            refuse(ShapeError, f"{who}, response", f"shape {wanted}", self.response)
        self.xlabel, self.ylabel, self.name, self.held = xlabel, ylabel, name, held
        self._rows: _Rows | None = None

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any = None,
        *,
        features: Sequence[int | str] = (0, 1),
        held: Mapping[str, Any] | None = None,
        grid_resolution: int = 120,
        display_labels: Sequence[Any] | None = None,
        name: str = "",
        ax: Axes | None = None,
    ) -> Self:
        """Predict over a grid, and draw, with the rows.

        Parameters
        ----------
        estimator : NeuralNetwork, classifier or regressor
            A classifier has to tell probabilities; a network is one if its loss is a cross
            entropy.
        X : array_like, table or path
            Rows as the estimator takes them. The grid reaches a little beyond them.
        y : array_like, optional
            What is true of them; without it no rows are drawn. Of an estimator for tables it may
            be the name of the column.
        features : two of int or str, default (0, 1)
            Columns by number or by name. They have to be numbers.
        held : mapping, optional
            Values of other columns by name, "x2" in a matrix. The default is the median; of
            texts, truth values and dates the most frequent value.
        grid_resolution : int, default 120
            Points in each direction.
        display_labels : sequence, optional
            Names of the classes; by default the labels.
        name : str, default ""
            Of what is predicted.
        ax : matplotlib Axes, optional
            Where to draw.
        """
        who = f"{cls.__name__}.from_estimator"
        grid_resolution = positive_integer(grid_resolution, f"{who}, grid_resolution")
        plane = plane_of(X, features, held or {}, max(grid_resolution, 2), who)
        classes = None
        if _is_classifier(estimator):
            said, classes = probabilities_of(estimator, plane.rows, who)
            if said.shape[1] == 2:
                said = said[:, 1]
        else:
            said = predicted_numbers(estimator, plane.rows, who)
        display = cls(
            *(plane.xx0, plane.xx1, said.reshape(*plane.xx0.shape, *said.shape[1:])),
            classes=classes if display_labels is None else display_labels,
            xlabel=plane.names[0],
            ylabel=plane.names[1],
            name=name or target_name(estimator, y),
            held=plane.told,
        )
        if y is not None:
            display._rows = _Rows.of(estimator, X, y, plane, classes, who)
        return display.plot(ax)

    def _draw(self, axes: Axes) -> None:
        self.scatter_, self.wrong_ = [], None
        if self.classes is None:
            self._draw_numbers(axes)
        elif len(self.classes) == 2:
            self._draw_two(axes)
        else:
            self._draw_classes(axes)
        if self._rows is not None:
            self._draw_rows(axes, self._rows)
        axes.set(xlabel=short(self.xlabel, 40), ylabel=short(self.ylabel, 40))
        axes.set_xlim(self.xx0.min(), self.xx0.max())
        axes.set_ylim(self.xx1.min(), self.xx1.max())
        what = self.name
        if self.classes is not None and len(self.classes) == 2:
            what = f"probability of {self.classes[1]}"
        write_title(axes, *(short(text, 60) for text in (what, self.held) if text))

    def _draw_numbers(self, axes: Axes) -> None:
        norm = self._norm()
        grid = self.xx0, self.xx1, self.response
        self.surface_ = axes.contourf(*grid, levels=12, cmap="cividis", norm=norm)
        lines = axes.contour(
            *grid, levels=self.surface_.levels[::2], colors="white", linewidths=0.6
        )
        axes.clabel(lines, fontsize=8, fmt="%g")

    def _norm(self) -> Any:
        """Return the scale that surface and points have in common."""
        from matplotlib.colors import Normalize

        low, high = float(self.response.min()), float(self.response.max())
        if self._rows is not None:
            low, high = min(low, self._rows.truth.min()), max(high, self._rows.truth.max())
        return Normalize(low, high)

    def _draw_two(self, axes: Axes) -> None:
        from matplotlib.colors import LinearSegmentedColormap

        ends = [_lightened(colour, _STRENGTH) for colour in (MARKED[0][0], MARKED[1][0])]
        colours = LinearSegmentedColormap.from_list("two", [ends[0], (1.0, 1.0, 1.0), ends[1]])
        grid = self.xx0, self.xx1, self.response
        bands = np.linspace(0.0, 1.0, 21)
        self.surface_ = axes.contourf(*grid, levels=bands, cmap=colours, vmin=0.0, vmax=1.0)
        widths = [1.6 if level == 0.5 else 0.6 for level in _LEVELS]
        styles = ["solid" if level == 0.5 else "dashed" for level in _LEVELS]
        lines = axes.contour(
            *grid, levels=_LEVELS, colors=INK, linewidths=widths, linestyles=styles
        )
        axes.clabel(lines, fontsize=8, fmt="%g")

    def _draw_classes(self, axes: Axes) -> None:
        """Mix colours of classes as the probabilities are, and draw where the best ones change."""
        colours = np.array(
            [_lightened(_mark(k)[0], _STRENGTH) for k in range(len(self.classes or ()))]
        )
        mixed = np.clip(self.response @ colours, 0.0, 1.0)
        extent = (self.xx0.min(), self.xx0.max(), self.xx1.min(), self.xx1.max())
        look: dict[str, Any] = {"extent": extent, "origin": "lower", "interpolation": "bilinear"}
        self.surface_ = axes.imshow(mixed, aspect="auto", **look)
        for number in range(self.response.shape[2]):
            others = np.delete(self.response, number, axis=2).max(axis=2)
            ahead = self.response[:, :, number] - others
            if ahead.min() < 0.0 < ahead.max():
                axes.contour(self.xx0, self.xx1, ahead, levels=[0.0], colors=INK, linewidths=1.2)

    def _draw_rows(self, axes: Axes, rows: _Rows) -> None:
        shown = sample(rows.wrong)
        place, truth, wrong = rows.places[shown], rows.truth[shown], rows.wrong[shown]
        look: dict[str, Any] = {"s": 22, "alpha": max(faded(len(shown)), 0.6), "linewidths": 0.5}
        if self.classes is None:
            look |= {"c": truth, "cmap": "cividis", "norm": self._norm(), "edgecolors": "white"}
            self.scatter_ = [axes.scatter(*place.T, **look)]
            return
        for number, name in enumerate(self.classes):
            colour, mark = _mark(number)
            of_class = place[truth == number]
            look |= {"color": colour, "marker": mark, "edgecolors": "white"}
            self.scatter_.append(axes.scatter(*of_class.T, label=short(name), **look))
        if wrong.any():
            count = f"predicted wrong: {rows.wrong.sum():,} of {len(rows.wrong):,}"
            ring: dict[str, Any] = {"facecolors": "none", "edgecolors": INK, "linewidths": 1.2}
            across, up = place[wrong].T
            self.wrong_ = axes.scatter(across, up, s=62, label=count, **ring)
        axes.legend(loc="best", framealpha=0.85)


class _Rows:
    """Rows as points: where they are, what is true of them, and whether that was predicted."""

    def __init__(self, places: Array, truth: Array, wrong: Array):
        self.places, self.truth, self.wrong = places, truth, wrong

    @classmethod
    def of(
        cls, estimator: Any, X: Any, y: Any, plane: Plane, classes: Array | None, who: str
    ) -> Self:
        truth = true_values(estimator, X, y, len(plane.places), who)
        if len(truth) != len(plane.places):
            expected = f"a value for each of {len(plane.places)} rows"
            refuse(DataError, f"{who}, y", expected, truth)
        if classes is None:
            numbers = as_numbers(truth, f"{who}, y", np.float64)
            wrong = np.zeros(len(numbers), bool)
        else:
            said = classes[probabilities_of(estimator, X, who)[0].argmax(axis=1)]
            found = labels_of(truth, said, classes, who)
            numbers, wrong = found.truth, found.truth != found.predicted
        known = np.isfinite(plane.places).all(axis=1)
        return cls(plane.places[known], numbers[known], wrong[known])


def _is_classifier(estimator: Any) -> bool:
    if isinstance(estimator, NeuralNetwork):
        return isinstance(estimator.loss, BinaryCrossEntropy | SoftmaxCrossEntropy)
    return hasattr(estimator, "classes_")


def _mark(number: int) -> tuple[str, str]:
    return MARKED[number % len(MARKED)]


def _lightened(colour: str, strength: float) -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    red, green, blue = (1.0 - strength * (1.0 - part) for part in to_rgb(colour))
    return red, green, blue
