"""cross_validate: scikit-learn's, with the networks of all splits trained at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn import model_selection
from sklearn.base import is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils import indexable

from glassbrick.sklearn.population.fits import Asked, can_fit_together, fit_each
from glassbrick.sklearn.population.scores import CrossValidation
from glassbrick.sklearn.population.stand_in import StandIn

__all__ = ["cross_validate"]


def cross_validate(
    estimator: Any,
    X: Any,
    y: Any = None,
    *,
    groups: Any = None,
    scoring: Any = None,
    cv: Any = None,
    n_jobs: int | None = None,
    verbose: int = 0,
    params: Mapping[str, Any] | None = None,
    pre_dispatch: int | str = "2*n_jobs",
    return_train_score: bool = False,
    return_estimator: bool = False,
    return_indices: bool = False,
    error_score: float | str = np.nan,
) -> CrossValidation:
    """Score an estimator by cross-validation; see ``sklearn.model_selection.cross_validate``.

    It finds what scikit-learn's function finds, but trains the networks of all splits at once. The
    estimator is one of `glassbrick.sklearn`, or a pipeline that ends with one, whose other steps
    are fitted anew on the training rows of each split. Any other estimator is handed to
    scikit-learn's function.

    Parameters
    ----------
    estimator : estimator
        Which is copied for each split.
    X : array_like, sparse matrix or DataFrame, shape (rows, features)
        The features.
    y : array_like
        What is to be predicted.
    groups, scoring, cv, verbose, params, return_train_score, return_estimator, return_indices, \
error_score
        As of scikit-learn's function.
    n_jobs, pre_dispatch
        As of scikit-learn's function; for other estimators.

    Returns
    -------
    CrossValidation
        A dict with scikit-learn's keys, that prints as a table and can be drawn.

    Warns
    -----
    FitFailedWarning
        If some splits cannot be fitted, or the training of a network diverges. They have the
        score `error_score`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from glassbrick.sklearn import NetClassifier, cross_validate
    >>> X, y = load_iris(return_X_y=True)
    >>> found = cross_validate(NetClassifier(epochs=30, random_state=0), X, y, cv=5)
    >>> found["test_score"].shape
    (5,)
    >>> found.mean("test_score") > 0.9
    True
    """
    how = {
        "scoring": scoring,
        "verbose": verbose,
        "params": params,
        "return_train_score": return_train_score,
        "return_estimator": return_estimator,
        "return_indices": return_indices,
        "error_score": error_score,
    }
    if not can_fit_together(estimator, y, params or {}):
        how |= {"groups": groups, "n_jobs": n_jobs, "pre_dispatch": pre_dispatch}
        return CrossValidation(model_selection.cross_validate(estimator, X, y, cv=cv, **how))
    X, y = indexable(X, y)
    splits = list(check_cv(cv, y, classifier=is_classifier(estimator)).split(X, y, groups))
    asked = Asked(estimator, X, y, params or {})
    stand_in = StandIn(estimator, lambda: fit_each(asked, [{}], splits))
    # One job, for the fits stand in a row.
    found = model_selection.cross_validate(stand_in, X, y, cv=splits, n_jobs=1, **how)
    found["fit_time"] = np.array([fit.seconds for fit in stand_in.fits])
    return CrossValidation(found)
