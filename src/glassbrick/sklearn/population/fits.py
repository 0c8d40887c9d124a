"""All fits of a search or a cross-validation: of each setting, on the rows of each split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

from sklearn import get_config
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing, get_tags

from glassbrick.arrays import Array
from glassbrick.sklearn.fitting import Fitted, Fitting, fit_all

__all__ = ["Asked", "Split", "can_fit_together", "fit_each"]

_FOLDS_KEPT = 32  # whose rows are shared by all settings

Split = tuple[Array, Array]
"""Numbers of the rows to train on, and of those to score on."""


class Asked(NamedTuple):
    """What is to be fitted.

    Attributes
    ----------
    estimator : estimator
        Which is copied for each fit.
    X, y : array_like
        All rows.
    params : dict
        Of `fit`; what has an item a row is split as the rows are.
    """

    estimator: Any
    X: Any
    y: Any
    params: Mapping[str, Any]


def can_fit_together(estimator: Any, y: Any, params: Mapping[str, Any]) -> bool:
    """Whether the networks of many such fits can be trained at once."""
    is_routed = get_config()["enable_metadata_routing"] and bool(params)
    if y is None or is_routed or get_tags(estimator).input_tags.pairwise:
        return False
    while isinstance(estimator, Pipeline):
        estimator = estimator.steps[-1][1]
    return hasattr(estimator, "_fitting")


def fit_each(
    asked: Asked, settings: Sequence[Mapping[str, Any]], splits: Sequence[Split]
) -> list[Fitted[Any]]:
    """Fit each setting on each split, in the order of both, as scikit-learn does."""

    @lru_cache(_FOLDS_KEPT)
    def rows_of(k: int) -> tuple[Any, Any, dict[str, Any]]:
        train = splits[k][0]
        X, y = (_safe_indexing(given, train) for given in (asked.X, asked.y))
        rows = len(asked.y)
        return X, y, {n: _part(value, train, rows) for n, value in asked.params.items()}

    def begin(setting: Mapping[str, Any], k: int) -> Fitting[Any]:
        model = clone(asked.estimator).set_params(**clone(dict(setting), safe=False))
        X, y, params = rows_of(k)
        return _fitting(model, X, y, params)

    makes = [partial(begin, setting, k) for setting in settings for k in range(len(splits))]
    return fit_all(makes)


def _fitting(estimator: Any, X: Any, y: Any, params: Mapping[str, Any]) -> Fitting[Any]:
    """Fit an estimator of ours, or a pipeline that ends with one."""
    if not isinstance(estimator, Pipeline):
        return estimator._fitting(X, y, **params)  # type: ignore[no-any-return]
    return _fitting_of_pipeline(estimator, X, y, params)


def _fitting_of_pipeline(
    pipeline: Pipeline, X: Any, y: Any, params: Mapping[str, Any]
) -> Fitting[Pipeline]:
    """Fit all steps but the last, and go on with that one."""
    name, last = pipeline.steps[-1]
    listener = _Listener(last)
    pipeline.steps[-1] = (name, listener)
    try:
        pipeline.fit(X, y, **params)
    finally:
        pipeline.steps[-1] = (name, last)
    yield from _fitting(last, listener.X, listener.y, listener.params)
    return pipeline


class _Listener:
    """Takes down what the last step of a pipeline is given to fit, in its place."""

    def __init__(self, estimator: Any):
        self._estimator = estimator

    def fit(self, X: Any, y: Any = None, **params: Any) -> _Listener:
        self.X, self.y, self.params = X, y, params
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._estimator, name)


def _part(value: Any, rows: Array, count: int) -> Any:
    """Return the items of some rows, of what has an item a row."""
    has_items = hasattr(value, "__len__") or hasattr(value, "shape")
    if not has_items or isinstance(value, str | Mapping):
        return value
    length = value.shape[0] if getattr(value, "shape", ()) else len(value)
    return _safe_indexing(value, rows) if length == count else value
