"""How much each row counts: weights of rows, and of classes."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.arrays import Array
from glassbrick.checks import real_number, refuse
from glassbrick.errors import ArgumentError, ArgumentTypeError
from glassbrick.row_weights import averaging_one, weights_as_given

__all__ = ["ClassWeight", "weights_of"]

ClassWeight: TypeAlias = dict[int, float] | str | None


def weights_of(
    y: Array,
    sample_weight: ArrayLike | None,
    class_weight: ClassWeight,
    name: str,
    *,
    like: Array | None = None,
) -> Array | None:
    """Return what each row counts, 1 on average; None if all count the same.

    Parameters
    ----------
    y : ndarray, shape (rows, outputs)
        The targets.
    sample_weight : array_like, shape (rows,) or (rows, 1), optional
        What each row counts, not negative.
    class_weight : dict of int to float, "balanced" or None
        What each class counts; classes that it does not name count 1. "balanced": each class
        counts as much as each other one.
    name : str
        What to call `sample_weight` in errors.
    like : ndarray, optional
        The targets from which "balanced" takes the sizes of classes; by default `y`.

    Returns
    -------
    ndarray of shape (rows, 1), or None
        In the dtype of `y`.

    Raises
    ------
    ShapeError, DataError, ArgumentError, ArgumentTypeError
        If weights do not fit the rows, are negative or all 0; if targets are no classes.
    """
    if sample_weight is None and class_weight is None:
        return None
    weights = np.ones(len(y))
    if sample_weight is not None:
        weights = weights * weights_as_given(sample_weight, len(y), f"fit, {name}")
    if class_weight is not None:
        labels = _labels(y)
        of_classes = _of_classes(class_weight, labels if like is None else _labels(like))
        weights = weights * np.array([of_classes.get(label, 1.0) for label in labels.tolist()])
    who = name if class_weight is None else f"{name} and class_weight"
    return averaging_one(weights, y.dtype, f"fit, {who}")


def _labels(y: Array) -> Array:
    """Return the class of each row, of labels in one column or of one column for each class."""
    labels = y[:, 0] if y.shape[1] == 1 else y.argmax(axis=1)
    one_hot = y.shape[1] == 1 or (((y == 0) | (y == 1)).all() and (y.sum(axis=1) == 1).all())
    if not one_hot or (labels != np.rint(labels)).any():
        expected = "classes: whole numbers in one column, or a column of 0 and 1 for each class"
        refuse(ArgumentError, "fit, class_weight", f"targets that are {expected}", y)
    return np.rint(labels).astype(np.intp)


def _of_classes(class_weight: ClassWeight, labels: Array) -> dict[int, float]:
    who = "fit, class_weight"
    if class_weight == "balanced":
        classes, counts = np.unique(labels, return_counts=True)
        weights = len(labels) / (len(classes) * counts)
        return dict(zip(classes.tolist(), weights.tolist(), strict=True))
    expected = '"balanced" or a dict from class to weight, such as {0: 1.0, 1: 5.0}'
    if not isinstance(class_weight, dict):
        kind = ArgumentError if isinstance(class_weight, str) else ArgumentTypeError
        refuse(kind, who, expected, class_weight)
    if unknown := sorted(set(class_weight) - set(labels.tolist()), key=repr):
        expected = f"classes that rows have: {sorted(set(labels.tolist()))}"
        refuse(ArgumentError, who, expected, unknown[0])
    return {
        label: real_number(weight, f"{who}[{label!r}]", above=0.0, or_equal=True)
        for label, weight in class_weight.items()
    }
