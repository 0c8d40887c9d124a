"""Dropout: leave values out at random, in training only."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import complaint, real_number
from glassbrick.errors import ArgumentError
from glassbrick.noise import Noise
from glassbrick.operations.operation import Operation

__all__ = ["Dropout"]


class Dropout(Operation):
    r"""Leave each value out with probability :math:`p`: :math:`Y = X \odot M`.

    The mask :math:`M` is 0 with that probability, else :math:`1/(1-p)`, by which those that stay
    grow, so that the mean stays the same. In prediction all
    stay as they are.

    Parameters
    ----------
    rate : float, default 0.5
        The probability :math:`p`, at least 0 and less than 1.

    Attributes
    ----------
    mask : ndarray
        Of the last forward in training: 0 or :math:`1/(1-p)`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If `rate` is not such a number.

    Notes
    -----
    :math:`\partial L/\partial X = G \odot M`. The network gives it random numbers of
    its own, from its seed; in no network they come from fresh entropy. Srivastava et al.,
    Dropout: A Simple Way to Prevent Neural Networks from Overfitting, 2014.

    Examples
    --------
    >>> import numpy as np
    >>> set(Dropout(0.5).forward(np.ones((10, 10))).ravel().tolist()) <= {0.0, 2.0}
    True
    """

    memory: ClassVar[tuple[str, ...]] = (*Operation.memory, "mask")

    mask: Array

    def __init__(self, rate: float = 0.5):
        self.rate = real_number(rate, "Dropout, rate", above=0.0, or_equal=True)
        if self.rate >= 1.0:
            expected = "a number of at least 0 and less than 1"
            advice = "It is the part that is left out: 0.1 leaves out one value in ten."
            raise ArgumentError(complaint("Dropout, rate", expected, f"{rate}", advice))
        self.noise = Noise(np.random.default_rng())

    def set_up(self, input_: Array, rng: np.random.Generator) -> None:  # noqa: ARG002
        """Draw from `rng` from now on."""
        self.noise = Noise(rng)

    def _output(self) -> Array:
        stay = 1.0 - self.rate
        self.mask = self.noise.bernoulli(stay, self.input_) / stay
        return self.input_ * self.mask

    def _prediction(self) -> Array:
        return self.input_

    def _input_grad(self, output_grad: Array) -> Array:
        return output_grad * self.mask

    def __repr__(self) -> str:
        return f"Dropout({self.rate:g})"
