"""Estimators for scikit-learn: its perceptrons, any network of yours, tables; and searches."""

from importlib.util import find_spec

from glassbrick.errors import MissingExtraError

if find_spec("sklearn") is None:
    raise MissingExtraError("glassbrick.sklearn", "scikit-learn", "sklearn")

from glassbrick.sklearn.mlp_classifier import MLPClassifier
from glassbrick.sklearn.mlp_regressor import MLPRegressor
from glassbrick.sklearn.nets import NetClassifier, NetRegressor
from glassbrick.sklearn.population import (
    CrossValidation,
    PopulationSearchCV,
    Ranking,
    cross_validate,
)
from glassbrick.sklearn.tabular import (
    BaselineWarning,
    Comparison,
    TabularClassifier,
    TabularRegressor,
)

__all__ = [
    "BaselineWarning",
    "Comparison",
    "CrossValidation",
    "MLPClassifier",
    "MLPRegressor",
    "NetClassifier",
    "NetRegressor",
    "PopulationSearchCV",
    "Ranking",
    "TabularClassifier",
    "TabularRegressor",
    "cross_validate",
]
