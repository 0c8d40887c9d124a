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
from glassbrick.metrics import (
    accuracy,
    balanced_accuracy,
    calibration_error,
    eval_regression_model,
    f1,
    log_loss,
    mae,
    r2,
    rmse,
    roc_auc,
)
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
from glassbrick.optimizers import SGD, Optimizer
from glassbrick.randomness import RandomSource
from glassbrick.summary import Summary, SummaryRow
from glassbrick.training import History, Trainer

__version__ = "0.1.0"

__all__ = [
    "SGD",
    "ArgumentError",
    "ArgumentTypeError",
    "Array",
    "BiasAdd",
    "Constant",
    "DataError",
    "Dense",
    "DivergenceError",
    "EngineReport",
    "EngineResult",
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
    "Loss",
    "MeanSquaredError",
    "MissingExtraError",
    "NeuralNetwork",
    "NotReadyError",
    "Operation",
    "Optimizer",
    "OwnershipError",
    "ParamOperation",
    "RandomSource",
    "ReLU",
    "ShapeError",
    "Sigmoid",
    "StandardNormal",
    "Summary",
    "SummaryRow",
    "Tanh",
    "TracingError",
    "Trainer",
    "WeightMultiply",
    "Zeros",
    "accuracy",
    "assert_same_shape",
    "balanced_accuracy",
    "calibration_error",
    "check_gradients",
    "compare_engines",
    "datasets",
    "eval_regression_model",
    "f1",
    "log_loss",
    "mae",
    "permute_data",
    "r2",
    "rmse",
    "roc_auc",
    "to_2d_np",
]
