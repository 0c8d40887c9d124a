"""NAdam: Adam that looks ahead, as Nesterov's momentum does."""

from __future__ import annotations

from typing import Unpack

import numpy as np

from glassbrick.arrays import Array, as_number
from glassbrick.checks import real_number
from glassbrick.optimizers.adam import as_betas
from glassbrick.optimizers.optimizer import Optimizer, Options
from glassbrick.schedules import Schedule

__all__ = ["NAdam"]


class NAdam(Optimizer):
    r"""Nesterov's Adam: the step is of the mean that the next step would have.

    .. math:: w \leftarrow w - \frac{\eta}{\sqrt{\hat{v}} + \epsilon} \left(
        \frac{(1 - \mu_t) g}{1 - \prod_{i \le t} \mu_i}
        + \frac{\mu_{t+1} m}{1 - \prod_{i \le t+1} \mu_i} \right)

    with :math:`m` and :math:`\hat{v}` as in `Adam`, and a momentum that rises to
    :math:`\beta_1`: :math:`\mu_t = \beta_1 (1 - 0.96^{t \psi} / 2)`.

    Parameters
    ----------
    lr : float or Schedule, default 0.002
        Learning rate :math:`\eta`, greater than 0.
    betas : pair of float, default (0.9, 0.999)
        :math:`\beta_1` and :math:`\beta_2`, at least 0 and less than 1.
    eps : float, default 1e-8
        Keeps the divisor :math:`\epsilon` from 0; greater than 0.
    momentum_decay : float, default 0.004
        How soon :math:`\psi` the momentum rises; at least 0.
    weight_decay, **options
        See `Optimizer`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument is out of range.

    Notes
    -----
    Dozat, 2016.

    Examples
    --------
    >>> NAdam(lr=0.01)
    NAdam(lr=0.01)
    """

    slots = ("mean", "square")
    elementwise = True

    def __init__(
        self,
        lr: float | Schedule = 0.002,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        momentum_decay: float = 0.004,
        weight_decay: float = 0.0,
        **options: Unpack[Options],
    ):
        super().__init__(lr, weight_decay=weight_decay, **options)
        who = type(self).__name__
        self.betas = as_betas(betas, who)
        self.eps = real_number(eps, f"{who}, eps", above=0.0)
        self.momentum_decay = real_number(
            momentum_decay, f"{who}, momentum_decay", above=0.0, or_equal=True
        )
        self._product: Array = np.ones(())  # of all momenta so far

    def reset(self) -> None:
        """Forget what earlier steps left behind."""
        super().reset()
        self._product[...] = 1.0

    def _begin_step(self) -> None:
        self._product[...] = as_number(self._product) * self._momentum(self.t)

    def _momentum(self, t: float) -> float:
        momentum: float = self.betas[0] * (1.0 - 0.5 * 0.96 ** (t * self.momentum_decay))
        return momentum

    def _update(self, param: Array, grad: Array, mean: Array, square: Array) -> None:
        (beta1, beta2), t, product = self.betas, self.t, as_number(self._product)
        now, ahead = self._momentum(t), self._momentum(t + 1.0)
        mean += (1.0 - beta1) * (grad - mean)
        square += (1.0 - beta2) * (grad * grad - square)
        root = (1.0 - beta2**t) ** 0.5
        by_grad = self.lr * root * (1.0 - now) / (1.0 - product)
        by_mean = self.lr * root * ahead / (1.0 - product * ahead)
        param -= (by_grad * grad + by_mean * mean) / (np.sqrt(square) + root * self.eps)
