"""Series of operations with parameters of their own."""

from glassbrick.layers.dense import Dense
from glassbrick.layers.layer import Layer

__all__ = ["Dense", "Layer"]
