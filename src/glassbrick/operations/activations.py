"""The plain activations: the identity, and those that squash each number into an interval."""

from __future__ import annotations

import numpy as np

from glassbrick.arrays import Array
from glassbrick.operations.operation import Operation
from glassbrick.quiet import quiet

__all__ = ["HardSigmoid", "Linear", "Sigmoid", "Softsign", "Tanh"]


class Linear(Operation):
    r"""Leave the input as it is: :math:`y = x`. The output is the input array itself.

    :math:`\partial L/\partial x = G`, with :math:`G = \partial L/\partial y`. Chapter section 3.4.

    >>> import numpy as np
    >>> Linear().forward(np.array([[-1.0, 2.0]]))
    array([[-1.,  2.]])
    """

    def _output(self) -> Array:
        return self.input_

    def _input_grad(self, output_grad: Array) -> Array:
        return output_grad


class Sigmoid(Operation):
    r"""Squash each number into (0, 1): :math:`y = 1/(1+e^{-x})`, :math:`y' = y(1-y)`.

    Chapter section 3.4.

    >>> import numpy as np
    >>> Sigmoid().forward(np.array([[-1000.0, 0.0, 1000.0]]))
    array([[0. , 0.5, 1. ]])
    """

    @quiet(over="ignore", under="ignore")  # 1 / (1 + inf) is the right 0
    def _output(self) -> Array:
        return 1.0 / (1.0 + np.exp(-self.input_))

    def _input_grad(self, output_grad: Array) -> Array:
        return output_grad * self.output * (1.0 - self.output)


class Tanh(Operation):
    r"""Squash each number into (-1, 1): :math:`y = \tanh x`, :math:`y' = 1-y^2`.

    LeCun et al., Efficient BackProp, 1998.

    >>> import numpy as np
    >>> Tanh().forward(np.array([[-1000.0, 0.0, 1000.0]]))
    array([[-1.,  0.,  1.]])
    """

    def _output(self) -> Array:
        return np.tanh(self.input_)

    def _input_grad(self, output_grad: Array) -> Array:
        return output_grad * (1.0 - self.output * self.output)


class HardSigmoid(Operation):
    r"""Squash by straight lines: :math:`y = \min(\max(x/6 + 1/2,\, 0),\, 1)`.

    :math:`y' = 1/6` where :math:`|x| < 3`, else 0. Howard et al., Searching for
    MobileNetV3, 2019. Others take other slopes; this is PyTorch's.

    >>> import numpy as np
    >>> HardSigmoid().forward(np.array([[-4.0, 0.0, 1.5, 4.0]]))
    array([[0.  , 0.5 , 0.75, 1.  ]])
    """

    def _output(self) -> Array:
        return np.minimum(np.maximum(self.input_ / 6.0 + 0.5, 0.0), 1.0)

    def _input_grad(self, output_grad: Array) -> Array:
        return output_grad / 6.0 * (np.abs(self.input_) < 3.0)


class Softsign(Operation):
    r"""Squash slowly into (-1, 1): :math:`y = x/(1+|x|)`, :math:`y' = 1/(1+|x|)^2`.

    Bergstra et al., Quadratic Polynomials Learn Better Image Features, 2009.

    >>> import numpy as np
    >>> Softsign().forward(np.array([[-1.0, 0.0, 3.0]]))
    array([[-0.5 ,  0.  ,  0.75]])
    """

    def _output(self) -> Array:
        return self.input_ / (1.0 + np.abs(self.input_))

    @quiet(over="ignore", under="ignore")  # 1 / inf is the right 0
    def _input_grad(self, output_grad: Array) -> Array:
        return output_grad / np.square(1.0 + np.abs(self.input_))
