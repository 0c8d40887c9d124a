"""What simple models say of the same rows, for a network has to do better than they."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, RidgeCV
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

__all__ = ["Scores", "class_scores", "linear_classes", "linear_numbers", "number_scores"]

Scores = dict[str, float]
"""By the names of the scores."""

_PENALTIES = np.logspace(-3.0, 4.0, 15)  # of the linear regression, which chooses among them


def linear_numbers(features: Features, rows: Rows, networks: int) -> Array:
    """Predict each row by a linear regression that has not seen it, (rows, 1).

    Parameters
    ----------
    features : Features
        What the columns of the matrix are.
    rows : Rows
        As the networks had them.
    networks : int
        How many of these there are, in the order of whose rows the predictions come.
    """
    X, y = _wide(features, rows.X), rows.y[:, 0]
    found = []
    for k in range(min(networks, rows.folds)):
        seen, others = rows.split(k)
        model = RidgeCV(_PENALTIES) if len(seen) > 1 else RidgeCV([1.0])
        model.fit(X[seen], y[seen], sample_weight=rows.weights_of(seen))
        found.append(model.predict(X[others]))
    return np.asarray(np.concatenate(found)[:, np.newaxis], float)


def linear_classes(features: Features, rows: Rows, networks: int, classes: int) -> Array:
    """Return the probabilities of each row, by a logistic regression that has not seen it."""
    X, y = _wide(features, rows.X), rows.y[:, 0].astype(int)
    found = []
    for k in range(min(networks, rows.folds)):
        seen, others = rows.split(k)
        model: Any = LogisticRegression(max_iter=500)
        if len(np.unique(y[seen])) < 2:
            model = DummyClassifier()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # near enough to compare with
            model.fit(X[seen], y[seen], sample_weight=rows.weights_of(seen))
        probabilities = np.zeros((len(others), classes))
        probabilities[:, model.classes_] = model.predict_proba(X[others])
        found.append(probabilities)
    return np.concatenate(found)


def number_scores(truth: Array, predicted: Array, weights: Array | None) -> Scores:
    """Return R², and the usual errors, of numbers in their own units."""
    truth, predicted = truth.ravel(), np.broadcast_to(predicted, truth.shape).ravel()
    told = {"sample_weight": weights}
    return {
        "rmse": float(root_mean_squared_error(truth, predicted, **told)),
        "mae": float(mean_absolute_error(truth, predicted, **told)),
        "r2": float(r2_score(truth, predicted, **told)) if len(truth) > 1 else float("nan"),
    }


def class_scores(truth: Array, probabilities: Array, weights: Array | None) -> Scores:
    """Return the share of right classes, and the log loss."""
    numbers = np.arange(probabilities.shape[1])
    truth = truth.ravel().astype(int)
    told = {"sample_weight": weights}
    likely = np.clip(probabilities, 1e-12, 1.0)
    likely = likely / likely.sum(axis=1, keepdims=True)
    return {
        "accuracy": float(accuracy_score(truth, probabilities.argmax(axis=1), **told)),
        "log_loss": float(log_loss(truth, likely, labels=numbers, **told)),
    }


def _wide(features: Features, X: Array) -> Array:
    """Return a feature for each category, for linear models cannot make vectors of them."""
    X = X.astype(np.float64)
    numbers = X[:, : len(features.categories)]
    told = [
        numbers[:, [place]] == np.arange(categories)
        for place, categories in enumerate(features.categories)
    ]
    return np.hstack([*told, X[:, len(features.categories) :]]) if told else X
