"""RateFinder: the part of a trainer that finds a learning rate."""

from __future__ import annotations

from numpy.typing import ArrayLike

from glassbrick.checks import positive_integer, real_number
from glassbrick.network import NeuralNetwork
from glassbrick.optimizers import Optimizer
from glassbrick.training.fit_data import FitData
from glassbrick.training.rate_search import RateSearch, try_rates
from glassbrick.training.weights import ClassWeight

__all__ = ["RateFinder"]


class RateFinder:
    """Finds a learning rate for a network and an optimizer.

    Attributes
    ----------
    net, optim : NeuralNetwork, Optimizer
        Which are to be trained.
    """

    net: NeuralNetwork
    optim: Optimizer

    def find_lr(
        self,
        X_train: ArrayLike,
        y_train: ArrayLike,
        *,
        lowest: float = 1e-6,
        highest: float = 10.0,
        steps: int = 200,
        batch_size: int = 32,
        sample_weight: ArrayLike | None = None,
        class_weight: ClassWeight = None,
    ) -> RateSearch:
        """Find a learning rate to begin with, by one short training in which it grows.

        Copies of the network and the optimizer are trained. Both stay as they are; take the
        suggestion yourself: ``optim.lr = trainer.find_lr(X, y).suggestion``.

        Parameters
        ----------
        X_train, y_train, batch_size, sample_weight, class_weight
            As of `fit`.
        lowest, highest : float, default 1e-6 and 10
            The first and the last rate.
        steps : int, default 200
            How many; fewer are made if the loss gets out of hand.

        Returns
        -------
        RateSearch
            With the `suggestion`, and `plot()`.

        Raises
        ------
        DataError
            If data cannot be used, or the loss gets out of hand at once.
        ArgumentError, ArgumentTypeError, ShapeError
            If a setting cannot be used, or data does not fit the network.
        """
        lowest = real_number(lowest, "find_lr, lowest", above=0.0)
        highest = real_number(highest, "find_lr, highest", above=lowest)
        dtype = self.net.dtype if self.net.is_built else None
        data = (X_train, y_train, sample_weight)
        return try_rates(
            *(self.net, self.optim),
            FitData.of(data, (None, None, None), class_weight, dtype),
            *(lowest, highest),
            steps=positive_integer(steps, "find_lr, steps"),
            batch_size=positive_integer(batch_size, "find_lr, batch_size"),
        )
