"""Optimizers: how parameters move, given their gradients."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from glassbrick.arrays import is_traced
from glassbrick.checks import real_number
from glassbrick.errors import NotReadyError, OwnershipError

if TYPE_CHECKING:
    from glassbrick.network import NeuralNetwork

__all__ = ["SGD", "Optimizer"]


class Optimizer(ABC):
    """A rule that changes the parameters of one network.

    A subclass writes `step`, which changes the arrays of ``self.net.params()`` in place,
    using ``self.net.param_grads()`` or the pairs of both, ``self.net.params_and_grads()``.

    Parameters
    ----------
    lr : float, default 0.01
        Learning rate, greater than 0.

    Attributes
    ----------
    lr : float
        May be changed at any time.
    net : NeuralNetwork
        The network it trains, given by the trainer.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If `lr` is not a finite number greater than 0.

    Notes
    -----
    Chapter section 3.7.
    """

    def __init__(self, lr: float = 0.01):
        self.lr = lr

    _net: NeuralNetwork | None = None

    @property
    def net(self) -> NeuralNetwork:
        """The network it trains."""
        if self._net is None:
            who = type(self).__name__
            raise NotReadyError(
                f"{who} has no network yet: give it to a Trainer(net, optim) first."
            )
        return self._net

    @net.setter
    def net(self, net: NeuralNetwork) -> None:
        self._net = net

    @property
    def lr(self) -> float:
        """The learning rate, greater than 0."""
        return self._lr

    @lr.setter
    def lr(self, lr: float) -> None:
        self._lr: float
        if is_traced(lr) and lr.shape == ():  # a rule that changes it is being compiled
            self._lr = lr.as_number()
        else:
            self._lr = real_number(lr, f"{type(self).__name__}, lr", above=0.0)

    @abstractmethod
    def step(self) -> None:
        """Change each parameter of ``self.net`` once, in place.

        Raises
        ------
        NotReadyError
            If the optimizer has no network, or the network no gradients yet.
        """

    def reset(self) -> None:  # noqa: B027 (most rules have no memory)
        """Forget what earlier steps left behind; called when a fit starts anew.

        A rule with a memory of its own, a momentum for example, clears it here.
        """

    def bind(self, net: NeuralNetwork) -> None:
        """Make `net` the network to train.

        Raises
        ------
        OwnershipError
            If it trains another network already.
        """
        if self._net is not None and self._net is not net:
            raise OwnershipError(
                f"{self!r} already trains {self._net!r}. Make a new optimizer for each network."
            )
        self.net = net

    def __repr__(self) -> str:
        return f"{type(self).__name__}(lr={self.__dict__.get('_lr')})"


class SGD(Optimizer):
    r"""Stochastic gradient descent: :math:`w \leftarrow w - \eta\,\partial L/\partial w`.

    Parameters
    ----------
    lr : float, default 0.01
        Learning rate :math:`\eta`, greater than 0.

    Notes
    -----
    Robbins and Monro, 1951; chapter section 3.7.

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

    def step(self) -> None:
        """Move each parameter against its gradient."""
        lr = self.lr
        for param, param_grad in self.net.params_and_grads():
            param -= lr * param_grad
