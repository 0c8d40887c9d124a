"""Estimators for scikit-learn: its multi-layer perceptrons, any network of yours, and tables."""

from importlib.util import find_spec

from glassbrick.errors import MissingExtraError

if find_spec("sklearn") is None:
    raise MissingExtraError("glassbrick.sklearn", "scikit-learn", "sklearn")

from glassbrick.sklearn.mlp_classifier import MLPClassifier
from glassbrick.sklearn.mlp_regressor import MLPRegressor
from glassbrick.sklearn.nets import NetClassifier, NetRegressor
from glassbrick.sklearn.tabular import (
    BaselineWarning,
    Comparison,
    TabularClassifier,
    TabularRegressor,
)

__all__ = [
    "BaselineWarning",
    "Comparison",
    "MLPClassifier",
    "MLPRegressor",
    "NetClassifier",
    "NetRegressor",
    "TabularClassifier",
    "TabularRegressor",
]
