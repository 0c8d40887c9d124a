"""Softmax and its logarithm: activations that make each row a probability distribution."""

from __future__ import annotations

import numpy as np

from glassbrick.arrays import Array
from glassbrick.operations.operation import Operation
from glassbrick.quiet import quiet

__all__ = ["LogSoftmax", "Softmax"]


class Softmax(Operation):
    r"""Make each row probabilities: :math:`y_{ij} = e^{x_{ij}}/\sum_k e^{x_{ik}}`.

    :math:`\partial L/\partial x_{ij} = y_{ij}(G_{ij} - \sum_k G_{ik} y_{ik})`, with
    :math:`G = \partial L/\partial y`. The largest number is subtracted first, which changes
    nothing but that no exponential overflows. Bridle, Probabilistic Interpretation of
    Feedforward Classification Network Outputs, 1990.

    >>> import numpy as np
    >>> Softmax().forward(np.array([[0.0, 0.0], [-1000.0, 1000.0]]))
    array([[0.5, 0.5],
           [0. , 1. ]])
    """

    @quiet(over="ignore", under="ignore")  # exp(-inf) is the right 0
    def _output(self) -> Array:
        exp = np.exp(self.input_ - self.input_.max(axis=-1, keepdims=True))
        return exp / exp.sum(axis=-1, keepdims=True)

    @quiet(under="ignore")
    def _input_grad(self, output_grad: Array) -> Array:
        share = self.output * output_grad
        return share - self.output * share.sum(axis=-1, keepdims=True)


class LogSoftmax(Operation):
    r"""The logarithm of the softmax of rows: :math:`y_{ij} = x_{ij} - \ln\sum_k e^{x_{ik}}`.

    :math:`\partial L/\partial x_{ij} = G_{ij} - e^{y_{ij}}\sum_k G_{ik}`, with
    :math:`G = \partial L/\partial y`. It stays finite where the softmax itself is 0.
    Blanchard, Higham and Higham, Accurately Computing the Log-Sum-Exp and Softmax
    Functions, 2021.

    >>> import numpy as np
    >>> LogSoftmax().forward(np.array([[0.0, 0.0], [-1000.0, 1000.0]])).round(4)
    array([[-6.931e-01, -6.931e-01],
           [-2.000e+03,  0.000e+00]])
    """

    @quiet(under="ignore")
    def _output(self) -> Array:
        below = self.input_ - self.input_.max(axis=-1, keepdims=True)
        return below - np.log(np.exp(below).sum(axis=-1, keepdims=True))

    @quiet(under="ignore")
    def _input_grad(self, output_grad: Array) -> Array:
        return output_grad - np.exp(self.output) * output_grad.sum(axis=-1, keepdims=True)
