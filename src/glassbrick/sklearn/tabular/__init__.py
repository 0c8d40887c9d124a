"""Estimators for tables of mixed columns, which need no preparation."""

from glassbrick.sklearn.tabular.classifier import TabularClassifier
from glassbrick.sklearn.tabular.comparison import BaselineWarning, Comparison
from glassbrick.sklearn.tabular.regressor import TabularRegressor

__all__ = ["BaselineWarning", "Comparison", "TabularClassifier", "TabularRegressor"]
