"""Operations, put together."""

from glassbrick.layers.concatenate import Concatenate
from glassbrick.layers.dense import Dense
from glassbrick.layers.embedding import Embedding
from glassbrick.layers.layer import Layer
from glassbrick.layers.normalization import BatchNorm, LayerNorm, RMSNorm
from glassbrick.layers.residual import Residual
from glassbrick.layers.series import Series

__all__ = [
    "BatchNorm",
    "Concatenate",
    "Dense",
    "Embedding",
    "Layer",
    "LayerNorm",
    "RMSNorm",
    "Residual",
    "Series",
]
