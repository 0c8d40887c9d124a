"""Engine: what a trainer asks of whatever runs its batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from glassbrick.arrays import Array
from glassbrick.network import NeuralNetwork
from glassbrick.optimizers import Optimizer

__all__ = ["Engine"]


class Engine(ABC):
    """Runs batches. The trainer decides everything else: order, evaluation, stopping.

    A training step is a function of the state (what the network and the optimizer hold)
    and of one batch, built in one place by each engine.
    """

    name: ClassVar[str]

    @abstractmethod
    def run_epoch(
        self,
        net: NeuralNetwork,
        optim: Optimizer,
        X: Array,
        y: Array,
        order: Array,
        batch_size: int,
    ) -> list[float]:
        """Train on all rows once.

        Parameters
        ----------
        net, optim : NeuralNetwork, Optimizer
            Bound to each other; their parameters and state are changed in place.
        X, y : ndarray, shapes (rows, features) and (rows, outputs)
            All training rows, C-contiguous, of the network's dtype.
        order : ndarray of int, shape (rows,)
            The row numbers in the order of this epoch.
        batch_size : int
            Rows a batch; the last one takes what is left.

        Returns
        -------
        list of float
            The loss of each batch before its step. It ends with the first loss that is
            not finite, after which no step is made.
        """

    @abstractmethod
    def evaluate(self, net: NeuralNetwork, X: Array, y: Array) -> float:
        """Return the loss over all rows of `X`; parameters stay as they are."""
