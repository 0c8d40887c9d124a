"""The rules of normalization: by column over the batch, by row, and by a row's size alone."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import real_number, refuse
from glassbrick.errors import ArgumentError, ShapeError
from glassbrick.operations.operation import Operation
from glassbrick.quiet import quiet

__all__ = ["BatchStandardize", "RootMeanSquareDivide", "RowStandardize"]


class BatchStandardize(Operation):
    r"""Give each column of a batch mean 0 and variance 1: :math:`y = (x-\mu)/\sqrt{v+\epsilon}`.

    In prediction :math:`\mu` and :math:`v` are running averages over the batches of training; so
    they are for a batch of one row, which has no variance.

    Parameters
    ----------
    momentum : float, default 0.1
        Weight of a new batch in the running averages, at most 1.
    eps : float, default 1e-5
        Added to the variance.

    Attributes
    ----------
    mean, variance : ndarray, shape (1, columns)
        The running averages; the variances are of samples, with :math:`n-1`.
    batch_mean, batch_variance : ndarray, shape (1, columns)
        Of the last batch in training; the variances are with :math:`n`.
    scale : ndarray, shape (1, columns)
        :math:`1/\sqrt{v+\epsilon}` of the last forward.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument is not a number of at least 0, or `momentum` is above 1.

    Notes
    -----
    With :math:`s = 1/\sqrt{v+\epsilon}` and means over the rows,
    :math:`\partial L/\partial x = s\,(g - \overline{g} - y\,\overline{g y})`. Ioffe and Szegedy,
    Batch Normalization, 2015.

    Examples
    --------
    >>> import numpy as np
    >>> BatchStandardize(eps=0.0).forward(np.array([[1.0, 10.0], [3.0, 50.0]]))
    array([[-1., -1.],
           [ 1.,  1.]])
    """

    memory: ClassVar[tuple[str, ...]] = (*Operation.memory, "batch_mean", "batch_variance", "scale")

    mean: Array | None = None
    variance: Array | None = None
    batch_mean: Array
    batch_variance: Array
    scale: Array

    def __init__(self, momentum: float = 0.1, eps: float = 1e-5):
        self.momentum = real_number(momentum, "BatchStandardize, momentum", above=0, or_equal=True)
        if self.momentum > 1.0:
            expected = "a number of at least 0 and at most 1"
            refuse(ArgumentError, "BatchStandardize, momentum", expected, momentum)
        self.eps = real_number(eps, "BatchStandardize, eps", above=0, or_equal=True)

    def set_up(self, input_: Array, rng: np.random.Generator) -> None:  # noqa: ARG002
        """Begin the running averages anew, at mean 0 and variance 1."""
        self.mean, self.variance = _fresh_averages(input_)

    @quiet(over="ignore", under="ignore")  # a variance of infinity gives the right 0
    def _output(self) -> Array:
        if len(self.input_) < 2:
            return self._prediction()
        averages = self._averages()
        mean = _column_means(self.input_)
        centred = self.input_ - mean
        variance = _column_means(centred * centred)
        self.batch_mean, self.batch_variance = mean, variance
        self._take_in(mean, variance, *averages)
        self.scale = 1.0 / np.sqrt(variance + self.eps)
        return centred * self.scale

    @quiet(over="ignore", under="ignore")
    def _prediction(self) -> Array:
        mean, variance = self._averages()
        self.scale = 1.0 / np.sqrt(variance + self.eps)
        return (self.input_ - mean) * self.scale

    @quiet(over="ignore", under="ignore")
    def _input_grad(self, output_grad: Array) -> Array:
        if len(output_grad) < 2:
            return output_grad * self.scale
        slope = _column_means(output_grad * self.output)
        return self.scale * (output_grad - _column_means(output_grad) - self.output * slope)

    def _take_in(self, mean: Array, variance: Array, of_means: Array, of_variances: Array) -> None:
        """Take a batch into the running averages."""
        rows = len(self.input_)
        # Their real parts, for gradients are proven by steps into the complex plane.
        of_means *= 1.0 - self.momentum
        of_means += self.momentum * mean.real
        of_variances *= 1.0 - self.momentum
        of_variances += (self.momentum * rows / (rows - 1)) * variance.real

    def _averages(self) -> tuple[Array, Array]:
        if self.mean is None or self.variance is None:  # it is in no layer that sets it up
            self.mean, self.variance = _fresh_averages(self.input_)
        return self.mean, self.variance

    def __repr__(self) -> str:
        return f"BatchStandardize({self.momentum:g}, {self.eps:g})"


class RowStandardize(Operation):
    r"""Give each row mean 0 and variance 1: :math:`y = (x-\mu)/\sqrt{v+\epsilon}`.

    Parameters
    ----------
    eps : float, default 1e-5
        Added to the variance.

    Attributes
    ----------
    scale : ndarray, shape (rows, 1)
        :math:`1/\sqrt{v+\epsilon}` of the last forward.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If `eps` is not a number of at least 0.

    Notes
    -----
    With :math:`s = 1/\sqrt{v+\epsilon}` and means over the columns,
    :math:`\partial L/\partial x = s\,(g - \overline{g} - y\,\overline{g y})`. Ba et al., Layer
    Normalization, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> RowStandardize(eps=0.0).forward(np.array([[1.0, 3.0], [10.0, 50.0]]))
    array([[-1.,  1.],
           [-1.,  1.]])
    """

    memory: ClassVar[tuple[str, ...]] = (*Operation.memory, "scale")

    scale: Array

    def __init__(self, eps: float = 1e-5):
        self.eps = real_number(eps, "RowStandardize, eps", above=0, or_equal=True)

    @quiet(over="ignore", under="ignore")
    def _output(self) -> Array:
        centred = self.input_ - _row_means(self.input_)
        self.scale = 1.0 / np.sqrt(_row_means(centred * centred) + self.eps)
        return centred * self.scale

    @quiet(over="ignore", under="ignore")
    def _input_grad(self, output_grad: Array) -> Array:
        slope = _row_means(output_grad * self.output)
        return self.scale * (output_grad - _row_means(output_grad) - self.output * slope)

    def __repr__(self) -> str:
        return f"RowStandardize({self.eps:g})"


class RootMeanSquareDivide(Operation):
    r"""Divide each row by its root mean square: :math:`y = x/\sqrt{\overline{x^2}+\epsilon}`.

    Parameters
    ----------
    eps : float, default 1e-5
        Added to the mean square.

    Attributes
    ----------
    scale : ndarray, shape (rows, 1)
        What the rows of the last forward were multiplied by.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If `eps` is not a number of at least 0.

    Notes
    -----
    With :math:`s = 1/\sqrt{\overline{x^2}+\epsilon}` and means over the columns,
    :math:`\partial L/\partial x = s\,(g - y\,\overline{g y})`. Zhang and Sennrich, Root Mean
    Square Layer Normalization, 2019.

    Examples
    --------
    >>> import numpy as np
    >>> RootMeanSquareDivide(eps=0.0).forward(np.array([[1.0, 7.0]]))
    array([[0.2, 1.4]])
    """

    memory: ClassVar[tuple[str, ...]] = (*Operation.memory, "scale")

    scale: Array

    def __init__(self, eps: float = 1e-5):
        self.eps = real_number(eps, "RootMeanSquareDivide, eps", above=0, or_equal=True)

    @quiet(over="ignore", under="ignore")
    def _output(self) -> Array:
        self.scale = 1.0 / np.sqrt(_row_means(self.input_ * self.input_) + self.eps)
        return self.input_ * self.scale

    @quiet(over="ignore", under="ignore")
    def _input_grad(self, output_grad: Array) -> Array:
        return self.scale * (output_grad - self.output * _row_means(output_grad * self.output))

    def __repr__(self) -> str:
        return f"RootMeanSquareDivide({self.eps:g})"


def _fresh_averages(input_: Array) -> tuple[Array, Array]:
    if input_.ndim != 2:
        refuse(ShapeError, "BatchStandardize", "an array of shape (rows, columns)", input_)
    shape = (1, input_.shape[1])
    return np.zeros(shape, input_.dtype), np.ones(shape, input_.dtype)


# Products with parts of 1/n cost a quarter of np.mean on small arrays.
def _column_means(x: Array) -> Array:
    return np.dot(_shares(len(x), x.dtype).T, x)


def _row_means(x: Array) -> Array:
    return np.dot(x, _shares(x.shape[-1], x.dtype))


@lru_cache(maxsize=64)
def _shares(length: int, dtype: np.dtype[np.floating]) -> Array:
    shares = np.full((length, 1), 1.0 / max(length, 1), dtype)
    shares.flags.writeable = False
    return shares
