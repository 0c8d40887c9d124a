"""ConfusionMatrixDisplay: how many rows of each class were predicted to be of which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.arrays import Array, as_numbers
from glassbrick.checks import complaint, refuse
from glassbrick.displays.display import Display
from glassbrick.displays.said import Labels, labels_of, probabilities_of, target_name, true_values
from glassbrick.drawing import BLUE, readable_on, short
from glassbrick.drawing import title as write_title
from glassbrick.errors import DataError, ShapeError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

__all__ = ["ConfusionMatrixDisplay"]

_TOLD, _SHARES = 25, 8  # classes, up to which cells tell counts, and shares as well


class ConfusionMatrixDisplay(Display):
    """A line for each true class, a column for each predicted one.

    A cell is as dark as its share of the line, for then rare classes count as much. It tells the
    number of rows, and below it this share.

    Parameters
    ----------
    confusion_matrix : array_like of int, shape (classes, classes)
        Numbers of rows, the true class by line, the predicted one by column.
    display_labels : sequence, optional
        Names of the classes; by default their numbers from 0.
    name : str, default ""
        Of the target.

    Attributes
    ----------
    shares : ndarray, shape (classes, classes)
        Parts of each line; 0 of a class without rows.
    ax_, figure_ : Axes, Figure
        In which it was drawn last.
    im_ : AxesImage
        The shares.
    text_ : ndarray of Text, shape (classes, classes)
        What stands in the cells; None for more than 25 classes.

    Raises
    ------
    ShapeError, DataError
        If the matrix is not square, or holds something else than numbers of rows, or there are
        not as many labels.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from glassbrick.displays import ConfusionMatrixDisplay
    >>> display = ConfusionMatrixDisplay.from_predictions(
    ...     ["cat", "cat", "dog"], ["cat", "dog", "dog"], ax=Figure().subplots()
    ... )
    >>> display.confusion_matrix.tolist(), display.ax_.get_title(loc="left")
    ([[1, 1], [0, 1]], 'accuracy 66.7 %, balanced 75.0 %, 3 rows')
    """

    _size = (5.2, 4.8)
    _grid = False

    im_: AxesImage
    text_: Array | None

    def __init__(
        self,
        confusion_matrix: ArrayLike,
        *,
        display_labels: Sequence[Any] | Array | None = None,
        name: str = "",
    ):
        who = type(self).__name__
        counts = as_numbers(confusion_matrix, f"{who}, confusion_matrix")
        if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not counts.size:
            expected = "a line and a column for each class"
            refuse(ShapeError, f"{who}, confusion_matrix", expected, counts)
        if (counts < 0).any() or (counts % 1 != 0).any() or not counts.any():
            refuse(DataError, f"{who}, confusion_matrix", "numbers of rows", counts)
        labels = range(len(counts)) if display_labels is None else display_labels
        self.confusion_matrix: Array = counts.astype(np.int64)
        self.display_labels = [str(label) for label in labels]
        if len(self.display_labels) != len(counts):
            expected = f"a name for each of {len(counts)} classes"
            received = f"{len(self.display_labels)}"
            raise ShapeError(complaint(f"{who}, display_labels", expected, received))
        self.name = name
        totals = self.confusion_matrix.sum(axis=1, keepdims=True)
        self.shares: Array = self.confusion_matrix / np.maximum(totals, 1)

    @property
    def accuracy(self) -> float:
        """The share of rows whose class is right."""
        return float(np.trace(self.confusion_matrix) / self.confusion_matrix.sum())

    @property
    def balanced_accuracy(self) -> float:
        """The share of right rows of each class by itself, averaged."""
        there = self.confusion_matrix.any(axis=1)
        return float(np.diagonal(self.shares)[there].mean())

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        labels: ArrayLike | None = None,
        display_labels: Sequence[Any] | None = None,
        name: str = "",
        ax: Axes | None = None,
    ) -> Self:
        """Count, and draw.

        Parameters
        ----------
        y_true, y_pred : array_like, shape (rows,)
            Actual and predicted labels, texts or numbers.
        labels : array_like, optional
            All classes, in the order in which to draw them; by default those that occur.
        display_labels, name
            As of the class; by default the labels.
        ax : matplotlib Axes, optional
            Where to draw.
        """
        found = labels_of(y_true, y_pred, labels, f"{cls.__name__}.from_predictions")
        return cls._of(found, display_labels, name, ax)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any = None,
        *,
        display_labels: Sequence[Any] | None = None,
        name: str = "",
        ax: Axes | None = None,
    ) -> Self:
        """Predict, count, and draw.

        Parameters
        ----------
        estimator : NeuralNetwork or classifier
            A network's loss has to be a cross entropy; its classes are numbers from 0.
        X, y : array_like or table
            Rows, and their classes; of a network one-hot rows, too. Estimators for tables take
            the name of a column for `y`, or None for that of training.
        display_labels, name, ax
            As of `from_predictions`.
        """
        who = f"{cls.__name__}.from_estimator"
        if hasattr(estimator, "classes_") and hasattr(estimator, "predict"):
            classes, said = np.asarray(estimator.classes_), estimator.predict(X)
        else:
            probabilities, classes = probabilities_of(estimator, X, who)
            said = classes[probabilities.argmax(axis=1)]
        found = labels_of(true_values(estimator, X, y, len(said), who), said, classes, who)
        return cls._of(found, display_labels, name or target_name(estimator, y), ax)

    @classmethod
    def _of(cls, found: Labels, names: Sequence[Any] | None, name: str, ax: Axes | None) -> Self:
        size = len(found.classes)
        places = found.truth * size + found.predicted
        counts = np.bincount(places, minlength=size**2).reshape(size, size)
        shown = found.classes.tolist() if names is None else names
        return cls(counts, display_labels=shown, name=name).plot(ax)

    def _draw(self, axes: Axes) -> None:
        from matplotlib.colors import LinearSegmentedColormap

        colours = LinearSegmentedColormap.from_list("shares", ["#ffffff", BLUE, "#1d3557"])
        self.im_ = axes.imshow(self.shares, cmap=colours, vmin=0.0, vmax=1.0)
        places, totals = range(len(self.shares)), self.confusion_matrix.sum(axis=1)
        names = [short(name, 16) for name in self.display_labels]
        axes.set_xticks(places, labels=names)
        are_long = max(map(len, names)) * len(names) > 48
        if are_long:
            axes.tick_params(axis="x", labelrotation=90)
        few = len(names) <= _SHARES
        rows = [f"{n}\n{t:,} rows" if few else n for n, t in zip(names, totals, strict=True)]
        axes.set_yticks(places, labels=rows)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_xticks(np.arange(len(names) - 1) + 0.5, minor=True)
        axes.set_yticks(np.arange(len(names) - 1) + 0.5, minor=True)
        axes.grid(which="minor", color="white", linewidth=1.5)
        axes.tick_params(which="minor", length=0)
        self.text_ = self._write_cells(axes) if len(names) <= _TOLD else None
        what = f" {short(self.name)}" if self.name else ""
        axes.set(xlabel=f"predicted{what}", ylabel=f"true{what}")
        balanced = "" if _are_even(totals) else f"balanced {self.balanced_accuracy:.1%}"
        figures = f"accuracy {self.accuracy:.1%}", balanced, f"{totals.sum():,} rows"
        write_title(axes, *(figure.replace("%", " %") for figure in figures))

    def _write_cells(self, axes: Axes) -> Array:
        few = len(self.shares) <= _SHARES
        texts = np.empty(self.shares.shape, object)
        for (row, column), count in np.ndenumerate(self.confusion_matrix):
            share = float(self.shares[row, column])
            told = f"{count:,}\n{100.0 * share:.3g} %" if few and count else f"{count:,}"
            texts[row, column] = axes.text(
                column,
                row,
                told if count or few else "",
                ha="center",
                va="center",
                color=readable_on(self.im_.cmap(share)),
                fontweight="bold" if row == column else "normal",
                fontsize="medium" if few else "small",
            )
        return texts


def _are_even(totals: Array) -> bool:
    return bool((totals == totals[0]).all())
