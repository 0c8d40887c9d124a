"""Losses of numbers: squared, absolute, Huber's, and of quantiles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import real_number, refuse
from glassbrick.errors import ArgumentError
from glassbrick.losses.loss import RowLoss

__all__ = ["Huber", "MeanAbsoluteError", "MeanSquaredError", "Quantile"]


class MeanSquaredError(RowLoss):
    r"""Squared errors, summed over outputs, averaged over rows.

    Notes
    -----
    :math:`L = \frac{1}{n}\sum_{i=1}^{n}\sum_j (p_{ij}-t_{ij})^2` and
    :math:`\partial L/\partial p_{ij} = \frac{2}{n}(p_{ij}-t_{ij})`.

    Chapter section 3.5. With several outputs other libraries also divide by their
    number: three outputs, each wrong by 1, cost 3 here and 1 there.

    Examples
    --------
    >>> import numpy as np
    >>> print(MeanSquaredError().forward(np.ones((2, 3)), np.zeros((2, 3))))
    3.0
    """

    def _row_losses(self) -> Array:
        error = self.prediction - self.target
        return (error * error).sum(axis=1)

    def _row_grads(self) -> Array:
        return 2.0 * (self.prediction - self.target)

    # Without weights a dot product does it all, in a fraction of the time on small batches.
    # It may warn of an overflow, which fit, where time matters, ignores.
    def _output(self) -> float:
        if self.weights is not None:
            return super()._output()
        error = (self.prediction - self.target).ravel()
        return error.dot(error) / len(self.prediction)

    def _input_grad(self) -> Array:
        if self.weights is not None:
            return super()._input_grad()
        return (2.0 / len(self.prediction)) * (self.prediction - self.target)


class MeanAbsoluteError(RowLoss):
    r"""Absolute errors, summed over outputs, averaged over rows. It leads to medians.

    Notes
    -----
    :math:`L = \frac{1}{n}\sum_{i=1}^{n}\sum_j |p_{ij}-t_{ij}|` and
    :math:`\partial L/\partial p_{ij} = \frac{1}{n}\,\operatorname{sign}(p_{ij}-t_{ij})`; the
    sign of no error is 0. With several outputs other libraries also divide by their number.

    Bloomfield and Steiger, Least Absolute Deviations, 1983.

    Examples
    --------
    >>> import numpy as np
    >>> print(MeanAbsoluteError().forward(np.ones((2, 3)), np.zeros((2, 3))))
    3.0
    """

    def _row_losses(self) -> Array:
        return np.abs(self.prediction - self.target).sum(axis=1)

    def _row_grads(self) -> Array:
        return np.sign(self.prediction - self.target)


class Huber(RowLoss):
    r"""Squared for small errors, absolute for large ones, so that outliers count less.

    Parameters
    ----------
    delta : float, default 1.0
        The error from which on it is absolute; greater than 0.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If `delta` is not such a number.

    Notes
    -----
    :math:`L = \frac{1}{n}\sum_{i=1}^{n}\sum_j h_{ij}`, :math:`h_{ij} = d_{ij}^2/2` where
    :math:`|d_{ij}| < \delta`, else :math:`\delta(|d_{ij}|-\delta/2)`,
    :math:`d_{ij} = p_{ij}-t_{ij}`. The gradient is the error, cut off at :math:`\pm\delta`:
    :math:`\partial L/\partial p_{ij} = \frac{1}{n}\,\min(\max(p_{ij}-t_{ij}, -\delta), \delta)`.
    Summed over outputs, averaged over rows; other libraries also
    divide by the number of outputs.

    Huber, Robust Estimation of a Location Parameter, 1964.

    Examples
    --------
    >>> import numpy as np
    >>> print(Huber(delta=2.0).forward(np.array([[1.0, 10.0]]), np.zeros((1, 2))))
    18.5
    """

    def __init__(self, delta: float = 1.0):
        self.delta = real_number(delta, "Huber, delta", above=0.0)

    def _row_losses(self) -> Array:
        error = self.prediction - self.target
        cut = error.clip(-self.delta, self.delta)
        return (cut * (error - 0.5 * cut)).sum(axis=1)

    def _row_grads(self) -> Array:
        return (self.prediction - self.target).clip(-self.delta, self.delta)

    def __repr__(self) -> str:
        return f"Huber(delta={self.delta:g})"


class Quantile(RowLoss):
    r"""The pinball loss, which leads to quantiles: too low costs more for high ones.

    Parameters
    ----------
    quantiles : float or sequence of float, default 0.5
        Between 0 and 1. With several, the network gives as many outputs for each column
        of the target, side by side: all quantiles of the first column, then of the next.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If `quantiles` is something else.

    Notes
    -----
    For quantile :math:`\tau_j` of an output, and the target :math:`t_{ij}` that is its own:
    :math:`L = \frac{1}{n}\sum_{i=1}^{n}\sum_j ((\tau_j-\frac12)(t_{ij}-p_{ij}) +
    \frac12|t_{ij}-p_{ij}|)` and :math:`\partial L/\partial p_{ij} =
    \frac{1}{n}(\frac12-\tau_j-\frac12\,\operatorname{sign}(t_{ij}-p_{ij}))`. Summed over outputs,
    averaged over rows. Nothing keeps the predicted quantiles of a row in order.

    Koenker and Bassett, Regression Quantiles, 1978.

    Examples
    --------
    Ten too low costs nine times as much as ten too high, if the quantile is 0.9:

    >>> import numpy as np
    >>> loss = Quantile([0.1, 0.9])
    >>> for prediction in ([[-10.0, 0.0]], [[0.0, -10.0]], [[0.0, 10.0]]):
    ...     print(loss.forward(np.array(prediction), np.zeros((1, 1))))
    1.0
    9.0
    1.0
    """

    def __init__(self, quantiles: float | Sequence[float] = 0.5):
        who = "Quantile, quantiles"
        several = quantiles if np.iterable(quantiles) else (quantiles,)
        self.quantiles = tuple(real_number(quantile, who) for quantile in several)
        if not self.quantiles or not all(0.0 < quantile < 1.0 for quantile in self.quantiles):
            refuse(ArgumentError, who, "numbers greater than 0 and less than 1", quantiles)

    def _require_columns(self, columns: int, outputs: int) -> None:
        needed = columns * len(self.quantiles)
        if outputs != needed:
            expected = f"{needed}, {len(self.quantiles)} for each column of the target"
            self._refuse_outputs(expected, outputs)

    # Shapes are (rows, columns of the target, quantiles).
    def _errors(self) -> Array:
        rows, columns = self.target.shape
        return self.target[:, :, np.newaxis] - self.prediction.reshape(rows, columns, -1)

    def _tilts(self) -> Array:
        return np.array(self.quantiles, self.prediction.dtype) - 0.5

    def _row_losses(self) -> Array:
        errors = self._errors()
        return (self._tilts() * errors + 0.5 * np.abs(errors)).sum(axis=(1, 2))

    def _row_grads(self) -> Array:
        grads = -self._tilts() - 0.5 * np.sign(self._errors())
        return grads.reshape(self.prediction.shape)

    def __repr__(self) -> str:
        quantiles = self.quantiles[0] if len(self.quantiles) == 1 else list(self.quantiles)
        return f"Quantile({quantiles})"
