"""From outputs of any size to probabilities and variances, without lost digits.

What overflows or underflows on the way does so harmlessly; callers say that NumPy need not
warn of it.
"""

from __future__ import annotations

import numpy as np

from glassbrick.arrays import Array

__all__ = ["log_softmax", "sigmoid", "softmax", "softplus"]


def log_softmax(x: Array) -> Array:
    r"""Return :math:`x_j - \log\sum_k e^{x_k}` for each row."""
    shifted = x - x.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def softmax(x: Array) -> Array:
    r"""Return :math:`e^{x_j} / \sum_k e^{x_k}` for each row."""
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def sigmoid(x: Array) -> Array:
    r"""Return :math:`1 / (1 + e^{-x})`; where :math:`e^{-x}` is infinite, the right 0."""
    return 1.0 / (1.0 + np.exp(-x))


def softplus(x: Array) -> Array:
    r"""Return :math:`\log(1 + e^x)`."""
    return np.logaddexp(0.0, x)
