"""Each activation as PyTorch has it, by the name that it has here."""

from __future__ import annotations

import pytest


def torch_activations():
    """Functions of an input, and of the slopes if there are any; skips without PyTorch."""
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    return {
        "elu": functional.elu,
        "gelu": functional.gelu,
        "gelu_tanh": lambda x: functional.gelu(x, approximate="tanh"),
        # functional.hardsigmoid takes 1/6 from float32 for the gradient of float64.
        "hard_sigmoid": lambda x: functional.relu6(x + 3.0) / 6.0,
        "hard_swish": functional.hardswish,
        "leaky_relu": functional.leaky_relu,
        "linear": lambda x: x,
        "log_softmax": lambda x: functional.log_softmax(x, dim=-1),
        "mish": functional.mish,
        "prelu": lambda x, slopes: functional.prelu(x, slopes.ravel()),
        "relu": functional.relu,
        "selu": functional.selu,
        "sigmoid": torch.sigmoid,
        "silu": functional.silu,
        "softmax": lambda x: functional.softmax(x, dim=-1),
        # By default it is the identity from 20 on, where it is off by 2e-9.
        "softplus": lambda x: functional.softplus(x, threshold=50.0),
        "softsign": functional.softsign,
        "swish": functional.silu,
        "tanh": torch.tanh,
    }
