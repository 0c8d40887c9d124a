"""Losses of classes: cross entropies, computed from logits."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from glassbrick.arrays import Array, is_used
from glassbrick.checks import complaint, real_number, refuse
from glassbrick.errors import ArgumentError, DataError
from glassbrick.losses.links import log_softmax, sigmoid, softmax, softplus
from glassbrick.losses.loss import RowLoss
from glassbrick.losses.values import require_values
from glassbrick.quiet import quiet

__all__ = ["BinaryCrossEntropy", "SoftmaxCrossEntropy"]

_LARGEST_GAP = 1e-5  # of a sum of probabilities to 1: what rounding to float32 leaves


class BinaryCrossEntropy(RowLoss):
    r"""Cross entropy of yes or no, from logits: the network ends linear, without a sigmoid.

    Targets are 0, 1, or probabilities between, one column for each output.

    Notes
    -----
    With logits :math:`z` and targets :math:`t`:
    :math:`L = \frac{1}{n}\sum_{i=1}^{n}\sum_j (t_{ij}\,\log(1+e^{-z_{ij}}) +
    (1-t_{ij})\,\log(1+e^{z_{ij}}))` and
    :math:`\partial L/\partial z_{ij} = \frac{1}{n}(\sigma(z_{ij})-t_{ij})`.
    Summed over outputs, averaged over rows; other libraries also divide by the number of
    outputs.

    Cox, The Regression Analysis of Binary Sequences, 1958.

    Examples
    --------
    >>> import numpy as np
    >>> loss = BinaryCrossEntropy()
    >>> print(loss.forward(np.array([[1000.0], [-1000.0]]), np.array([[1.0], [1.0]])))
    500.0
    >>> loss.interpret(np.array([[0.0], [1000.0]]))
    array([[0.5],
           [1. ]])
    """

    @quiet(over="ignore", under="ignore")
    def interpret(self, prediction: Array) -> Array:
        """Return the probabilities of 1."""
        return sigmoid(prediction)

    def _require_columns(self, columns: int, outputs: int) -> None:
        if columns != outputs:
            expected = f"{outputs}, one for each output of the network"
            advice = "For labels of several classes use SoftmaxCrossEntropy."
            self._refuse_columns(expected, columns, advice if columns == 1 else "")

    def _require_values(self, target: Array, outputs: int) -> None:  # noqa: ARG002
        right = (target >= 0.0) & (target <= 1.0)
        advice = (
            "Encode two classes as 0 and 1, for example (y == 2) * 1.0; for more than two "
            "use SoftmaxCrossEntropy."
        )
        who = "BinaryCrossEntropy, target"
        require_values(target, right, who, "values from 0 to 1", advice)

    def _row_losses(self) -> Array:
        z, t = self.prediction, self.target
        return (t * softplus(-z) + (1.0 - t) * softplus(z)).sum(axis=1)

    def _row_grads(self) -> Array:
        return sigmoid(self.prediction) - self.target


class SoftmaxCrossEntropy(RowLoss):
    r"""Cross entropy of one class among several, from logits: the network ends linear.

    The network gives one logit for each of K classes. Targets are labels, 0 to K-1, in
    one column; or K columns of probabilities that sum to 1, such as one-hot rows.

    Parameters
    ----------
    label_smoothing : float, default 0.0
        Part of each target that is spread evenly over all classes; at least 0, less
        than 1.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If `label_smoothing` is not such a number.

    Notes
    -----
    :math:`L = -\frac{1}{n}\sum_{i=1}^{n}\sum_j q_{ij} \log p_{ij}`,
    :math:`p_{ij} = e^{z_{ij}}/\sum_k e^{z_{ik}}`, with logits :math:`z` and, of targets
    :math:`t` and smoothing :math:`\epsilon`, :math:`q = (1-\epsilon)t + \epsilon/K`. Its
    gradient: :math:`\partial L/\partial z_{ij} = \frac{1}{n}(p_{ij}-q_{ij})`,
    :math:`p_{ij} = e^{z_{ij}}/\sum_k e^{z_{ik}}`. Averaged over rows.

    Bridle, Probabilistic Interpretation of Feedforward Classification Network Outputs,
    1990; smoothing: Szegedy et al., Rethinking the Inception Architecture, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> loss, logits = SoftmaxCrossEntropy(), np.array([[1000.0, 0.0, 0.0], [0.0, 0.0, 7.0]])
    >>> print(loss.forward(logits, np.array([[1.0], [2.0]])).round(3))
    500.001
    >>> one_hot = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    >>> print(loss.forward(logits, one_hot).round(3))
    500.001
    """

    memory: ClassVar[tuple[str, ...]] = (*RowLoss.memory, "log_probabilities", "distribution")

    log_probabilities: Array
    distribution: Array

    def __init__(self, label_smoothing: float = 0.0):
        who = "SoftmaxCrossEntropy, label_smoothing"
        self.label_smoothing = real_number(label_smoothing, who, above=0.0, or_equal=True)
        if self.label_smoothing >= 1.0:
            refuse(ArgumentError, who, "a number less than 1", label_smoothing)

    @quiet(over="ignore", under="ignore")
    def interpret(self, prediction: Array) -> Array:
        """Return the probability of each class."""
        return softmax(prediction)

    def _require_columns(self, columns: int, outputs: int) -> None:
        if outputs < 2:
            advice = "For two classes in one output use BinaryCrossEntropy."
            self._refuse_outputs("at least 2, one for each class", outputs, advice)
        if columns not in (1, outputs):
            expected = f"1 (labels) or {outputs}, one for each output of the network"
            self._refuse_columns(expected, columns)

    def _require_values(self, target: Array, outputs: int) -> None:
        who = "SoftmaxCrossEntropy, target"
        if target.shape[1] == 1:
            right = (target >= 0.0) & (target < outputs) & (target == np.floor(target))
            advice = "np.unique(y, return_inverse=True)[1] numbers the classes from 0."
            expected = f"labels, whole numbers from 0 to {outputs - 1}"
            require_values(target, right, who, expected, advice)
            return
        require_values(target, target >= 0.0, who, "probabilities")
        sums = target.sum(axis=1)
        wrong = np.flatnonzero(np.abs(sums - 1.0) > _LARGEST_GAP)
        if wrong.size:
            received = f"a sum of {sums[wrong[0]]:.9g} in row {wrong[0]}"
            advice = "Divide each row by its sum: y / y.sum(axis=1, keepdims=True)."
            raise DataError(complaint(who, "rows that sum to 1", received, advice))

    def _row_losses(self) -> Array:
        self.log_probabilities = log_softmax(self.prediction)
        self.distribution = self._distribution()
        return -(self.distribution * self.log_probabilities).sum(axis=1)

    def _row_grads(self) -> Array:
        # Rounded probabilities do not sum to 1 quite, so that this is not just p - q.
        sums = self.distribution.sum(axis=1, keepdims=True)
        return np.exp(self.log_probabilities) * sums - self.distribution

    def _distribution(self) -> Array:
        """Return the targets as one probability for each class, smoothed."""
        target, classes = self.target, self.prediction.shape[1]
        if target.shape[1] == 1:
            target = (target == np.arange(classes)).astype(self.prediction.dtype)
        if is_used(self.label_smoothing):
            target = (1.0 - self.label_smoothing) * target + self.label_smoothing / classes
        return target

    def __repr__(self) -> str:
        return f"SoftmaxCrossEntropy(label_smoothing={self.label_smoothing:g})"
