"""Snapshot: the values of all parameters at one moment."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from glassbrick.arrays import Array
from glassbrick.network import NeuralNetwork

__all__ = ["Snapshot"]


class Snapshot:
    """A copy of all parameters, to be written back into the same arrays.

    Parameters
    ----------
    net : NeuralNetwork
        Whose parameters to copy.
    """

    def __init__(self, net: NeuralNetwork):
        self._values = [param.copy() for param in net.params()]

    def restore(self, net: NeuralNetwork) -> None:
        """Write the values back, in place."""
        for param, value in zip(net.params(), self._values, strict=True):
            param[...] = value

    def restorer(self, net: NeuralNetwork) -> Callable[[], None]:
        """Return what writes the values back."""
        return lambda: self.restore(net)

    def equals(self, net: NeuralNetwork) -> bool:
        """Whether the network has these values, bit for bit."""
        params = list(net.params())
        return len(params) == len(self._values) and all(map(_same_bits, params, self._values))


def _same_bits(first: Array, second: Array) -> bool:
    if (first.dtype, first.shape) != (second.dtype, second.shape):
        return False
    bits = f"u{first.itemsize}"  # so that NaN is NaN
    return np.array_equal(np.ascontiguousarray(first).view(bits), second.view(bits))
