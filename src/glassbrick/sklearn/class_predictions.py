"""ClassPredictions: what a classifier says, as labels and as probabilities."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import complaint
from glassbrick.errors import DataError
from glassbrick.network import NeuralNetwork
from glassbrick.sklearn.fitted import trial_outputs
from glassbrick.sklearn.labels import Labels

__all__ = ["ClassPredictions"]


class ClassPredictions:
    """The methods of a classifier that predict, for one with a network and labels."""

    classes_: Array
    net_: NeuralNetwork
    _labels: Labels

    @abstractmethod
    def _outputs(self, X: Any) -> Array:
        """Return what the network says; refuse an estimator that was not fitted."""

    def predict(self, X: Any) -> Array:
        """Predict the class of each row, or a matrix of 0 and 1 for labels.

        Parameters
        ----------
        X : array_like or sparse matrix, shape (rows, features)
            The features.
        """
        outputs = self._outputs(X)  # refuses an estimator that was not fitted
        return self._labels.likeliest(self.net_.loss, outputs)

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class or label, (rows, classes).

        Parameters
        ----------
        X : array_like or sparse matrix, shape (rows, features)
            The features.
        """
        outputs = self._outputs(X)
        return self._labels.probabilities(self.net_.loss, outputs)

    def predict_log_proba(self, X: Any) -> Array:
        """Return the logarithms of the probabilities, exact where those are too small to tell.

        Parameters
        ----------
        X : array_like or sparse matrix, shape (rows, features)
            The features.
        """
        outputs = self._outputs(X)
        return self._labels.log_probabilities(self.net_.loss, outputs)

    def _plain_labels(self) -> dict[str, Any]:
        """Return the labels for a file; see `_restore_labels`."""
        self._require_network_for_labels()  # a fit that failed may have learned others
        return self._labels.to_plain()

    def _restore_labels(self, told: Mapping[str, Any]) -> None:
        """Take back labels, as `_plain_labels` told them.

        Raises
        ------
        DataError
            If the network cannot predict them.
        """
        self._labels = Labels.from_plain(told)
        self.classes_ = self._labels.classes
        self._require_network_for_labels()

    @np.errstate(all="ignore")
    def _require_network_for_labels(self) -> None:
        """Refuse a network that cannot predict the labels."""
        loss, outputs = self.net_.loss, trial_outputs(self.net_)
        shape = self._labels.probabilities(loss, outputs).shape
        if shape != (1, len(self.classes_)) or len(self._labels.likeliest(loss, outputs)) != 1:
            who = f"{type(self).__name__}, network"
            received = f"{shape[1:]} for {len(self.classes_)} classes"
            advice = "Call fit again."
            raise DataError(complaint(who, "a probability for each class", received, advice))
