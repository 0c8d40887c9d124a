"""Bad input gives an error of ours that says what to do; odd but sound input works."""

from __future__ import annotations

import traceback
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from glassbrick import (
    SGD,
    BiasAdd,
    Constant,
    Dense,
    GlassbrickError,
    Initializer,
    Layer,
    MeanSquaredError,
    NeuralNetwork,
    Operation,
    ReLU,
    Sigmoid,
    Trainer,
    WeightMultiply,
    eval_regression_model,
    mae,
    permute_data,
    to_2d_np,
)
from networks import make_data, make_net, make_trainer

X, y = make_data(rows=20)


def replaced(array, value, dtype=None):
    changed = array.astype(dtype or array.dtype)
    changed[3, 1 if changed.shape[1] > 1 else 0] = value
    return changed


def masked(array):
    return np.ma.masked_array(array, mask=replaced(np.zeros(array.shape), 1, bool))


class Sparse:
    """What a SciPy sparse matrix looks like from outside."""

    shape = (20, 3)

    def toarray(self):
        return X


def fit(X_train=X, y_train=y, X_test=X, y_test=y, **settings):
    trainer = make_trainer()
    trainer.net.build(3)
    settings = {"epochs": 2, "verbose": False} | settings
    return trainer, trainer.fit(X_train, y_train, X_test, y_test, **settings)


BAD_ARRAYS = {
    "nan": replaced(X, np.nan),
    "inf": replaced(X, np.inf),
    "minus inf": replaced(X, -np.inf),
    "no rows": X[:0],
    "no columns": X[:, :0],
    "one number": 3.0,
    "one axis": X[:, 0],
    "three axes": X[:, :, np.newaxis],
    "rows missing": X[:-1],
    "text": X.astype(str),
    "bytes": X.astype(str).astype(bytes),
    "objects": replaced(X, "n/a", object),
    "None inside": replaced(X, None, object),
    "decimals": np.array([[Decimal(1)] * 3] * 20),
    "fractions": [[Fraction(1, 3)] * 3] * 20,
    "complex": X.astype(complex),
    "dates": np.full((20, 3), np.datetime64("2026-01-01")),
    "durations": np.full((20, 3), np.timedelta64(1, "D")),
    "ragged": [[1.0, 2.0, 3.0], [1.0, 2.0]],
    "masked": masked(X),
    "sparse": Sparse(),
    "a word": "data.csv",
    "a dict": {"a": [1, 2, 3]},
    "a generator": (row for row in X),
    "a structured array": np.zeros(20, dtype=[("a", float), ("b", float)]),
}
GOOD_TARGETS = {"one axis"}  # taken as one column
NOT_NUMBERS = [0, -1, 2.5, "3", None, True, np.nan, [1], 1e400]


def bad_cases():
    for name, bad in BAD_ARRAYS.items():
        yield f"X_train: {name}", lambda bad=bad: fit(X_train=bad)
        if name not in GOOD_TARGETS:
            yield f"y_train: {name}", lambda bad=bad: fit(y_train=bad)
            yield f"y_test: {name}", lambda bad=bad: fit(y_test=bad)
        yield f"X_test: {name}", lambda bad=bad: fit(X_test=bad)
        if name != "rows missing":
            yield f"predict: {name}", lambda bad=bad: make_fitted().predict(bad)
    yield "X_train: None", lambda: fit(X_train=None)
    yield "y_train: None", lambda: fit(y_train=None)
    yield "y_test: None alone", lambda: fit(y_test=None)
    yield "X_test: None alone", lambda: fit(X_test=None)
    yield "predict: None", lambda: make_fitted().predict(None)
    yield "X_test: another width", lambda: fit(X_test=X[:, :2])
    yield "y_test: another width", lambda: fit(y_test=np.hstack([y, y]))
    yield (
        "y_train: two columns for one output",
        lambda: fit(y_train=np.hstack([y, y]), y_test=np.hstack([y, y])),
    )
    yield "predict: another width", lambda: make_fitted().predict(X[:, :2])
    yield "forward: another width", lambda: make_fitted().forward(X[:, :2])
    yield "forward: one axis", lambda: make_fitted().forward(X[0])
    yield "forward: text", lambda: make_fitted().forward(X.astype(str))
    yield "continue: another width", continue_with_another_width
    yield "too large for float32", too_large_for_float32
    for value in NOT_NUMBERS:
        yield f"epochs={value!r}", lambda value=value: fit(epochs=value)
        yield f"eval_every={value!r}", lambda value=value: fit(eval_every=value)
        yield f"batch_size={value!r}", lambda value=value: fit(batch_size=value)
        if value is not None:
            yield f"patience={value!r}", lambda value=value: fit(patience=value)
            yield f"inputs={value!r}", lambda value=value: Dense(3, inputs=value)
        yield f"neurons={value!r}", lambda value=value: Dense(value)
        yield (
            f"predict, batch_size={value!r}",
            lambda value=value: make_fitted().predict(X, batch_size=value),
        )
    for value in [0, -0.1, "0.01", None, True, np.nan, np.inf, [0.1], 1j, 10**400]:
        yield f"lr={value!r}", lambda value=value: SGD(lr=value)
        yield f"lr set to {value!r}", lambda value=value: setattr(SGD(), "lr", value)
    for value in [-1, "0", np.nan, None]:
        yield f"min_delta={value!r}", lambda value=value: fit(min_delta=value)
    for value in [-1, 2**32, 1.5, "1", True]:
        yield f"seed={value!r}", lambda value=value: fit(seed=value)
        yield f"network seed={value!r}", lambda value=value: make_net(seed=value)
    old = np.random.Generator(np.random.RandomState(0)._bit_generator)
    yield "rng: a Generator around old bits", lambda: make_net(rng=old)
    yield "rng: a RandomState", lambda: make_net(rng=np.random.RandomState(0))
    for value in [-1, 1.5, "1", True]:
        yield f"rng={value!r}", lambda value=value: make_net(rng=value)
        yield f"permute_data, rng={value!r}", lambda value=value: permute_data(X, y, rng=value)
    yield "seed: an array, and rng", lambda: make_net(seed=np.array([1, 2]), rng=2)
    yield "seed and rng", lambda: make_net(seed=2, rng=3)
    for value in [3, "loud", None, 2]:
        yield f"verbose={value!r}", lambda value=value: fit(verbose=value)
    for value in [None, "no", 2]:
        yield f"restart={value!r}", lambda value=value: fit(restart=value)
    for value in ["rleu", 3, Sigmoid, np.tanh, MeanSquaredError()]:
        yield f"activation={value!r}", lambda value=value: Dense(3, value)
    for value in ["glorot", 0.0, np.zeros]:
        yield f"weight_init={value!r}", lambda value=value: Dense(3, weight_init=value)
    yield "Constant: nan", lambda: Constant(np.nan)
    yield (
        "Constant: shape",
        lambda: NeuralNetwork(
            [Dense(3, inputs=2, weight_init=Constant(np.ones((3, 2))))], MeanSquaredError()
        ),
    )
    for value in [[], None, Dense(3), [Dense], ["dense"], [Sigmoid], 3]:
        yield f"layers={value!r}", lambda value=value: NeuralNetwork(value, MeanSquaredError())
    for value in [MeanSquaredError, "mse", None]:
        yield f"loss={value!r}", lambda value=value: NeuralNetwork([Dense(3)], value)
    yield "build: -1", lambda: make_net().build(-1)
    for value in [int, bool, complex, object, "a", np.float16]:
        yield f"build: dtype {value!r}", lambda value=value: make_net().build(3, value)
    yield "forward: masked", lambda: make_fitted().forward(masked(X))
    for kind in [object, str, complex, int, "datetime64[D]"]:
        array = np.zeros((2, 3)).astype(kind)
        yield f"layer: {kind!r}", lambda array=array: Dense(2).forward(array)
        yield f"parameter: {kind!r}", lambda array=array: WeightMultiply(array)
    yield "train_batch: text", lambda: make_fitted().train_batch(X, y.astype(str))
    yield "an array that fails", lambda: fit(X_train=Unreadable())
    for value in [None, 0.5, [[1.0]], np.full((2, 3), np.nan), "text", np.ones((3, 2))]:
        yield f"initializer returns {value!r}", lambda value=value: drawn_with(value)
    yield "a layer without super().__init__", lambda: NeuralNetwork([NoInit()], MeanSquaredError())
    yield "a layer without operations", lambda: Empty(3).forward(X)
    yield "eval_regression_model: None", lambda: eval_regression_model(None, X, y)
    yield "permute_data: numbers", lambda: permute_data(1, 2)
    yield "Trainer: no network", lambda: Trainer(None, SGD())
    yield "Trainer: optimizer class", lambda: Trainer(make_net(), SGD)
    yield "Trainer: unknown engine", lambda: Trainer(make_net(), SGD(), engine="gpu")
    yield "Trainer: no engine", lambda: Trainer(make_net(), SGD(), engine=None)
    yield "operation: a list", lambda: Sigmoid().forward([[1.0]])
    yield "operation: None", lambda: ReLU().forward(None)
    yield "operation: wrong width", lambda: WeightMultiply(np.ones((3, 2))).forward(np.ones((4, 4)))
    yield "operation: one axis", lambda: WeightMultiply(np.ones((3, 2))).forward(np.ones(3))
    yield "operation: no axis", lambda: BiasAdd(np.ones((1, 3))).forward(np.array(3.0))
    yield "operation: param list", lambda: WeightMultiply([[1.0]])
    yield "operation: param of one axis", lambda: WeightMultiply(np.ones(3))
    yield "output_grad: a list", lambda: backward_of(ReLU(), [[1.0, 1.0]])
    yield "output_grad: None", lambda: backward_of(ReLU(), None)
    yield "output_grad: wrong shape", lambda: backward_of(ReLU(), np.ones((2, 1)))
    yield "rule returns None", lambda: backward_of(ReturnsNone(), np.ones((1, 2)))
    yield "output rule returns None", lambda: ReturnsNoOutput().forward(np.ones((1, 2)))
    yield "loss: shapes", lambda: MeanSquaredError().forward(np.ones((3, 1)), np.ones(3))
    yield "loss: a list", lambda: MeanSquaredError().forward([1.0], [1.0])
    yield "mae: shapes", lambda: mae(y, y[:, 0])
    yield "mae: empty", lambda: mae([], [])
    yield "mae: nan", lambda: mae([1.0], [np.nan])
    yield "to_2d_np: two axes", lambda: to_2d_np(X)
    yield "to_2d_np: type", lambda: to_2d_np(y[:, 0], "column")
    yield "permute_data: rows", lambda: permute_data(X, y[:-1])
    yield "generate_batches: size 0", lambda: make_trainer().generate_batches(X, y, 0)
    yield "generate_batches: rows", lambda: make_trainer().generate_batches(X, y[:-1])


class Unreadable:
    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("the connection is closed")


class NoInit(Layer):
    def __init__(self):
        pass

    def _setup_layer(self, input_):
        pass


class Empty(Layer):
    def _setup_layer(self, input_):
        pass


class Fixed(Initializer):
    def __init__(self, value):
        self.value = value

    def __call__(self, shape, rng):
        return self.value


def drawn_with(value):
    NeuralNetwork([Dense(3, inputs=2, weight_init=Fixed(value))], MeanSquaredError())


class ReturnsNone(Operation):
    def _output(self):
        return self.input_ * 1.0

    def _input_grad(self, output_grad):
        pass


class ReturnsNoOutput(ReturnsNone):
    def _output(self):
        pass


def backward_of(operation, output_grad):
    operation.forward(np.ones((1, 2)))
    operation.backward(output_grad)


def make_fitted():
    trainer, _ = fit()
    return trainer.net


def continue_with_another_width():
    trainer, _ = fit()
    trainer.fit(X[:, :2], y, epochs=1, restart=False, verbose=False)


def too_large_for_float32():
    trainer, _ = fit(X.astype(np.float32))
    trainer.net.predict(X * 1e300)


BAD = dict(bad_cases())


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gives_a_clear_error_of_ours(case):
    with pytest.raises(GlassbrickError) as caught:
        BAD[case]()
    message = str(caught.value)
    assert isinstance(caught.value, ValueError | TypeError)
    assert "expected" in message or "already" in message
    assert caught.value.__cause__ is None
    raised_in = traceback.extract_tb(caught.value.__traceback__)[-1].filename
    assert "glassbrick" in raised_in


def test_there_are_many_bad_cases():
    assert len(BAD) >= 300


def strided(array):
    return np.repeat(np.repeat(array, 2, axis=0), 3, axis=1)[::2, ::3]


def read_only(array):
    copy = array.copy()
    copy.flags.writeable = False
    return copy


class Frame:
    """A table of another library, which NumPy can read."""

    def __init__(self, array):
        self._array = array

    def __array__(self, dtype=None, copy=None):
        return np.array(self._array, dtype=dtype)


GOOD_ARRAYS = {
    "float64": lambda a: a,
    "float32": lambda a: a.astype(np.float32),
    "float16": lambda a: a.astype(np.float16),
    "long double": lambda a: a.astype(np.longdouble),
    "big endian": lambda a: a.astype(">f8"),
    "int64": lambda a: (10 * a).astype(np.int64),
    "int8": lambda a: (10 * a).astype(np.int8),
    "uint8": lambda a: (10 * np.abs(a)).astype(np.uint8),
    "bool": lambda a: a > 0,
    "Fortran order": np.asfortranarray,
    "strided": strided,
    "reversed": lambda a: a[::-1],
    "read-only": read_only,
    "masked, but nothing": np.ma.masked_array,
    "lists": lambda a: a.tolist(),
    "tuples": lambda a: tuple(map(tuple, a.tolist())),
    "rows of arrays": list,
    "a frame": Frame,
}


def good_cases():
    for name, make in GOOD_ARRAYS.items():
        yield f"all arrays: {name}", lambda make=make: fit(*map(make, (X, y, X, y)))
        yield f"X_train: {name}", lambda make=make: fit(X_train=make(X))
        yield f"y_train: {name}", lambda make=make: fit(y_train=make(y))
        yield f"X_test and y_test: {name}", lambda make=make: fit(X_test=make(X), y_test=make(y))
    yield "batch larger than the data", lambda: fit(batch_size=1000)
    yield "batch of one", lambda: fit(batch_size=1)
    yield "short last batch of one row", lambda: fit(batch_size=19)
    yield "one row", lambda: fit(X[:1], y[:1], X[:1], y[:1])
    yield "one validation row", lambda: fit(X_test=X[:1], y_test=y[:1])
    yield "targets of one axis", lambda: fit(y_train=y[:, 0], y_test=y[:, 0])
    yield "targets in a flat list", lambda: fit(y_train=y[:, 0].tolist(), y_test=y[:, 0].tolist())
    yield "no validation", lambda: fit(X_test=None, y_test=None)
    yield "constant column", lambda: fit(X_train=X * [1.0, 0.0, 1.0])
    yield "NumPy integers", lambda: fit(epochs=np.int64(2), batch_size=np.int32(8))
    yield "eval_every beyond epochs", lambda: fit(eval_every=50)
    yield "patience=None", lambda: fit(patience=None)
    yield "seed=None", lambda: fit(seed=None)
    yield "verbose=np.False_-like strings", lambda: fit(verbose="silent")


GOOD = dict(good_cases())


@pytest.mark.parametrize("case", GOOD)
def test_odd_input_works(case):
    trainer, history = GOOD[case]()
    assert history.epochs == 2
    assert np.isfinite(history.loss).all()
    prediction = trainer.net.predict(X)
    assert prediction.shape == (20, 1)
    assert np.isfinite(prediction).all()


@pytest.mark.parametrize("name", GOOD_ARRAYS)
def test_prediction_takes_the_same_input(name):
    trainer, _ = fit()
    as_given = GOOD_ARRAYS[name](X)
    prediction = trainer.net.predict(as_given)
    assert np.array_equal(prediction, trainer.net.predict(np.array(as_given, dtype=float)))


@pytest.mark.parametrize(
    ("given", "computed"),
    [("f4", "f4"), ("f8", "f8"), ("f2", "f4"), ("i8", "f8"), ("i4", "f8"), ("?", "f8")],
)
def test_dtype_of_computation(given, computed):
    trainer, _ = fit(X_train=(10 * X).astype(given))
    assert trainer.net.dtype == computed
    assert {param.dtype for param in trainer.net.params()} == {np.dtype(computed)}
    assert trainer.net.predict(X).dtype == computed


@pytest.mark.parametrize("name", ["Fortran order", "strided", "read-only", "lists", "a frame"])
def test_layout_does_not_change_the_result(name):
    make = GOOD_ARRAYS[name]
    one, _ = fit()
    other, _ = fit(*map(make, (X, y, X, y)))
    assert all(map(np.array_equal, one.net.params(), other.net.params()))


def test_data_is_not_changed():
    before = X.copy(), y.copy()
    fit()
    assert np.array_equal(X, before[0])
    assert np.array_equal(y, before[1])
