"""Glassbrick: deep learning from building blocks you can see through."""

from glassbrick import datasets
from glassbrick.arrays import Array, to_2d_np
from glassbrick.batches import permute_data
from glassbrick.checks import assert_same_shape
from glassbrick.errors import (
    ArgumentError,
    ArgumentTypeError,
    DataError,
    DivergenceError,
    FileError,
    GlassbrickError,
    MissingExtraError,
    NotReadyError,
    OwnershipError,
    ShapeError,
    TracingError,
)
from glassbrick.glass import (
    EngineReport,
    EngineResult,
    GradientReport,
    GradientResult,
    check_gradients,
    compare_engines,
)
from glassbrick.initializers import (
    Constant,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    Initializer,
    LecunNormal,
    LecunUniform,
    StandardNormal,
    Zeros,
)
from glassbrick.layers import Dense, Layer
from glassbrick.losses import Loss, MeanSquaredError
from glassbrick.metrics import eval_regression_model, mae, rmse
from glassbrick.network import NeuralNetwork
from glassbrick.operations import (
    BiasAdd,
    Linear,
    Operation,
    ParamOperation,
    ReLU,
    Sigmoid,
    Tanh,
    WeightMultiply,
)
from glassbrick.optimizers import SGD, Adagrad, Adam, AdamW, Lion, NAdam, Optimizer, RMSProp
from glassbrick.randomness import RandomSource
from glassbrick.schedules import (
    ConstantRate,
    CosineDecay,
    ExponentialDecay,
    LinearDecay,
    OneCycle,
    Schedule,
    StepDecay,
    WarmUp,
)
from glassbrick.training import History, Trainer

__version__ = "0.1.0"

__all__ = [
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "ArgumentError",
    "ArgumentTypeError",
    "Array",
    "BiasAdd",
    "Constant",
    "ConstantRate",
    "CosineDecay",
    "DataError",
    "Dense",
    "DivergenceError",
    "EngineReport",
    "EngineResult",
    "ExponentialDecay",
    "FileError",
    "GlassbrickError",
    "GlorotNormal",
    "GlorotUniform",
    "GradientReport",
    "GradientResult",
    "HeNormal",
    "HeUniform",
    "History",
    "Initializer",
    "Layer",
    "LecunNormal",
    "LecunUniform",
    "Linear",
    "LinearDecay",
    "Lion",
    "Loss",
    "MeanSquaredError",
    "MissingExtraError",
    "NAdam",
    "NeuralNetwork",
    "NotReadyError",
    "OneCycle",
    "Operation",
    "Optimizer",
    "OwnershipError",
    "ParamOperation",
    "RMSProp",
    "RandomSource",
    "ReLU",
    "Schedule",
    "ShapeError",
    "Sigmoid",
    "StandardNormal",
    "StepDecay",
    "Tanh",
    "TracingError",
    "Trainer",
    "WarmUp",
    "WeightMultiply",
    "Zeros",
    "assert_same_shape",
    "check_gradients",
    "compare_engines",
    "datasets",
    "eval_regression_model",
    "mae",
    "permute_data",
    "rmse",
    "to_2d_np",
]
