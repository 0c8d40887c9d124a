"""RMSProp: steps divided by the size that gradients had of late."""

from __future__ import annotations

from typing import Unpack

import numpy as np

from glassbrick.arrays import Array, is_used
from glassbrick.checks import real_number, true_or_false
from glassbrick.optimizers.optimizer import Optimizer, Options, fraction
from glassbrick.schedules import Schedule

__all__ = ["RMSProp"]


class RMSProp(Optimizer):
    r"""Root mean square propagation: :math:`w \leftarrow w - \eta g / (\sqrt{s} + \epsilon)`.

    :math:`s` is a moving average: :math:`s \leftarrow \alpha s + (1 - \alpha) g^2`.

    Parameters
    ----------
    lr : float or Schedule, default 0.01
        Learning rate :math:`\eta`, greater than 0.
    alpha : float, default 0.99
        How much of the average stays in each step; less than 1.
    eps : float, default 1e-8
        Keeps the divisor :math:`\epsilon` from 0; greater than 0.
    momentum : float, default 0
        How much of the step before is added to each step; less than 1.
    centered : bool, default False
        Whether to divide by the standard deviation, :math:`\sqrt{s - \bar{g}^2}`.
    weight_decay, **options
        See `Optimizer`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument is out of range.

    Notes
    -----
    Tieleman and Hinton, 2012; centered: Graves, 2013.

    Examples
    --------
    >>> RMSProp(lr=0.1, momentum=0.9)
    RMSProp(lr=0.1, momentum=0.9)
    """

    elementwise = True

    def __init__(
        self,
        lr: float | Schedule = 0.01,
        *,
        alpha: float = 0.99,
        eps: float = 1e-8,
        momentum: float = 0.0,
        centered: bool = False,
        weight_decay: float = 0.0,
        **options: Unpack[Options],
    ):
        super().__init__(lr, weight_decay=weight_decay, **options)
        who = type(self).__name__
        self.alpha = fraction(alpha, f"{who}, alpha")
        self.eps = real_number(eps, f"{who}, eps", above=0.0)
        self.momentum = fraction(momentum, f"{who}, momentum")
        self.centered = true_or_false(centered, f"{who}, centered")
        wanted = {"square": True, "velocity": self.momentum > 0.0, "mean": self.centered}
        self.slots = tuple(name for name in wanted if wanted[name])

    def _update(self, param: Array, grad: Array, square: Array, *others: Array) -> None:
        square += (1.0 - self.alpha) * (grad * grad - square)
        variance = square
        if self.centered:
            mean = others[-1]
            mean += (1.0 - self.alpha) * (grad - mean)
            variance = np.maximum(square - mean * mean, 0.0)  # rounding may make it negative
        step = grad / (np.sqrt(variance) + self.eps)
        if is_used(self.momentum):
            velocity = others[0]
            velocity *= self.momentum
            velocity += step
            step = velocity
        param -= self.lr * step
