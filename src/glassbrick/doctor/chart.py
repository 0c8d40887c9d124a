"""Chart: what is written down of a training, epoch by epoch, for rules to look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np

from glassbrick.arrays import Array
from glassbrick.doctor import course
from glassbrick.doctor.pass_through import Pass, Units, pass_once, rms
from glassbrick.doctor.remark import Remark
from glassbrick.doctor.rule import Rule, rules_in
from glassbrick.doctor.trial import weights_of
from glassbrick.network import NeuralNetwork

__all__ = ["Chart", "course_rules"]


@dataclass
class Chart:
    """What is known of a training after each epoch, or after some of them.

    Attributes
    ----------
    losses, val_losses : list of float
        Of all epochs; those of validation empty without validation data.
    gradients : list of float
        Root mean squares of the gradients of all weights, on the same rows each time.
    moved : list of dict of str to float
        By what part of their size weights have changed an epoch, by operation.
    epochs : int
        How many `moved` is about.
    units : list of Units
        The latest ones.
    remarks : list of Remark
        What rules have found so far, each one thing once.
    """

    losses: list[float] = field(default_factory=list)
    val_losses: list[float] = field(default_factory=list)
    gradients: list[float] = field(default_factory=list)
    moved: list[dict[str, float]] = field(default_factory=list)
    epochs: int = 0
    units: list[Units] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

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
        self.note(before, weights_of(twin), pass_once(twin, X, y))

    def note(
        self, before: dict[str, Array], after: dict[str, Array], seen: Pass, epochs: int = 1
    ) -> None:
        """Write down what was seen, and by how much weights have changed in some epochs."""
        moved = {}
        for place, weights in after.items():
            size = rms(before[place])
            # Of several epochs, each one has on average changed them by this part at least.
            moved[place] = rms(weights - before[place]) / size / epochs if size > 0.0 else 0.0
        squares = [weights.gradient**2 for weights in seen.weights]
        self.moved.append(moved)
        self.epochs += epochs
        self.gradients.append(float(np.sqrt(np.mean(squares))) if squares else 0.0)
        self.units = seen.units

    def judge(self) -> list[Remark]:
        """Return what rules find now and have not found before."""
        said = {remark.kind for remark in self.remarks}
        new = [
            remark
            for rule in course_rules()
            if rule.name not in said
            for remark in rule.remarks(self)[:1]
        ]
        self.remarks += new
        return new


@cache
def course_rules() -> tuple[Rule[Chart], ...]:
    """Return all rules of what is looked for during training."""
    return tuple(rules_in(course))
