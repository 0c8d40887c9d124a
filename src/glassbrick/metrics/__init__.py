"""Metrics: numbers by which people judge predictions.

They are a few lines of NumPy each, and not scikit-learn's, because they follow training: after
each epoch, scikit-learn's take 0.2 to 4 ms for 1,000 rows, these 0.01 to 0.2 ms, and importing
scikit-learn takes 0.7 s. It is the same number whether or not scikit-learn is installed.
"""

from glassbrick.metrics.agreement import accuracy, balanced_accuracy, f1
from glassbrick.metrics.evaluation import eval_regression_model
from glassbrick.metrics.metric import METRICS, Metric, as_metric
from glassbrick.metrics.probability import calibration_error, log_loss, roc_auc
from glassbrick.metrics.regression import mae, r2, rmse

__all__ = [
    "METRICS",
    "Metric",
    "accuracy",
    "as_metric",
    "balanced_accuracy",
    "calibration_error",
    "eval_regression_model",
    "f1",
    "log_loss",
    "mae",
    "r2",
    "rmse",
    "roc_auc",
]
