"""Estimators come back from files as they were, and nothing else does."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import glassbrick as gb

pytest.importorskip("sklearn")
pytest.importorskip("jax")  # now, for its import draws from NumPy's global random state
pytest.importorskip("pandas")

import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError

from glassbrick import ArgumentError, ArgumentTypeError, DataError, FileError
from glassbrick.engines import NumpyEngine
from glassbrick.files import read_sealed, sealed, write_sealed
from glassbrick.sklearn import MLPClassifier, MLPRegressor, NetClassifier, NetRegressor
from glassbrick.sklearn.saved import SavedEstimator

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

ESTIMATORS = [MLPRegressor, MLPClassifier, NetRegressor, NetClassifier]
RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 4))
NUMBERS = X @ [1.0, -1.0, 0.5, 0.0]
MANY = np.digitize(NUMBERS, [-1.0, 0.0, 1.0])
LABELS = (X[:, :3] > 0).astype(int)
FEW = {"max_iter": 3, "hidden_layer_sizes": 5}


def few(kind, **params):
    """An estimator that is quick to fit."""
    own = FEW if issubclass(kind, MLPRegressor | MLPClassifier) else {"epochs": 3}
    return kind(**{"random_state": 0, **own, **params})


def fitted(kind, **params):
    return few(kind, **params).fit(X, NUMBERS if kind in (MLPRegressor, NetRegressor) else MANY)


def again(model, tmp_path, **how):
    path = tmp_path / "model.safetensors"
    model.save(path, overwrite=True)
    return gb.load(path, **how)


def plain(value):
    """What is compared of an attribute: NaN equals NaN, and objects are told apart by repr."""
    if isinstance(value, np.ndarray):
        return (value.dtype, value.tolist())
    if isinstance(value, list | tuple):
        return [type(value), *map(plain, value)]
    if isinstance(value, dict):
        return [plain([*value.items()])]
    return repr(value)


def assert_same(model, loaded, rows):
    assert type(loaded) is type(model)
    assert plain(loaded.get_params()) == plain(model.get_params())
    assert vars(loaded).keys() == vars(model).keys()
    names = [name for name in dir(type(model)) if name.endswith("s_")]
    for name in {*vars(model), *names}:
        if name.endswith("_") and not name.startswith("_"):
            assert plain(getattr(loaded, name)) == plain(getattr(model, name)), name
    for method in "predict", "predict_proba", "predict_log_proba":
        if hasattr(model, method):
            told, found = getattr(model, method)(rows), getattr(loaded, method)(rows)
            assert found.dtype == told.dtype
            assert np.array_equal(found, told)


# All that was learned comes back.

REGRESSIONS = {
    "one": NUMBERS,
    "several": np.column_stack([NUMBERS, -NUMBERS]),
    "float32": NUMBERS.astype(np.float32),
}


@pytest.mark.parametrize("name", REGRESSIONS)
@pytest.mark.parametrize("kind", [MLPRegressor, NetRegressor])
def test_regressors_come_back(kind, name, tmp_path):
    y = REGRESSIONS[name]
    rows = X.astype(y.dtype)
    model = few(kind).fit(rows, y)
    loaded = again(model, tmp_path)
    assert_same(model, loaded, rows)
    assert loaded.score(rows, y) == model.score(rows, y)
    assert loaded.net_.dtype == y.dtype


CLASSES = {
    "two": NUMBERS > 0,
    "two numbers": np.where(NUMBERS > 0, 3, -7),
    "small numbers": MANY.astype(np.uint8),
    "many": MANY,
    "floats": MANY.astype(float),
    "half floats": MANY.astype(np.float16),
    "texts": np.array(["no", "perhaps", "yes", "ünbekannt"])[MANY],
    "wide texts": np.array(["no", "yes"], "U50")[LABELS[:, 0]],
    "objects": np.array(["no", "yes"], object)[LABELS[:, 0]],
    "labels": LABELS,
}


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("kind", [MLPClassifier, NetClassifier])
def test_classifiers_come_back(kind, name, tmp_path):
    y = CLASSES[name]
    model = few(kind).fit(X, y)
    loaded = again(model, tmp_path)
    assert_same(model, loaded, X)
    assert loaded.score(X, y) == model.score(X, y)
    assert [type(c) for c in loaded.classes_.tolist()] == [type(c) for c in model.classes_.tolist()]


def test_one_class_and_very_many_come_back(tmp_path):
    for y in np.full(60, "only"), np.arange(60) // 2:
        model = few(MLPClassifier).fit(X, y)
        assert_same(model, again(model, tmp_path), X)


def test_classes_of_an_object_dtype_come_back(tmp_path):
    """Some versions of scikit-learn keep it, others make texts of fixed width of it."""
    model = few(MLPClassifier).fit(X, np.array(["no", "yes"])[LABELS[:, 0]])
    labels = model._labels
    model.classes_ = labels.classes = labels._binarizer.classes_ = labels.classes.astype(object)
    assert_same(model, again(model, tmp_path), X)
    labels.classes = np.array([1, "x"], object)
    with pytest.raises(DataError, match="numbers, truth values or texts"):
        model.save(tmp_path / "other")


def test_classes_that_need_no_such_room_are_narrowed(tmp_path):
    model = few(MLPClassifier).fit(X, np.array(["no", "yes"])[LABELS[:, 0]])
    model._labels.classes = model.classes_.astype("U900000")
    loaded = again(model, tmp_path)
    assert loaded.classes_.tolist() == ["no", "yes"]
    assert loaded.classes_.dtype == "<U3"


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_names_of_features_come_back(kind, tmp_path):
    table = pd.DataFrame(X, columns=["a", "b c", "ü", "d"])
    model = few(kind).fit(table, MANY)
    loaded = again(model, tmp_path)
    assert_same(model, loaded, table)
    with pytest.raises(ValueError, match="feature names"):
        loaded.predict(table[["b c", "a", "ü", "d"]])


@pytest.mark.parametrize(
    "params",
    [
        {"early_stopping": True, "validation_fraction": 0.3},
        {"solver": "lbfgs", "hidden_layer_sizes": ()},
        {"solver": "sgd", "learning_rate": "invscaling", "n_iter_no_change": np.inf},
        {"hidden_layer_sizes": (6, 5), "activation": ["swish", "tanh"], "dropout": 0.2},
        {"normalization": "batch", "clip_norm": 1.0, "engine": "auto"},
        {"max_iter": 3, "random_state": 2**32 - 1, "max_fun": 10**12},
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", [MLPRegressor, MLPClassifier])
def test_settings_come_back(kind, params, tmp_path):
    model = fitted(kind, **params)
    assert_same(model, again(model, tmp_path), X)


def test_a_history_comes_back(tmp_path):
    model = fitted(NetRegressor, validation_fraction=0.2, patience=2, epochs=5)
    loaded = again(model, tmp_path)
    assert loaded.history_ == model.history_
    assert len(loaded.history_["val_loss"]) == loaded.n_iter_


# Parameters.

OPTIMIZERS = [
    gb.SGD(0.01, momentum=0.9, nesterov=True),
    gb.Adam(gb.CosineDecay(0.01), betas=(0.8, 0.9), clip_global_norm=1.0),
    gb.AdamW(gb.WarmUp(gb.StepDecay(0.1, every=5), 3.0), weight_decay=0.1),
    gb.NAdam(),
    gb.Lion(ema=0.9),
    gb.RMSProp(),
    gb.Adagrad(gb.OneCycle(0.1)),
]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda optimizer: type(optimizer).__name__)
def test_optimizers_come_back(optimizer, tmp_path):
    before = repr(optimizer)
    for kind, name in (MLPRegressor, "solver"), (NetClassifier, "optimizer"):
        model = fitted(kind, **{name: optimizer})
        loaded = again(model, tmp_path)
        assert_same(model, loaded, X)
        found = getattr(loaded, name)
        assert repr(found.schedule) == repr(optimizer.schedule)
        assert np.array_equal(fitted_again(loaded), fitted_again(model))
    assert repr(optimizer) == before


def fitted_again(model):
    return clone(model).fit(X, MANY).predict(X)


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_what_comes_back_fits_anew_as_before(kind, tmp_path):
    model = fitted(kind)
    loaded = again(model, tmp_path)
    y = MANY[::-1]
    assert np.array_equal(loaded.fit(X, y).predict(X), model.fit(X, y).predict(X))


@pytest.mark.parametrize("kind", [MLPRegressor, MLPClassifier])
def test_a_warm_start_goes_on_as_before(kind, tmp_path):
    model = fitted(kind, warm_start=True, alpha=0.1)
    loaded = again(model, tmp_path)
    model.fit(X, MANY)
    loaded.fit(X, MANY)
    assert_same_training(model, loaded)


def assert_same_training(model, loaded):
    for own, its in zip(model.coefs_, loaded.coefs_, strict=True):
        assert np.array_equal(own, its)
    assert loaded.loss_curve_ == model.loss_curve_
    assert loaded.t_ == model.t_


def test_a_partial_fit_goes_on_with_a_new_optimizer(tmp_path):
    model = fitted(MLPClassifier, solver="sgd", momentum=0.0)  # which remembers nothing
    loaded = again(model, tmp_path)
    for one in model, loaded:
        one.partial_fit(X, MANY).partial_fit(X, MANY)
    assert_same_training(model, loaded)
    loaded.set_params(hidden_layer_sizes=7)
    with pytest.raises(ArgumentError, match="layers: expected those of the network"):
        loaded.partial_fit(X, MANY)
    adam = again(fitted(MLPClassifier), tmp_path)
    before = adam.loss_
    assert adam.partial_fit(X, MANY).loss_ < before


def test_weights_of_classes_keep_their_labels(tmp_path):
    for weight in ({"no": 1, "yes": 2.5}, "balanced", None):
        model = few(MLPClassifier, class_weight=weight).fit(X, CLASSES["wide texts"])
        assert again(model, tmp_path).class_weight == weight
    weight = {0: 1, 1: 2.0, np.int64(2): 3, 3: np.float32(4)}
    loaded = again(few(NetClassifier, class_weight=weight).fit(X, MANY), tmp_path)
    assert loaded.class_weight == weight
    assert [type(key) for key in loaded.class_weight] == [int] * 4
    several = [{0: 1.0, 1: 2.0}] * 3
    loaded = again(few(NetClassifier, class_weight=several).fit(X, LABELS), tmp_path)
    assert loaded.class_weight == several


def test_arrays_become_lists(tmp_path):
    model = fitted(MLPRegressor, hidden_layer_sizes=np.array([4, 3]))
    loaded = again(model, tmp_path)
    assert loaded.hidden_layer_sizes == [4, 3]
    assert np.array_equal(loaded.fit(X, NUMBERS).predict(X), model.predict(X))


def build(n_features, n_outputs):
    return [gb.Dense(3, "tanh"), gb.Dropout(0.1), gb.Dense(n_outputs, "linear")]


class Builder:
    def __init__(self, neurons):
        self.neurons = neurons

    def __call__(self, n_features, n_outputs):
        return [gb.Dense(self.neurons), gb.Dense(n_outputs, "linear")]


@pytest.mark.parametrize(
    ("kind", "params", "left_out"),
    [
        (NetRegressor, {"build": build}, ["build"]),
        (NetClassifier, {"build": Builder(3)}, ["build"]),
        (MLPRegressor, {"random_state": np.random.RandomState(0)}, ["random_state"]),
        (MLPRegressor, {"callbacks": [gb.LambdaCallback(on_epoch_end=print)]}, ["callbacks"]),
        (MLPRegressor, {"callbacks": [gb.ReduceLROnPlateau("loss")]}, ["callbacks"]),
        (NetRegressor, {"engine": NumpyEngine()}, ["engine"]),
        (MLPRegressor, {"alpha": np.longdouble(0.1)}, ["alpha"]),
        (MLPRegressor, {"callbacks": [gb.TimeBudget(60), gb.EarlyStopping("loss")]}, []),
    ],
    ids=lambda told: type(told).__name__ if not isinstance(told, list) else str(told),
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_cannot_be_written_is_as_by_default(kind, params, left_out, tmp_path, capsys):
    model = fitted(kind, **params)
    loaded = again(model, tmp_path)
    assert read_sealed(tmp_path / "model.safetensors", "test").description["left_out"] == left_out
    assert np.array_equal(loaded.predict(X), model.predict(X))
    for name, value in loaded.get_params().items():
        default = name in left_out
        expected = kind().get_params()[name] if default else model.get_params()[name]
        assert plain(value) == plain(expected), name


def test_what_writes_files_is_left_out(tmp_path):
    model = fitted(MLPRegressor, callbacks=[gb.CSVLogger(tmp_path / "log.csv")])
    assert again(model, tmp_path).callbacks == ()


def test_a_network_that_is_a_parameter_comes_back(tmp_path):
    net = gb.NeuralNetwork(build(4, 1), gb.Huber(), rng=5)
    for _ in range(2):  # without parameters, and with some
        model = fitted(NetRegressor, build=net)
        loaded = again(model, tmp_path)
        assert repr(loaded.build) == repr(net)
        assert loaded.build.is_built == net.is_built
        assert np.array_equal(loaded.predict(X), model.predict(X))
        assert np.array_equal(loaded.fit(X, MANY).predict(X), model.fit(X, MANY).predict(X))
        net.build(4)


# Classes of a user's own.


class Scale(gb.Operation):
    def __init__(self, factor=2.0):
        self.factor = factor

    def _output(self):
        return self.input_ * self.factor

    def _input_grad(self, output_grad):
        return output_grad * self.factor


class Fourth(gb.RowLoss):
    def __init__(self, power=4):
        self.power = power

    def _row_losses(self):
        return np.sum((self.prediction - self.target) ** self.power, axis=1)

    def _row_grads(self):
        return self.power * (self.prediction - self.target) ** (self.power - 1)


class Plodder(gb.Optimizer):
    def __init__(self, lr=0.01, pace=0.5):
        super().__init__(lr)
        self.pace = pace

    def _update(self, param, grad):
        param -= self.lr * self.pace * grad


class Forgetful(Plodder):
    def __init__(self, lr=0.01, steps=2):
        super().__init__(lr, 1.0 / steps)


class Mine(MLPRegressor):
    pass


def test_losses_of_ones_own(tmp_path):
    for kind in MLPRegressor, NetRegressor:
        model = fitted(kind, loss=Fourth(2))
        with pytest.raises(FileError, match=r"needs a class Fourth.*load\(path, blocks=\[Fourth\]"):
            again(model, tmp_path)
        loaded = again(model, tmp_path, blocks=[Fourth])
        assert_same(model, loaded, X)
        assert loaded.loss.power == 2


def test_blocks_optimizers_and_estimators_of_ones_own(tmp_path):
    net = gb.NeuralNetwork([Scale(0.5), gb.Dense(1, "linear")], gb.Huber(), rng=0)
    model = fitted(NetRegressor, build=net, optimizer=Plodder(0.1, 0.2))
    with pytest.raises(FileError, match="needs a class Scale"):
        again(model, tmp_path, blocks=[Plodder])
    with pytest.raises(FileError, match="needs a class Plodder"):
        again(model, tmp_path, blocks=[Scale])
    loaded = again(model, tmp_path, blocks=iter([Scale, Plodder]))
    assert loaded.optimizer.pace == 0.2
    assert np.array_equal(loaded.predict(X), model.predict(X))
    assert again(fitted(NetRegressor, optimizer=Forgetful()), tmp_path).optimizer == "adam"
    mine = fitted(Mine)
    with pytest.raises(FileError, match="needs an estimator Mine"):
        again(mine, tmp_path)
    assert_same(mine, again(mine, tmp_path, blocks=[Mine]), X)


def test_classes_with_names_of_ours(tmp_path):
    other = type("MLPRegressor", (MLPRegressor,), {})
    with pytest.raises(ArgumentError, match="There is a MLPRegressor of Glassbrick's"):
        fitted(other).save(tmp_path / "other")
    fitted(MLPRegressor).save(tmp_path / "model")
    with pytest.raises(ArgumentError, match="blocks: expected a class with a name of its own"):
        gb.load(tmp_path / "model", blocks=[other])


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_the_network_of_an_estimator_needs_no_scikit_learn(loss, tmp_path):
    model = few(MLPRegressor, loss=loss).fit(X, np.exp(NUMBERS))
    model.net_.save(tmp_path / "net")
    code = (
        "import sys; sys.modules['sklearn'] = None; import glassbrick as gb; import numpy as np;"
        f"print(gb.load({str(tmp_path / 'net')!r}).predict(np.ones((1, 4)))[0, 0])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(run.stdout) == model.net_.predict(np.ones((1, 4)))[0, 0]


def test_without_scikit_learn_it_says_what_to_install(tmp_path):
    fitted(MLPRegressor).save(tmp_path / "model")
    code = (
        "import importlib.util as util, glassbrick as gb\n"
        "find = util.find_spec\n"
        "util.find_spec = lambda name, *a: None if name == 'sklearn' else find(name, *a)\n"
        f"try: gb.load({str(tmp_path / 'model')!r})\n"
        "except gb.MissingExtraError as error: print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'glassbrick[sklearn]'" in run.stdout


class Ensemble(SavedEstimator, BaseEstimator):
    """Has several networks, arrays of its own, and texts and numbers in each other."""

    def __init__(self, members=3):
        self.members = members

    def fit(self, X, y):
        self.networks_ = [fitted(NetRegressor, random_state=n).net_ for n in range(self.members)]
        self.columns_ = [{"name": "a", "known": ["x", None], "scale": np.float64(0.1)}]
        self.shift_, self.worst_ = np.array([[0.1, np.nan]], np.float32), -np.inf
        return self

    def predict(self, X):
        return np.mean([net.predict(X) for net in self.networks_], axis=0)

    def _networks(self):
        return self.networks_

    def _fitted_state(self):
        return {"columns": self.columns_, "worst": self.worst_}

    def _arrays(self):
        return {"shift": self.shift_}

    def _restore(self, networks, told, arrays):
        self.networks_, self.columns_ = list(networks), told["columns"]
        self.shift_, self.worst_ = arrays["shift"], told["worst"]
        if len(networks) != self.members:
            raise ValueError("another number of networks")


def test_estimators_with_several_networks_and_arrays(tmp_path):
    model = Ensemble().fit(X, NUMBERS)
    loaded = again(model, tmp_path, blocks=[Ensemble])
    assert np.array_equal(loaded.predict(X), model.predict(X))
    assert loaded.columns_ == model.columns_
    assert loaded.shift_.dtype == np.float32
    assert np.array_equal(loaded.shift_, model.shift_, equal_nan=True)
    assert loaded.worst_ == -np.inf
    model.members = 2
    with pytest.raises(FileError, match="another number of networks"):
        again(model, tmp_path, blocks=[Ensemble])
    model.columns_ = {1, 2}
    with pytest.raises(ArgumentError, match=r"Ensemble\.save, columns: .* can be written"):
        model.save(tmp_path / "other")


# What is no fitted estimator is not written, and files are written whole or not at all.


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_what_is_not_fitted_is_not_saved(kind, tmp_path):
    with pytest.raises(NotFittedError):
        kind().save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_what_is_not_finite_is_not_saved(tmp_path):
    model = fitted(MLPRegressor)
    model.coefs_[0][0, 0] = np.nan
    with pytest.raises(DataError, match=r"MLPRegressor\.save, dense_1\.weight_multiply\.param"):
        model.save(tmp_path / "model")


@pytest.mark.parametrize("kind", [MLPClassifier, NetClassifier])
def test_what_a_failed_fit_left_is_not_saved(kind, tmp_path):
    def fail(epoch, logs):
        raise KeyError("on purpose")

    model = fitted(kind).set_params(callbacks=[gb.LambdaCallback(on_epoch_end=fail)])
    with pytest.raises(KeyError, match="on purpose"):
        model.fit(X, np.arange(60) // 6)
    with pytest.raises(DataError, match="a probability for each class"):
        model.save(tmp_path / "model")


def test_a_file_is_not_overwritten_unless_one_says_so(tmp_path):
    model, path = fitted(MLPClassifier), tmp_path / "model"
    model.save(path)
    before = path.read_bytes()
    with pytest.raises(FileError, match=r"is there already.*overwrite=True"):
        fitted(NetClassifier).save(path)
    with pytest.raises(ArgumentTypeError, match="overwrite"):
        model.save(path, overwrite="yes")
    with pytest.raises(ArgumentTypeError, match="path: expected a path"):
        model.save(3)
    assert path.read_bytes() == before
    fitted(NetClassifier).save(str(path), overwrite=True)
    assert type(gb.load(path)) is NetClassifier


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_what_comes_back_is_an_estimator_like_any_other(kind, tmp_path):
    loaded = again(fitted(kind), tmp_path)
    assert_same(loaded, pickle.loads(pickle.dumps(loaded)), X)
    assert clone(loaded).get_params() == loaded.get_params()
    first = (tmp_path / "model.safetensors").read_bytes()
    again(loaded, tmp_path)
    assert (tmp_path / "model.safetensors").read_bytes() == first


# Nothing but what was written is read.


def small(tmp_path):
    y = np.array(["no", "yes"])[LABELS[:, 0]]
    model = few(MLPClassifier, hidden_layer_sizes=(), max_iter=1).fit(X, y)
    model.save(tmp_path / "small")
    return tmp_path / "small"


def test_each_byte_counts(tmp_path):
    whole = small(tmp_path).read_bytes()
    for place in range(len(whole)):
        data = bytearray(whole)
        data[place] ^= 1 << place % 8
        with pytest.raises(FileError, match="damaged, or not a file of Glassbrick's"):
            sealed.unseal(bytes(data), "it", "load")


def changed(tmp_path, change):
    told, arrays = read_sealed(small(tmp_path), "test")
    change(told, arrays)
    write_sealed(tmp_path / "made", told, arrays, "test")
    return tmp_path / "made"


def put(told, path, value):
    *places, last = path
    for place in places:
        told = told[place]
    told[last] = value


ANYTHING = [None, True, -1, 0, 3, 1.5, 10**15, 10**400, "x", [], {}, [[]], [3, "x"]]
ANYTHING += [{"class": "Dense"}, {"dict": [["x", 1]]}, {"list": [1, "x"]}, {"list": [10**400]}]
PLACES = [
    *[(name,) for name in ("kind", "estimator", "params", "left_out", "features", "networks")],
    *[("features", "count"), ("features", "names"), ("networks", 0), ("networks", 0, "inputs")],
    *[("fitted",), ("params", "alpha"), ("params", "odd"), ("params", "loss"), ("fitted", "odd")],
    *[("fitted", n) for n in ("outputs", "out_activation", "architecture", "labels", "history")],
    *[("fitted", "labels", "dict", n, 1) for n in range(3)],
    *[("fitted", "history", "dict", n, 1) for n in range(10)],
    *[("fitted", "progress", "dict", n, 1) for n in range(8)],
    *[("fitted", "history", "dict", 0), ("fitted", "progress"), ("made_with",)],
]


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_anything_anywhere(path, tmp_path):
    """It is refused, or predicts."""
    small(tmp_path)
    told, arrays = read_sealed(tmp_path / "small", "test")
    text = json.dumps(told)
    for value in ANYTHING:
        made = json.loads(text)
        put(made, path, value)
        write_sealed(tmp_path / "made", made, arrays, "test", overwrite=True)
        try:
            loaded = gb.load(tmp_path / "made")
        except FileError:
            continue
        assert loaded.predict(X).shape == (60,)
        assert loaded.predict_proba(X).shape == (60, 2)


def twice(told, arrays):
    told["networks"] *= 2
    arrays.update({n.replace("network-0", "network-1"): a for n, a in arrays.items()})


def labels(dtype, classes, is_multilabel=False):
    values = [["dtype", dtype], ["classes", {"list": classes}], ["is_multilabel", is_multilabel]]
    return {"dict": values}


WIDE = {"class": "Quantile", "arguments": {"quantiles": {"array": [1.0], "shape": [10**9]}}}
CHANGES = {
    "an unknown estimator": lambda t, a: t.update(estimator="SVC"),
    "no estimator": lambda t, a: t.update(estimator="Adam"),
    "one by its path": lambda t, a: t.update(estimator="sklearn.svm.SVC"),
    "a regressor": lambda t, a: t.update(estimator="MLPRegressor"),
    "an unknown parameter": lambda t, a: t["params"].update(hidden=3),
    "a function": lambda t, a: t["params"].update(solver={"class": "eval", "arguments": {}}),
    "a layer": lambda t, a: t["params"].update(
        solver={"class": "Dense", "arguments": {"neurons": 2}}
    ),
    "a writer of files": lambda t, a: t["params"].update(
        callbacks={"list": [{"class": "CSVLogger", "arguments": {"path": "x"}}]}
    ),
    "a network that is not there": lambda t, a: t["params"].update(solver={"network": 1}),
    "a negative network": lambda t, a: t["params"].update(solver={"network": -1}),
    "its own network": lambda t, a: t["params"].update(solver={"network": 0}),
    "a list as a key": lambda t, a: t["params"].update(class_weight={"dict": [[{"list": []}, 1]]}),
    "a wide array": lambda t, a: t["params"].update(solver=WIDE),
    "no networks": lambda t, a: (t.update(networks=[]), a.clear()),
    "a network too many": twice,
    "no arrays": lambda t, a: a.clear(),
    "an array too many": lambda t, a: a.update(more=np.zeros(3)),
    "an array of nobody's": lambda t, a: a.update({"network-1/x": np.zeros(3)}),
    "an array besides": lambda t, a: a.update({"fitted/x": np.zeros(3)}),
    "huge features": lambda t, a: t["features"].update(count=10**12),
    "other features": lambda t, a: t["features"].update(count=5),
    "too few names": lambda t, a: t["features"].update(names=["a"]),
    "three classes": lambda t, a: t["fitted"].update(labels=labels("<U1", ["a", "b", "c"])),
    "no classes": lambda t, a: t["fitted"].update(labels=labels("<U1", [])),
    "classes out of order": lambda t, a: t["fitted"].update(labels=labels("<U1", ["b", "a"])),
    "the same class twice": lambda t, a: t["fitted"].update(labels=labels("<U1", ["b", "b"])),
    "cut classes": lambda t, a: t["fitted"].update(labels=labels("<U1", ["no", "yes"])),
    "wide classes": lambda t, a: t["fitted"].update(labels=labels("<U9999999", ["no", "yes"])),
    "objects": lambda t, a: t["fitted"].update(labels=labels("|O", [1, 2])),
    "structures": lambda t, a: t["fitted"].update(labels=labels("i4,i4", [1, 2])),
    "large numbers": lambda t, a: t["fitted"].update(labels=labels("|u1", [1, 256])),
    "labels": lambda t, a: t["fitted"].update(labels=labels("<i8", [0, 1], True)),
    "no history": lambda t, a: t["fitted"].pop("history"),
    "a class in it": lambda t, a: t["fitted"].update(odd={"class": "Adam", "arguments": {}}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_files_made_on_purpose(name, tmp_path):
    path = changed(tmp_path, CHANGES[name])
    tracemalloc.start()
    with pytest.raises(FileError):
        gb.load(path)
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()


class Flat(gb.MeanSquaredError):
    def interpret(self, prediction):
        return prediction.ravel()


def test_a_loss_that_predicts_no_columns_is_refused(tmp_path):
    def change(told, arrays):
        told["networks"][0]["loss"] = {"class": "Flat", "arguments": {}}

    with pytest.raises(FileError, match="predictions in columns"):
        gb.load(changed(tmp_path, change), blocks=[Flat])


def test_what_was_not_known_yet_is_as_by_default(tmp_path):
    """So that a later version with more parameters reads the files of this one."""
    loaded = gb.load(changed(tmp_path, lambda told, arrays: told["params"].pop("tol")))
    assert loaded.tol == MLPClassifier().tol


def test_networks_say_what_they_were_made_with(tmp_path):
    net = gb.NeuralNetwork([gb.Dense(1, "linear", inputs=2)], gb.Huber(), rng=0)
    net.save(tmp_path / "net")
    told = read_sealed(tmp_path / "net", "test").description
    assert told["made_with"]["glassbrick"] == gb.__version__
    assert told["made_with"]["numpy"] == np.__version__
    assert told["made_with"]["python"] in sys.version


def test_the_file_of_an_estimator_of_version_0_1_0_stays_loadable():
    """It must never be written anew."""
    folder = Path(__file__).parent / "files"
    model = gb.load(folder / "estimator-1.safetensors")
    rows = np.arange(12.0).reshape(4, 3) / 10
    expected = np.load(folder / "estimator-1-predictions.npy")
    table = pd.DataFrame(rows, columns=["a", "b", "c"])
    assert np.allclose(model.predict_proba(table), expected, rtol=1e-12)
    assert model.classes_.tolist() == ["high", "low", "middle"]
    assert model.feature_names_in_.tolist() == ["a", "b", "c"]
    assert model.class_weight == {"high": 1, "low": 2.5, "middle": 1}
    assert repr(model.solver.schedule) == "CosineDecay(lr=0.01, final=0.0)"
    assert model.partial_fit(table, ["low"] * 4).t_ == 20 * 60 + 4


# show and export.


def glassbrick(*arguments):
    run = [sys.executable, "-m", "glassbrick", *map(str, arguments)]
    return subprocess.run(run, capture_output=True, text=True, check=False)


def test_show(tmp_path):
    table = pd.DataFrame(X, columns=["a", "[b]", "c", "d"])
    model = few(NetClassifier, build=build).fit(table, CLASSES["texts"])
    model.save(tmp_path / "model")
    shown = glassbrick("show", tmp_path / "model").stdout
    for line in (
        "NetClassifier(epochs=3, random_state=0)",
        "As by default, for no file can hold it: build",
        "Features: 4: 'a', '[b]', 'c', 'd'",
        "Classes: 'no', 'perhaps', 'yes', 'ünbekannt'",
        "dense_2",
        "Loss: SoftmaxCrossEntropy(label_smoothing=0)",
        f"Made with: glassbrick {gb.__version__}, numpy {np.__version__}, python",
    ):
        assert line in shown
    told = json.loads(glassbrick("show", tmp_path / "model", "--json").stdout)
    assert told["kind"] == "estimator"
    assert told["estimator"] == "NetClassifier"
    assert told["parameters"] == 4 * 3 + 3 + 3 * 4 + 4
    assert told["arrays"]["network-0/dense_1.weight_multiply.param"]["shape"] == [4, 3]


def test_show_names_some_of_many(tmp_path):
    few(MLPClassifier).fit(X, np.arange(60) // 2).save(tmp_path / "model")
    shown = glassbrick("show", tmp_path / "model").stdout
    assert "18, 19 and 10 more" in " ".join(shown.split())


def test_export(tmp_path):
    pytest.importorskip("onnx")
    fitted(MLPRegressor).save(tmp_path / "model")
    run = glassbrick("export", tmp_path / "model", "--onnx", tmp_path / "onnx")
    assert run.returncode == 0
    assert (tmp_path / "onnx").stat().st_size > 100
    run = glassbrick("export", tmp_path / "model", "--python", tmp_path / "python")
    assert run.returncode == 1
    assert "model.net_.save(path)" in run.stderr
    assert not (tmp_path / "python").exists()
