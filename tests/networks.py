"""Small networks and data that many tests use."""

from __future__ import annotations

import numpy as np
import pytest

from glassbrick import SGD, Dense, MeanSquaredError, NeuralNetwork, Trainer

SEED = 20190501


def make_data(rows=40, features=3, outputs=1, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((rows, features))
    y = np.tanh(X @ rng.standard_normal((features, outputs))) + 0.1
    return X.astype(dtype), y.astype(dtype)


def make_net(outputs=1, **source):
    source = source or {"rng": 0}
    layers = [Dense(5, "tanh"), Dense(4, "sigmoid"), Dense(outputs, "linear")]
    return NeuralNetwork(layers, MeanSquaredError(), **source)


def make_trainer(lr=0.05, outputs=1, engine="numpy", **source):
    return Trainer(make_net(outputs, **source), SGD(lr=lr), engine=engine)


def params_of(net):
    return [param.copy() for param in net.params()]


def same_params(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


class Rig:
    """A metric whose values are given, one for each epoch."""

    __name__ = "rigged"

    def __init__(self, numbers):
        self.numbers = iter(numbers)

    def __call__(self, y_true, y_pred):
        return next(self.numbers)


def assert_same_history(now, before):
    """Whether nothing was added; a failed fit takes time, and judges the best epoch again."""
    assert now.history == before.history
    assert (now.evaluated, now.best_epoch) == (before.evaluated, before.best_epoch)
    assert now.best_loss == pytest.approx(before.best_loss, rel=1e-12)
    assert now.stop_reason == before.stop_reason
