"""Adagrad: steps that become shorter where gradients were large."""

from __future__ import annotations

from typing import Unpack

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import real_number
from glassbrick.optimizers.optimizer import Optimizer, Options
from glassbrick.schedules import Schedule

__all__ = ["Adagrad"]


class Adagrad(Optimizer):
    r"""Adaptive gradients: :math:`w \leftarrow w - \eta g / (\sqrt{s} + \epsilon)`.

    :math:`s` is the sum of all :math:`g^2` so far.

    Parameters
    ----------
    lr : float or Schedule, default 0.01
        Learning rate :math:`\eta`, greater than 0.
    eps : float, default 1e-10
        Keeps the divisor :math:`\epsilon` from 0; greater than 0.
    weight_decay, **options
        See `Optimizer`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument is out of range.

    Notes
    -----
    Duchi, Hazan and Singer, 2011.

    Examples
    --------
    >>> Adagrad(lr=0.1)
    Adagrad(lr=0.1)
    """

    slots = ("total",)
    elementwise = True

    def __init__(
        self,
        lr: float | Schedule = 0.01,
        *,
        eps: float = 1e-10,
        weight_decay: float = 0.0,
        **options: Unpack[Options],
    ):
        super().__init__(lr, weight_decay=weight_decay, **options)
        self.eps = real_number(eps, f"{type(self).__name__}, eps", above=0.0)

    def _update(self, param: Array, grad: Array, total: Array) -> None:
        total += grad * grad
        param -= self.lr * grad / (np.sqrt(total) + self.eps)
