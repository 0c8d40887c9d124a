"""Losses of distributions: how unlikely a target is, if the network says how it is distributed."""

from __future__ import annotations

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import real_number
from glassbrick.losses.links import sigmoid, softplus
from glassbrick.losses.loss import RowLoss
from glassbrick.losses.values import require_values
from glassbrick.quiet import quiet

__all__ = ["GaussianNLL", "PoissonNLL"]


class PoissonNLL(RowLoss):
    r"""Negative log likelihood of counts, from the logarithm of their rate.

    Targets are at least 0, one column for each output.

    Notes
    -----
    With log rates :math:`z` and counts :math:`t`:
    :math:`L = \frac{1}{n}\sum_{i=1}^{n}\sum_j (e^{z_{ij}} - t_{ij} z_{ij})` and
    :math:`\partial L/\partial z_{ij} = \frac{1}{n}(e^{z_{ij}}-t_{ij})`. Left out is
    :math:`\log t!`, which no prediction changes. Summed over outputs, averaged over rows; other
    libraries also divide by the number of outputs.

    Nelder and Wedderburn, Generalized Linear Models, 1972.

    Examples
    --------
    >>> import numpy as np
    >>> print(PoissonNLL().forward(np.array([[0.0, 1.0]]), np.array([[5.0, 0.0]])).round(6))
    3.718282
    >>> PoissonNLL().interpret(np.array([[0.0, 1.0]]))
    array([[1.        , 2.71828183]])
    """

    @quiet(over="ignore", under="ignore")
    def interpret(self, prediction: Array) -> Array:
        """Return the rates."""
        return np.exp(prediction)

    def _require_values(self, target: Array, outputs: int) -> None:  # noqa: ARG002
        who = "PoissonNLL, target"
        require_values(target, target >= 0.0, who, "counts, which are at least 0")

    def _row_losses(self) -> Array:
        return (np.exp(self.prediction) - self.target * self.prediction).sum(axis=1)

    def _row_grads(self) -> Array:
        return np.exp(self.prediction) - self.target


class GaussianNLL(RowLoss):
    r"""Negative log likelihood of numbers, of which the network also says how uncertain they are.

    For each column of the target the network gives two outputs: first the means of all
    columns, then as many numbers from which the variances are made.

    Parameters
    ----------
    eps : float, default 1e-6
        The smallest variance there can be; greater than 0.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If `eps` is not such a number.

    Notes
    -----
    With means :math:`m` and outputs :math:`s`, which make the variances :math:`v`:
    :math:`L = \frac{1}{n}\sum_{i=1}^{n}\sum_j \frac12(\log v_{ij} + (t_{ij}-m_{ij})^2/v_{ij})`,
    :math:`v_{ij} = \log(1+e^{s_{ij}})+\epsilon`.
    :math:`\partial L/\partial m_{ij} = \frac{1}{n}(m_{ij}-t_{ij})/v_{ij}`,
    :math:`v_{ij} = \log(1+e^{s_{ij}})+\epsilon`;
    :math:`\partial L/\partial s_{ij} =
    \frac{1}{2n}\,\sigma(s_{ij})(1-(t_{ij}-m_{ij})^2/v_{ij})/v_{ij}`.
    Left out is :math:`\frac12\log 2\pi`. An exponential instead of :math:`\log(1+e^s)` would make
    gradients too large. Summed over columns, averaged over rows; other libraries also divide by
    the number of columns.

    Nix and Weigend, Estimating the Mean and Variance of the Target Probability
    Distribution, 1994; Lakshminarayanan et al., Simple and Scalable Predictive
    Uncertainty Estimation Using Deep Ensembles, 2017.

    Examples
    --------
    >>> import numpy as np
    >>> loss, target = GaussianNLL(), np.array([[3.0]])
    >>> for prediction in ([[3.0, -5.0]], [[0.0, -5.0]], [[0.0, 9.0]]):
    ...     print(loss.forward(np.array(prediction), target).round(2))
    -2.5
    667.51
    1.6
    """

    def __init__(self, eps: float = 1e-6):
        self.eps = real_number(eps, "GaussianNLL, eps", above=0.0)

    def interpret(self, prediction: Array) -> Array:
        """Return the means."""
        return prediction[:, : prediction.shape[1] // 2]

    @quiet(over="ignore", under="ignore")
    def variance(self, prediction: Array) -> Array:
        """Return the variances, (rows, columns of the target)."""
        return softplus(prediction[:, prediction.shape[1] // 2 :]) + self.eps

    def _require_columns(self, columns: int, outputs: int) -> None:
        if outputs != 2 * columns:
            expected = f"{2 * columns}, 2 for each column of the target"
            advice = "First come the means, then what makes the variances."
            self._refuse_outputs(expected, outputs, advice)

    def _row_losses(self) -> Array:
        error, variance = self._error(), self.variance(self.prediction)
        return 0.5 * (np.log(variance) + error * (error / variance)).sum(axis=1)

    def _row_grads(self) -> Array:
        error, variance = self._error(), self.variance(self.prediction)
        slope = sigmoid(self.prediction[:, self.target.shape[1] :]) / variance
        # In this order, because a slope of 0 outweighs errors whose square is infinite.
        of_variance = 0.5 * (slope - error * slope * error / variance)
        return np.concatenate([error / variance, of_variance], axis=1)

    def _error(self) -> Array:
        return self.prediction[:, : self.target.shape[1]] - self.target

    def __repr__(self) -> str:
        return f"GaussianNLL(eps={self.eps:g})"
