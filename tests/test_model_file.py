"""Model files: what is saved comes back, and nothing else does."""

from __future__ import annotations

import json
import os
import pickle
import random
import stat
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import safetensors
import safetensors.numpy

import glassbrick as gb
from blocks import concrete, example_of, make_input, make_layer, make_operation
from glassbrick import (
    SGD,
    ArgumentError,
    ArgumentTypeError,
    Constant,
    Dense,
    Dropout,
    FileError,
    Flatten,
    Layer,
    Loss,
    MeanSquaredError,
    NeuralNetwork,
    Operation,
    Residual,
    Trainer,
    layers,
    losses,
    operations,
)
from glassbrick.files import read_sealed, sealed, write_sealed
from networks import make_data, params_of, same_params

X, y = make_data(rows=37)


def saved(net, folder, name="net.safetensors"):
    path = Path(folder) / name
    net.save(path)
    return path


def trained(*given, loss=None, rng=0):
    net = NeuralNetwork(given, loss or MeanSquaredError(), rng=rng)
    Trainer(net, SGD(lr=0.01)).fit(X, y, epochs=2, verbose=False)
    return net


def small(tmp_path):
    net = NeuralNetwork([Dense(2, "tanh", inputs=3), Dense(1, "linear")], MeanSquaredError(), rng=0)
    return net, saved(net, tmp_path)


def assert_same(net, again, rows):
    """Whether a network came back as it was: to look at, in what it holds, in what it does."""
    assert repr(again) == repr(net)
    assert [layer.name for layer in again.layers] == [layer.name for layer in net.layers]
    assert same_params(params_of(net), params_of(again))
    assert again.dtype == net.dtype
    assert np.array_equal(again.predict(rows), net.predict(rows))


# Each public block comes back. They are found by themselves.


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", concrete(operations, Operation))
def test_operations_come_back(kind, dtype, tmp_path):
    rng = np.random.default_rng(0)
    operation = make_operation(kind, 4, 4, rng)
    rows = make_input(operation, 9, 4, rng).astype(dtype)
    net = NeuralNetwork([operation, Flatten(), Dense(2, "linear")], MeanSquaredError(), rng=1)
    targets = rng.standard_normal((9, 2))
    Trainer(net, SGD(lr=1e-3)).fit(rows, targets, epochs=3, verbose=False)
    assert_same(net, gb.load(saved(net, tmp_path)), rows)


@pytest.mark.parametrize("kind", concrete(layers, Layer))
def test_layers_come_back_and_train_on(kind, tmp_path):
    rng = np.random.default_rng(0)
    layer = make_layer(kind, 4, 4)
    rows = make_input(make_layer(kind, 4, 4), 9, 4, rng)
    parts = [layer, Dropout(0.1), Flatten(), Dense(2, "linear")]
    net = NeuralNetwork(parts, MeanSquaredError(), rng=1)
    targets = rng.standard_normal((9, 2))
    Trainer(net, SGD(lr=1e-3)).fit(rows, targets, epochs=3, verbose=False)
    again = gb.load(saved(net, tmp_path))
    assert_same(net, again, rows)
    for one in net, again:
        Trainer(one, SGD(lr=1e-3)).fit(rows, targets, epochs=3, verbose=False)
    assert_same(net, again, rows)


@pytest.mark.parametrize("kind", concrete(losses, Loss))
def test_losses_come_back(kind, tmp_path):
    net = NeuralNetwork([Dense(2, "linear", inputs=3)], example_of(kind), seed=7)
    again = gb.load(saved(net, tmp_path))
    assert_same(net, again, X)
    assert vars(again.loss).keys() == vars(net.loss).keys()


def test_arguments_come_back(tmp_path):
    parts = [
        Dense(
            3, gb.LeakyReLU(0.3), weight_init=gb.HeNormal(), bias_init=Constant(0.5), l1=0.1, l2=1
        ),
        Residual([Dense(3, gb.PReLU(0.1, columns=3)), gb.BatchNorm(momentum=0.3, eps=0.1)]),
        [gb.Concatenate([gb.Columns((2, 0)), Dense(2, "gelu_tanh")]), gb.LayerNorm(eps=0.2)],
        Dense(2, "linear"),
    ]
    net = NeuralNetwork(parts, gb.Quantile((0.1, 0.9)), rng=np.random.SeedSequence(5))
    Trainer(net, SGD(lr=0.01)).fit(X, y, epochs=2, verbose=False)
    again = gb.load(saved(net, tmp_path))
    assert_same(net, again, X)
    first, last = again.layers[0], again.layers[1].layers[1]
    assert (first.l1, first.l2, first.weight_init.__class__) == (0.1, 1.0, gb.HeNormal)
    assert first.bias_init((1, 3), None).tolist() == [[0.5] * 3]
    assert (last.momentum, last.eps) == (0.3, 0.1)
    assert again.loss.quantiles == (0.1, 0.9)
    assert again.penalties()
    for one in net, again:
        Trainer(one, SGD(lr=0.01)).fit(X, y, epochs=2, verbose=False)
    assert_same(net, again, X)


@pytest.mark.parametrize("made", [{"seed": 3}, {"seed": None}, {"rng": 2**100}, {"seed": 0}])
def test_a_network_without_parameters_comes_back(made, tmp_path):
    net = NeuralNetwork([Dense(2, "tanh"), Dense(1, "linear")], MeanSquaredError(), **made)
    again = gb.load(saved(net, tmp_path))
    assert repr(again) == repr(net)
    assert not again.is_built
    if made["seed" if "seed" in made else "rng"] is None:
        return
    for one in net, again:
        Trainer(one, SGD(lr=0.01)).fit(X, y, epochs=2, seed=4, verbose=False)
    assert_same(net, again, X)


def test_the_same_network_is_the_same_file(tmp_path):
    net, path = small(tmp_path)
    assert saved(net, tmp_path, "other").read_bytes() == path.read_bytes()
    assert saved(gb.load(path), tmp_path, "third").read_bytes() == path.read_bytes()


def test_other_programs_can_read_it(tmp_path):
    net, path = small(tmp_path)
    with safetensors.safe_open(path, "numpy") as file:
        weights = file.get_tensor("dense_1.weight_multiply.param")
        told = json.loads(file.metadata()["glassbrick"])
    assert np.array_equal(weights, next(iter(net.params())))
    assert told["kind"] == "network"
    assert told["layers"][0]["arguments"]["neurons"] == 2


def test_files_of_format_1_stay_loadable():
    """Written by version 0.1.0. It must never be written anew."""
    folder = Path(__file__).parent / "files"
    net = gb.load(folder / "network-1.safetensors")
    expected = np.load(folder / "network-1-predictions.npy")
    assert np.allclose(net.predict(np.arange(12.0).reshape(4, 3) / 10), expected, rtol=1e-12)


# Blocks of a user's own.


class Scale(Operation):
    def __init__(self, factor=2.0):
        self.factor = factor

    def _output(self):
        return self.input_ * self.factor

    def _input_grad(self, output_grad):
        return output_grad * self.factor


class Forgetful(Scale):
    def __init__(self, size):
        super().__init__(2.0 * size)


class Noisy(Layer):
    """Draws as it likes."""

    def __init__(self, neurons):
        super().__init__(neurons)

    def _setup_layer(self, input_):
        weights = self.rng.standard_normal(size=(input_.shape[1], self.neurons))
        self.operations = [gb.WeightMultiply(weights + self.rng.uniform(-1, 1, weights.shape))]


class Squares(Loss):
    def _output(self):
        return float(np.sum((self.prediction - self.target) ** 2))

    def _input_grad(self):
        return 2.0 * (self.prediction - self.target)


def test_blocks_of_ones_own(tmp_path):
    net = trained(Noisy(3), Scale(0.5), Dense(1, "linear"), loss=Squares())
    path = saved(net, tmp_path)
    with pytest.raises(FileError, match=r"needs a class Noisy.*load\(path, blocks=\[Noisy\]\)"):
        gb.load(path)
    assert_same(net, gb.load(path, blocks=[Noisy, Scale, Squares]), X)


def test_what_a_block_forgets_cannot_be_saved(tmp_path):
    net = trained(Forgetful(1.0), Dense(1, "linear"))
    with pytest.raises(ArgumentError, match=r"Forgetful.*self\.size = size"):
        net.save(tmp_path / "net")
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_written(tmp_path):
    net = trained(Scale(1.0), Dense(1, "linear"))
    net.operations()[0].factor = len
    with pytest.raises(ArgumentError, match=r"Scale\.factor.*written to a file"):
        net.save(tmp_path / "net")


def test_a_class_with_the_name_of_ours(tmp_path):
    other = type("Tanh", (Scale,), {})
    with pytest.raises(ArgumentError, match="a class with a name of its own"):
        gb.load(tmp_path / "none", blocks=[other])
    with pytest.raises(ArgumentError, match="There is a Tanh of Glassbrick's"):
        trained(other(1.0), Dense(1, "linear")).save(tmp_path / "net")
    with pytest.raises(ArgumentTypeError, match="classes"):
        gb.load(tmp_path / "none", blocks=[Scale()])


# Nothing but what was written is read.


def test_each_bit_counts(tmp_path):
    _, path = small(tmp_path)
    whole = path.read_bytes()
    for place in range(len(whole)):
        for bit in range(8):
            data = bytearray(whole)
            data[place] ^= 1 << bit
            refuse_bytes(data)


def test_random_damage(tmp_path):
    _, path = small(tmp_path)
    whole, rng = path.read_bytes(), random.Random(0)
    for _ in range(100_000):
        data = bytearray(whole)
        for _ in range(rng.choice((1, 1, 1, 5, 50))):
            DAMAGES[rng.randrange(len(DAMAGES))](data, rng)
        if data != whole:
            refuse_bytes(data)


def cut(data, rng):
    del data[rng.randrange(len(data) + 1) :]


def take_out(data, rng):
    start = rng.randrange(len(data) + 1)
    del data[start : start + rng.randrange(20)]


def put_in(data, rng):
    start = rng.randrange(len(data) + 1)
    data[start:start] = rng.randbytes(rng.randrange(20))


def exchange(data, rng):
    if data:
        data[rng.randrange(len(data))] = rng.randrange(256)


def move(data, rng):
    start, to = rng.randrange(len(data) + 1), rng.randrange(len(data) + 1)
    part = data[start : start + 20]
    del data[start : start + 20]
    data[to:to] = part


DAMAGES = (cut, take_out, put_in, exchange, move)


def refuse_bytes(data):
    with pytest.raises(FileError, match="damaged, or not a file of Glassbrick's"):
        sealed.unseal(bytes(data), "it", "load")


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 8, b"\xff" * 100, pickle.dumps(len), b"PK\x03\x04" + b"\0" * 99]
)
def test_what_is_no_file_of_ours(data, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(FileError, match=f"load: {path} is damaged, or not"):
        gb.load(path)


def test_files_of_other_programs(tmp_path):
    safetensors.numpy.save_file({"w": X}, tmp_path / "plain")
    safetensors.numpy.save_file({"w": X}, tmp_path / "noted", {"glassbrick": '{"format": 1}'})
    for name in "plain", "noted":
        with pytest.raises(FileError, match="damaged, or not"):
            gb.load(tmp_path / name)


def test_what_cannot_be_read(tmp_path):
    with pytest.raises(FileError, match=r"cannot read .*none: No such file"):
        gb.load(tmp_path / "none")
    with pytest.raises(FileError, match="directory"):
        gb.load(tmp_path)


# Files that somebody made on purpose, with a right checksum.


def put(told, path, value):
    *places, last = path
    for place in places:
        told = told[place]
    told[last] = value


ARGUMENTS = ("layers", 0, "arguments")
ANYTHING = [
    None,
    True,
    -1,
    0,
    3,
    1.5,
    10**15,
    10**400,
    "x",
    [],
    {},
    [[]],
    {"class": "Dense"},
    [3, "x"],
]
PLACES = [
    *[(name,) for name in ("kind", "layers", "loss", "streams", "inputs", "dtype")],
    *[("layers", 0), ("layers", 0, "class"), ARGUMENTS, ("inputs", 0)],
    *[
        (*ARGUMENTS, name)
        for name in ("neurons", "activation", "inputs", "weight_init", "l1", "odd")
    ],
    *[("streams", name) for name in ("rng", "spawn_key", "seed")],
    ("loss", "class"),
    ("loss", "arguments"),
]


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
@pytest.mark.parametrize("value", ANYTHING, ids=lambda value: str(value)[:12])
def test_anything_anywhere(path, value, tmp_path):
    """It is refused, or a network of the same size."""
    net, file = small(tmp_path)
    told, arrays = read_sealed(file, "test")
    put(told, path, value)
    write_sealed(tmp_path / "made", told, arrays, "test")
    try:
        again = gb.load(tmp_path / "made")
    except FileError:
        return
    assert not again.is_built or same_params(params_of(net), params_of(again))


def nested(depth):
    recipe = {"class": "Dense", "arguments": {"neurons": 2}}
    for _ in range(depth):
        recipe = {"class": "Series", "arguments": {"layers": {"tuple": [recipe]}}}
    return recipe


HOSTILE = {
    "a function": {"class": "eval", "arguments": {"source": "1/0"}},
    "a path": {"class": "os.system", "arguments": {"command": "true"}},
    "a module": {"class": "glassbrick.Dense", "arguments": {"neurons": 1}},
    "a method": {"class": "__class__", "arguments": {}},
    "no block": {"class": "Trainer", "arguments": {"net": None, "optim": None}},
    "an abstract one": {"class": "Layer", "arguments": {"neurons": 1}},
    "more arguments": {"class": "Dense", "arguments": {"neurons": 2, "hidden": 3}},
    "huge": {"class": "Dense", "arguments": {"neurons": 10**12}},
    "large": {"class": "Dense", "arguments": {"neurons": 10**6}},
    "large twice": {"class": "Series", "arguments": {"layers": {"list": [
        {"class": "Dense", "arguments": {"neurons": 10**6, "weight_init": "zeros"}},
        {"class": "Dense", "arguments": {"neurons": 10**6, "weight_init": "zeros"}}]}}},
    "large at once": {"class": "Dense", "arguments": {"neurons": 10**6, "inputs": 10**6}},
    "slopes": {"class": "Single", "arguments": {"operation":
        {"class": "PReLU", "arguments": {"slope": 0.1, "columns": 10**12}}}},
    "a table": {"class": "Embedding", "arguments": {"categories": 10**6, "size": 10**6}},
    "a wide constant": {"class": "Dense", "arguments": {"neurons": 2, "bias_init":
        {"class": "Constant", "arguments": {"value": {"array": [1.0], "shape": [10**9]}}}}},
    "deep": nested(60),
    "deeper": nested(100),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files(name, tmp_path):
    _, file = small(tmp_path)
    told, arrays = read_sealed(file, "test")
    told["layers"][0] = HOSTILE[name]
    write_sealed(tmp_path / "made", told, arrays, "test")
    tracemalloc.start()
    with pytest.raises(FileError):
        gb.load(tmp_path / "made")
    assert tracemalloc.get_traced_memory()[1] < 100e6
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda a: a.pop("dense_2.bias_add.param"), "dense_2.bias_add.param.*received none"),
        (lambda a: a.update(more=np.zeros(3)), "no part of the network holds more"),
        (
            lambda a: a.update({NAME: a[NAME].T}),
            r"shape \(3, 2\); received float64 of shape \(2, 3\)",
        ),
        (lambda a: a.update({NAME: a[NAME].astype("f4")}), "received float32"),
        (lambda a: a.update({NAME: np.array(a[NAME] * np.nan)}), "finite"),
        (lambda a: a.clear(), "received 0 in the file"),
    ],
)
def test_arrays_that_do_not_fit(change, words, tmp_path):
    _, file = small(tmp_path)
    told, arrays = read_sealed(file, "test")
    change(arrays)
    write_sealed(tmp_path / "made", told, arrays, "test")
    with pytest.raises(FileError, match=words):
        gb.load(tmp_path / "made")


NAME = "dense_1.weight_multiply.param"


@pytest.mark.parametrize("found", [0, 2, True, "1", None])
def test_other_formats_are_refused(found, tmp_path):
    _, file = small(tmp_path)
    told, arrays = read_sealed(file, "test")
    write_sealed(tmp_path / "made", told | {"format": found}, arrays, "test")
    with pytest.raises(FileError, match="reads 1 to 1"):
        gb.load(tmp_path / "made")


# A file is written whole or not at all.


def test_a_file_is_not_overwritten_unless_one_says_so(tmp_path):
    _, path = small(tmp_path)
    before = path.read_bytes()
    other = trained(Dense(1, "linear"))
    with pytest.raises(FileError, match=r"is there already.*overwrite=True"):
        other.save(path)
    assert path.read_bytes() == before
    path.chmod(0o640)
    other.save(str(path), overwrite=True)
    assert_same(other, gb.load(str(path)), X)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_what_fails_leaves_what_was_there(step, tmp_path, monkeypatch):
    net, path = small(tmp_path)
    before = path.read_bytes()

    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*((os, "fsync") if step == "fsync" else (Path, "replace")), fail)
    with pytest.raises(FileError, match=r"cannot write .*No space left on device"):
        net.save(path, overwrite=True)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_what_is_no_path_and_no_class(tmp_path):
    net, path = small(tmp_path)
    for call in net.save, gb.load:
        with pytest.raises(ArgumentTypeError, match="path: expected a path"):
            call(3)
    for blocks in None, 3, "Dense", [3], ["Dense"]:
        with pytest.raises(ArgumentTypeError, match="load, blocks"):
            gb.load(path, blocks=blocks)
    with pytest.raises(ArgumentTypeError, match="overwrite"):
        net.save(path, overwrite="yes")


def test_places_that_cannot_be_written_to(tmp_path):
    net, _ = small(tmp_path)
    with pytest.raises(FileError, match="there is no folder"):
        net.save(tmp_path / "no" / "net")
    with pytest.raises(FileError, match="is a folder"):
        net.save(tmp_path)
