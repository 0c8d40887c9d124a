"""The names of blocks, made of the names of their classes."""

from __future__ import annotations

import re

__all__ = ["snake_case"]


def snake_case(name: str) -> str:
    """Turn a class name into the name of a block.

    >>> snake_case("WeightMultiply"), snake_case("ReLU"), snake_case("LeakyReLU")
    ('weight_multiply', 'relu', 'leaky_relu')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "_", name).lower()
