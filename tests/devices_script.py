"""Trainings on one and on several devices, in a process that has eight; prints JSON last."""

from __future__ import annotations

import json
import pickle
import re
import sys
from itertools import starmap
from pathlib import Path

import jax
import numpy as np
from sklearn.base import clone

from glassbrick import (
    LBFGS,
    SGD,
    XLA,
    Adam,
    ArgumentError,
    ArrayStream,
    BatchNorm,
    Callback,
    Checkpoint,
    CosineDecay,
    Dense,
    DivergenceError,
    Dropout,
    Embedding,
    LayerNorm,
    MeanSquaredError,
    NeuralNetwork,
    Residual,
    SoftmaxCrossEntropy,
    Trainer,
)
from glassbrick.engines.xla import program
from glassbrick.engines.xla.placement import Placement
from glassbrick.sklearn import NetRegressor
from glassbrick.training.together import Given, fit_together
from networks import make_data
from tracing_cases import MORE_CASES

jax.config.update("jax_num_cpu_devices", 8)

CASES = {}
WRITES = "set one element", "np.nan_to_num in place", "sum with out", "set with axes of one"


def case(*devices, like="numpy"):
    """Keep a training that is to be compared on so many devices with another engine."""

    def keep(train):
        CASES[train.__name__] = train, devices, like
        return train

    return keep


def fit(engine, layers, optim, data, loss=MeanSquaredError, **how):
    """Train, and return all numbers that come of it."""
    trainer = Trainer(NeuralNetwork(layers, loss(), rng=3), optim, engine=engine)
    history = trainer.fit(*data, **({"epochs": 5, "patience": None, "verbose": False} | how))
    assert history.engine == getattr(engine, "name", engine)
    arrays = [array for part in trainer.net._parts() for array in arrays_of(part)]
    return [*arrays, *arrays_of(trainer.optim), *history.history.values(), [history.epochs]]


def arrays_of(thing):
    held = [
        v for value in vars(thing).values() for v in (value if type(value) is list else [value])
    ]
    return [value for value in held if isinstance(value, np.ndarray) and value.dtype.kind == "f"]


@case(2, 4, 8, like="xla")  # which draws other random numbers than NumPy
def everything(engine):
    """53 rows in batches of 13: none divides, and the last one has a single row."""
    layers = [
        Dense(6, "tanh"),
        BatchNorm(),
        Dropout(0.8),
        Residual([Dense(6, "relu")]),
        Dense(1),
    ]
    optim = Adam(CosineDecay(0.02), ema=0.9, clip_global_norm=0.5, weight_decay=1e-3)
    weights = np.random.default_rng(0).uniform(0.1, 3.0, 53)
    data = (*make_data(rows=53), *make_data(rows=21, seed=1))
    how = {"sample_weight": weights, "sample_weight_test": weights[:21]}
    return fit(engine, layers, optim, data, batch_size=13, patience=1, eval_every=1, **how)


@case(8)
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


@case(8)
def many_validation_rows(engine):
    """A block of 4096 validation rows, and a rest that the devices do not divide."""
    data = (*make_data(rows=24), *make_data(rows=4096 + 37, seed=1))
    return fit(engine, [Dense(4, "sigmoid"), Dense(1)], SGD(0.1), data, batch_size=8)


@case(4)
def a_stream(engine):
    """Batches that the devices divide, and that they do not; and a short last one."""
    numbers = []
    for size in (12, 13):
        stream = ArrayStream(*make_data(rows=53), np.linspace(0.5, 1.5, 53), lanes=4)
        data = (stream, None, *make_data(rows=21, seed=1))
        how = {"batch_size": size, "epochs": 2}
        numbers += fit(engine, [Dense(4, "tanh"), BatchNorm(), Dense(1)], Adam(0.01), data, **how)
    return numbers


@case(2)
def lbfgs(engine):
    """All rows at once, 53 of them."""
    data = (*make_data(rows=53), *make_data(rows=21, seed=1))
    return fit(engine, [Dense(4, "tanh"), Dense(1)], LBFGS(), data, epochs=8)


@case(4)
def random_networks(engine):
    """Layers, batches and rows as they come."""
    numbers = []
    for seed in range(2):
        rng = np.random.default_rng(seed)
        sizes, activations = rng.integers(2, 9, 3), rng.choice(["tanh", "relu", "softmax"], 3)
        layers = [Dense(int(n), str(f)) for n, f in zip(sizes, activations, strict=True)]
        layers.insert(int(rng.integers(1, 4)), [BatchNorm, LayerNorm][seed]())
        rows, size = int(rng.integers(17, 40)), int(rng.integers(2, 17))
        data = (*make_data(rows=rows, seed=seed), *make_data(rows=11, seed=seed + 1))
        numbers += fit(engine, [*layers, Dense(1)], SGD(0.05), data, batch_size=size, epochs=3)
    return numbers


@case(4)
def single_call(engine):
    """The loss and the gradients of a batch, compiled without a training."""
    net = NeuralNetwork([Dense(4, "tanh"), BatchNorm(), Dense(2)], MeanSquaredError(), rng=0)
    X, y = make_data(rows=13, outputs=2)
    net.train_batch(X, y)

    def call(net, X, y):
        return [net.train_batch(X, y), *net.param_grads()]

    return call(net, X, y) if engine == "numpy" else engine.compute(call, net, X, y)


@case(2)
def writes(engine):
    """Rows that are written in place, which XLA alone gets wrong."""
    net = NeuralNetwork([Dense(1, inputs=1)], MeanSquaredError(), rng=0)
    rng = np.random.default_rng(3)
    arrays = [rng.uniform(0.1, 0.9, shape) for shape in ((4, 3), (4, 3), (3, 3))]
    rules = [MORE_CASES[name] for name in WRITES]

    def call(net, *arrays):
        return [rule(*map(np.copy, arrays)) for rule in rules]

    return call(net, *arrays) if engine == "numpy" else engine.compute(call, net, *arrays)


def differences():
    """By how much the trainings differ, norm-wise, from those without devices."""
    found = {}
    for name, (train, devices, like) in CASES.items():
        expected = train(like)
        for number in devices:
            pairs = zip(expected, train(XLA(devices=number)), strict=True)
            found[f"{name}, {number}"] = max(starmap(norm_error, pairs))
    return found


def norm_error(first, second):
    first, second = np.asarray(first, float), np.asarray(second, float)
    assert first.shape == second.shape
    return float(np.linalg.norm(first - second) / max(np.linalg.norm(first), 1e-3))


def what_devices_tell_each_other():
    """Count what the program of a training on four devices says of that."""
    data = (*make_data(rows=48, features=5), *make_data(rows=12, features=5, seed=1))
    layers = [Dense(7, "tanh"), Dense(6, "relu"), Dense(1)]
    fit(XLA(devices=4), layers, Adam(clip_global_norm=1.0), data, batch_size=16)
    text = list(program._kept.values())[-1].as_text()
    kinds = "all-reduce", "all-gather", "all-to-all", "collective-permute", "reduce-scatter"
    found = {kind: re.findall(rf"= (.*?) {kind}(?:-start)?\(", text) for kind in kinds}
    return found | {"gather": re.findall(r"= (\S*?)\{\S* gather\(", text)}


def together():
    """Train two networks by one call, each on two devices, and each alone."""
    data = make_data(rows=21)
    how = {"batch_size": 6, "epochs": 3, "verbose": False}

    def trainers():
        nets = [NeuralNetwork([Dense(3), Dense(1)], MeanSquaredError(), rng=rng) for rng in (0, 1)]
        return [Trainer(net, SGD(0.1), engine=XLA(devices=2)) for net in nets]

    at_once, alone = trainers(), trainers()
    histories = fit_together(at_once, Given(*data), **how)
    others = [trainer.fit(*data, **how) for trainer in alone]
    same = [a.loss == b.loss for a, b in zip(histories, others, strict=True)]
    return same, "all-reduce" in list(program._kept.values())[-1].as_text()


def resumed(folder):
    """Train on two devices at once, and with a break; in batches of which some are short."""

    class Break(Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 5:
                raise KeyboardInterrupt

    def train(*callbacks):
        layers, optim = [Dense(4, "tanh"), Dropout(0.8), Dense(1)], Adam(0.01)
        data, how = make_data(rows=21), {"batch_size": 6, "epochs": 9, "callbacks": callbacks}
        return fit(XLA(devices=2), layers, optim, data, **how)

    whole = train()
    for place, breaks in (("there", [Break()]), ("there", [])):
        found = train(Checkpoint(Path(folder, place), 2), *breaks)
    return all(map(np.array_equal, whole, found))


def diverged():
    """Where a training ends that diverges, on one device and on four."""
    places = []
    for engine in ("numpy", XLA(devices=4)):
        layers = [Dense(4, "linear"), Dense(1, "linear")]
        try:
            fit(engine, layers, SGD(3.0), make_data(rows=37), batch_size=5, epochs=50)
        except DivergenceError as error:
            places.append([error.epoch, error.batch])
    return places


def copies():
    """Engines on devices that were chosen, copied and pickled; and a training on them."""
    engine = XLA(devices=jax.devices()[5:7])
    other = pickle.loads(pickle.dumps(engine))
    trainer = Trainer(NeuralNetwork([Dense(1)], MeanSquaredError(), rng=0), SGD(), engine=other)
    history = trainer.fit(*make_data(rows=7), epochs=1, verbose=False)
    net = NeuralNetwork([Dense(1)], MeanSquaredError(), rng=0)
    model = NetRegressor(net, engine=engine, epochs=2).fit(*make_data())
    return {
        "devices": [other.devices == engine.devices, clone(model).engine.devices == engine.devices],
        "reprs": [repr(XLA()), repr(XLA(devices=3)), repr(XLA(devices="all")), repr(engine)],
        "reasons": [history.engine_reason, model.history_.engine_reason],
        "all": XLA(devices="all").count_devices(),
    }


def refusals():
    """What is said of devices that there are not."""
    said = []
    for devices in (9, [3, 4], ["cpu"]):
        try:
            XLA(devices).count_devices()
        except ArgumentError as error:
            said.append(str(error))
    return said


def placed():
    """Where arrays are that a placement puts somewhere; rows by devices, if these divide them."""
    placement, found = Placement.on(4), []
    for arrays, axis in ((np.zeros((8, 3)), 0), (np.zeros((2, 12, 3)), 1), (np.zeros((7, 3)), 0)):
        put = placement.put_rows({"rows": arrays}, axis)["rows"]
        found.append([shard.data.shape for shard in put.addressable_shards])
    return found


if __name__ == "__main__":
    folder = sys.argv[1]
    told = {"differences": differences(), "resumed": resumed(folder), "diverged": diverged()}
    told |= {"copies": copies(), "refusals": refusals(), "placed": placed(), "together": together()}
    print(json.dumps(told | {"collectives": what_devices_tell_each_other()}))
