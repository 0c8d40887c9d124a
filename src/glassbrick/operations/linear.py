"""The linear operations: multiply by weights, add a bias, multiply by gains."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from glassbrick.arrays import Array, is_traced
from glassbrick.checks import refuse
from glassbrick.errors import ShapeError
from glassbrick.operations.operation import ParamOperation

__all__ = ["BiasAdd", "GainMultiply", "WeightMultiply"]


class WeightMultiply(ParamOperation):
    r"""Multiply each row by a weight matrix: :math:`Y = X W`.

    Parameters
    ----------
    W : ndarray, shape (inputs, outputs)
        The weights.

    Raises
    ------
    ShapeError, ArgumentTypeError
        If `W` has not two axes, or does not hold floats.

    Notes
    -----
    :math:`\partial L/\partial X = G W^T` and :math:`\partial L/\partial W = X^T G`, with
    :math:`G = \partial L/\partial Y`. Chapter section 3.4.

    Examples
    --------
    >>> import numpy as np
    >>> WeightMultiply(np.array([[1.0], [2.0]])).forward(np.array([[3.0, 4.0]]))
    array([[11.]])
    """

    width_axis = 0
    is_weight = True

    def __init__(self, W: Array):
        super().__init__(W)
        if W.ndim != 2:
            refuse(ShapeError, "WeightMultiply, W", "two axes, (inputs, outputs)", W)

    # The method `dot` is called, not the operator `@`, because it costs a third less
    # on small matrices, and small networks live on microseconds.
    def _output(self) -> Array:
        return self.input_.dot(self.param)

    def _input_grad(self, output_grad: Array) -> Array:
        return output_grad.dot(self.param.T)

    def _param_grad(self, output_grad: Array) -> Array:
        return self.input_.T.dot(output_grad)


class BiasAdd(ParamOperation):
    r"""Add one bias to each column: :math:`Y_{ij} = X_{ij} + b_j`.

    Parameters
    ----------
    B : ndarray, shape (1, columns)
        The biases.

    Raises
    ------
    ShapeError, ArgumentTypeError
        If `B` is not a matrix of one row, or does not hold floats.

    Notes
    -----
    :math:`\partial L/\partial X = G` and :math:`\partial L/\partial b_j = \sum_i G_{ij}`.
    Chapter section 3.4.

    Examples
    --------
    >>> import numpy as np
    >>> BiasAdd(np.array([[10.0, 20.0]])).forward(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[11., 22.],
           [13., 24.]])
    """

    width_axis = 1

    def __init__(self, B: Array):
        super().__init__(B)
        if B.ndim != 2 or B.shape[0] != 1:
            refuse(ShapeError, "BiasAdd, B", "a matrix of one row, (1, columns)", B)

    def _output(self) -> Array:
        return self.input_ + self.param

    def _input_grad(self, output_grad: Array) -> Array:
        return output_grad

    def _param_grad(self, output_grad: Array) -> Array:
        return _sum_of_rows(output_grad)


class GainMultiply(ParamOperation):
    r"""Multiply each column by one number: :math:`Y_{ij} = X_{ij} g_j`.

    Parameters
    ----------
    G : ndarray, shape (1, columns)
        The gains.

    Raises
    ------
    ShapeError, ArgumentTypeError
        If `G` is not a matrix of one row, or does not hold floats.

    Notes
    -----
    With :math:`D = \partial L/\partial Y`, :math:`\partial L/\partial X_{ij} = D_{ij} g_j` and
    :math:`\partial L/\partial g_j = \sum_i D_{ij} X_{ij}`. Ioffe and Szegedy, Batch
    Normalization, 2015.

    Examples
    --------
    >>> import numpy as np
    >>> GainMultiply(np.array([[10.0, 20.0]])).forward(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[10., 40.],
           [30., 80.]])
    """

    width_axis = 1

    def __init__(self, G: Array):
        super().__init__(G)
        if G.ndim != 2 or G.shape[0] != 1:
            refuse(ShapeError, "GainMultiply, G", "a matrix of one row, (1, columns)", G)

    def _output(self) -> Array:
        return self.input_ * self.param

    def _input_grad(self, output_grad: Array) -> Array:
        return output_grad * self.param

    def _param_grad(self, output_grad: Array) -> Array:
        return _sum_of_rows(output_grad * self.input_)


def _sum_of_rows(x: Array) -> Array:
    """Sum over the rows, by ones times `x`, which costs a third of ``np.sum``."""
    if is_traced(x):  # compiled, a sum is as fast, and of several networks it is faster
        return np.sum(x, axis=0, keepdims=True)
    return np.dot(_row_of_ones(len(x), x.dtype), x)


@lru_cache(maxsize=64)
def _row_of_ones(length: int, dtype: np.dtype[np.floating]) -> Array:
    ones = np.ones((1, length), dtype)
    ones.flags.writeable = False
    return ones
