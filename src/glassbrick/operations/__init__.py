"""The functions that networks are made of."""

from glassbrick.operations.activations import HardSigmoid, Linear, Sigmoid, Softsign, Tanh
from glassbrick.operations.linear import BiasAdd, WeightMultiply
from glassbrick.operations.operation import Operation, ParamOperation
from glassbrick.operations.rectifiers import ELU, SELU, LeakyReLU, PReLU, ReLU, Softplus
from glassbrick.operations.self_gated import GELU, HardSwish, Mish, SiLU
from glassbrick.operations.softmax import LogSoftmax, Softmax

__all__ = [
    "ELU",
    "GELU",
    "SELU",
    "BiasAdd",
    "HardSigmoid",
    "HardSwish",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "Mish",
    "Operation",
    "PReLU",
    "ParamOperation",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Softsign",
    "Tanh",
    "WeightMultiply",
]
