"""Residual: a way round layers."""

from __future__ import annotations

from glassbrick.arrays import Array
from glassbrick.checks import refuse
from glassbrick.errors import ShapeError
from glassbrick.layers.series import Passes, Series

__all__ = ["Residual"]


class Residual(Series):
    r"""Layers in a row, and a way round them: :math:`Y = X + f(X)`.

    Parameters
    ----------
    layers : sequence of Layer, Operation or sequence
        As of `Series`. They must give back as many columns as they get.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there are none, or one is something else.

    Notes
    -----
    :math:`\partial L/\partial X = G + f'^T G`. He et al., Deep Residual Learning for Image
    Recognition, 2016. For tables: Gorishniy et al., Revisiting Deep Learning Models for Tabular
    Data, 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from glassbrick import BatchNorm, Dense, Dropout, Residual
    >>> block = Residual([BatchNorm(), Dense(8, "relu"), Dropout(0.1), Dense(3, "linear")])
    >>> block.forward(np.ones((5, 3))).shape
    (5, 3)
    """

    def _pass(self, passes: Passes, input_: Array) -> Array:
        output = super()._pass(passes, input_)
        if output.shape != input_.shape:
            columns = f"an output of shape {input_.shape}, like its input"
            advice = "Let its last layer have as many neurons as the input has columns."
            refuse(ShapeError, self.name, columns, output, advice)
        return input_ + output

    def _pass_back(self, passes: Passes, output_grad: Array) -> Array:
        return output_grad + super()._pass_back(passes, output_grad)
