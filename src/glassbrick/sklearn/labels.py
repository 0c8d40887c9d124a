"""Labels: the classes of a classifier, and the columns of 0 and 1 that stand for them."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels

from glassbrick.arrays import Array
from glassbrick.checks import complaint
from glassbrick.errors import DataError
from glassbrick.losses import BinaryCrossEntropy, Loss, SoftmaxCrossEntropy
from glassbrick.losses.links import log_softmax, softplus

__all__ = ["Labels", "as_labels"]


class Labels:
    """Classes, and how they become targets.

    Parameters
    ----------
    y : array_like
        Labels, or for several labels a row a matrix of 0 and 1.

    Attributes
    ----------
    classes : ndarray
        In order; the numbers of the columns, if a row can have several labels.
    is_multilabel : bool
        Whether it can.
    """

    def __init__(self, y: Any):
        check_classification_targets(y)
        self.is_multilabel = type_of_target(y).startswith("multilabel")
        self._binarizer = LabelBinarizer().fit(y)
        self.classes: Array = self._binarizer.classes_

    @property
    def is_multiclass(self) -> bool:
        """Whether there are more than two classes, of which a row has one."""
        return not self.is_multilabel and len(self.classes) > 2

    def encode(self, y: Any, dtype: np.dtype[Any]) -> Array:
        """Return a column for each class or label; for two classes, one column.

        Raises
        ------
        DataError
            If there are other classes.
        """
        if not self.is_multilabel and len(new := np.setdiff1d(unique_labels(y), self.classes)):
            expected = f"`y` to have classes of {self.classes}"
            raise DataError(complaint("`y` has classes not in `self.classes_`", expected, f"{new}"))
        return np.asarray(self._binarizer.transform(y)).astype(dtype)

    def one_hot(self, columns: Array) -> Array:
        """Return a column for each of two classes, too."""
        return np.hstack([1.0 - columns, columns]) if len(self.classes) == 2 else columns

    def decode(self, probabilities: Array) -> Array:
        """Return the likeliest label of each row, or all likely ones."""
        if probabilities.shape[1] == 1 and not self.is_multilabel:
            probabilities = probabilities.ravel()
        return np.asarray(self._binarizer.inverse_transform(probabilities))

    def probabilities(self, loss: Loss, outputs: Array) -> Array:
        """Return a column for each class or label, of what a network said."""
        if self.is_multilabel or outputs.shape[1] > 1:
            return loss.interpret(outputs)
        if len(self.classes) == 1:
            return np.ones_like(outputs)
        positive = loss.interpret(outputs)
        return np.hstack([1.0 - positive, positive])

    @np.errstate(over="ignore", under="ignore")
    def log_probabilities(self, loss: Loss, outputs: Array) -> Array:
        """Return the logarithms of the probabilities, which stay exact where those end at 0."""
        if type(loss) is SoftmaxCrossEntropy:
            return log_softmax(outputs)
        if type(loss) is BinaryCrossEntropy and self.is_multilabel:
            return -softplus(-outputs)
        if type(loss) is BinaryCrossEntropy and len(self.classes) == 2:
            return np.hstack([-softplus(outputs), -softplus(-outputs)])
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.probabilities(loss, outputs)))

    def likeliest(self, loss: Loss, outputs: Array) -> Array:
        """Return the labels that a network's outputs stand for."""
        probabilities = loss.interpret(outputs)
        if not self.is_multilabel and outputs.shape[1] > 1:
            return np.asarray(self.classes[probabilities.argmax(axis=1)])
        return self.decode(probabilities)


def as_labels(y: Any) -> Any:
    """Return labels as one axis, with scikit-learn's warning if they are one column."""
    is_column = getattr(y, "ndim", 1) == 2 and y.shape[1] == 1
    return column_or_1d(y, warn=True) if is_column else y
