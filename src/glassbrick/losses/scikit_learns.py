"""The losses of scikit-learn's networks, which are halves of ours, or have another zero."""

from __future__ import annotations

import numpy as np

from glassbrick.arrays import Array
from glassbrick.losses.distributions import PoissonNLL
from glassbrick.losses.loss import RowLoss

__all__ = ["HalfPoissonDeviance", "HalfSquaredError"]


class HalfSquaredError(RowLoss):
    r"""Half of the squared errors, summed over outputs, averaged over rows.

    Notes
    -----
    :math:`L_i = \frac12\sum_j (p_{ij}-t_{ij})^2`, whose gradient is :math:`p - t`.

    Examples
    --------
    >>> import numpy as np
    >>> print(HalfSquaredError().forward(np.full((2, 1), 2.0), np.zeros((2, 1))))
    2.0
    """

    def _row_losses(self) -> Array:
        error = self.prediction - self.target
        losses: Array = 0.5 * (error * error).sum(axis=1)
        return losses

    def _row_grads(self) -> Array:
        return self.prediction - self.target


class HalfPoissonDeviance(PoissonNLL):
    r"""Half of the Poisson deviance: `PoissonNLL`, moved so that the best it can be is 0.

    Notes
    -----
    With log rate :math:`z` and count :math:`t`: :math:`t \log t - tz - t + e^z`.

    Examples
    --------
    >>> import numpy as np
    >>> loss, target = HalfPoissonDeviance(), np.array([[0.0], [1.0], [5.0]])
    >>> print(loss.forward(np.array([[0.0], [0.0], [np.log(5.0)]]), target).round(6))
    0.333333
    """

    def _row_losses(self) -> Array:
        target = self.target
        smallest = np.finfo(target.dtype).tiny
        lowest = target - target * np.log(np.maximum(target, smallest))
        losses: Array = super()._row_losses() - lowest.sum(axis=1)
        return losses
