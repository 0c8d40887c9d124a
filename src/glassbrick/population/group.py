"""The members of a population, and those of them that have the same settings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.arrays import Array
from glassbrick.errors import DivergenceError, NotReadyError
from glassbrick.network import NeuralNetwork
from glassbrick.population.scaling import Scaling
from glassbrick.training.history import History
from glassbrick.training.trainer import Trainer

__all__ = ["PopulationGroup", "PopulationMember"]


@dataclass(frozen=True, eq=False)
class PopulationMember:
    """One network of a population.

    Attributes
    ----------
    settings : dict of str to object
        What it was made with, besides the seed.
    seed : int
        Its seed.
    fold : int or None
        The number of the fold that it did not see, from 0; None without folds.
    trainer : Trainer
        With the network, and the optimizer.
    outcome : History or DivergenceError
        How its training ended.
    """

    settings: Mapping[str, Any]
    seed: int
    fold: int | None
    trainer: Trainer
    outcome: History | DivergenceError
    _scaling: Scaling | None = None

    @property
    def net(self) -> NeuralNetwork:
        """The network, with the parameters of the epoch that was kept."""
        return self.trainer.net

    @property
    def history(self) -> History:
        """What happened until it ended, by divergence too."""
        return self.outcome if isinstance(self.outcome, History) else self.outcome.history

    @property
    def diverged(self) -> bool:
        """Whether its loss or a parameter stopped being a finite number."""
        return isinstance(self.outcome, DivergenceError)

    def score(self, name: str) -> float:
        """Return a number of the epoch that was kept; NaN if there is none, or it diverged."""
        values = self.history.history.get(name, [])
        return math.nan if self.diverged or not values else values[self.trainer.kept_epoch - 1]

    def predict(self, X: ArrayLike) -> Array:
        """Return what the network says of some rows: numbers, or probabilities.

        Parameters
        ----------
        X : array_like, shape (rows, features)
            As `Population.fit` was given them.

        Returns
        -------
        ndarray, shape (rows, outputs)
        """
        features = X if self._scaling is None else self._scaling(X)
        return np.asarray(self.net.loss.interpret(self.net.predict(features)))


@dataclass(frozen=True, eq=False)
class PopulationGroup:
    """All networks with the same settings: other seeds, other folds.

    Attributes
    ----------
    settings : dict of str to object
        What all were made with.
    members : tuple of PopulationMember
        The networks, also those that diverged.
    scores : ndarray, shape (members,)
        The number that is compared, of each; NaN of those that diverged.
    """

    settings: Mapping[str, Any]
    members: tuple[PopulationMember, ...]
    scores: Array

    @property
    def diverged(self) -> int:
        """How many diverged."""
        return sum(member.diverged for member in self.members)

    @property
    def found(self) -> Array:
        """The scores of those that did not diverge, shape (members - diverged,)."""
        return np.asarray(self.scores[np.isfinite(self.scores)])

    @property
    def mean(self) -> float:
        """Mean of the scores of those that did not diverge; NaN if all did."""
        return float(np.mean(self._parts)) if len(self._parts) else math.nan

    @property
    def std(self) -> float:
        """Standard deviation of the scores of single networks; NaN of less than two."""
        return float(np.std(self.found, ddof=1)) if len(self.found) > 1 else math.nan

    @property
    def standard_error(self) -> float:
        """By how much the mean may be off; NaN if there is nothing to tell it from.

        With folds it is that of the means of the folds, for the seeds of a fold are judged by
        the same rows. Folds share rows to learn from, so that it is still a little too small.
        """
        parts = self._parts
        return float(np.std(parts, ddof=1) / len(parts) ** 0.5) if len(parts) > 1 else math.nan

    @property
    def _parts(self) -> Array:
        """Scores that do not depend on each other: of folds, or if there is one, of seeds."""
        folds: dict[int | None, list[float]] = {}
        for member, score in zip(self.members, self.scores, strict=True):
            if math.isfinite(score):
                folds.setdefault(member.fold, []).append(score)
        if len(folds) > 1:
            return np.array([np.mean(scores) for scores in folds.values()])
        return np.array([score for scores in folds.values() for score in scores])

    @property
    def epochs(self) -> float:
        """Mean number of the epoch that was kept, of those that did not diverge."""
        kept = [member.trainer.kept_epoch for member in self.members if not member.diverged]
        return float(np.mean(kept)) if kept else math.nan

    def predict(self, X: ArrayLike) -> Array:
        """Return the mean of what the networks say that did not diverge.

        Parameters
        ----------
        X : array_like, shape (rows, features)
            As `Population.fit` was given them.

        Returns
        -------
        ndarray, shape (rows, outputs)

        Raises
        ------
        NotReadyError
            If all diverged.
        """
        return np.asarray(self.predict_each(X).mean(axis=0))

    def predict_each(self, X: ArrayLike) -> Array:
        """Return what each network says that did not diverge.

        Parameters
        ----------
        X : array_like, shape (rows, features)
            As `Population.fit` was given them.

        Returns
        -------
        ndarray, shape (networks, rows, outputs)
            ``std(axis=0)`` of it is by how much the networks disagree.

        Raises
        ------
        NotReadyError
            If all diverged.
        """
        usable: Sequence[PopulationMember] = [m for m in self.members if not m.diverged]
        if not usable:
            raise NotReadyError("predict: all networks of these settings diverged.")
        return np.stack([member.predict(X) for member in usable])

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.settings.items())
        return (
            f"PopulationGroup({told or 'no settings'}: mean={self.mean:.4g}, "
            f"standard_error={self.standard_error:.2g}, networks={len(self.members)})"
        )
