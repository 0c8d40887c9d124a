"""The self-gated activations: each number times a gate between 0 and 1, made of itself."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import true_or_false
from glassbrick.operations.normal import normal_distribution, tanh_distribution
from glassbrick.operations.operation import Operation
from glassbrick.quiet import quiet

__all__ = ["GELU", "HardSwish", "Mish", "SiLU"]

_OPEN = 20.0  # from here on Mish's gate is 1, to the last bit


class GELU(Operation):
    r"""Gate by the normal distribution function: :math:`y = x\,\Phi(x)`.

    Parameters
    ----------
    approximate : bool, default False
        Whether to take :math:`\tfrac12(1+\tanh(\sqrt{2/\pi}\,(x+0.044715\,x^3)))` for
        :math:`\Phi(x)`. It is sooner done, and what networks were trained with that say
        "gelu_tanh" or "gelu_new".

    Raises
    ------
    ArgumentTypeError
        If `approximate` is neither True nor False.

    Notes
    -----
    :math:`y' = \Phi(x) + x\,\Phi'(x)`. Hendrycks and Gimpel, Gaussian Error Linear Units, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> GELU().forward(np.array([[-1.0, 0.0, 1.0]])).round(5)
    array([[-0.15866,  0.     ,  0.84134]])
    >>> GELU(approximate=True).forward(np.array([[-1.0, 0.0, 1.0]])).round(5)
    array([[-0.15881,  0.     ,  0.84119]])
    """

    memory: ClassVar[tuple[str, ...]] = (*Operation.memory, "gate", "gate_slope")
    weight_init: ClassVar[str] = "he_uniform"

    def __init__(self, approximate: bool = False):
        self.approximate = true_or_false(approximate, "GELU, approximate")

    @quiet(under="ignore")
    def _output(self) -> Array:
        distribution = tanh_distribution if self.approximate else normal_distribution
        self.gate, self.gate_slope = distribution(self.input_)
        return self.input_ * self.gate

    @quiet(under="ignore")
    def _input_grad(self, output_grad: Array) -> Array:
        return output_grad * (self.gate + self.input_ * self.gate_slope)

    def __repr__(self) -> str:
        return f"GELU(approximate={self.approximate})"


class SiLU(Operation):
    r"""Gate by the sigmoid: :math:`y = x\,\sigma(x)`, :math:`y' = \sigma + y(1-\sigma)`.

    Also called swish. Elfwing, Uchibe and Doya, Sigmoid-Weighted Linear Units for Neural
    Network Function Approximation in Reinforcement Learning, 2018.

    >>> import numpy as np
    >>> SiLU().forward(np.array([[-1.0, 0.0, 1.0]])).round(4)
    array([[-0.2689,  0.    ,  0.7311]])
    """

    memory: ClassVar[tuple[str, ...]] = (*Operation.memory, "gate")
    weight_init: ClassVar[str] = "he_uniform"

    @quiet(over="ignore", under="ignore")  # 1 / (1 + inf) is the right 0
    def _output(self) -> Array:
        self.gate = 1.0 / (1.0 + np.exp(-self.input_))
        return self.input_ * self.gate

    def _input_grad(self, output_grad: Array) -> Array:
        return output_grad * (self.gate + self.output * (1.0 - self.gate))


class Mish(Operation):
    r"""Gate by the tanh of a softplus: :math:`y = x\,g`, :math:`g = \tanh(\ln(1+e^x))`.

    :math:`y' = g + x(1-g^2)\,\sigma(x)`. With :math:`n = e^x(e^x+2)` the gate is
    :math:`n/(n+2)`. Misra, Mish: A Self Regularized Non-Monotonic Activation Function, 2019.

    >>> import numpy as np
    >>> Mish().forward(np.array([[-1.0, 0.0, 1.0]])).round(4)
    array([[-0.3034,  0.    ,  0.8651]])
    """

    memory: ClassVar[tuple[str, ...]] = (*Operation.memory, "exp", "gate")
    weight_init: ClassVar[str] = "he_uniform"

    @quiet(under="ignore")
    def _output(self) -> Array:
        self.exp = np.exp(np.minimum(self.input_, _OPEN))
        n = self.exp * (self.exp + 2.0)
        self.gate = n / (n + 2.0)
        return self.input_ * self.gate

    @quiet(under="ignore")
    def _input_grad(self, output_grad: Array) -> Array:
        gate_slope = (1.0 - self.gate * self.gate) * self.exp / (1.0 + self.exp)
        return output_grad * (self.gate + self.input_ * gate_slope)


class HardSwish(Operation):
    r"""Gate by the hard sigmoid: :math:`y = x\,g`, :math:`g = \min(\max(x/6 + 1/2,\, 0),\, 1)`.

    :math:`y' = x/3 + 1/2` where :math:`|x| < 3`, else :math:`g`. Howard et al., Searching for
    MobileNetV3, 2019.

    >>> import numpy as np
    >>> HardSwish().forward(np.array([[-4.0, -1.5, 0.0, 1.5, 4.0]]))
    array([[-0.   , -0.375,  0.   ,  1.125,  4.   ]])
    """

    memory: ClassVar[tuple[str, ...]] = (*Operation.memory, "gate")
    weight_init: ClassVar[str] = "he_uniform"

    def _output(self) -> Array:
        self.gate = np.minimum(np.maximum(self.input_ / 6.0 + 0.5, 0.0), 1.0)
        return self.input_ * self.gate

    def _input_grad(self, output_grad: Array) -> Array:
        gate_slope = self.input_ / 6.0 * (np.abs(self.input_) < 3.0)
        return output_grad * (self.gate + gate_slope)
