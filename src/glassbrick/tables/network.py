"""The layers of a network for a table: vectors for categories, a deep part and a straight one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from glassbrick.checks import positive_integer
from glassbrick.layers import Concatenate, Dense, Embedding
from glassbrick.operations import Columns, Dropout, Linear
from glassbrick.tables.features import Features

__all__ = ["table_layers"]

_VECTOR = 8  # numbers that stand for a category of many


def table_layers(
    features: Features,
    outputs: int,
    *,
    hidden: Sequence[int] = (128, 128, 128),
    activation: str = "mish",
    dropout: float = 0.1,
) -> list[Any]:
    """Return layers that take the matrix of `Features.encode`.

    The last layer sees the features themselves, too, beside what the deep part makes of them.
    So the network is at least a linear model, which on small tables is hard to beat.

    Parameters
    ----------
    features : Features
        What the matrix holds.
    outputs : int
        How many numbers to predict for each row.
    hidden : sequence of int, default (128, 128, 128)
        Neurons of each layer of the deep part.
    activation : str, default "mish"
        Of these layers.
    dropout : float, default 0.1
        What part of their outputs is left out in training.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a setting cannot be used.

    Notes
    -----
    Cheng et al., Wide and Deep Learning for Recommender Systems, 2016.

    Examples
    --------
    >>> from glassbrick.tables import Features, read_table
    >>> table = read_table({"age": [3, 4, 5], "town": ["Bern", "Genf", "Bern"]}, "example")
    >>> table_layers(Features.fit(table, "example"), 1, hidden=(4,))
    [Concatenate([Series([Dense(4, Mish), Dropout(0.1)]), Linear()]), Dense(1, Linear)]
    """
    outputs = positive_integer(outputs, "table_layers, outputs")
    deep: list[Any] = []
    for neurons in hidden:
        deep.append(Dense(neurons, activation))
        if dropout:
            deep.append(Dropout(dropout))
    middle = [Concatenate([deep, Linear()])] if deep else []
    return [*_entrance(features), *middle, Dense(outputs, "linear")]


def _entrance(features: Features) -> list[Any]:
    """Return what makes vectors of numbers of categories, and lets the other columns through."""
    embedded, width = len(features.categories), len(features.names)
    if not embedded:
        return []
    vectors = Embedding(features.categories, _VECTOR)
    if embedded == width:
        return [vectors]
    others = Columns(range(embedded, width))
    return [Concatenate([[Columns(range(embedded)), vectors], others])]
