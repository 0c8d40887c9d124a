"""Snapshot: the values of all that training changes in a network, at one moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Self

import numpy as np

from glassbrick.arrays import Array
from glassbrick.network import NeuralNetwork
from glassbrick.operations import Operation

__all__ = ["Snapshot", "arrays_of"]


class Snapshot:
    """A copy of all arrays that operations hold: parameters, running averages.

    Parameters
    ----------
    net : NeuralNetwork
        Whose arrays to copy.

    Attributes
    ----------
    values : list of (Operation, str, ndarray)
        Which operation holds what by which name.
    """

    def __init__(self, net: NeuralNetwork):
        net.params()  # refuses a network that has none yet
        self.values = [(op, name, array.copy()) for op, name, array in arrays_of(net)]

    @classmethod
    def of(cls, values: Sequence[tuple[Operation, str, Array]]) -> Self:
        """Make one of values that are known."""
        snapshot = object.__new__(cls)
        snapshot.values = list(values)
        return snapshot

    def restore(self) -> None:
        """Write the values back: in place, unless an operation holds another array by now."""
        for operation, name, value in self.values:
            held = vars(operation).get(name)
            if isinstance(held, np.ndarray) and held.shape == value.shape and held.flags.writeable:
                held[...] = value
            elif not _same_bits(held, value):
                setattr(operation, name, value.copy())

    def equals(self, net: NeuralNetwork) -> bool:
        """Whether the network has these values, bit for bit."""
        now = list(arrays_of(net))
        return len(now) == len(self.values) and all(
            _same_bits(array, value)
            for (_, _, array), (_, _, value) in zip(now, self.values, strict=True)
        )


def arrays_of(net: NeuralNetwork) -> Iterator[tuple[Operation, str, Array]]:
    """Find the arrays that operations hold from batch to batch."""
    for operation in net.operations():
        for name, value in vars(operation).items():
            if isinstance(value, np.ndarray) and name not in operation.memory:
                yield operation, name, value


def _same_bits(first: Array | None, second: Array) -> bool:
    if first is None or (first.dtype, first.shape) != (second.dtype, second.shape):
        return False
    # As bytes, so that NaN is NaN.
    return np.ascontiguousarray(first).tobytes() == np.ascontiguousarray(second).tobytes()
