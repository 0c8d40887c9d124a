"""The order of rows, epoch by epoch, as scikit-learn draws it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.network import NeuralNetwork
from glassbrick.randomness import Place, RandomSource, Streams

__all__ = ["rows_ordered_by"]


class _Orders:
    """Draws from a source that belongs to somebody else; without one, rows stay in order."""

    def __init__(self, source: np.random.RandomState | None):
        self._source = source

    def permutation(self, order: Array) -> Array:
        return order if self._source is None else self._source.permutation(order)

    def __deepcopy__(self, memo: dict[int, Any]) -> _Orders:
        return self  # for it is the owner of the source who wants it to move on


class _OwnOrder:
    """The streams of a network, but for the order of the rows."""

    def __init__(self, streams: Streams, orders: _Orders):
        self._streams, self._orders = streams, orders
        self.seed = streams.seed

    def for_layer(self, place: Place, seed: int | None) -> RandomSource:
        return self._streams.for_layer(place, seed)

    def for_shuffling(self, seed: int | None) -> Any:  # noqa: ARG002
        return self._orders

    def for_steps(self, place: Place, seed: int | None) -> np.random.Generator:
        return self._streams.for_steps(place, seed)

    def to_json(self) -> dict[str, Any]:
        return self._streams.to_json()


@contextmanager
def rows_ordered_by(net: NeuralNetwork, source: np.random.RandomState | None) -> Iterator[None]:
    """Let the fits meanwhile shuffle by `source`; without one they leave rows in their order.

    Parameters
    ----------
    net : NeuralNetwork
        Which is trained.
    source : RandomState, optional
        Drawn from, so that its owner finds it further on.
    """
    streams = net.streams
    net.streams = _OwnOrder(streams, _Orders(source))
    try:
        yield
    finally:
        net.streams = streams
