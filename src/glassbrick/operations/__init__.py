"""The functions that networks are made of."""

from glassbrick.operations.activations import Linear, ReLU, Sigmoid, Tanh
from glassbrick.operations.linear import BiasAdd, WeightMultiply
from glassbrick.operations.operation import Operation, ParamOperation

__all__ = [
    "BiasAdd",
    "Linear",
    "Operation",
    "ParamOperation",
    "ReLU",
    "Sigmoid",
    "Tanh",
    "WeightMultiply",
]
