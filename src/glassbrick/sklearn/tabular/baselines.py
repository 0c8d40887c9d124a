"""What simple models say of the same rows, for a network has to do better than they."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge, RidgeCV
from sklearn.metrics import (
    accuracy_score,
    log_loss,
    mean_absolute_error,
    r2_score,
    root_mean_squared_error,
)

from glassbrick.arrays import Array
from glassbrick.sklearn.tabular.ensemble import Rows
from glassbrick.tables import Features

__all__ = [
    "MOST_CATEGORIES",
    "Scores",
    "class_scores",
    "label_scores",
    "linear_classes",
    "linear_labels",
    "linear_numbers",
    "number_scores",
    "r2_of",
    "wide",
]

Scores = dict[str, float]
"""By the names of the scores."""

_LEAST = 1e-12  # that a probability is taken for
_ITERATIONS = 500
MOST_CATEGORIES = 256
"""Of a column, that a linear model knows."""
_PENALTIES = np.logspace(-2.0, 4.0, 7)  # of the linear regression, which chooses among them


def linear_numbers(features: Features, rows: Rows, networks: int) -> Array:
    """Predict each row by a linear regression that has not seen it, (rows, outputs).

    Parameters
    ----------
    features : Features
        What the columns of the matrix are.
    rows : Rows
        As the networks had them.
    networks : int
        How many of these there are, in the order of whose rows the predictions come.
    """
    X = wide(features, rows.X)
    found = []
    for seen, others in _splits(rows, networks):
        model = RidgeCV(_PENALTIES) if len(seen) > 1 else Ridge()
        model.fit(X[seen], rows.y[seen], sample_weight=rows.weights_of(seen))
        found.append(model.predict(X[others]).reshape(len(others), -1))
    return np.asarray(np.concatenate(found), float)


def linear_classes(
    features: Features, rows: Rows, networks: int, classes: int, output: int = 0
) -> Array:
    """Return the probability of each class, by a logistic regression that has not seen the row."""
    X, y = wide(features, rows.X), rows.y[:, output].astype(int)
    found = []
    for seen, others in _splits(rows, networks):
        is_one = len(np.unique(y[seen])) < 2
        model: Any = DummyClassifier() if is_one else LogisticRegression(max_iter=_ITERATIONS)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # near enough to compare with
            model.fit(X[seen], y[seen], sample_weight=rows.weights_of(seen))
        probabilities = np.zeros((len(others), classes))
        probabilities[:, model.classes_] = model.predict_proba(X[others])
        found.append(probabilities)
    return np.concatenate(found)


def linear_labels(features: Features, rows: Rows, networks: int) -> Array:
    """Return the probability of each label, each by a logistic regression of its own."""
    outputs = range(rows.y.shape[1])
    told = [linear_classes(features, rows, networks, 2, output) for output in outputs]
    return np.column_stack([probabilities[:, 1] for probabilities in told])


def number_scores(truth: Array, predicted: Array, weights: Array | None) -> Scores:
    """Return R², and the usual errors in units of the numbers; their means over the outputs."""
    told = {"sample_weight": weights}
    size = _size_of(truth, predicted)
    with np.errstate(over="ignore", under="ignore"):
        truth, predicted = truth / size, predicted / size
        return {
            "r2": float(r2_score(truth, predicted, **told)) if len(truth) > 1 else float("nan"),
            "rmse": float(root_mean_squared_error(truth, predicted, **told)) * size,
            "mae": float(mean_absolute_error(truth, predicted, **told)) * size,
        }


@np.errstate(under="ignore")
def r2_of(truth: Array, predicted: Array, weights: Array | None) -> float:
    """Return R², of numbers whose squares would overflow, too."""
    size = _size_of(truth, predicted)
    return float(r2_score(truth / size, predicted / size, sample_weight=weights))


def _size_of(truth: Array, predicted: Array) -> float:
    """Return a power of two, by which to divide changes no digit."""
    largest = max(float(np.abs(truth).max()), float(np.abs(predicted).max()))
    return 2.0 ** max(math.frexp(largest)[1] - 1, -1022) if largest else 1.0


def class_scores(truth: Array, probabilities: Array, weights: Array | None) -> Scores:
    """Return the share of right classes, and the log loss."""
    numbers = np.arange(probabilities.shape[1])
    truth = truth.ravel().astype(int)
    told = {"sample_weight": weights}
    likely = np.clip(probabilities, _LEAST, 1.0)
    likely = likely / likely.sum(axis=1, keepdims=True)
    return {
        "accuracy": float(accuracy_score(truth, probabilities.argmax(axis=1), **told)),
        "log_loss": float(log_loss(truth, likely, labels=numbers, **told)),
    }


def label_scores(truth: Array, probabilities: Array, weights: Array | None) -> Scores:
    """Return the share of rows with all labels right, and the log loss of a label."""
    likely = np.clip(probabilities, _LEAST, 1.0 - _LEAST)
    losses = -(truth * np.log(likely) + (1.0 - truth) * np.log(1.0 - likely)).mean(axis=1)
    told = {"sample_weight": weights}
    return {
        "accuracy": float(accuracy_score(truth > 0.5, probabilities > 0.5, **told)),
        "log_loss": float(np.average(losses, weights=weights)),
    }


def _splits(rows: Rows, networks: int) -> list[tuple[Array, Array]]:
    return [rows.split(k) for k in range(min(networks, rows.folds))]


def wide(features: Features, X: Array) -> Array:
    """Return a feature for each category, for linear models cannot make vectors of them.

    Of very many, only the most frequent get one: there has to be room for all of the features.

    Parameters
    ----------
    features : Features
        What the columns of the matrix are.
    X : ndarray, shape (rows, features)
        The matrix.
    """
    X = X.astype(np.float64)
    numbers = X[:, : len(features.categories)]
    told = [
        numbers[:, [place]] == np.arange(min(categories, MOST_CATEGORIES))
        for place, categories in enumerate(features.categories)
    ]
    return np.hstack([*told, X[:, len(features.categories) :]]) if told else X
