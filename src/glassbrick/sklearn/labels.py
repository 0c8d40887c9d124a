"""Labels: the classes of a classifier, and the columns of 0 and 1 that stand for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels

from glassbrick.arrays import Array
from glassbrick.checks import complaint
from glassbrick.errors import DataError
from glassbrick.losses import BinaryCrossEntropy, Loss, SoftmaxCrossEntropy
from glassbrick.losses.links import log_softmax, softplus

__all__ = ["Labels", "as_labels", "classes_from_plain", "classes_to_plain"]

_OBJECT = "|O"
_DTYPES = r"\|b1|\|[iu]1|[<>][iu][248]|[<>]f[248]|[<>]U[1-9]\d{0,6}|\|O"
_ROOM = 1_000_000  # letters, which may be reserved for classes that are shorter


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

    @classmethod
    def of(cls, classes: Array) -> Self:
        """Make labels that have these classes, in order and each once."""
        return cls(np.tile(classes, 2))  # twice, for scikit-learn warns if no class comes again

    @classmethod
    def from_plain(cls, told: Mapping[str, Any]) -> Self:
        """Make the labels that `to_plain` told.

        Raises
        ------
        DataError
            If it is something else.
        """
        classes = classes_from_plain(told)
        if told["is_multilabel"] is True:
            labels = cls(np.zeros((2, len(classes)), int))
        else:
            labels = cls.of(classes)
        if not np.array_equal(labels.classes, classes):
            raise DataError(complaint("classes", "each of them once, in order", f"{classes}"))
        # Object, where other versions of scikit-learn make texts of fixed width of it.
        labels.classes = labels._binarizer.classes_ = classes
        return labels

    def to_plain(self) -> dict[str, Any]:
        """Return the classes and their dtype, and whether a row can have several.

        Raises
        ------
        DataError
            If they are neither numbers, truth values nor texts.
        """
        return classes_to_plain(self.classes) | {"is_multilabel": self.is_multilabel}

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

    def are_right(self, loss: Loss, outputs: Array, columns: Array) -> Array:
        """Say in which rows the likeliest label, or all likely ones, are those of `columns`."""
        probabilities = loss.interpret(outputs)
        if not self.is_multilabel and probabilities.shape[1] > 1:
            return np.asarray(probabilities.argmax(axis=1) == columns.argmax(axis=1))
        return np.asarray(((probabilities > 0.5) == (columns > 0.5)).all(axis=1))  # as `decode`

    def likeliest(self, loss: Loss, outputs: Array) -> Array:
        """Return the labels that a network's outputs stand for."""
        probabilities = loss.interpret(outputs)
        if not self.is_multilabel and outputs.shape[1] > 1:
            return np.asarray(self.classes[probabilities.argmax(axis=1)])
        return self.decode(probabilities)


def classes_to_plain(classes: Array) -> dict[str, Any]:
    """Return classes and their dtype as a file can hold them.

    Raises
    ------
    DataError
        If they are neither numbers, truth values nor texts.
    """
    dtype, values = classes.dtype.str, classes.tolist()
    texts = all(isinstance(label, str) for label in values)
    if not re.fullmatch(_DTYPES, dtype) or (dtype == _OBJECT and not texts):
        expected = "numbers, truth values or texts"
        raise DataError(complaint("classes to write", expected, f"{classes}"))
    if _is_too_wide(dtype, values):
        dtype = np.array(values).dtype.str
    return {"dtype": dtype, "classes": values}


def classes_from_plain(told: Mapping[str, Any]) -> Array:
    """Return the classes that `classes_to_plain` told.

    Raises
    ------
    DataError
        If it is something else.
    """
    dtype, values = told["dtype"], told["classes"]
    are_listed = type(values) is list and len(values) > 0
    if not are_listed or type(dtype) is not str or not re.fullmatch(_DTYPES, dtype):
        raise DataError(complaint("classes", "a list and its dtype", f"{dtype!r}"[:60]))
    if _is_too_wide(dtype, values):
        raise DataError(complaint("classes", "a dtype no wider than they are", dtype))
    classes: Array = np.array(values, dtype=dtype)
    is_object = dtype == _OBJECT and not all(type(value) is str for value in values)
    if is_object or classes.ndim != 1 or classes.tolist() != values:
        raise DataError(complaint("classes", f"values of dtype {dtype}", f"{values}"[:60]))
    return classes


def _is_too_wide(dtype: str, values: list[Any]) -> bool:
    """Whether texts of this dtype take much room that no class has need of."""
    if dtype[1] != "U":
        return False
    return int(dtype[2:]) > max(_ROOM // len(values), *(len(str(value)) for value in values))


def as_labels(y: Any) -> Any:
    """Return labels as one axis, with scikit-learn's warning if they are one column."""
    is_column = getattr(y, "ndim", 1) == 2 and y.shape[1] == 1
    return column_or_1d(y, warn=True) if is_column else y
