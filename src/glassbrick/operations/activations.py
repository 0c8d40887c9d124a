"""The activation functions: operations that work on each number by itself."""

from __future__ import annotations

import numpy as np

from glassbrick.arrays import Array
from glassbrick.names import snake_case
from glassbrick.operations.operation import Operation

__all__ = ["ACTIVATIONS", "Linear", "ReLU", "Sigmoid", "Tanh"]


class Linear(Operation):
    """Leave the input as it is: :math:`y = x`. The output is the input array itself.

    Chapter section 3.4.

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

    @np.errstate(over="ignore", under="ignore")  # 1 / (1 + inf) is the right 0
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


class ReLU(Operation):
    r"""Cut off below zero: :math:`y = \max(x, 0)`; the gradient passes where :math:`x > 0`.

    Nair and Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines, 2010.

    >>> import numpy as np
    >>> ReLU().forward(np.array([[-1.0, 0.0, 2.0]]))
    array([[0., 0., 2.]])
    """

    def _output(self) -> Array:
        return np.maximum(self.input_, 0.0)

    def _input_grad(self, output_grad: Array) -> Array:
        return output_grad * (self.input_ > 0.0)


ACTIVATIONS: dict[str, type[Operation]] = {
    snake_case(block.__name__): block for block in (Linear, Sigmoid, Tanh, ReLU)
}
"""The names by which a layer can be given an activation."""
