"""The layers of normalization: standardize, then scale and shift each column as is learned."""

from __future__ import annotations

import numpy as np

from glassbrick.arrays import Array
from glassbrick.layers.layer import Layer
from glassbrick.operations import (
    BatchStandardize,
    BiasAdd,
    GainMultiply,
    RootMeanSquareDivide,
    RowStandardize,
)

__all__ = ["BatchNorm", "LayerNorm", "RMSNorm"]


class BatchNorm(Layer):
    r"""Standardize each column over the batch: :math:`Y_{ij} = g_j (x_{ij}-\mu_j)/\sigma_j + b_j`.

    In prediction :math:`\mu` and :math:`\sigma` are running averages over training.

    Parameters
    ----------
    momentum : float, default 0.1
        Weight of a new batch in the running averages.
    eps : float, default 1e-5
        Added to the variances.
    inputs : int, optional
        Number of columns, if parameters are wanted before data.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument is of the wrong kind.

    Notes
    -----
    Its operations are `BatchStandardize`, `GainMultiply` and `BiasAdd`. Ioffe and Szegedy, Batch
    Normalization, 2015.

    Examples
    --------
    >>> import numpy as np
    >>> BatchNorm().forward(np.array([[1.0], [3.0]])).round(2)
    array([[-1.],
           [ 1.]])
    """

    def __init__(self, *, momentum: float = 0.1, eps: float = 1e-5, inputs: int | None = None):
        super().__init__(None, inputs=inputs)
        self.momentum, self.eps = momentum, eps
        BatchStandardize(momentum, eps)  # refuses what is wrong with them, now

    def _setup_layer(self, input_: Array) -> None:
        self.operations = [BatchStandardize(self.momentum, self.eps), *_scale_and_shift(input_)]


class LayerNorm(Layer):
    r"""Standardize each row: :math:`Y_{ij} = g_j (x_{ij}-\mu_i)/\sigma_i + b_j`.

    Parameters
    ----------
    eps : float, default 1e-5
        Added to the variances.
    inputs : int, optional
        Number of columns, if parameters are wanted before data.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument is of the wrong kind.

    Notes
    -----
    Its operations are `RowStandardize`, `GainMultiply` and `BiasAdd`. Ba et al., Layer
    Normalization, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> LayerNorm().forward(np.array([[1.0, 3.0]])).round(2)
    array([[-1.,  1.]])
    """

    def __init__(self, *, eps: float = 1e-5, inputs: int | None = None):
        super().__init__(None, inputs=inputs)
        self.eps = RowStandardize(eps).eps

    def _setup_layer(self, input_: Array) -> None:
        self.operations = [RowStandardize(self.eps), *_scale_and_shift(input_)]


class RMSNorm(Layer):
    r"""Divide each row by its root mean square: :math:`Y_{ij} = g_j x_{ij}/r_i`.

    Parameters
    ----------
    eps : float, default 1e-5
        Added to the mean squares.
    inputs : int, optional
        Number of columns, if parameters are wanted before data.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument is of the wrong kind.

    Notes
    -----
    Its operations are `RootMeanSquareDivide` and `GainMultiply`. Zhang and Sennrich, Root Mean
    Square Layer Normalization, 2019.

    Examples
    --------
    >>> import numpy as np
    >>> RMSNorm().forward(np.array([[1.0, 7.0]])).round(2)
    array([[0.2, 1.4]])
    """

    def __init__(self, *, eps: float = 1e-5, inputs: int | None = None):
        super().__init__(None, inputs=inputs)
        self.eps = RootMeanSquareDivide(eps).eps

    def _setup_layer(self, input_: Array) -> None:
        gain, _ = _scale_and_shift(input_)
        self.operations = [RootMeanSquareDivide(self.eps), gain]


def _scale_and_shift(input_: Array) -> tuple[GainMultiply, BiasAdd]:
    shape = (1, input_.shape[1])
    return GainMultiply(np.ones(shape)), BiasAdd(np.zeros(shape))
