"""Adam, which follows moving averages of the gradient and of its square; AdamW."""

from __future__ import annotations

from typing import Unpack

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import real_number, refuse, true_or_false
from glassbrick.errors import ArgumentTypeError
from glassbrick.optimizers.optimizer import Optimizer, Options, fraction
from glassbrick.schedules import Schedule

__all__ = ["Adam", "AdamW", "as_betas"]


class Adam(Optimizer):
    r"""Adaptive moments: :math:`w \leftarrow w - \eta \hat{m} / (\sqrt{\hat{v}} + \epsilon)`.

    :math:`m` and :math:`v` are moving averages of :math:`g` and :math:`g^2`, with the shares
    :math:`\beta_1` and :math:`\beta_2` of which stay in each step. They begin at 0, for which
    :math:`\hat{m} = m / (1 - \beta_1^t)` and :math:`\hat{v} = v / (1 - \beta_2^t)` make up.

    Parameters
    ----------
    lr : float or Schedule, default 0.001
        Learning rate :math:`\eta`, greater than 0.
    betas : pair of float, default (0.9, 0.999)
        :math:`\beta_1` and :math:`\beta_2`, at least 0 and less than 1.
    eps : float, default 1e-8
        Keeps the divisor :math:`\epsilon` from 0; greater than 0.
    amsgrad : bool, default False
        Whether to divide by the largest :math:`v` so far (Reddi, Kale and Kumar, 2018).
    weight_decay, **options
        See `Optimizer`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument is out of range.

    Notes
    -----
    Kingma and Ba, 2015.

    Examples
    --------
    >>> Adam(lr=0.01, betas=(0.9, 0.99))
    Adam(lr=0.01, betas=(0.9, 0.99))
    """

    slots: tuple[str, ...] = ("mean", "square")
    elementwise = True

    def __init__(
        self,
        lr: float | Schedule = 0.001,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        amsgrad: bool = False,
        weight_decay: float = 0.0,
        **options: Unpack[Options],
    ):
        super().__init__(lr, weight_decay=weight_decay, **options)
        who = type(self).__name__
        self.betas = as_betas(betas, who)
        self.eps = real_number(eps, f"{who}, eps", above=0.0)
        self.amsgrad = true_or_false(amsgrad, f"{who}, amsgrad")
        if self.amsgrad:
            self.slots = (*self.slots, "largest")

    def _update(
        self, param: Array, grad: Array, mean: Array, square: Array, *largest: Array
    ) -> None:
        (beta1, beta2), t = self.betas, self.t
        mean *= beta1
        mean += (1.0 - beta1) * grad
        scratch = grad * grad  # one array for all that comes between, which stays in the cache
        scratch *= 1.0 - beta2
        square *= beta2
        square += scratch
        for most in largest:
            square = np.maximum(most, square, out=most)
        root = (1.0 - beta2**t) ** 0.5  # multiplied out, it is a number and not an array
        np.sqrt(square, out=scratch)
        scratch += root * self.eps
        np.divide(mean, scratch, out=scratch)
        scratch *= self.lr * root / (1.0 - beta1**t)
        param -= scratch


class AdamW(Adam):
    """Adam with a weight decay of 0.01 unless told otherwise; see `Adam`.

    Parameters
    ----------
    lr : float or Schedule, default 0.001
        Learning rate, greater than 0.
    betas, eps, amsgrad
        See `Adam`.
    weight_decay : float, default 0.01
        See `Optimizer`.
    **options
        See `Optimizer`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument is out of range.

    Notes
    -----
    Loshchilov and Hutter, 2019.

    Examples
    --------
    >>> AdamW(lr=0.01).weight_decay
    0.01
    """

    def __init__(
        self,
        lr: float | Schedule = 0.001,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        amsgrad: bool = False,
        weight_decay: float = 0.01,
        **options: Unpack[Options],
    ):
        super().__init__(
            lr, betas=betas, eps=eps, amsgrad=amsgrad, weight_decay=weight_decay, **options
        )


def as_betas(betas: tuple[float, float], who: str) -> tuple[float, float]:
    """Return two numbers of at least 0 and less than 1, or refuse what is none."""
    if not isinstance(betas, tuple | list) or len(betas) != 2:
        refuse(ArgumentTypeError, f"{who}, betas", "two numbers", betas)
    first, second = (fraction(beta, f"{who}, betas") for beta in betas)
    return first, second
