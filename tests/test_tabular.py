"""Estimators for tables: the same from all libraries, honest about errors, and clear about them."""

from __future__ import annotations

import copy
import datetime
import os
import pickle
import signal
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pytest

import glassbrick as gb

pytest.importorskip("sklearn")
pytest.importorskip("jax")  # now, for its import draws from NumPy's global random state
pytest.importorskip("narwhals")

import pandas as pd
import polars as pl
import pyarrow as pa
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import log_loss, mean_absolute_error, r2_score
from sklearn.model_selection import (
    GridSearchCV,
    PredefinedSplit,
    cross_val_predict,
    cross_val_score,
    train_test_split,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator

from glassbrick import (
    ArgumentError,
    ArgumentTypeError,
    Callback,
    DataError,
    DivergenceError,
    EarlyStopping,
    FileError,
    ShapeError,
    TimeBudget,
)
from glassbrick.files import read_sealed, write_sealed
from glassbrick.recipes import made_of, recipe_of
from glassbrick.sklearn import (
    MLPClassifier,
    MLPRegressor,
    NetClassifier,
    NetRegressor,
    TabularClassifier,
    TabularRegressor,
)
from glassbrick.sklearn.tabular import BaselineWarning, baselines
from glassbrick.sklearn.tabular.ensemble import Ensemble, deal_out
from glassbrick.sklearn.tabular.intervals import width_of
from glassbrick.tables import read_table

pytestmark = pytest.mark.filterwarnings(
    "ignore::glassbrick.sklearn.tabular.BaselineWarning",
    "ignore::sklearn.exceptions.ConvergenceWarning",
)

BOTH = [TabularRegressor, TabularClassifier]
FEW = {"ensemble": 2, "epochs": 3, "hidden": (4,), "random_state": 0, "engine": "numpy"}
RNG = np.random.default_rng(0)
ROWS = 60
A = RNG.standard_normal(ROWS)
Y = 2.0 * A + RNG.standard_normal(ROWS)
KINDS = np.where(Y > 0, "p", "n")
DAYS = [
    datetime.date(2020, 1, 1) + datetime.timedelta(days=int(d)) for d in RNG.integers(0, 99, 60)
]
MANY = [f"town {n % 13}" for n in range(ROWS)]


def holed(values, step):
    return [None if row % step == 1 else value for row, value in enumerate(values)]


MIXED = {
    "size": holed(A.round(3).tolist(), 7),
    "count": RNG.integers(0, 50, ROWS).tolist(),
    "few": holed(np.array(["x", "y", "z"])[RNG.integers(0, 3, ROWS)].tolist(), 5),
    "many": MANY,
    "yes": holed((RNG.random(ROWS) > 0.5).tolist(), 9),
    "day": holed(DAYS, 11),
}
SMALL = {"a": A.tolist()}


def few(kind, **params):
    return kind(**{**FEW, **params})


def fitted(kind, data=None, **params):
    return few(kind, **params).fit(
        MIXED if data is None else data, Y if kind is TabularRegressor else KINDS
    )


def said(model, data):
    return model.predict(data) if hasattr(model, "errors_") else model.predict_proba(data)


def taken(table, rows):
    return {name: [values[row] for row in rows] for name, values in table.items()}


# scikit-learn's own checks


@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("restored_random_state")
@pytest.mark.parametrize("kind", BOTH)
def test_scikit_learns_checks_pass(kind):
    with np.errstate(all="warn"):
        quick = kind(epochs=30, hidden=(16,), ensemble=2, lr=0.02, engine="numpy")
        results = check_estimator(quick, on_fail=None, on_skip=None)
    failed = [(r["check_name"], r["exception"]) for r in results if r["status"] == "failed"]
    assert not failed
    assert not any(result["expected_to_fail"] for result in results)
    assert len(results) >= (60 if kind is TabularRegressor else 67)


# The same from all libraries


def as_file(ending):
    def write(table, folder):
        path = folder / f"table.{ending}"
        frame = pl.DataFrame(table)
        if ending == "parquet":
            frame.write_parquet(path)
        else:
            frame.write_csv(path, separator="\t" if ending == "tsv" else ",")
        return path

    return write


FORMS = {
    "pandas": lambda table, _: pd.DataFrame(table),
    "polars": lambda table, _: pl.DataFrame(table),
    "arrow": lambda table, _: pa.table(table),
    "dict of arrow": lambda table, _: {name: pa.array(v) for name, v in table.items()},
    "csv": as_file("csv"),
    "tsv": as_file("tsv"),
    "parquet": as_file("parquet"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", BOTH)
def test_all_libraries_and_files_give_the_same(kind, form, tmp_path):
    target = Y.tolist() if kind is TabularRegressor else KINDS.tolist()
    whole = {**MIXED, "target": target}
    expected = few(kind).fit(whole, "target")
    model = few(kind).fit(FORMS[form](whole, tmp_path), "target")
    table = FORMS[form](MIXED, tmp_path)
    assert np.array_equal(said(model, table), said(expected, MIXED))
    assert model.score(FORMS[form](whole, tmp_path)) == expected.score(whole)
    assert model.features_.to_json() == expected.features_.to_json()
    assert model.feature_names_in_.tolist() == list(MIXED)


@pytest.mark.parametrize("kind", BOTH)
def test_predict_finds_columns_by_name(kind):
    model = fitted(kind)
    expected = said(model, MIXED)
    turned = {"more": [3] * ROWS, **dict(reversed(MIXED.items()))}
    assert np.array_equal(said(model, turned), expected)
    odd = {**MIXED, "few": ["unknown"] * ROWS, "many": ["unknown"] * ROWS}
    assert np.isfinite(said(model, odd)).all()
    for name in MIXED:
        gone = {**MIXED, name: [None] * ROWS}
        assert np.isfinite(said(model, gone)).all()
        without = {key: values for key, values in MIXED.items() if key != name}
        with pytest.raises(
            DataError, match=f'expected the columns of training; "{name}" not among'
        ):
            said(model, without)


TARGETS = {
    "name": lambda y: ({**MIXED, "y": y.tolist()}, "y"),
    "names": lambda y: ({**MIXED, "y": y.tolist()}, ["y"]),
    "tuple": lambda y: ({**MIXED, "y": y.tolist()}, ("y",)),
    "Series": lambda y: (MIXED, pd.Series(y, name="y")),
    "polars": lambda y: (MIXED, pl.Series("y", y)),
    "arrow": lambda y: (MIXED, pa.array(y.tolist())),
    "array": lambda y: (MIXED, y),
    "list": lambda y: (MIXED, y.tolist()),
    "objects": lambda y: (MIXED, y.astype(object)),
}


@pytest.mark.parametrize("way", TARGETS)
@pytest.mark.parametrize("kind", BOTH)
def test_targets_come_in_all_forms(kind, way):
    y = Y if kind is TabularRegressor else KINDS
    model = few(kind).fit(*TARGETS[way](y))
    assert np.array_equal(said(model, MIXED), said(fitted(kind), MIXED))


def test_a_long_name_is_one_name():
    table = {**SMALL, "price of it": Y.tolist()}
    assert few(TabularRegressor).fit(table, "price of it").targets_[0].name == "price of it"


CLASSES = {
    "int": [3, -7],
    "large": [2**62, 2**62 + 1],
    "float": [0.0, 1.0],
    "bool": [False, True],
    "text": ["no", "yes"],
    "uint8": np.array([1, 2], np.uint8),
}


@pytest.mark.parametrize("name", CLASSES)
def test_classes_come_back_in_their_own_type(name, tmp_path):
    y = np.asarray(CLASSES[name])[(A > 0).astype(int)]
    model = few(TabularClassifier, epochs=30, lr=0.05).fit(SMALL, y)
    assert model.classes_.dtype == y.dtype
    assert model.predict(SMALL).dtype == y.dtype
    assert model.score(SMALL, y) == np.mean(model.predict(SMALL) == y) > 0.9
    objects = few(TabularClassifier, epochs=30, lr=0.05).fit(SMALL, y.astype(object))
    assert np.array_equal(objects.predict(SMALL), model.predict(SMALL))
    model.save(tmp_path / "m")
    loaded = gb.load(tmp_path / "m")
    assert loaded.classes_.dtype == y.dtype
    assert np.array_equal(loaded.predict(SMALL), model.predict(SMALL))


def test_classes_that_are_names_of_columns_are_classes():
    table = {"p": A.tolist(), "n": Y.tolist()}
    model = few(TabularClassifier).fit(table, KINDS.tolist())
    assert model.feature_names_in_.tolist() == ["p", "n"]
    assert model.classes_.tolist() == ["n", "p"]


def test_several_outputs_and_labels():
    both = np.column_stack([Y, -Y])
    model = few(TabularRegressor).fit({**MIXED, "u": Y, "v": -Y}, ["u", "v"])
    assert model.predict(MIXED).shape == (ROWS, 2)
    assert model.predict_interval(MIXED, 0.5).shape == (ROWS, 2, 2)
    assert [target.name for target in model.targets_] == ["u", "v"]
    expected = r2_score(both, model.predict(MIXED))
    assert model.score(MIXED, both) == pytest.approx(expected, rel=1e-12)
    assert model.score({**MIXED, "u": Y, "v": -Y}) == model.score(MIXED, both)
    labels = np.column_stack([A > 0, Y > 0]).astype(int)
    model = few(TabularClassifier, epochs=30, lr=0.05).fit(MIXED, pd.DataFrame(labels))
    assert model.predict_proba(MIXED).shape == (ROWS, 2)
    assert np.array_equal(model.predict(MIXED), model.predict_proba(MIXED) > 0.5)
    right = (model.predict(MIXED) == labels).all(axis=1).mean()
    assert model.score(MIXED, labels) == right > 0.4


# Properties


@pytest.mark.parametrize("kind", BOTH)
def test_the_order_of_rows_has_no_say(kind):
    order = np.random.default_rng(1).permutation(ROWS)
    y = Y if kind is TabularRegressor else KINDS
    other = few(kind).fit(taken(MIXED, order), y[order])
    assert np.array_equal(said(other, MIXED), said(fitted(kind), MIXED))


@pytest.mark.parametrize("kind", BOTH)
def test_weights_count_rows(kind):
    y = Y if kind is TabularRegressor else KINDS
    twice = [*range(ROWS), *range(0, ROWS, 3)]
    weights = np.where(np.arange(ROWS) % 3, 1.0, 2.0)
    doubled = few(kind).fit(taken(MIXED, twice), y[twice])
    weighted = few(kind).fit(MIXED, y, weights)
    assert np.array_equal(said(doubled, MIXED), said(weighted, MIXED))
    assert not np.array_equal(said(weighted, MIXED), said(fitted(kind), MIXED))
    kept = [row for row in range(ROWS) if row % 4]
    table = {**MIXED, "many": ["alone" if row == 0 else v for row, v in enumerate(MANY)]}
    without = few(kind).fit(taken(table, kept), y[kept])
    zero = few(kind).fit(table, y, (np.arange(ROWS) % 4 > 0).astype(float))
    assert np.array_equal(said(without, table), said(zero, table))


@pytest.mark.parametrize("kind", BOTH)
def test_the_seed_decides_and_nothing_else(kind):
    table, y = copy.deepcopy(MIXED), (Y if kind is TabularRegressor else KINDS)
    frame, before = pd.DataFrame(MIXED), y.copy()
    kept = frame.copy(deep=True)
    model = few(kind).fit(table, y)
    assert np.array_equal(said(model, MIXED), said(few(kind).fit(frame, y), frame))
    assert not np.array_equal(
        said(model, MIXED), said(few(kind, random_state=1).fit(table, y), MIXED)
    )
    model.score(table, y)
    assert table == MIXED
    assert np.array_equal(y, before)
    pd.testing.assert_frame_equal(frame, kept)


@pytest.mark.parametrize("kind", BOTH)
def test_a_row_is_predicted_alone(kind):
    model = fitted(kind)
    whole = said(model, MIXED)
    alone = np.concatenate([said(model, taken(MIXED, [row])) for row in range(ROWS)])
    np.testing.assert_allclose(alone, whole, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", BOTH)
def test_units_do_not_matter(kind):
    table = {"a": A, "b": RNG.standard_normal(ROWS)}
    other = {"a": A * 1000.0, "b": table["b"] + 100.0}
    y = Y if kind is TabularRegressor else KINDS
    X = taken(table, range(ROWS))
    # Another hash of the rows deals them out otherwise; so one asks what both say in the middle.
    one = few(kind, epochs=30, ensemble=5, lr=0.02).fit(X, y)
    two = few(kind, epochs=30, ensemble=5, lr=0.02).fit(other, y)
    first, second = one.features_.encode(read(X), "t"), two.features_.encode(read(other), "t")
    np.testing.assert_allclose(first, second, rtol=1e-9, atol=1e-11)
    assert np.corrcoef(said(one, X).ravel(), said(two, other).ravel())[0, 1] > 0.95


def read(table):
    from glassbrick.tables import read_table

    return read_table(table, "test")


def noisy(rows, seed, *, uneven):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-2.0, 2.0, (rows, 2))
    spread = 0.2 + np.abs(X[:, 0]) if uneven else 1.0
    return X, np.sin(2.0 * X[:, 0]) + X[:, 1] + spread * rng.standard_normal(rows)


@pytest.mark.parametrize("uneven", [False, True])
def test_intervals_hold_as_many_as_they_say(uneven):
    seeds, rows, trials = 8, 200, 1000
    held = {0.5: [], 0.8: [], 0.9: [], 0.95: []}
    for seed in range(seeds):
        model = TabularRegressor(
            epochs=20, hidden=(8,), lr=0.02, random_state=seed, engine="numpy"
        ).fit(*noisy(rows, seed, uneven=uneven))
        X, y = noisy(trials, 100 + seed, uneven=uneven)
        for coverage, shares in held.items():
            low, high = model.predict_interval(X, coverage).T
            shares.append(np.mean((low <= y) & (y <= high)))
    for coverage, shares in held.items():
        error = np.sqrt(coverage * (1 - coverage) * (1 / rows + 1 / trials) / seeds)
        # The mean of all networks is a little better than the one whose errors were measured.
        assert -4.0 * error < np.mean(shares) - coverage < 4.0 * error + 0.04


def test_intervals_need_rows():
    model = fitted(TabularRegressor, SMALL)
    with pytest.raises(
        DataError, match=r"predict_interval: .* 0\.999 .* at least 999 .* received 24"
    ):
        model.predict_interval(SMALL, 0.999)


@pytest.fixture
def judged(monkeypatch):
    """The rows by which networks were judged."""
    seen = []
    judge = Ensemble.judge
    monkeypatch.setattr(
        Ensemble, "judge", lambda self, rows: (seen.append(rows), judge(self, rows))[1]
    )
    return seen


def test_comparison_of_numbers_is_what_one_finds_oneself(judged):
    X = RNG.standard_normal((ROWS, 3))
    y = 100.0 * X[:, 0] + 10.0 * RNG.standard_normal(ROWS)
    model = few(TabularRegressor, ensemble=5).fit(X, y)
    (rows,) = judged
    target = model.targets_[0]
    truth = rows.y[:, 0].astype(float) * target.deviation + target.mean
    ridge = RidgeCV(baselines._PENALTIES)
    split = PredefinedSplit(rows.fold)
    linear = cross_val_predict(ridge, rows.X.astype(float), truth, cv=split)
    own = np.empty(ROWS)
    for k, net in enumerate(model.networks_):
        others = rows.fold == k
        own[others] = net.predict(rows.X[others])[:, 0] * target.deviation + target.mean
    scores = model.comparison_.scores
    for who, predicted in {"network": own, "linear": linear}.items():
        assert scores[who]["r2"] == pytest.approx(r2_score(truth, predicted), rel=1e-6)
        assert scores[who]["mae"] == pytest.approx(mean_absolute_error(truth, predicted), rel=1e-6)
    rmse = np.sqrt(np.mean((own - truth) ** 2))
    assert scores["network"]["rmse"] == pytest.approx(rmse, rel=1e-6)
    assert scores["mean"]["r2"] == pytest.approx(0.0, abs=1e-6)
    assert model.comparison_.rows == ROWS
    np.testing.assert_allclose(model.errors_[:, 0], np.sort(np.abs(own - truth)), rtol=1e-6)


def test_comparison_of_classes_is_what_one_finds_oneself(judged):
    X = RNG.standard_normal((ROWS, 3))
    model = few(TabularClassifier, ensemble=5).fit(X, KINDS)
    (rows,) = judged
    truth, numbers = rows.y[:, 0].astype(int), rows.X.astype(float)
    logistic = LogisticRegression(max_iter=500)
    split = PredefinedSplit(rows.fold)
    linear = cross_val_predict(logistic, numbers, truth, cv=split, method="predict_proba")
    own = np.empty((ROWS, 2))
    for k, net in enumerate(model.networks_):
        others = rows.fold == k
        own[others] = net.loss.interpret(net.predict(rows.X[others]))
    share = np.bincount(truth) / ROWS
    said = {"network": own, "linear": linear, "majority": np.tile(share, (ROWS, 1))}
    for who, probabilities in said.items():
        scores = model.comparison_.scores[who]
        assert scores["log_loss"] == pytest.approx(log_loss(truth, probabilities), rel=1e-6)
        right = np.mean(probabilities.argmax(axis=1) == truth)
        assert scores["accuracy"] == pytest.approx(right)


@pytest.mark.filterwarnings("error::glassbrick.sklearn.tabular.BaselineWarning")
def test_a_warning_exactly_where_the_simple_model_is_better():
    rng = np.random.default_rng(3)
    X = rng.standard_normal((200, 2))
    with pytest.warns(BaselineWarning, match=r"does not beat the linear model: R² .* Use that"):
        few(TabularRegressor).fit(X, X @ [3.0, -2.0] + 0.1 * rng.standard_normal(200))
    well = {"epochs": 30, "hidden": (32, 32), "lr": 0.02}
    crossed = X[:, 0] * X[:, 1]
    assert few(TabularRegressor, **well).fit(X, crossed).comparison_.network_is_best
    model = few(TabularClassifier, **well).fit(X, crossed > 0)
    assert model.comparison_.network_is_best
    assert model.score(X, crossed > 0) > 0.9


def test_boston():
    data = gb.datasets.load_boston()
    X, X_test, y, y_test = train_test_split(data.data, data.target, random_state=2)
    model = TabularRegressor(epochs=40, ensemble=3, random_state=0, engine="numpy").fit(X, y)
    assert model.score(X_test, y_test) > 0.8


def test_penguins():
    penguins = pytest.importorskip("palmerpenguins").load_penguins()
    assert penguins.isna().to_numpy().any()
    table, test = train_test_split(penguins, random_state=0, stratify=penguins["species"])
    model = TabularClassifier(epochs=20, ensemble=2, random_state=0, engine="numpy")
    assert model.fit(table, "species").score(test) > 0.97


# Engines, callbacks, checkpoints


@pytest.mark.parametrize("kind", BOTH)
def test_engines_agree(kind):
    how = {"dropout": 0.0}  # which draws from other streams on each engine
    expected = said(fitted(kind, **how), MIXED)
    for engine in "xla", "auto":
        found = said(fitted(kind, **how, engine=engine), MIXED)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


class Count(Callback):
    def __init__(self):
        self.fits = self.epochs = 0

    def on_fit_begin(self, logs=None):
        self.fits += 1

    def on_epoch_end(self, epoch, logs=None):
        self.epochs += 1


@pytest.mark.parametrize("kind", BOTH)
def test_callbacks_look_on_at_each_network(kind):
    count = Count()
    fitted(kind, callbacks=[count], ensemble=3)
    assert count.epochs == 9
    model = fitted(kind, callbacks=[TimeBudget(1e-6)], epochs=1000)
    assert [len(history.loss) for history in model.histories_] == [1, 1]
    stopping = EarlyStopping(patience=1, min_delta=1e9)
    model = fitted(kind, callbacks=[stopping], epochs=1000)
    assert all(len(history.loss) < 10 for history in model.histories_)


SCRIPT = """
import os, signal, sys
import numpy as np
from glassbrick import Callback
from glassbrick.sklearn import TabularRegressor

class Death(Callback):
    epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        self.epochs += 1
        if self.epochs == 9:
            os.kill(os.getpid(), signal.SIGKILL)

rng = np.random.default_rng(5)
X = rng.standard_normal((50, 2))
TabularRegressor(
    ensemble=2, epochs=6, hidden=(4,), random_state=0, engine="numpy",
    callbacks=[Death()], checkpoint=sys.argv[1],
).fit(X, X[:, 0])
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no such signal")
def test_a_killed_fit_goes_on(tmp_path):
    path = os.pathsep.join(filter(None, sys.path))
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "kept")]
    killed = subprocess.run(command, env={**os.environ, "PYTHONPATH": path})
    assert killed.returncode == -signal.SIGKILL
    X = np.random.default_rng(5).standard_normal((50, 2))
    count, how = Count(), {"epochs": 6}
    expected = few(TabularRegressor, **how).fit(X, X[:, 0])
    again = few(TabularRegressor, **how, checkpoint=tmp_path / "kept", callbacks=[count])
    again.fit(X, X[:, 0])
    assert count.epochs < 6
    for one, two in zip(expected.networks_, again.networks_, strict=True):
        assert [p.tobytes() for p in one.params()] == [p.tobytes() for p in two.params()]
    assert [h.history for h in again.histories_] == [h.history for h in expected.histories_]
    with pytest.raises(FileError, match=r"holds another training"):
        few(TabularRegressor, **how, checkpoint=tmp_path / "kept").fit(X, X[:, 1])


# Files


def again(model, tmp_path):
    model.save(tmp_path / "model", overwrite=True)
    return gb.load(tmp_path / "model")


@pytest.mark.parametrize("kind", BOTH)
def test_estimators_come_back(kind, tmp_path):
    model = fitted(kind)
    y = Y if kind is TabularRegressor else KINDS
    for other in again(model, tmp_path), pickle.loads(pickle.dumps(model)):
        assert np.array_equal(said(other, MIXED), said(model, MIXED))
        assert np.array_equal(other.predict(MIXED), model.predict(MIXED))
        assert other.score(MIXED, y) == model.score(MIXED, y)
        assert other.comparison_ == model.comparison_
        assert other.history_.history == model.history_.history
        assert other.get_params() == model.get_params()
        assert other.features_.left_out == model.features_.left_out
        if kind is TabularRegressor:
            found, expected = (m.predict_interval(MIXED, 0.5) for m in (other, model))
            assert np.array_equal(found, expected)


def test_each_flipped_byte_is_found(tmp_path):
    path = tmp_path / "model"
    fitted(TabularRegressor, {"a": A.round(1)}, hidden=(2,), ensemble=1, epochs=1).save(path)
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(FileError):
            gb.load(path)


def column(told, kind):
    return next(c for c in told["fitted"]["columns"]["columns"] if c["kind"] == kind)


def put(*keys, value):
    def change(told, arrays):
        place = told["fitted"]
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value

    return change


def of_column(kind, name, value):
    def change(told, arrays):
        column(told, kind)[name] = value

    return change


CRAFTED = {
    "NaN scale": of_column("number", "scale", float("nan")),
    "infinite median": of_column("number", "median", float("inf")),
    "other name": of_column("number", "name", "other"),
    "other kind": of_column("number", "kind", "category"),
    "unknown kind": of_column("number", "kind", "sound"),
    "missing feature": of_column("number", "has_missing", False),
    "fewer categories": of_column("category", "known", ["town 1"]),
    "more categories": of_column("category", "known", [f"t{n}" for n in range(99)]),
    "numbers as categories": of_column("category", "known", 3),
    "no columns": put("columns", "columns", value=[]),
    "no targets": put("targets", value=[]),
    "other task": put("targets", value=[{"task": "sound"}]),
    "no histories": put("histories", value=[]),
    "one history": lambda told, arrays: told["fitted"]["histories"].pop(),
    "no comparison": lambda told, arrays: told["fitted"].pop("comparison"),
    "comparison of texts": put("comparison", value="good"),
    "one network less": lambda told, arrays: told["networks"].pop(),
    "no errors": lambda told, arrays: arrays.pop("fitted/errors"),
    "falling errors": lambda told, arrays: arrays.update(
        {"fitted/errors": np.array([[2.0], [1.0]])}
    ),
    "NaN errors": lambda told, arrays: arrays.update({"fitted/errors": np.array([[np.nan]])}),
    "other features": lambda told, arrays: told["features"].update(count=2, names=["u", "v"]),
}


@pytest.mark.parametrize("case", CRAFTED)
def test_crafted_regressors_are_refused(case, tmp_path):
    path = tmp_path / "model"
    fitted(TabularRegressor).save(path)
    refuse_changed(path, CRAFTED[case])


def refuse_changed(path, change):
    contents = read_sealed(path, "test")
    told, arrays = copy.deepcopy(contents.description), dict(contents.arrays)
    fitted = told["fitted"]
    how = {"most": 0, "only_within": True}
    told["fitted"] = {name: made_of(fitted[name], {}, name, **how) for name in fitted}
    change(told, arrays)
    told["fitted"] = {name: recipe_of(value, {}, name) for name, value in told["fitted"].items()}
    write_sealed(path, told, arrays, "test", overwrite=True)
    with pytest.raises(FileError):
        gb.load(path)


CRAFTED_CLASSES = {
    "one class": put("classes", value={"dtype": "<U1", "classes": ["n"]}),
    "three classes": put("classes", value={"dtype": "<U1", "classes": ["n", "p", "q"]}),
    "no classes": lambda told, arrays: told["fitted"].pop("classes"),
    "code as dtype": put("classes", value={"dtype": "O,O", "classes": ["n", "p"]}),
    "numbers": put(
        "targets", value=[{"task": "regression", "name": "y", "mean": 0, "deviation": 1}]
    ),
    "arrays": lambda told, arrays: arrays.update({"fitted/errors": np.ones((2, 1))}),
}


@pytest.mark.parametrize("case", CRAFTED_CLASSES)
def test_crafted_classifiers_are_refused(case, tmp_path):
    path = tmp_path / "model"
    fitted(TabularClassifier).save(path)
    refuse_changed(path, CRAFTED_CLASSES[case])


@pytest.mark.parametrize("kind", BOTH)
def test_scikit_learns_tools_take_tables(kind):
    frame = pd.DataFrame(MIXED)
    y = Y if kind is TabularRegressor else KINDS
    assert clone(few(kind)).get_params() == few(kind).get_params()
    pipeline = make_pipeline(FunctionTransformer(), few(kind)).fit(frame, y)
    assert np.array_equal(pipeline.predict(frame), fitted(kind, frame).predict(frame))
    assert np.isfinite(cross_val_score(few(kind), frame, y, cv=2)).all()
    search = GridSearchCV(few(kind), {"hidden": [(), (4,)]}, cv=2).fit(frame, y)
    assert search.best_params_["hidden"] in [(), (4,)]


# ONNX


def onnx_answers(model, tmp_path):
    onnx = pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    from onnx.reference import ReferenceEvaluator

    path = tmp_path / "model.onnx"
    model.to_onnx(path)
    used = {encoder.name: encoder.kind for encoder in model.features_.encoders}
    feeds = {name: onnx_input(UNKNOWN[name], kind) for name, kind in used.items()}
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    with np.errstate(all="ignore"):
        reference = ReferenceEvaluator(onnx.load(path)).run(names, feeds)
        return [dict(zip(names, a, strict=True)) for a in (session.run(names, feeds), reference)]


def onnx_input(values, kind):
    if kind == "category":
        told = ["" if value is None else str(value) for value in values]
        return np.array(told, object)[:, np.newaxis]
    if kind == "date":
        epoch = datetime.date(1970, 1, 1)
        values = [None if value is None else (value - epoch).days for value in values]
    return np.array([np.nan if v is None else v for v in values], float)[:, np.newaxis]


UNKNOWN = {**MIXED, "few": ["new", *MIXED["few"][1:]], "many": ["new", None, *MANY[2:]]}
ONNX_TARGETS = {
    "number": Y,
    "numbers": np.column_stack([Y, -3.0 * Y]),
    "texts": KINDS,
    "ints": np.where(Y > 0, 3, -7),
    "truths": Y > 0,
    "three": np.digitize(Y, [-1.0, 1.0]),
    "labels": np.column_stack([A > 0, Y > 0]).astype(int),
}


@pytest.mark.parametrize("name", ONNX_TARGETS)
def test_onnx_says_the_same(name, tmp_path):
    kind = TabularRegressor if name.startswith("number") else TabularClassifier
    model = few(kind).fit(MIXED, ONNX_TARGETS[name])
    for answer in onnx_answers(model, tmp_path):
        expected = said(model, UNKNOWN)
        if kind is TabularRegressor:
            np.testing.assert_allclose(answer["prediction"], expected, rtol=1e-12, atol=1e-12)
            continue
        np.testing.assert_allclose(answer["probabilities"], expected, rtol=1e-12, atol=1e-12)
        assert answer["label"].tolist() == model.predict(UNKNOWN).tolist()


# Odd and bad input: each is told with who, and where; or it is used rightly

N = 20
B = A[:N]
T = {"a": B.tolist()}
NUMBERS, LABELS = Y[:N], KINDS[:N]
THEIRS = ValueError  # scikit-learn's, whose own checks ask for its words


def holding(value, at=4, values=NUMBERS):
    return [value if row == at else number for row, number in enumerate(values.tolist())]


def beside(values):
    return {**T, "c": list(values)}


def by_row(*values):
    return [values[row % len(values)] for row in range(N)]


BAD_COLUMNS = {
    "dicts": by_row({}),
    "lists": by_row([1, 2]),
    "bytes": by_row(b"x", b"y"),
    "complex": by_row(1j, 2.0),
    "sets": by_row({1}),
    "objects": by_row(object()),
    "classes": by_row(int),
    "arrays": by_row(np.zeros(2)),
    "times": by_row(datetime.time(3), datetime.time(4)),
    "spans": by_row(datetime.timedelta(3), datetime.timedelta(4)),
    "NumPy's spans": np.arange(N).astype("m8[D]"),
    "NumPy's bytes": LABELS.astype("S"),
    "infinity": by_row(1.0, 1.0, float("inf")),
    "infinite Decimal": by_row(Decimal(1), Decimal("Infinity")),
    "too large": by_row(1, 10**400),
    "two axes": np.zeros((N, 2)),
}


@pytest.mark.parametrize("case", BAD_COLUMNS)
@pytest.mark.parametrize("kind", BOTH)
def test_bad_columns_are_named(kind, case):
    y = NUMBERS if kind is TabularRegressor else LABELS
    place = rf'{kind.__name__}.*\.fit, column "c", row \d+: .*received'
    values = BAD_COLUMNS[case]
    with pytest.raises((DataError, ArgumentTypeError), match=place):
        few(kind).fit({**T, "c": values}, y)
    model = few(kind).fit(beside(np.arange(N)), y)
    with pytest.raises((DataError, ArgumentTypeError), match=r'predict, column "c", row \d+: '):
        model.predict({**T, "c": values})


GOOD_COLUMNS = {
    "more than 63 bits": by_row(2**70, 2**71),
    "huge": by_row(1.7e308, -1.7e308, 1e308),
    "tiny": by_row(1e-308, 2e-308, 3e-308),
    "tiniest": by_row(5e-324, 0.0, 1e-323),
    "numbers and texts": by_row(1, "a"),
    "dates and texts": by_row(datetime.date(2020, 1, 1), "a"),
    "time zones": [
        pd.Timestamp("2020-01-01", tz="Europe/Berlin") + pd.Timedelta(i, "D") for i in range(N)
    ],
    "NUL": by_row("a\0", "a"),
    "half characters": by_row("\ud800", "a"),
    "long texts": by_row("x" * 1_000_000, "y"),
    "empty texts": by_row("", "a"),
    "blanks": by_row(" ", "a", " a", "a "),
    "truths with holes": by_row(True, None, False),
    "Decimals": by_row(Decimal("1.5"), Decimal(2), None, Decimal("NaN"), Decimal("sNaN")),
    "nothing": by_row(None),
    "NaN": by_row(float("nan")),
    "always the same": by_row(3),
    "the same or nothing": by_row(3, None),
    "half precision": B.astype(np.float16),
    "nanoseconds": np.arange(N).astype("M8[D]").astype("M8[ns]"),
    "pandas' NA": by_row(pd.NA, "a", "b"),
    "far dates": by_row(datetime.date(1, 1, 1), datetime.date(9999, 12, 31)),
    "masked": np.ma.masked_array(B, np.arange(N) % 3 == 1),
    "ordered": pd.Series(pd.Categorical(LABELS, ordered=True)),
}


@pytest.mark.parametrize("case", GOOD_COLUMNS)
def test_odd_columns_are_used(case):
    table = {**T, "c": GOOD_COLUMNS[case]}
    predicted = few(TabularRegressor).fit(table, NUMBERS).predict(table)
    assert np.isfinite(predicted).all()
    assert len(set(predicted.tolist())) > 1


def test_what_odd_values_mean():
    def features_of(data):
        return few(TabularRegressor).fit(data, NUMBERS).features_

    masked = np.ma.masked_array(
        np.column_stack([B, B]), [[row % 3 == 1, False] for row in range(N)]
    )
    assert features_of(masked).names == ("x0", "x0 is missing", "x1")
    nano = np.arange(N).astype("M8[D]").astype("M8[ns]")[:, np.newaxis]
    assert features_of(nano).encoders[0].kind == "date"
    assert features_of(beside(by_row(True, None, False))).names[-1] == "c is missing"
    assert "c" in features_of(beside(by_row(None))).left_out
    wide = sparse.csr_matrix(np.column_stack([B, B > 0]))
    assert features_of(wide).names == ("x0", "x1")
    assert features_of(pd.DataFrame(np.column_stack([B, B]))).names == ("0", "1")


def pairs(*names):
    return pd.DataFrame(np.column_stack([B, B]), columns=list(names))


BAD_TABLES = {
    "two of a name": (pairs("a", "a"), DataError, "each column name once"),
    "two of a text": (pairs(1, "1"), DataError, '"1" stands twice'),
    "two keys of a text": ({1: B, "1": B}, DataError, '"1" stands twice'),
    "ragged": (beside([1, 2]), DataError, r'"a" has 20, "c" has 2'),
    "empty": ({}, DataError, "at least one row and one column"),
    "no rows": ({"a": []}, DataError, "at least one row and one column"),
    "a number": ({"a": 3}, ArgumentTypeError, r'column "a": expected a list of values'),
    "None": ({"a": None}, ArgumentTypeError, r'column "a": expected a list of values'),
    "a text": ({"a": "x" * N}, ArgumentTypeError, r'column "a": expected a list of values'),
    "a set": ({"a": set(B)}, ArgumentTypeError, r'column "a": expected a list of values'),
    "a dict": ({"a": dict.fromkeys(B)}, ArgumentTypeError, r'column "a": expected a list'),
    "a generator": ({"a": iter(B)}, ArgumentTypeError, r'column "a": expected a list'),
    "a lazy table": (pl.DataFrame(T).lazy(), ArgumentTypeError, "received <LazyFrame"),
    "structs": (pl.DataFrame({"c": [{"q": 1}] * N}), ArgumentTypeError, 'column "c", row 0'),
    "nested": (pl.DataFrame({"c": [[1]] * N}), ArgumentTypeError, 'column "c", row 0'),
    "periods": (
        pd.DataFrame({"c": pd.period_range("2020", periods=N, freq="M")}),
        ArgumentTypeError,
        'column "c", row 0',
    ),
    "all the same": ({"a": [1.0] * N}, DataError, '"a" has the same value in all rows'),
    "no file": ("absent.csv", FileError, "absent.csv: there is no such file"),
    "no table": ("net.safetensors", FileError, "ends in .csv"),
    "one axis": (B, THEIRS, "Expected 2D array"),
    "three axes": (B[:, None, None], THEIRS, "TabularRegressor"),
    "no columns": (np.zeros((N, 0)), THEIRS, "TabularRegressor"),
    "complex": (B[:, None] + 1j, THEIRS, "Complex data not supported"),
    "infinity": (np.where(B > 1, np.inf, B)[:, None], DataError, 'column "x0", row'),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_bad_tables_are_refused(case):
    table, error, match = BAD_TABLES[case]
    with pytest.raises(error, match=match):
        few(TabularRegressor).fit(table, NUMBERS)


BAD_NUMBERS = {
    "NaN": (holding(np.nan), THEIRS, "y contains NaN"),
    "infinity": (holding(np.inf), THEIRS, "y contains infinity"),
    "None": (holding(None), DataError, 'column "y", row 4: expected a value to learn from'),
    "text": (holding("x"), DataError, 'column "y", row 4: expected a number; received'),
    "masked": (np.ma.masked_array(NUMBERS, np.arange(N) == 4), DataError, 'column "y", row 4'),
    "too large": (holding(10**400), DataError, 'column "y", row 4'),
    "texts": (LABELS, DataError, 'column "y", row 0: expected a number; received'),
    "dates": (np.arange(N).astype("M8[ns]"), DataError, 'column "y", row 0: expected a number'),
    "spans": (np.arange(N).astype("m8[D]"), ArgumentTypeError, 'column "y", row 0'),
    "dicts": (by_row({}), ArgumentTypeError, 'column "y", row 0'),
    "three axes": (np.zeros((N, 2, 2)), ShapeError, "TabularRegressor.fit, y: "),
    "no columns": (np.zeros((N, 0)), ShapeError, "TabularRegressor.fit, y: "),
    "a number": (3.0, ShapeError, "TabularRegressor.fit, y: "),
    "a set": ({1, 2}, ShapeError, "TabularRegressor.fit, y: "),
    "ragged": ([[1], *[[1, 2]] * (N - 1)], ShapeError, "TabularRegressor.fit, y: "),
    "empty": ([], ShapeError, "a value for each of 20 rows"),
    "short": (NUMBERS[1:], ShapeError, "a value for each of 20 rows"),
    "None at all": (None, DataError, 'y: expected the name of the column .* There are "a"'),
    "no name": ("b", DataError, 'y: expected the name of the column .* There are "a"'),
    "no names": (["a", "b"], DataError, 'y: there is no column "b" among "a"'),
    "a name twice": (["a", "a"], DataError, "y: expected each column to predict once"),
    "all columns": ("a", DataError, "there is no column to learn from"),
}


@pytest.mark.parametrize("case", BAD_NUMBERS)
def test_bad_targets_of_regressors_are_refused(case):
    y, error, match = BAD_NUMBERS[case]
    with pytest.raises(error, match=match):
        few(TabularRegressor).fit(T, y)


def test_a_place_in_the_table_is_the_one_told():
    y = holding(None, at=13)
    for data in T, np.array(T["a"])[:, np.newaxis]:
        with pytest.raises(DataError, match=r'column "y", row 13: .* in 1 rows in all'):
            few(TabularRegressor).fit(data, y)


@pytest.mark.parametrize("scale", [1e307, 1e-300, 1e16])
def test_numbers_of_any_size(scale):
    with np.errstate(under="ignore"):
        y = NUMBERS * scale
        model = few(TabularRegressor).fit(T, y)
        other = few(TabularRegressor).fit(T, NUMBERS)
        predicted = model.predict(T) / scale
    np.testing.assert_allclose(predicted, other.predict(T), rtol=0.05, atol=0.3)
    assert np.isfinite(model.comparison_.scores["network"]["r2"])
    assert np.isfinite(model.score(T, y))


def test_few_rows_and_dull_targets():
    assert np.isfinite(few(TabularRegressor).fit({"a": [1.0, 2.0]}, [1.0, 3.0]).predict(T)).all()
    many = few(TabularRegressor, ensemble=50).fit({"a": [1.0, 2, 3, 4, 5]}, [1.0, 2, 3, 4, 6])
    assert len(many.networks_) == 50
    dull = few(TabularRegressor, epochs=30).fit(T, [3.0] * N)
    assert np.abs(dull.predict(T) - 3.0).max() < 2.0
    truths = few(TabularRegressor).fit(T, B > 0)
    assert np.array_equal(truths.predict(T), few(TabularRegressor).fit(T, (B > 0) * 1.0).predict(T))
    for rows in ({"a": [1.0]}, [1.0]), ({"a": [1.0, 1.0]}, [2.0, 2.0]):
        with pytest.raises(DataError, match="at least 2 different rows"):
            few(TabularRegressor).fit(*rows)
    each = few(TabularClassifier).fit({"a": [1.0, 2.0, 3.0]}, ["p", "q", "r"])
    assert each.predict_proba(T).shape == (N, 3)
    table = {"a": np.random.default_rng(0).standard_normal(800)}
    assert few(TabularClassifier).fit(table, np.arange(800) % 200).predict_proba(T).shape == (
        N,
        200,
    )
    rare = few(TabularClassifier).fit(table, [1] + [0] * 799)
    assert rare.comparison_.scores["majority"]["log_loss"] < 0.05


BAD_LABELS = {
    "None": ([None, *LABELS[1:]], DataError, 'column "y", row 0: expected a value to learn from'),
    "NA": (
        pd.Series(LABELS, dtype="string").where(B < 9).mask(B > 1),
        DataError,
        'column "y", row',
    ),
    "NaN": (np.where(B > 0, np.nan, 1.0), THEIRS, "y contains NaN"),
    "infinity": (np.where(B > 0, np.inf, 1.0), THEIRS, "y contains infinity"),
    "numbers": (NUMBERS, THEIRS, "Unknown label type: continuous"),
    "mixed": (np.array([1, *LABELS[1:]], object), DataError, 'column "y", row 0: expected classes'),
    "dates": (DAYS[:N], DataError, 'column "y", row 0: expected classes'),
    "bytes": (LABELS.astype("S"), ArgumentTypeError, 'column "y", row 0'),
    "sets": (by_row({1}, {2}), ArgumentTypeError, 'column "y", row 0'),
    "one class": (["x"] * N, DataError, "at least two classes; received x in all rows"),
    "texts in columns": (np.column_stack([LABELS, LABELS]), DataError, "columns of 0 and 1"),
    "three labels": (np.column_stack([B > 0, np.arange(N)]), DataError, "columns of 0 and 1"),
    "1 and -1": (np.sign(np.column_stack([B, -B])).astype(int), DataError, 'column "y0", row'),
}


@pytest.mark.parametrize("case", BAD_LABELS)
def test_bad_targets_of_classifiers_are_refused(case):
    y, error, match = BAD_LABELS[case]
    with pytest.raises(error, match=match):
        few(TabularClassifier).fit(T, y)


def test_missing_truth_values_of_pandas():
    truths = pd.array([None, *(B > 0)[1:]], dtype="boolean")
    with pytest.raises(DataError, match='column "k", row 0: expected a value to learn from'):
        few(TabularClassifier).fit(pd.DataFrame({**T, "k": truths}), "k")


BAD_WEIGHTS = {
    "short": (np.ones(3), ShapeError, "sample_weight: expected one number for each of 20 rows"),
    "a column": (np.ones((N, 1)), ShapeError, "sample_weight: expected one number for each"),
    "negative": (-np.ones(N), DataError, "sample_weight: .* not negative; received -1 at row 0"),
    "zero": (np.zeros(N), DataError, "all weights of rows are zero"),
    "NaN": (np.full(N, np.nan), THEIRS, "sample_weight contains NaN"),
    "infinite": (np.full(N, np.inf), THEIRS, "sample_weight contains infinity"),
    "texts": (["a"] * N, DataError, "sample_weight: expected a number for each of 20 rows"),
    "a dict": ({}, DataError, "sample_weight: expected a number for each of 20 rows"),
}


@pytest.mark.parametrize("case", BAD_WEIGHTS)
@pytest.mark.parametrize("kind", BOTH)
def test_bad_weights_are_refused(kind, case):
    weights, error, match = BAD_WEIGHTS[case]
    y = NUMBERS if kind is TabularRegressor else LABELS
    model = few(kind)
    with pytest.raises(error, match=match):
        model.fit(T, y, weights)
    model.fit(T, y)
    with pytest.raises(error, match=match):
        model.score(T, y, weights)


@pytest.mark.parametrize("weight", [{"p": 1, "z": 2}, {"p": -1, "n": 1}, {"p": np.nan}, "even", 3])
def test_bad_class_weights_are_refused(weight):
    with pytest.raises(ArgumentError, match="TabularClassifier, class_weight: "):
        few(TabularClassifier, class_weight=weight).fit(T, LABELS)


BAD_PARAMETERS = [
    *[("hidden", value) for value in ((0,), (-1,), 5, "5", (1.5,), None, (True,), {4})],
    *[("epochs", value) for value in (0, -1, 1.5, "3", None, True)],
    *[("ensemble", value) for value in (0, -1, 1.5, "2", None, True)],
    *[("batch_size", value) for value in (0, -1, 1.5, "all", None)],
    *[("lr", value) for value in (0, -1, np.inf, np.nan, "x", None)],
    *[("weight_decay", value) for value in (-1, np.inf, np.nan, "x", None)],
    *[("dropout", value) for value in (-0.1, 1.0, np.nan, "x", None)],
    *[("activation", value) for value in ("other", None, 3)],
    *[("callbacks", value) for value in (None, 3, [3], TimeBudget(1), [TimeBudget])],
    *[("engine", value) for value in ("other", None, 3)],
    *[("random_state", value) for value in ("x", -1, 1.5, 2**40)],
    *[("verbose", value) for value in ("other", 3, None)],
    *[("checkpoint", value) for value in (3, True, [], "a\0b", "/proc/none/such")],
]


@pytest.mark.parametrize(("name", "value"), BAD_PARAMETERS, ids=str)
@pytest.mark.parametrize("kind", BOTH)
def test_bad_parameters_are_named(kind, name, value):
    y = NUMBERS if kind is TabularRegressor else LABELS
    wrong = (ArgumentError, ArgumentTypeError, FileError)
    with pytest.raises(wrong, match=f"^{kind.__name__}, {name}: "):
        few(kind, **{name: value}).fit(T, y)


@pytest.mark.parametrize("value", [-0.1, 1.0, np.nan, "x", None])
def test_bad_smoothing_is_named(value):
    with pytest.raises((ArgumentError, ArgumentTypeError), match="Classifier, label_smoothing: "):
        few(TabularClassifier, label_smoothing=value).fit(T, LABELS)


def test_parameters_that_work():
    for good in {"hidden": ()}, {"batch_size": 10**6}, {"random_state": np.random.RandomState(0)}:
        assert np.isfinite(few(TabularRegressor, **good).fit(T, NUMBERS).predict(T)).all()


def test_divergence_is_told_and_leaves_no_half_fitted_estimator():
    model = few(TabularRegressor).fit(beside(by_row(1, 2, 3)), NUMBERS)
    with pytest.raises(DivergenceError, match="Training diverged in epoch"):
        model.set_params(lr=1e30, epochs=20).fit(T, NUMBERS)
    with pytest.raises(NotFittedError):
        model.predict(T)


def test_a_file_is_no_folder_for_checkpoints(tmp_path):
    (tmp_path / "file").touch()
    for place in tmp_path / "file", tmp_path / "file" / "folder":
        with pytest.raises(FileError, match="TabularRegressor, checkpoint: no folder can be made"):
            few(TabularRegressor, checkpoint=place).fit(T, NUMBERS)


@pytest.mark.parametrize("kind", BOTH)
def test_nothing_can_be_asked_before_fit(kind, tmp_path):
    model = few(kind)
    methods = ["predict", "score", "to_onnx", "save"]
    methods.append("predict_interval" if kind is TabularRegressor else "predict_proba")
    for method in methods:
        with pytest.raises(NotFittedError, match=kind.__name__):
            getattr(model, method)(tmp_path / "table.csv")
    for name in "history_", "networks_", "comparison_", "features_":
        assert not hasattr(model, name)


BAD_ROWS = {
    "a column less": ({"a": [1.0]}, DataError, '"c" not among "a"'),
    "no rows": ({"a": [], "c": []}, DataError, "at least one row"),
    "text": ({"a": ["x"], "c": ["p"]}, DataError, 'column "a", row 0: expected a number, as in'),
    "infinity": ({"a": [np.inf], "c": ["p"]}, DataError, 'column "a", row 0: expected a finite'),
    "infinity as text": ({"a": ["inf"], "c": ["p"]}, DataError, 'column "a", row 0'),
    "truth": ({"a": [True], "c": ["p"]}, DataError, 'column "a", row 0: expected a number'),
    "date": ({"a": [DAYS[0]], "c": ["p"]}, DataError, 'column "a", row 0: expected a number'),
    "ragged": ({"a": [1.0], "c": ["p", "q"]}, DataError, '"a" has 1, "c" has 2'),
}


@pytest.mark.parametrize("case", BAD_ROWS)
@pytest.mark.parametrize("kind", BOTH)
def test_bad_rows_to_predict_are_refused(kind, case):
    table, error, match = BAD_ROWS[case]
    model = few(kind).fit(beside(by_row("p", "q")), NUMBERS if kind is TabularRegressor else LABELS)
    with pytest.raises(error, match=rf"{kind.__name__}\.predict.*{match}"):
        model.predict(table)


@pytest.mark.parametrize("kind", BOTH)
def test_other_widths_are_refused(kind):
    model = few(kind).fit(
        np.column_stack([B, B**2]), NUMBERS if kind is TabularRegressor else LABELS
    )
    with pytest.raises(ValueError, match=f"3 features, but {kind.__name__} is expecting 2"):
        model.predict(np.zeros((2, 3)))
    with pytest.raises(ShapeError, match=f"{kind.__name__}.predict: expected 2 columns"):
        model.predict(pd.DataFrame(np.zeros((2, 3))))
    assert len(model.predict(pd.DataFrame(np.zeros((2, 2))))) == 2


@pytest.mark.parametrize("coverage", [0, 1, -1, 2, np.nan, "x", None, True])
def test_bad_coverage_is_refused(coverage):
    model = few(TabularRegressor).fit(T, NUMBERS)
    with pytest.raises((ArgumentError, ArgumentTypeError), match="predict_interval: expected a"):
        model.predict_interval(T, coverage)


BAD_TRUTHS = {
    "short": (
        NUMBERS[1:],
        LABELS[1:],
        ShapeError,
        "score, y: expected a value for each of 20 rows",
    ),
    "one": (NUMBERS[:1], LABELS[:1], ShapeError, "score, y: expected a value for each of 20 rows"),
    "two columns": (
        NUMBERS.reshape(N, 1).repeat(2, 1),
        np.column_stack([LABELS, LABELS]),
        ShapeError,
        "1 outputs",
    ),
    "unknown": (LABELS, ["z"] * N, DataError, 'column "y", row 0: expected'),
    "None": (holding(None), holding(None, values=LABELS), DataError, 'column "y", row 4: expected'),
    "no column": ("z", "z", DataError, 'score: there is no column "z" among "a"'),
    "no columns": (["z"], ["z"], DataError, 'score, y: there is no column "z" among "a"'),
    "nothing": (None, None, DataError, 'score: there is no column "y" among "a"'),
}


@pytest.mark.parametrize("case", BAD_TRUTHS)
@pytest.mark.parametrize("kind", BOTH)
def test_bad_truths_are_refused(kind, case):
    numbers, labels, error, match = BAD_TRUTHS[case]
    is_number = kind is TabularRegressor
    model = few(kind).fit(T, NUMBERS if is_number else LABELS)
    with pytest.raises(error, match=match):
        model.score(T, numbers if is_number else labels)


def test_truths_under_another_name():
    model = few(TabularRegressor).fit(T, NUMBERS)
    table = {**T, "truth": NUMBERS}
    assert model.score(table, ["truth"]) == model.score(table, "truth") == model.score(T, NUMBERS)


# All six estimators

REGRESSORS = [MLPRegressor, NetRegressor, TabularRegressor]
CLASSIFIERS = [MLPClassifier, NetClassifier, TabularClassifier]
MATRIX = np.column_stack([B, B**2])
ODD_FITS = {
    "short": (MATRIX, NUMBERS[1:], LABELS[1:], None),
    "no rows": (MATRIX[:0], NUMBERS[:0], LABELS[:0], None),
    "one axis": (B, NUMBERS, LABELS, None),
    "complex": (MATRIX + 1j, NUMBERS, LABELS, None),
    "infinity": (np.where(MATRIX > 1, np.inf, MATRIX), NUMBERS, LABELS, None),
    "None": (MATRIX, holding(None), holding(None, values=LABELS), None),
    "three axes": (MATRIX, np.zeros((N, 2, 2)), np.zeros((N, 2, 2), int), None),
    "other kind": (MATRIX, LABELS, NUMBERS, None),
    "no targets": (MATRIX, None, None, None),
    "short weights": (MATRIX, NUMBERS, LABELS, np.ones(3)),
    "negative weights": (MATRIX, NUMBERS, LABELS, -np.ones(N)),
    "no weights": (MATRIX, NUMBERS, LABELS, np.zeros(N)),
    "NaN weights": (MATRIX, NUMBERS, LABELS, np.full(N, np.nan)),
    "texts as weights": (MATRIX, NUMBERS, LABELS, ["a"] * N),
}


@pytest.mark.parametrize("case", ODD_FITS)
@pytest.mark.parametrize("kind", [*REGRESSORS, *CLASSIFIERS])
def test_all_estimators_refuse_what_they_cannot_use(kind, case):
    X, numbers, labels, weights = ODD_FITS[case]
    y = numbers if kind in REGRESSORS else labels
    with pytest.raises((ValueError, TypeError)) as caught:
        kind(random_state=0).fit(X, y, sample_weight=weights)
    assert str(caught.value)
    assert not hasattr(caught.value, "__notes__")
    with pytest.raises(NotFittedError):
        kind().predict(MATRIX)


@pytest.mark.parametrize("weight", [{"p": -1, "n": 1}, {"p": "x", "n": 1}, "even"])
@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_all_classifiers_refuse_bad_class_weights(kind, weight):
    with pytest.raises(ArgumentError, match=f"{kind.__name__}.*class_weight"):
        kind(class_weight=weight, random_state=0).fit(MATRIX, LABELS)


# Files, and what ends a training.


def test_errors_name_the_file(tmp_path):
    path = tmp_path / "t.csv"
    rows = [f"{number},{number % 7}.5" for number in range(20)]
    path.write_text("\n".join(["a,b", *rows, "inf,1"]) + "\n")
    model = TabularRegressor(**FEW)
    with pytest.raises(DataError, match=r'fit, .*t.csv, column "a", row 20: expected a finite'):
        model.fit(path, "b")
    path.write_text("\n".join(["a,b", *rows, "7,"]) + "\n")
    with pytest.raises(DataError, match=r'fit, .*t.csv, column "b", row 20: expected a value'):
        model.fit(path, "b")
    path.write_text("\n".join(["a,b", *rows]) + "\n")
    with pytest.raises(DataError, match=r"fit, .*t.csv, y: .* There are .a., .b."):
        model.fit(path, "c")
    model.fit(path, "b")
    path.write_text("a\n3\nold\n")
    with pytest.raises(DataError, match=r'predict, .*t.csv, column "a", row 1: expected a number'):
        model.predict(path)
    path.write_text("c\n3\n")
    with pytest.raises(DataError, match=r"predict, .*t.csv: expected the columns of training"):
        model.predict(path)


class Interrupting(gb.Callback):
    """Presses Ctrl-C, once."""

    def __init__(self):
        self.epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        self.epochs += 1
        if self.epochs == 2:
            raise KeyboardInterrupt


def test_an_interrupt_ends_the_whole_training(capsys):
    callback = Interrupting()
    model = TabularRegressor(
        hidden=(4,), epochs=5, ensemble=3, callbacks=[callback], random_state=0
    )
    X = np.arange(40.0).reshape(20, 2)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, X[:, 0])
    assert callback.epochs == 2
    assert "Interrupted in epoch" in capsys.readouterr().out
    with pytest.raises(NotFittedError):
        model.predict(X)


class RowsSeen(gb.Callback):
    """Takes down which rows each network is trained on."""

    def __init__(self):
        self.networks = []

    def on_train_begin(self, logs=None):
        self.networks.append({row.tobytes() for row in self.trainer.training_rows.X})


@pytest.mark.parametrize("ensemble", [1, 3, 5])
def test_networks_are_judged_by_rows_that_they_have_not_seen(ensemble):
    X = np.random.default_rng(0).standard_normal((40, 3))
    seen = RowsSeen()
    told = {"hidden": (4,), "epochs": 1, "random_state": 0, "callbacks": [seen]}
    model = TabularRegressor(ensemble=ensemble, **told).fit(X, X[:, 0])
    matrix = model.features_.encode(read_table(X, "test"), "test").astype(np.float32)
    rows = {row.tobytes(): number for number, row in enumerate(matrix)}
    assert len(rows) == 40
    judged = []
    for network in seen.networks:
        assert len(network) == 32
        judged += [rows[row] for row in set(rows) - network]
    assert sorted(judged) == sorted(model.judged_.rows.tolist())
    assert len(set(judged)) == len(judged) == 8 * ensemble


def test_each_class_is_dealt_out_evenly():
    y = np.repeat([0.0, 1.0, 2.0], [10, 85, 5])[:, np.newaxis]
    fold = deal_out(y, 5, np.random.default_rng(0), by_class=True)
    for number, expected in ((0, 2), (1, 17), (2, 1)):
        assert np.bincount(fold[y[:, 0] == number]).tolist() == [expected] * 5


def test_the_rank_of_the_error_that_is_the_width():
    errors = np.arange(1.0, 20.0)
    widths = [width_of(errors, coverage, "test") for coverage in (0.05, 0.5, 0.8, 0.9, 0.95)]
    assert widths == [1.0, 10.0, 16.0, 18.0, 19.0]
    with pytest.raises(DataError, match="at least 99 different rows"):
        width_of(errors, 0.99, "test")


def test_files_whose_networks_say_more_than_there_are_targets_are_refused(tmp_path):
    X = np.arange(20.0).reshape(10, 2)
    model = TabularRegressor(hidden=(2,), epochs=1, ensemble=1, random_state=0).fit(X, X[:, 0])
    wide = gb.NeuralNetwork([gb.Dense(2, "linear", inputs=2)], gb.MeanSquaredError(), rng=0)
    model.networks_ = [wide]
    model.save(tmp_path / "m.safetensors")
    with pytest.raises(FileError, match="expected 1 outputs a row"):
        gb.load(tmp_path / "m.safetensors")
