"""Displays: pictures of trainings, networks and predictions, in scikit-learn's pattern.

Each has constructors that compute what is drawn, `from_estimator`, `from_predictions` and the
like, and a method `plot(ax=None)`. They need ``pip install 'glassbrick[plot]'``.
"""

from glassbrick.displays.calibration import CalibrationDisplay
from glassbrick.displays.confusion_matrix import ConfusionMatrixDisplay
from glassbrick.displays.decision_boundary import DecisionBoundaryDisplay
from glassbrick.displays.display import Display
from glassbrick.displays.distributions import GradientsDisplay, WeightsDisplay
from glassbrick.displays.history import HistoryDisplay
from glassbrick.displays.learning_rate import LearningRateDisplay
from glassbrick.displays.prediction_error import PredictionErrorDisplay

__all__ = [
    "CalibrationDisplay",
    "ConfusionMatrixDisplay",
    "DecisionBoundaryDisplay",
    "Display",
    "GradientsDisplay",
    "HistoryDisplay",
    "LearningRateDisplay",
    "PredictionErrorDisplay",
    "WeightsDisplay",
]
