"""The functions that networks are made of."""

from glassbrick.operations.activations import HardSigmoid, Linear, Sigmoid, Softsign, Tanh
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
from glassbrick.operations.rectifiers import ELU, SELU, LeakyReLU, PReLU, ReLU, Softplus
from glassbrick.operations.self_gated import GELU, HardSwish, Mish, SiLU
from glassbrick.operations.softmax import LogSoftmax, Softmax

__all__ = [
    "ELU",
    "GELU",
    "SELU",
    "BatchStandardize",
    "BiasAdd",
    "Columns",
    "Dropout",
    "Flatten",
    "GainMultiply",
    "HardSigmoid",
    "HardSwish",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "Lookup",
    "Mish",
    "Operation",
    "PReLU",
    "ParamOperation",
    "ReLU",
    "RootMeanSquareDivide",
    "RowStandardize",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Softsign",
    "Tanh",
    "WeightMultiply",
]
