"""Folds, settings and ensembles trained at once: what scikit-learn finds one after the other."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import glassbrick as gb

pytest.importorskip("sklearn")
pytest.importorskip("jax")  # now, for its import draws from NumPy's global random state

from scipy import stats
from sklearn import model_selection
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    RandomizedSearchCV,
    ShuffleSplit,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from glassbrick import ArgumentError, Callback, Dense, EarlyStopping, FileError, ReduceLROnPlateau
from glassbrick.files import read_sealed, write_sealed
from glassbrick.sklearn import (
    CrossValidation,
    MLPClassifier,
    MLPRegressor,
    NetClassifier,
    NetRegressor,
    PopulationSearchCV,
    TabularClassifier,
    TabularRegressor,
    cross_validate,
    fitting,
)
from glassbrick.sklearn.rows import Split
from glassbrick.sklearn.tabular.difficulty import learn_difficulty

pytestmark = pytest.mark.filterwarnings(
    "ignore::glassbrick.sklearn.tabular.BaselineWarning",
    "ignore::sklearn.exceptions.ConvergenceWarning",
)

RNG = np.random.default_rng(0)
X = RNG.standard_normal((61, 3)) * [1.0, 10.0, 0.1]  # which three folds do not divide
Y = np.sin(X[:, 0]) + 0.1 * X[:, 1] + 0.1 * RNG.standard_normal(61)
KINDS = np.where(Y > 0.0, "high", "low")


def build(features, outputs):
    return [Dense(4, "tanh"), Dense(outputs, "linear")]


NET = {"epochs": 4, "lr": 0.01, "random_state": 0}
MLP = {"hidden_layer_sizes": (4,), "max_iter": 6, "random_state": 0, "learning_rate_init": 0.01}
TABLE = {"ensemble": 2, "epochs": 3, "hidden": (4,), "random_state": 0, "engine": "numpy"}
ESTIMATORS = {
    "regressor": NetRegressor(build, **NET),
    "that stops": NetRegressor(build, **(NET | {"epochs": 40, "lr": 0.3}), patience=1).set_params(
        validation_fraction=0.3
    ),
    "second order": NetRegressor(build, optimizer="lbfgs", epochs=5, random_state=0),
    "classifier": NetClassifier(build, **NET),
    "perceptron": MLPRegressor(**MLP),
    "perceptron that stops": MLPRegressor(**MLP | {"max_iter": 60}, early_stopping=True),
    "perceptron of classes": MLPClassifier(**MLP, solver="sgd", learning_rate="invscaling"),
    "table": TabularRegressor(**TABLE),
    "table of classes": TabularClassifier(**TABLE),
    "pipeline": make_pipeline(StandardScaler(), NetRegressor(build, **NET)),
}


def truth_for(name):
    return KINDS if "class" in name else Y


@pytest.fixture
def at_once(monkeypatch):
    """How many networks each call trained at once."""
    counts = []

    def counted(trainers, *args, **settings):
        counts.append(len(trainers))
        return original(trainers, *args, **settings)

    original = fitting.fit_together
    monkeypatch.setattr(fitting, "fit_together", counted)
    return counts


def same_scores(found, expected):
    assert list(found) == list(expected)
    for name, values in expected.items():
        if "time" not in name and name not in ("estimator", "indices"):
            np.testing.assert_allclose(found[name], values, rtol=1e-10, atol=1e-10)


# Cross-validation


@pytest.mark.parametrize("name", ESTIMATORS)
def test_folds_score_as_scikit_learn_finds(name, at_once):
    estimator, y = ESTIMATORS[name], truth_for(name)
    how = {"cv": 3, "return_train_score": True}
    found = cross_validate(estimator, X, y, **how)
    trained = sum(at_once)
    same_scores(found, model_selection.cross_validate(estimator, X, y, **how))
    # Batches of "auto" are as large as a fold, of which one has another row.
    folds = 2 if isinstance(estimator, MLPClassifier | MLPRegressor) else 3
    assert trained >= folds * (2 if name.startswith("table") else 1)
    assert (found["fit_time"] > 0.0).all()
    assert not vars(estimator).keys() & {"net_", "networks_"}


def test_folds_of_a_compiled_engine_differ_in_rows_and_weights(at_once):
    net = NetRegressor(build, **NET, engine="xla")
    how = {"cv": 2, "params": {"sample_weight": np.linspace(0.5, 2.0, 61)}}
    found = cross_validate(net, X, Y, **how)
    assert at_once == [2]
    # With one after the other on the other engine, which need not be compiled.
    same_scores(found, model_selection.cross_validate(NetRegressor(build, **NET), X, Y, **how))


def test_all_that_can_be_returned_is_what_scikit_learn_returns():
    how = {
        "cv": GroupKFold(3),
        "groups": np.arange(61) % 5,
        "scoring": ["r2", "neg_mean_absolute_error"],
        "return_estimator": True,
        "return_indices": True,
    }
    pipeline = make_pipeline(StandardScaler(), NetRegressor(build, **NET))
    params = {"netregressor__sample_weight": np.linspace(0.1, 1.0, 61)}
    found = cross_validate(pipeline, X, Y, params=params, **how)
    expected = model_selection.cross_validate(pipeline, X, Y, params=params, **how)
    same_scores(found, expected)
    for ours, theirs in zip(found["estimator"], expected["estimator"], strict=True):
        assert type(ours) is type(theirs)
        np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-10)
        assert np.array_equal(ours[0].mean_, theirs[0].mean_)
    for part in ("train", "test"):
        pairs = zip(found["indices"][part], expected["indices"][part], strict=True)
        assert all(np.array_equal(one, other) for one, other in pairs)


def test_estimators_of_others_are_scikit_learns_affair(at_once):
    found = cross_validate(Ridge(), X, Y, cv=3, n_jobs=1)
    assert isinstance(found, CrossValidation)
    same_scores(found, model_selection.cross_validate(Ridge(), X, Y, cv=3))
    assert not at_once


class Unlucky(TransformerMixin, BaseEstimator):
    """Refuses rows of which one is the first of all."""

    def fit(self, X, y=None):
        if (X[:, 0] == FIRST).any() and len(X) < len(Y):
            raise ValueError("the first row is among them")
        self.is_fitted_ = True
        return self

    def transform(self, X):
        return X


FIRST = X[0, 0]


def test_a_fold_that_fails_is_the_only_one(at_once):
    pipeline = make_pipeline(Unlucky(), NetRegressor(build, **NET))
    with pytest.warns(FitFailedWarning, match="the first row is among them"):
        found = cross_validate(pipeline, X, Y, cv=3, error_score=-7.0)
    with pytest.warns(FitFailedWarning):
        expected = model_selection.cross_validate(pipeline, X, Y, cv=3, error_score=-7.0)
    same_scores(found, expected)
    assert found["test_score"].tolist().count(-7.0) == 2
    with pytest.raises(ValueError, match="the first row is among them"):
        cross_validate(pipeline, X, Y, cv=3, error_score="raise")


def too_wide(features, outputs):
    return [Dense(outputs + 1, "linear")]


@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
def test_a_network_that_fits_nothing_holds_up_no_other():
    grid = {"build": [build, too_wide]}
    net = NetRegressor(build, **NET)
    with pytest.warns(FitFailedWarning, match=r"ShapeError|expected"):
        search = PopulationSearchCV(net, grid, cv=3).fit(X, Y)
    assert search.best_params_ == {"build": build}
    np.testing.assert_allclose(
        [search.cv_results_[f"split{k}_test_score"][0] for k in range(3)],
        model_selection.cross_val_score(net, X, Y, cv=3),
        rtol=1e-10,
    )
    assert np.isnan(search.cv_results_["mean_test_score"][1])


# Searches


def same_search(found, expected):
    assert list(found.cv_results_) == list(expected.cv_results_)
    for name, values in expected.cv_results_.items():
        if "time" in name or name.startswith("param"):
            continue
        np.testing.assert_allclose(found.cv_results_[name], values, rtol=1e-10, atol=1e-10)
    assert found.cv_results_["params"] == expected.cv_results_["params"]
    for name in ("best_index_", "best_params_", "n_splits_", "multimetric_"):
        assert getattr(found, name, None) == getattr(expected, name, None)


GRID = {"lr": [1e-4, 0.02], "epochs": [2, 5], "batch_size": [16]}


def test_a_search_finds_what_grid_search_finds(at_once):
    net = NetRegressor(build, **NET)
    found = PopulationSearchCV(net, GRID, cv=3, return_train_score=True).fit(X, Y)
    assert at_once == [6, 6]  # of each number of epochs
    expected = GridSearchCV(net, GRID, cv=3, return_train_score=True).fit(X, Y)
    same_search(found, expected)
    np.testing.assert_allclose(found.predict(X), expected.predict(X), rtol=1e-10)
    assert found.best_score_ == pytest.approx(expected.best_score_, rel=1e-10)
    assert found.score(X, Y) == pytest.approx(expected.score(X, Y), rel=1e-10)
    assert found.refit_time_ > 0.0
    assert (found.cv_results_["mean_fit_time"] > 0.0).all()
    assert type(found.best_estimator_) is NetRegressor
    assert found.n_features_in_ == 3


def test_steps_before_the_network_are_fitted_anew_for_each_fold_and_setting():
    pipeline = make_pipeline(StandardScaler(), NetClassifier(build, **NET))
    grid = {"standardscaler__with_mean": [True, False], "netclassifier__lr": [0.001, 0.05]}
    how = {"cv": 3, "scoring": ["accuracy", "roc_auc"], "refit": "roc_auc"}
    found = PopulationSearchCV(pipeline, grid, **how).fit(X, KINDS)
    same_search(found, GridSearchCV(pipeline, grid, **how).fit(X, KINDS))
    assert found.predict_proba(X).shape == (61, 2)
    assert found.classes_.tolist() == ["high", "low"]
    assert found.ranking_.score == "roc_auc"


def test_other_ways_to_ask_are_answered_alike():
    net = NetRegressor(build, **NET)
    ways = [
        {"refit": False},
        {"refit": lambda results: int(np.argmin(results["mean_test_score"]))},
        {"scoring": lambda model, X, y: -float(np.abs(model.predict(X) - y).max())},
        {"cv": ShuffleSplit(2, random_state=3)},
    ]
    for way in ways:
        how = {"cv": 2, **way}
        found = PopulationSearchCV(net, {"lr": [1e-4, 0.02]}, **how).fit(X, Y)
        same_search(found, GridSearchCV(net, {"lr": [1e-4, 0.02]}, **how).fit(X, Y))


def test_settings_can_be_drawn(at_once):
    net, spread = NetRegressor(build, **NET), {"lr": stats.loguniform(1e-4, 1.0)}
    found = PopulationSearchCV(net, spread, n_iter=4, random_state=1, cv=2).fit(X, Y)
    assert at_once == [8]
    same_search(found, RandomizedSearchCV(net, spread, n_iter=4, random_state=1, cv=2).fit(X, Y))
    ridge = PopulationSearchCV(Ridge(), {"alpha": stats.uniform(0, 2)}, n_iter=3, random_state=1)
    same_search(
        ridge.fit(X, Y),
        RandomizedSearchCV(Ridge(), {"alpha": stats.uniform(0, 2)}, n_iter=3, random_state=1).fit(
            X, Y
        ),
    )
    with pytest.raises(ArgumentError, match="PopulationSearchCV, n_iter"):
        PopulationSearchCV(net, spread, n_iter=0, cv=2).fit(X, Y)


def test_a_setting_that_diverges_has_the_score_of_an_error():
    net = NetRegressor(build, optimizer="sgd", **NET)
    grid = {"lr": [0.01, 1e200]}
    with pytest.warns(FitFailedWarning, match="Training diverged"):
        found = PopulationSearchCV(net, grid, cv=3, error_score=-9.0).fit(X, Y)
    with pytest.warns(FitFailedWarning, match="Training diverged"):
        same_search(found, GridSearchCV(net, grid, cv=3, error_score=-9.0).fit(X, Y))
    assert found.best_params_ == {"lr": 0.01}
    assert found.cv_results_["mean_test_score"][1] == -9.0
    with pytest.raises(gb.DivergenceError):
        PopulationSearchCV(net, grid, cv=3, error_score="raise").fit(X, Y)


def test_what_is_asked_wrongly_is_told_before_anything_is_trained(at_once):
    net = NetRegressor(build, **NET)
    wrong = [
        (net, {"lr": [0.1]}, {"scoring": "none such"}),
        (net, {"lr": [0.1]}, {"scoring": ["r2", "max_error"], "refit": True}),
        (net, {"none_such": [1, 2]}, {}),
        (net, {"lr": 0.1}, {}),
    ]
    for estimator, grid, how in wrong:
        with pytest.raises((ValueError, TypeError)):
            PopulationSearchCV(estimator, grid, cv=3, **how).fit(X, Y)
    with pytest.raises(ValueError, match="scoring"):
        cross_validate(net, X, Y, cv=3, scoring="none such")
    assert not at_once


def test_an_ensemble_can_be_searched(at_once):
    model = TabularRegressor(**TABLE)
    grid = {"dropout": [0.0, 0.2]}
    found = PopulationSearchCV(model, grid, cv=2).fit(X, Y)
    assert sum(at_once[:-1]) == 8  # settings, folds and networks; then the best
    same_search(found, GridSearchCV(model, grid, cv=2).fit(X, Y))


class Interrupting(Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise KeyboardInterrupt


@pytest.mark.parametrize("callbacks", [[Interrupting()], []])
def test_an_interrupt_ends_all(callbacks, monkeypatch, capsys):
    net = NetRegressor(build, **NET, callbacks=callbacks)
    if not callbacks:
        monkeypatch.setattr(gb.Adam, "_update", _interrupt)
    with pytest.raises(KeyboardInterrupt):
        PopulationSearchCV(net, {"lr": [0.1, 0.2]}, cv=2).fit(X, Y)
    capsys.readouterr()


def _interrupt(*_):
    raise KeyboardInterrupt


def test_few_rows_wait_at_a_time(monkeypatch, at_once):
    monkeypatch.setattr(fitting, "_ROOM", 3000)
    net = NetRegressor(build, **NET)
    found = cross_validate(net, X, Y, cv=5)
    assert len(at_once) > 1 or not at_once
    same_scores(found, model_selection.cross_validate(net, X, Y, cv=5))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("restored_random_state")
def test_scikit_learns_checks_pass():
    net = NetRegressor(epochs=10, lr=0.02, random_state=0)
    search = PopulationSearchCV(net, {"lr": [0.02]}, cv=2)
    check_estimator(search)


def test_a_search_is_an_estimator_like_others():
    net = NetRegressor(build, **NET)
    search = PopulationSearchCV(net, {"lr": [1e-4, 0.02]}, cv=2)
    assert clone(search).get_params()["param_grid"] == {"lr": [1e-4, 0.02]}
    assert search.get_params()["estimator__epochs"] == 4
    assert np.isfinite(cross_val_score(make_pipeline(StandardScaler(), search), X, Y, cv=2)).all()
    fitted = search.fit(X, Y)
    again = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(again.predict(X), fitted.predict(X))
    assert again.ranking_.settings == fitted.ranking_.settings


# What is seen


def test_a_cross_validation_is_a_table_and_a_plot():
    scores = np.array([0.75, 0.875, 0.8125])
    found = CrossValidation(test_score=scores, train_score=scores + 0.1, fit_time=scores)
    assert found.mean("test_score") == pytest.approx(0.8125)
    error = np.std(scores, ddof=1) / np.sqrt(3)
    assert found.standard_error("test_score") == pytest.approx(error)
    lines = str(found).splitlines()
    assert [line.split()[0] for line in lines] == ["3", "test_score", "train_score"]
    assert lines[1].split()[1:] == ["0.8125", "0.03608", "0.75", "0.875"]
    pytest.importorskip("matplotlib")
    axes = found.plot()
    drawn = [line.get_ydata() for line in axes.get_lines() if len(line.get_ydata()) == 3]
    assert sorted(values.sum() for values in map(np.asarray, drawn)) == pytest.approx(
        [scores.sum(), scores.sum() + 0.3]
    )
    assert "0.8125 ± 0.036" in axes.get_title(loc="left")
    with pytest.raises(ArgumentError, match=r"CrossValidation\.plot, score"):
        found.plot("test_none")


def test_a_ranking_is_a_table_and_a_plot():
    net = NetRegressor(build, **NET)
    search = PopulationSearchCV(net, {"lr": [1e-4, 0.001, 0.02]}, cv=3).fit(X, Y)
    ranking = search.ranking_
    assert ranking.settings[0] == search.best_params_
    assert (np.diff(ranking.means) <= 0.0).all()
    best = [search.cv_results_[f"split{k}_test_score"][search.best_index_] for k in range(3)]
    assert ranking.standard_errors[0] == pytest.approx(np.std(best, ddof=1) / np.sqrt(3))
    lines = ranking.table(2).splitlines()
    assert "lr=0.02" in lines[1]
    assert lines[-1] == "and 1 more"
    assert all(len(line) < 80 for line in str(ranking).splitlines())
    pytest.importorskip("matplotlib")
    labels = [label.get_text() for label in ranking.plot().get_yticklabels()]
    assert labels[0] == "lr=0.02"


# Ensembles


def test_networks_of_an_ensemble_are_as_each_is_alone(at_once):
    together, parts = [], []
    for networks in (together, parts):
        trainees = []
        for k in range(3):
            net = gb.NeuralNetwork(build(3, 1), gb.MeanSquaredError(), rng=k)
            rows = Split(X[k:], Y[k:, None], None, X[:9], Y[:9, None])
            trainer = gb.Trainer(net, gb.AdamW(gb.CosineDecay(0.01)))
            trainees.append(fitting.Trainee(trainer, rows, epochs=5, batch_size=8))
            networks.append(net)
        steps = [trainees] if networks is together else [[trainee] for trainee in trainees]
        fitting.fit_alone(_yielding(steps))
    assert at_once == [3]
    for one, other in zip(together, parts, strict=True):
        for a, b in zip(one.params(), other.params(), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


def _yielding(steps):
    histories = []
    for step in steps:
        histories += yield step
    return histories


class Counting(Callback):
    def __init__(self):
        self.epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        self.epochs += 1


def test_callbacks_decide_whether_networks_take_turns(at_once, tmp_path):
    alone = TabularRegressor(**TABLE).fit(X, Y)
    assert at_once == [2]
    counting = Counting()
    for more in ({"callbacks": [counting]}, {"checkpoint": tmp_path}):
        at_once.clear()
        in_turn = TabularRegressor(**TABLE, **more).fit(X, Y)
        assert not at_once
        np.testing.assert_allclose(in_turn.predict(X), alone.predict(X), rtol=1e-4, atol=1e-5)
    assert counting.epochs == 6
    own = [EarlyStopping(patience=1, min_delta=1e9), ReduceLROnPlateau(patience=1)]
    stopped = TabularRegressor(**TABLE | {"epochs": 50}, callbacks=own).fit(X, Y)
    assert at_once == [2]
    assert all(history.epochs < 5 for history in stopped.histories_)


def test_one_page_shows_all_networks_of_an_ensemble(at_once, tmp_path):
    watch = gb.Watch(port=None)
    TabularRegressor(**TABLE, callbacks=[watch]).fit(X, Y)
    assert at_once == [2]
    assert [fit.history.epochs for fit in watch._record.fits] == [3, 3]
    assert not any(fit.is_running for fit in watch._record.fits)
    assert watch.save(tmp_path / "run.html").exists()


# Spread, and intervals


def test_the_spread_is_that_of_what_networks_say():
    model = TabularRegressor(**TABLE | {"ensemble": 3}).fit(X, np.column_stack([Y, 100.0 * Y + 5]))
    mean, spread = model.predict(X, return_std=True)
    matrix = model._matrix(X, "predict")
    said = np.array([model._decoded(net.predict(matrix)) for net in model.networks_])
    np.testing.assert_allclose(spread, said.std(axis=0, ddof=1), rtol=1e-10)
    assert np.array_equal(mean, model.predict(X))
    kinds = TabularClassifier(**TABLE | {"ensemble": 3}).fit(X, KINDS)
    mean, spread = kinds.predict_proba(X, return_std=True)
    assert spread.shape == mean.shape == (61, 2)
    np.testing.assert_allclose(spread[:, 0], spread[:, 1], rtol=1e-9)  # they add up to 1
    assert np.array_equal(mean, kinds.predict_proba(X))


def test_one_network_has_no_spread():
    model = TabularRegressor(**TABLE | {"ensemble": 1}).fit(X, Y)
    with pytest.raises(ArgumentError, match=r"return_std: expected an ensemble of at least 2"):
        model.predict(X, return_std=True)
    assert np.isfinite(model.predict_interval(X, 0.8)).all()


def noisy(rows, seed):
    rng = np.random.default_rng(seed)
    x = rng.uniform(-3.0, 3.0, (rows, 2))
    return x, np.sin(x[:, 0]) + (0.05 + 0.2 * (x[:, 0] + 3.0)) * rng.standard_normal(rows)


def test_intervals_are_wide_where_errors_are_large():
    how = {"hidden": (16,), "epochs": 30, "lr": 0.02, "random_state": 0, "engine": "numpy"}
    model = TabularRegressor(**how).fit(*noisy(500, 0))
    rows, truth = noisy(3000, 1)
    low, high = model.predict_interval(rows).T
    held, quiet, loud = (low <= truth) & (truth <= high), rows[:, 0] < -1.0, rows[:, 0] > 1.0
    assert abs(np.mean(held) - 0.9) < 0.04
    width = float(np.quantile(model.errors_[:, 0], 0.9))  # as all would be, were rows alike
    alike = np.abs(truth - model.predict(rows)) <= width
    assert np.mean(alike[quiet]) > 0.97
    assert np.mean(alike[loud]) < 0.85
    assert abs(np.mean(held[quiet]) - 0.9) < 0.08
    assert abs(np.mean(held[loud]) - 0.9) < 0.08
    assert np.mean(high - low) < 2.0 * width
    assert np.median((high - low)[loud]) > 2.0 * np.median((high - low)[quiet])


def test_rows_are_alike_where_nothing_foresees_errors():
    rng = np.random.default_rng(0)
    errors, features = np.abs(rng.standard_normal(300)), rng.standard_normal((300, 5))
    spread = np.exp(rng.standard_normal(300))
    learned = learn_difficulty(errors, spread, features)
    expected = learned.width(np.sort(errors), spread, features, 0.9, "test")
    assert np.std(expected) < 0.05 * np.mean(expected)
    foreseen = learn_difficulty(errors * spread, spread, features)
    expected = foreseen.width(np.sort(errors * spread), spread, features, 0.9, "test")
    assert np.corrcoef(np.log(expected), np.log(spread))[0, 1] > 0.9
    wide = rng.standard_normal((300, 257))  # too many features to learn from: the spread tells
    of_wide = learn_difficulty(errors * spread, spread, wide)
    assert np.array_equal(of_wide.difficulty.weights, np.zeros(257))
    expected = of_wide.width(np.sort(errors * spread), spread, wide, 0.9, "test")
    assert np.corrcoef(np.log(expected), np.log(spread))[0, 1] > 0.9
    few = learn_difficulty((errors * spread)[:49], spread[:49], features[:49])
    assert few.ratios is None


def test_difficulties_come_back_from_a_file_and_others_do_not(tmp_path):
    path = tmp_path / "model"
    model = TabularRegressor(**TABLE).fit(*noisy(150, 0))
    assert model.difficulties_[0].ratios is not None
    model.save(path)
    expected = model.predict_interval(X[:, :2], 0.8)
    assert np.array_equal(gb.load(path).predict_interval(X[:, :2], 0.8), expected)
    contents = read_sealed(path, "test")
    changes = {
        "fitted/ratios_0": lambda ratios: ratios[::-1].copy(),
        "fitted/difficulty_0": lambda numbers: numbers[:-1].copy(),
    }
    for name, change in changes.items():
        arrays = dict(contents.arrays)
        arrays[name] = change(np.array(arrays[name]))
        write_sealed(path, contents.description, arrays, "test", overwrite=True)
        with pytest.raises(FileError):
            gb.load(path)
    arrays = {n: a for n, a in contents.arrays.items() if n != "fitted/ratios_0"}
    write_sealed(path, contents.description, arrays, "test", overwrite=True)
    with pytest.raises(FileError):
        gb.load(path)
