"""From outputs of any size to probabilities and variances, without overflow or lost digits."""

from __future__ import annotations

import numpy as np

from glassbrick.arrays import Array

__all__ = ["log_softmax", "sigmoid", "softmax", "softplus"]


def log_softmax(x: Array) -> Array:
    r"""Return :math:`x_j - \log\sum_k e^{x_k}` for each row."""
    with np.errstate(over="ignore", under="ignore"):
        shifted = x - x.max(axis=1, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def softmax(x: Array) -> Array:
    r"""Return :math:`e^{x_j} / \sum_k e^{x_k}` for each row."""
    with np.errstate(over="ignore", under="ignore"):
        powers = np.exp(x - x.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)


def sigmoid(x: Array) -> Array:
    r"""Return :math:`1 / (1 + e^{-x})`."""
    with np.errstate(over="ignore", under="ignore"):  # 1 / (1 + inf) is the right 0
        return 1.0 / (1.0 + np.exp(-x))


def softplus(x: Array) -> Array:
    r"""Return :math:`\log(1 + e^x)`."""
    with np.errstate(under="ignore"):
        return np.logaddexp(0.0, x)
