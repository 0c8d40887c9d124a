"""SGD: stochastic gradient descent, plain or with momentum."""

from __future__ import annotations

from typing import Unpack

from glassbrick.arrays import Array, is_used
from glassbrick.checks import refuse, true_or_false
from glassbrick.errors import ArgumentError
from glassbrick.optimizers.optimizer import Optimizer, Options, fraction
from glassbrick.schedules import Schedule

__all__ = ["SGD"]


class SGD(Optimizer):
    r"""Stochastic gradient descent: :math:`w \leftarrow w - \eta v` with :math:`v = g`.

    With momentum the velocity :math:`v` lasts: :math:`v \leftarrow \mu v + g`.

    Parameters
    ----------
    lr : float or Schedule, default 0.01
        Learning rate :math:`\eta`, greater than 0.
    momentum : float, default 0
        How much :math:`\mu` of the velocity :math:`v` stays in each step; less than 1.
    nesterov : bool, default False
        Whether to look ahead: :math:`w \leftarrow w - \eta (g + \mu v)`.
    weight_decay, **options
        See `Optimizer`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument is out of range, or `nesterov` is asked for without momentum.

    Notes
    -----
    Robbins and Monro, 1951; Polyak, 1964; Sutskever et al., 2013; chapter section 3.7.

    Examples
    --------
    >>> import numpy as np
    >>> from glassbrick import Dense, MeanSquaredError, NeuralNetwork, Trainer
    >>> net = NeuralNetwork([Dense(1, "linear")], MeanSquaredError(), rng=0)
    >>> trainer = Trainer(net, SGD(lr=0.1))
    >>> before = net.train_batch(np.ones((4, 1)), np.zeros((4, 1)))
    >>> trainer.optim.step()
    >>> bool(net.train_batch(np.ones((4, 1)), np.zeros((4, 1))) < before)
    True
    """

    elementwise = True

    def __init__(
        self,
        lr: float | Schedule = 0.01,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        **options: Unpack[Options],
    ):
        super().__init__(lr, weight_decay=weight_decay, **options)
        self.momentum = fraction(momentum, f"{type(self).__name__}, momentum")
        self.nesterov = true_or_false(nesterov, f"{type(self).__name__}, nesterov")
        if self.momentum:
            self.slots = ("velocity",)
        elif self.nesterov:
            refuse(ArgumentError, "SGD, nesterov", "False without momentum", nesterov)

    def step(self) -> None:
        """Move each parameter against its gradient; see `Optimizer.step`."""
        if is_used(self.momentum) or self._has_options or type(self)._update is not SGD._update:
            super().step()
            return
        lr = self.lr
        for param, grad in self.net.params_and_grads():
            param -= lr * grad
        self._advance()

    def _update(self, param: Array, grad: Array, *slots: Array) -> None:
        step = grad
        if is_used(self.momentum):
            (velocity,) = slots
            velocity *= self.momentum
            velocity += grad
            step = grad + self.momentum * velocity if self.nesterov else velocity
        param -= self.lr * step
