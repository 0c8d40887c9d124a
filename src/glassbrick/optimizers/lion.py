"""Lion: steps of the same length for each number, in the direction of its momentum."""

from __future__ import annotations

from typing import Unpack

import numpy as np

from glassbrick.arrays import Array
from glassbrick.optimizers.adam import as_betas
from glassbrick.optimizers.optimizer import Optimizer, Options
from glassbrick.schedules import Schedule

__all__ = ["Lion"]


class Lion(Optimizer):
    r"""Evolved sign momentum: :math:`w \leftarrow w - \eta\,\mathrm{sign}\,c`.

    The direction is :math:`c = \beta_1 m + (1 - \beta_1) g`; then the mean follows:
    :math:`m \leftarrow \beta_2 m + (1 - \beta_2) g`.

    Parameters
    ----------
    lr : float or Schedule, default 0.0001
        Learning rate :math:`\eta`, greater than 0; a tenth to a third of Adam's.
    betas : pair of float, default (0.9, 0.99)
        :math:`\beta_1` and :math:`\beta_2`, at least 0 and less than 1.
    weight_decay, **options
        See `Optimizer`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument is out of range.

    Notes
    -----
    Chen et al., 2023.

    Examples
    --------
    >>> Lion(lr=0.001, weight_decay=0.1)
    Lion(lr=0.001, weight_decay=0.1)
    """

    slots = ("mean",)
    elementwise = True

    def __init__(
        self,
        lr: float | Schedule = 0.0001,
        *,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        **options: Unpack[Options],
    ):
        super().__init__(lr, weight_decay=weight_decay, **options)
        self.betas = as_betas(betas, type(self).__name__)

    def _update(self, param: Array, grad: Array, mean: Array) -> None:
        beta1, beta2 = self.betas
        param -= self.lr * np.sign(mean + (1.0 - beta1) * (grad - mean))
        mean += (1.0 - beta2) * (grad - mean)
