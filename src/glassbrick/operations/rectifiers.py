"""The rectifiers: activations that let positive numbers through and hold negative ones back."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import positive_integer, real_number
from glassbrick.operations.operation import Operation, ParamOperation
from glassbrick.quiet import quiet

__all__ = ["ELU", "SELU", "LeakyReLU", "PReLU", "ReLU", "Softplus"]

# What is above zero and what is below are added up: where signs are mixed, np.where takes
# longer than all of that together.

# Fixed by the paper so that mean 0 and variance 1 are kept from layer to layer.
_SELU_SCALE = 1.0507009873554804934
_SELU_ALPHA = 1.6732632423543772848


class ReLU(Operation):
    r"""Cut off below zero: :math:`y = \max(x, 0)`, :math:`y' = 1` where :math:`x > 0`, else 0.

    Nair and Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines, 2010.

    >>> import numpy as np
    >>> ReLU().forward(np.array([[-1.0, 0.0, 2.0]]))
    array([[0., 0., 2.]])
    """

    weight_init: ClassVar[str] = "he_uniform"

    def _output(self) -> Array:
        return np.maximum(self.input_, 0.0)

    def _input_grad(self, output_grad: Array) -> Array:
        return output_grad * (self.input_ > 0.0)


class LeakyReLU(Operation):
    r"""Flatten below zero: :math:`y = x` where :math:`x > 0`, else :math:`y = ax`.

    Parameters
    ----------
    slope : float, default 0.01
        The slope :math:`a`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If `slope` is not a finite number.

    Notes
    -----
    :math:`y' = 1` where :math:`x > 0`, else :math:`a`. Maas, Hannun and Ng, Rectifier
    Nonlinearities Improve Neural Network Acoustic Models, 2013.

    Examples
    --------
    >>> import numpy as np
    >>> LeakyReLU().forward(np.array([[-1.0, 0.0, 2.0]]))
    array([[-0.01,  0.  ,  2.  ]])
    """

    weight_init: ClassVar[str] = "he_uniform"

    def __init__(self, slope: float = 0.01):
        self.slope = real_number(slope, "LeakyReLU, slope")

    def _output(self) -> Array:
        return np.maximum(self.input_, 0.0) + self.slope * np.minimum(self.input_, 0.0)

    def _input_grad(self, output_grad: Array) -> Array:
        above = output_grad * (self.input_ > 0.0)
        return above + self.slope * (output_grad - above)

    def __repr__(self) -> str:
        return f"LeakyReLU({self.slope})"


class PReLU(ParamOperation):
    r"""A leaky ReLU that learns its slope: :math:`y = x` where :math:`x > 0`, else :math:`y = ax`.

    Parameters
    ----------
    slope : float, default 0.25
        The slope :math:`a` to start from.
    columns : int, default 1
        Number of slopes: one for all columns of the input, or one for each.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If `slope` is not a finite number, or `columns` not a whole number of at least 1.

    Notes
    -----
    :math:`y' = 1` where :math:`x > 0`, else :math:`a`;
    :math:`\partial L/\partial a = \sum_{ij} G_{ij} \min(x_{ij}, 0)`, with
    :math:`G = \partial L/\partial y`, or for several slopes the sums of the columns. He et al.,
    Delving Deep into Rectifiers, 2015. Weight decay would draw the slopes to 0, that is, towards
    a plain ReLU.

    Examples
    --------
    >>> import numpy as np
    >>> prelu = PReLU()
    >>> prelu.forward(np.array([[-1.0, 0.0, 2.0]]))
    array([[-0.25,  0.  ,  2.  ]])
    >>> _ = prelu.backward(np.array([[1.0, 1.0, 1.0]]))
    >>> prelu.param_grad
    array([[-1.]])
    """

    weight_init: ClassVar[str] = "he_uniform"

    def __init__(self, slope: float = 0.25, columns: int = 1):
        self.slope = real_number(slope, "PReLU, slope")
        self.columns = positive_integer(columns, "PReLU, columns")
        self.width_axis = 1 if self.columns > 1 else None
        super().__init__(np.full((1, self.columns), self.slope))

    def set_up(self, input_: Array, rng: np.random.Generator) -> None:  # noqa: ARG002
        """Start from the initial slope again."""
        self.param = np.full((1, self.columns), self.slope)

    def _output(self) -> Array:
        return np.maximum(self.input_, 0.0) + self.param[0] * np.minimum(self.input_, 0.0)

    def _input_grad(self, output_grad: Array) -> Array:
        above = output_grad * (self.input_ > 0.0)
        return above + self.param[0] * (output_grad - above)

    def _param_grad(self, output_grad: Array) -> Array:
        each = output_grad * np.minimum(self.input_, 0.0)
        return each.reshape(-1, self.columns).sum(axis=0, keepdims=True)


class ELU(Operation):
    r"""Bend below zero: :math:`y = x` where :math:`x > 0`, else :math:`y = \alpha(e^x-1)`.

    Parameters
    ----------
    alpha : float, default 1.0
        :math:`-\alpha` is what very negative numbers become.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If `alpha` is not a finite number greater than 0.

    Notes
    -----
    :math:`y' = 1` where :math:`x > 0`, else :math:`\alpha e^x`. Clevert, Unterthiner and
    Hochreiter, Fast and Accurate Deep Network Learning by Exponential Linear Units, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> ELU().forward(np.array([[-1000.0, 0.0, 2.0]]))
    array([[-1.,  0.,  2.]])
    """

    weight_init: ClassVar[str] = "he_uniform"

    def __init__(self, alpha: float = 1.0):
        self.alpha = real_number(alpha, "ELU, alpha", above=0.0)

    def _output(self) -> Array:
        below = self.alpha * np.expm1(np.minimum(self.input_, 0.0))
        return np.maximum(self.input_, 0.0) + below

    @quiet(under="ignore")
    def _input_grad(self, output_grad: Array) -> Array:
        slope_below = self.alpha * np.exp(np.minimum(self.input_, 0.0))
        above = output_grad * (self.input_ > 0.0)
        return above + slope_below * (output_grad - above)

    def __repr__(self) -> str:
        return f"ELU({self.alpha})"


class SELU(Operation):
    r"""Scaled ELU: :math:`y = \lambda x` where :math:`x > 0`, else :math:`\lambda\alpha(e^x-1)`.

    :math:`y' = \lambda` where :math:`x > 0`, else :math:`\lambda\alpha e^x`. Here
    :math:`\lambda = 1.0507` and :math:`\alpha = 1.6733`. Inputs of mean 0 and variance 1
    leave with about these again, layer after layer, if the weights start by "lecun_normal".
    Klambauer et al., Self-Normalizing Neural Networks, 2017.

    >>> import numpy as np
    >>> SELU().forward(np.array([[-1.0, 0.0, 1.0]])).round(4)
    array([[-1.1113,  0.    ,  1.0507]])
    """

    weight_init: ClassVar[str] = "lecun_normal"

    def _output(self) -> Array:
        below = _SELU_ALPHA * np.expm1(np.minimum(self.input_, 0.0))
        return _SELU_SCALE * (np.maximum(self.input_, 0.0) + below)

    @quiet(under="ignore")
    def _input_grad(self, output_grad: Array) -> Array:
        slope_below = _SELU_ALPHA * np.exp(np.minimum(self.input_, 0.0))
        above = output_grad * (self.input_ > 0.0)
        return _SELU_SCALE * (above + slope_below * (output_grad - above))


class Softplus(Operation):
    r"""Cut off smoothly: :math:`y = \ln(1+e^x)`; its derivative is the sigmoid.

    :math:`y' = e^{x-y}`. Dugas et al., Incorporating Second-Order Functional Knowledge for
    Better Option Pricing, 2001.

    >>> import numpy as np
    >>> Softplus().forward(np.array([[-1000.0, 0.0, 40.0]])).round(4)
    array([[ 0.    ,  0.6931, 40.    ]])
    """

    @quiet(under="ignore")
    def _output(self) -> Array:
        return np.maximum(self.input_, 0.0) + np.log1p(np.exp(-np.abs(self.input_)))

    @quiet(under="ignore")
    def _input_grad(self, output_grad: Array) -> Array:
        return output_grad * np.exp(self.input_ - self.output)
