"""Rows in the forms that scikit-learn allows: sparse ones, weighted ones, some put aside."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils import check_array, compute_sample_weight

from glassbrick.arrays import Array
from glassbrick.checks import complaint, refuse
from glassbrick.errors import ArgumentError, DataError, ShapeError
from glassbrick.network import NeuralNetwork
from glassbrick.training.together import Given

__all__ = ["Split", "as_dense", "outputs_of", "split_off", "weights_of_rows"]

_ROWS_AT_A_TIME = 4096


@dataclass(frozen=True)
class Split:
    """Rows to train on, and rows to validate on, if there are some; dense.

    Attributes
    ----------
    X, y : ndarray
        To train on.
    weights : ndarray or None
        What each of these rows counts.
    X_val, y_val, weights_val : ndarray or None
        To validate on.
    """

    X: Array
    y: Array
    weights: Array | None
    X_val: Array | None = None
    y_val: Array | None = None
    weights_val: Array | None = None

    @property
    def mean_weight(self) -> float:
        """What a row counts on average."""
        return 1.0 if self.weights is None else float(self.weights.mean())

    @property
    def given(self) -> Given:
        """What `fit_together` takes."""
        return Given(self.X, self.y, self.X_val, self.y_val, self.weights, self.weights_val)


def weights_of_rows(
    sample_weight: Any, class_weight: Any, labels: Any, rows: int, who: str
) -> Array | None:
    """Return what each row counts, at least 0 and not always 0; None if all count 1.

    Parameters
    ----------
    sample_weight : array_like of shape (rows,), float or None
        As scikit-learn's `fit` takes it.
    class_weight : dict, list of dict, "balanced" or None
        What classes count.
    labels : array_like
        The classes of the rows; not looked at without `class_weight`.
    rows : int
        How many.
    who : str
        Who asks, for errors.

    Raises
    ------
    ShapeError, DataError
        If there is not one number for each row, one is negative, or all are 0.
    """
    if sample_weight is None and class_weight is None:
        return None
    weights = np.ones(rows)
    if sample_weight is not None:
        name = "sample_weight"
        kept = {"ensure_2d": False, "dtype": np.float64, "input_name": name}
        if isinstance(sample_weight, Real):
            sample_weight = np.full(rows, sample_weight)
        try:
            given = check_array(sample_weight, **kept)
        except (TypeError, ValueError) as error:
            if name in str(error):
                raise
            refuse(DataError, f"{who}, {name}", f"a number for each of {rows} rows", sample_weight)
        weights = weights * _one_a_row(given, rows, f"{who}, {name}")
    if class_weight is not None:
        weights = weights * _of_classes(class_weight, labels, f"{who}, class_weight")
    if not weights.any():
        raise DataError(f"{who}: all weights of rows are zero, so there is nothing to learn from.")
    return weights


def split_off(
    X: Any,
    y: Array,
    weights: Array | None,
    share: float | None,
    source: np.random.RandomState,
    *,
    stratify: bool,
) -> Split:
    """Leave out rows without weight, put a share of the others aside, and make them dense.

    Parameters
    ----------
    X : ndarray or sparse matrix, shape (rows, features)
        Features.
    y : ndarray, shape (rows, outputs)
        Targets.
    weights : ndarray of shape (rows,), optional
        What each row counts.
    share : float, optional
        Of the rows, to validate on.
    source : RandomState
        What decides which ones.
    stratify : bool
        Whether all classes in `y` shall have the same share.

    Raises
    ------
    DataError
        If that leaves fewer than two rows to validate on.
    """
    if weights is not None and not weights.all():
        counting = np.flatnonzero(weights)
        X, y, weights = X[counting], y[counting], weights[counting]
    if share is None:
        return Split(as_dense(X), y, weights)
    y_val: Array
    arrays = [X, y] if weights is None else [X, y, weights]
    X, X_val, y, y_val, *of_weights = train_test_split(
        *arrays, random_state=source, test_size=share, stratify=y if stratify else None
    )
    if len(y_val) < 2:
        raise DataError(
            "The validation set is too small. Increase 'validation_fraction' or the size of "
            "your dataset."
        )
    w, w_val = of_weights or (None, None)
    return Split(as_dense(X), y, w, as_dense(X_val), y_val, w_val)


def as_dense(X: Any) -> Array:
    """Return an array, of a sparse matrix too."""
    return np.asarray(X.toarray() if hasattr(X, "toarray") else X)


def outputs_of(net: NeuralNetwork, X: Any) -> Array:
    """Return what a network says, of a sparse matrix part by part."""
    if not hasattr(X, "toarray"):
        return net.predict(X)
    parts = range(0, X.shape[0], _ROWS_AT_A_TIME)
    rows = X.tocsr()
    return np.concatenate([net.predict(as_dense(rows[i : i + _ROWS_AT_A_TIME])) for i in parts])


def _of_classes(class_weight: Any, labels: Any, who: str) -> Array:
    """Return what the rows count for their classes."""
    try:
        weights = np.asarray(compute_sample_weight(class_weight, labels), np.float64)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"{who}: {error}") from None
    if not np.isfinite(weights).all() or (weights < 0.0).any():
        refuse(ArgumentError, who, "finite numbers that are not negative", class_weight)
    return weights


def _one_a_row(weights: Array, rows: int, who: str) -> Array:
    if weights.shape != (rows,):
        refuse(ShapeError, who, f"one number for each of {rows} rows", weights)
    if (weights < 0).any():
        row = int(np.argmax(weights < 0))
        received = f"{weights[row]:g} at row {row}"
        raise DataError(complaint(who, "numbers that are not negative", received))
    return weights
