"""Chart: what is written down of a training, epoch by epoch, for rules to look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np

from glassbrick.arrays import Array
from glassbrick.doctor import course
from glassbrick.doctor.pass_through import Units, pass_once, rms
from glassbrick.doctor.rule import Rule, rules_in
from glassbrick.doctor.trial import weights_of
from glassbrick.network import NeuralNetwork

__all__ = ["Chart", "course_rules"]


@dataclass
class Chart:
    """What is known of a training after each epoch.

    Attributes
    ----------
    losses, val_losses : list of float
        Of all epochs; those of validation empty without validation data.
    gradients : list of float
        Root mean squares of the gradients of all weights, on the same rows after each epoch.
    moved : list of dict of str to float
        By what part of their size weights have changed in an epoch, by operation.
    units : list of Units
        After the latest epoch.
    """

    losses: list[float] = field(default_factory=list)
    val_losses: list[float] = field(default_factory=list)
    gradients: list[float] = field(default_factory=list)
    moved: list[dict[str, float]] = field(default_factory=list)
    units: list[Units] = field(default_factory=list)

    def look(self, twin: NeuralNetwork, net: NeuralNetwork, X: Array, y: Array) -> None:
        """Write an epoch down, seen on a twin, which gets the parameters of the network.

        Parameters
        ----------
        twin : NeuralNetwork
            A copy that has the parameters of an epoch ago.
        net : NeuralNetwork
            What is trained.
        X, y : ndarray
            The rows to look at it with.
        """
        before = {place: np.copy(weights) for place, weights in weights_of(twin).items()}
        for param, value in zip(twin.params(), net.params(), strict=True):
            param[...] = value
        moved = {}
        for place, weights in weights_of(twin).items():
            size = rms(before[place])
            moved[place] = rms(weights - before[place]) / size if size > 0.0 else 0.0
        seen = pass_once(twin, X, y)
        squares = [weights.gradient**2 for weights in seen.weights]
        self.moved.append(moved)
        self.gradients.append(float(np.sqrt(np.mean(squares))) if squares else 0.0)
        self.units = seen.units


@cache
def course_rules() -> tuple[Rule[Chart], ...]:
    """Return all rules of what is looked for during training."""
    return tuple(rules_in(course))
