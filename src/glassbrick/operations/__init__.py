"""The functions that networks are made of."""

from glassbrick.operations.activations import Linear, ReLU, Sigmoid, Tanh
from glassbrick.operations.columns import Columns, Flatten
from glassbrick.operations.dropout import Dropout
from glassbrick.operations.linear import BiasAdd, GainMultiply, WeightMultiply
from glassbrick.operations.lookup import Lookup
from glassbrick.operations.normalization import (
    BatchStandardize,
    RootMeanSquareDivide,
    RowStandardize,
)
from glassbrick.operations.operation import Operation, ParamOperation

__all__ = [
    "BatchStandardize",
    "BiasAdd",
    "Columns",
    "Dropout",
    "Flatten",
    "GainMultiply",
    "Linear",
    "Lookup",
    "Operation",
    "ParamOperation",
    "ReLU",
    "RootMeanSquareDivide",
    "RowStandardize",
    "Sigmoid",
    "Tanh",
    "WeightMultiply",
]
