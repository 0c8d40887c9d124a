"""Trainings on one and on several devices, in a process of its own that has eight; prints JSON."""

from __future__ import annotations

import json
import sys

import jax
import numpy as np

from glassbrick import (
    LBFGS,
    SGD,
    XLA,
    Adam,
    BatchNorm,
    CosineDecay,
    Dense,
    Dropout,
    Embedding,
    MeanSquaredError,
    NeuralNetwork,
    Residual,
    SoftmaxCrossEntropy,
    Trainer,
)
from networks import make_data

jax.config.update("jax_num_cpu_devices", 8)

CASES = {}


def case(*devices):
    """Keep a training that is to be compared on so many devices with one."""

    def keep(train):
        CASES[train.__name__] = train, devices
        return train

    return keep


def fit(engine, layers, optim, data, loss=MeanSquaredError, **how):
    """Train, and return all numbers that come of it."""
    trainer = Trainer(NeuralNetwork(layers, loss(), rng=3), optim, engine=engine)
    history = trainer.fit(*data, **({"epochs": 5, "patience": None, "verbose": False} | how))
    assert history.engine == "xla"
    arrays = [array for part in trainer.net._parts() for array in arrays_of(part)]
    return [*arrays, *arrays_of(trainer.optim), *history.history.values(), [history.epochs]]


def arrays_of(thing):
    held = [
        v for value in vars(thing).values() for v in (value if type(value) is list else [value])
    ]
    return [value for value in held if isinstance(value, np.ndarray) and value.dtype.kind == "f"]


@case(2, 4, 8)
def everything(engine):
    """53 rows in batches of 13: none divides, and the last one has a single row."""
    layers = [
        Dense(6, "tanh"),
        BatchNorm(),
        Dropout(0.8),
        Residual([Dense(6, "gelu")]),
        Dense(1),
    ]
    optim = Adam(CosineDecay(0.02), ema=0.9, clip_global_norm=0.5, weight_decay=1e-3)
    weights = np.random.default_rng(0).uniform(0.1, 3.0, 53)
    data = (*make_data(rows=53), *make_data(rows=21, seed=1))
    how = {"sample_weight": weights, "sample_weight_test": weights[:21]}
    return fit(engine, layers, optim, data, batch_size=13, patience=1, eval_every=1, **how)


@case(4, 8)
def classes(engine):
    """Batches of fewer rows than there are devices, categories, and weights of classes."""
    rng = np.random.default_rng(1)
    X = np.c_[rng.integers(0, 5, 31), rng.integers(0, 3, 31)].astype(float)
    y = np.eye(3)[(X.sum(1) % 3).astype(int)].argmax(1)
    layers = [Embedding([5, 3], 4), Dense(6, "relu"), Dense(3)]
    optim = SGD(0.1, momentum=0.9, nesterov=True)
    data = (X, y, X[:9], y[:9])
    how = {"loss": SoftmaxCrossEntropy, "batch_size": 3, "class_weight": "balanced"}
    return fit(engine, layers, optim, data, **how)


@case(2, 8)
def many_validation_rows(engine):
    """A block of 4096 validation rows, and a rest that the devices do not divide."""
    data = (*make_data(rows=24), *make_data(rows=4096 + 37, seed=1))
    return fit(engine, [Dense(4, "sigmoid"), Dense(1)], SGD(0.1), data, batch_size=8)


@case(2, 4)
def lbfgs(engine):
    """All rows at once, 53 of them."""
    data = (*make_data(rows=53), *make_data(rows=21, seed=1))
    return fit(engine, [Dense(4, "tanh"), Dense(1)], LBFGS(), data, epochs=8)


def differences():
    """By how much the trainings differ, norm-wise, from that on one device."""
    found = {}
    for name, (train, devices) in CASES.items():
        expected = train(XLA())
        for number in devices:
            pairs = zip(expected, train(XLA(devices=number)), strict=True)
            found[f"{name}, {number}"] = max(map(norm_error, *zip(*pairs, strict=True)))
    return found


def norm_error(first, second):
    first, second = np.asarray(first, float), np.asarray(second, float)
    assert first.shape == second.shape
    return float(np.linalg.norm(first - second) / max(np.linalg.norm(first), 1e-3))


if __name__ == "__main__":
    json.dump({"differences": differences()}, sys.stdout)
