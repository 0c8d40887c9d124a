"""Rehearsal: random numbers that are drawn once, and then given to both engines."""

from __future__ import annotations

from glassbrick.arrays import Array, is_traced
from glassbrick.network import NeuralNetwork
from glassbrick.noise import Noise

__all__ = ["Rehearsal", "rehearse"]


class Rehearsal(Noise):
    """Keeps what it draws eagerly, and gives the same again while a step is compiled.

    Parameters
    ----------
    noise : Noise
        Which draws.
    """

    def __init__(self, noise: Noise):
        super().__init__(noise.rng)
        self.drawn: list[Array] = []
        self._given = 0

    def bernoulli(self, probability: float, like: Array) -> Array:
        """See `Noise.bernoulli`."""
        if is_traced(like):
            return self._again()
        return self._keep(super().bernoulli(probability, like))

    def normal(self, like: Array) -> Array:
        """See `Noise.normal`."""
        if is_traced(like):
            return self._again()
        return self._keep(super().normal(like))

    def _keep(self, numbers: Array) -> Array:
        self.drawn.append(numbers)
        return numbers

    def _again(self) -> Array:
        self._given += 1
        return self.drawn[self._given - 1]


def rehearse(net: NeuralNetwork) -> list[Rehearsal]:
    """Let a network draw its random numbers from rehearsals, and return these."""
    rehearsals = []
    for operation in net.operations():
        for name, value in vars(operation).items():
            if isinstance(value, Noise):
                rehearsals.append(Rehearsal(value))
                setattr(operation, name, rehearsals[-1])
    return rehearsals
