"""The estimators are scikit-learn's in every respect, and equal its own where it has them."""

from __future__ import annotations

import copy
import pickle
import re
import subprocess
import sys
import warnings

import numpy as np
import pytest

import glassbrick as gb

pytest.importorskip("sklearn")
pytest.importorskip("jax")  # now, for its import draws from NumPy's global random state

from scipy import sparse
from sklearn import neural_network as theirs
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from glassbrick.losses.scikit_learns import HalfPoissonDeviance, HalfSquaredError
from glassbrick.sklearn import MLPClassifier, MLPRegressor, NetClassifier, NetRegressor
from glassbrick.sklearn.optimizers import optimizer_for
from glassbrick.sklearn.settings import Settings

ESTIMATORS = [MLPRegressor, MLPClassifier, NetRegressor, NetClassifier]
MLPS = [MLPRegressor, MLPClassifier]

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def told(value):
    """What a case is called: not by the place of a function in memory, another one each time."""
    return re.sub(r" at 0x[0-9a-f]+", "", str(value))[:80]


def standardized(X):
    return (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-9)


@pytest.fixture(scope="module")
def diabetes():
    X, y = load_diabetes(return_X_y=True)
    return standardized(X), (y - y.mean()) / y.std()


@pytest.fixture(scope="module")
def cancer():
    X, y = load_breast_cancer(return_X_y=True)
    return standardized(X), y


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:400] / 16.0, y[:400]


def labels_of(X):
    return np.column_stack([X[:, 0] > 0, X[:, 1] > 0, X[:, 2] + X[:, 3] > 0]).astype(int)


def assert_twins(mine, other, X, tolerance=1e-10):
    for own, its in zip(
        mine.coefs_ + mine.intercepts_, other.coefs_ + other.intercepts_, strict=True
    ):
        assert own.shape == its.shape
        assert np.abs(own - its).max() <= tolerance
    for name in ("n_iter_", "n_layers_", "n_outputs_", "out_activation_", "t_", "n_features_in_"):
        assert getattr(mine, name) == getattr(other, name), name
    assert mine.loss_ == pytest.approx(other.loss_, rel=1e-6)
    if hasattr(other, "loss_curve_"):
        for name in ("loss_curve_", "validation_scores_", "best_loss_", "best_validation_score_"):
            found, expected = getattr(mine, name), getattr(other, name)
            assert (found is None) == (expected is None), name
            if expected is not None:
                np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12, err_msg=name)
    for method in ("predict", "predict_proba"):
        if hasattr(other, method):
            found, expected = getattr(mine, method)(X), getattr(other, method)(X)
            if expected.dtype.kind == "U":
                assert np.array_equal(found, expected)
                continue
            np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


# scikit-learn's own checks


@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("restored_random_state")
@pytest.mark.parametrize("kind", ESTIMATORS)
def test_scikit_learns_checks_pass(kind):
    # Its checks compute without regard to NumPy's warnings; ours are as they are for users.
    with np.errstate(all="warn"):
        few = {"max_iter": 100} if kind in MLPS else {"epochs": 50}
        results = check_estimator(kind(**few), on_fail=None, on_skip=None)
    failed = [(r["check_name"], r["exception"]) for r in results if r["status"] == "failed"]
    assert not failed
    assert not any(result["expected_to_fail"] for result in results)
    passed = sum(result["status"] == "passed" for result in results)
    assert passed >= (60 if issubclass(kind, MLPRegressor | NetRegressor) else 66)
    assert len(results) >= (60 if issubclass(kind, MLPRegressor | NetRegressor) else 67)


@pytest.mark.parametrize("name", ["MLPRegressor", "MLPClassifier"])
def test_parameters_have_scikit_learns_names_order_and_defaults(name):
    mine = globals()[name]().get_params()
    its = getattr(theirs, name)().get_params()
    assert {key: mine[key] for key in its} == its
    added = {"dropout", "normalization", "callbacks", "engine", "clip_norm"}
    assert set(mine) - set(its) == (added | ({"class_weight"} if "Classifier" in name else set()))


# Twins: the same seed gives what scikit-learn gives

REGRESSORS = [
    {},
    {"hidden_layer_sizes": ()},
    {"hidden_layer_sizes": 30, "activation": "tanh", "alpha": 1.0, "batch_size": 100},
    {"hidden_layer_sizes": [20, 10], "activation": "logistic", "solver": "sgd"},
    {"solver": "sgd", "momentum": 0.0, "activation": "identity", "learning_rate_init": 0.01},
    {"solver": "sgd", "nesterovs_momentum": False, "learning_rate_init": 0.01},
    {"solver": "sgd", "momentum": 1.0},
    {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.1, "power_t": 0.3},
    {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.01, "n_iter_no_change": 2},
    {"early_stopping": True, "n_iter_no_change": 3},
    {"early_stopping": True, "n_iter_no_change": np.inf, "validation_fraction": 0.3},
    {"shuffle": False, "batch_size": 100},
    {"solver": "lbfgs", "alpha": 0.1},
    {"solver": "lbfgs", "tol": 0.05, "activation": "tanh"},
    {"solver": "lbfgs", "max_fun": 10},
    {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 0.1, "n_iter_no_change": 1, "tol": 0.01},
]


@pytest.mark.parametrize("settings", REGRESSORS, ids=told)
def test_regressors_are_twins(settings, diabetes):
    X, y = diabetes
    settings = {"max_iter": 30, "random_state": 3, "hidden_layer_sizes": 20} | settings
    other = theirs.MLPRegressor(**settings).fit(X, y)
    assert_twins(MLPRegressor(**settings).fit(X, y), other, X, tolerance=1e-8)


@pytest.mark.parametrize("settings", [{}, {"solver": "lbfgs"}, {"batch_size": 50}], ids=told)
def test_poisson_regressors_are_twins(settings, diabetes):
    X, y = diabetes
    settings |= {"loss": "poisson", "max_iter": 30, "random_state": 3, "hidden_layer_sizes": 20}
    counts = np.round(np.exp(0.5 * y))
    other = theirs.MLPRegressor(**settings).fit(X, counts)
    assert_twins(MLPRegressor(**settings).fit(X, counts), other, X, tolerance=1e-7)


def test_several_outputs_are_twins_but_for_the_loss_that_is_told(diabetes):
    X, y = diabetes
    Y = np.column_stack([y, y**2, X[:, 0]])
    settings = {"random_state": 0, "max_iter": 30, "tol": 0.0, "alpha": 0.0}
    mine = MLPRegressor(**settings).fit(X, Y)
    other = theirs.MLPRegressor(**settings).fit(X, Y)
    np.testing.assert_allclose(mine.predict(X), other.predict(X), atol=1e-9)
    np.testing.assert_allclose(mine.loss_curve_, 3 * np.array(other.loss_curve_))


@pytest.mark.parametrize("settings", [{}, {"early_stopping": True}, {"solver": "lbfgs"}], ids=told)
@pytest.mark.parametrize("task", ["two", "many", "labels"])
def test_classifiers_are_twins(settings, task, cancer, digits):
    X, y = digits if task == "many" else cancer
    y = {"two": np.array(["no", "yes"])[y % 2], "many": y, "labels": labels_of(X)}[task]
    settings = {"max_iter": 30, "random_state": 3, "hidden_layer_sizes": 20} | settings
    other = theirs.MLPClassifier(**settings).fit(X, y)
    mine = MLPClassifier(**settings).fit(X, y)
    assert np.array_equal(mine.classes_, other.classes_)
    assert_twins(mine, other, X, tolerance=1e-6 if "solver" in settings else 1e-10)


STEPS = [
    {"solver": "sgd", "momentum": 0.0},
    {"solver": "sgd", "nesterovs_momentum": False},
    {"solver": "sgd", "nesterovs_momentum": True},
    {"solver": "sgd", "learning_rate": "invscaling"},
    {"solver": "adam"},
]


@pytest.mark.parametrize("way", [{"shuffle": False, "batch_size": 50}, {"batch_size": 442}])
@pytest.mark.parametrize("settings", STEPS, ids=told)
def test_steps_are_equal_from_the_same_initial_weights(settings, way, diabetes):
    X, y = diabetes
    settings = {"alpha": 0.7, "hidden_layer_sizes": 15, "learning_rate_init": 0.01} | settings | way
    mine = MLPRegressor(**settings, random_state=1).partial_fit(X, y)
    other = theirs.MLPRegressor(**settings, random_state=1).partial_fit(X, y)
    rng = np.random.default_rng(0)
    for own, its in zip(
        mine.coefs_ + mine.intercepts_, other.coefs_ + other.intercepts_, strict=True
    ):
        own[...] = its[...] = rng.standard_normal(its.shape)
    mine._optimizer = optimizer_for(Settings.of(mine))
    del other._optimizer
    for _ in range(8):
        mine.partial_fit(X, y)
        other.partial_fit(X, y)
        for own, its in zip(
            mine.coefs_ + mine.intercepts_, other.coefs_ + other.intercepts_, strict=True
        ):
            assert np.abs(own - its).max() <= 1e-10


def test_partial_fits_and_warm_starts_are_twins(cancer):
    X, y = cancer
    parts = [slice(0, 150), slice(150, 400), slice(400, 569)]
    mine, other = MLPClassifier(random_state=1), theirs.MLPClassifier(random_state=1)
    for part in parts * 3:
        mine.partial_fit(X[part], y[part], classes=[0, 1])
        other.partial_fit(X[part], y[part], classes=[0, 1])
    assert_twins(mine, other, X)
    settings = {"warm_start": True, "max_iter": 5, "random_state": 2}
    mine, other = MLPClassifier(**settings), theirs.MLPClassifier(**settings)
    for _ in range(3):
        mine.fit(X, y)
        other.fit(X, y)
    assert_twins(mine, other, X)
    assert len(mine.loss_curve_) == 15


def test_a_random_state_moves_on_as_in_scikit_learn(diabetes):
    X, y = diabetes
    first, second = np.random.RandomState(5), np.random.RandomState(5)
    settings = {"max_iter": 3, "hidden_layer_sizes": 5}
    for _ in range(2):
        mine = MLPRegressor(random_state=first, **settings).fit(X, y)
        assert_twins(mine, theirs.MLPRegressor(random_state=second, **settings).fit(X, y), X)
    assert first.randint(10**9) == second.randint(10**9)


def test_verbose_says_what_scikit_learn_says(diabetes, capsys):
    X, y = diabetes
    settings = {"verbose": True, "max_iter": 30, "random_state": 0, "n_iter_no_change": 1}
    for more in (
        {"early_stopping": True, "tol": 0.05},
        {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.05},
        {"tol": 0.5},
    ):
        MLPRegressor(**settings, **more).fit(X, y)
        mine = capsys.readouterr().out
        theirs.MLPRegressor(**settings, **more).fit(X, y)
        assert mine == capsys.readouterr().out
        assert "did not improve" in mine


def test_scores_are_as_good_as_scikit_learns(diabetes):
    X, y = diabetes
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    for seed in range(3):
        settings = {"random_state": seed, "max_iter": 100, "alpha": 1.0}
        mine = MLPRegressor(**settings).fit(X_train, y_train).score(X_test, y_test)
        other = theirs.MLPRegressor(**settings).fit(X_train, y_train).score(X_test, y_test)
        assert mine == pytest.approx(other, abs=1e-6)


# Weights of rows, sparse rows, dtypes


@pytest.mark.parametrize("kind", MLPS)
def test_weights_of_all_rows_at_once_are_scikit_learns(kind, diabetes):
    X, y = diabetes
    y = (y > 0).astype(int) if kind is MLPClassifier else y
    weights = np.random.default_rng(0).uniform(0.1, 5.0, len(y))
    settings = {"batch_size": len(y), "max_iter": 20, "random_state": 0, "alpha": 2.0}
    other = getattr(theirs, kind.__name__)(**settings).fit(X, y, weights)
    assert_twins(kind(**settings).fit(X, y, weights), other, X)


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_rows_of_weight_zero_are_as_if_they_were_not_there(kind, diabetes):
    X, y = diabetes
    y = (y > 0).astype(int) if kind in (MLPClassifier, NetClassifier) else y
    weights = np.arange(len(y)) % 3.0
    model = kind(random_state=0, **({"max_iter": 5} if kind in MLPS else {"epochs": 5}))
    some = clone(model).fit(X[weights > 0], y[weights > 0], weights[weights > 0])
    assert np.array_equal(model.fit(X, y, weights).predict(X), some.predict(X))


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_whole_weights_repeat_rows_if_a_batch_holds_them_all(kind, diabetes):
    X, y = diabetes
    X, y = X[:60], y[:60]
    y = (y > 0).astype(int) if kind in (MLPClassifier, NetClassifier) else y
    weights = np.arange(60) % 4
    epochs = {"max_iter": 30, "alpha": 1.0} if kind in MLPS else {"epochs": 30}
    model = kind(random_state=0, batch_size=60, **epochs)
    again = clone(model).set_params(batch_size=90)
    again.fit(np.repeat(X, weights, axis=0), np.repeat(y, weights))
    with warnings.catch_warnings(action="ignore"):  # of clipping the size of the batch
        model.fit(X, y, weights)
    method = "predict_proba" if hasattr(model, "predict_proba") else "predict"
    np.testing.assert_allclose(getattr(model, method)(X), getattr(again, method)(X), rtol=1e-7)


@pytest.mark.parametrize("kind", ESTIMATORS)
@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csc_array])
def test_sparse_rows_are_as_dense_ones(kind, container, digits):
    X, y = digits
    settings = {"max_iter": 3} if kind in MLPS else {"epochs": 3}
    settings |= {"validation_fraction": 0.2} | ({"early_stopping": True} if kind in MLPS else {})
    dense = kind(random_state=0, **settings).fit(X, y, np.arange(400) % 5)
    other = kind(random_state=0, **settings).fit(container(X), y, np.arange(400) % 5)
    assert np.array_equal(dense.predict(X), other.predict(container(X)))


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_float32_stays(kind, digits):
    X, y = digits
    model = kind(random_state=0, **({"max_iter": 2} if kind in MLPS else {"epochs": 2}))
    model.fit(X.astype(np.float32), y)
    assert model.net_.dtype == np.float32
    method = "predict_proba" if hasattr(model, "predict_proba") else "predict"
    assert getattr(model, method)(X).dtype == np.float32


@pytest.mark.parametrize("kind", [MLPClassifier, NetClassifier])
def test_class_weight_is_a_weight_of_rows(kind, cancer):
    X, y = cancer
    settings = {"max_iter": 5} if kind in MLPS else {"epochs": 5}
    for class_weight, weights in (
        ({0: 3.0, 1: 1.0}, np.where(y == 0, 3.0, 1.0)),
        ("balanced", np.where(y == 0, 569 / (2 * 212), 569 / (2 * 357))),
    ):
        mine = kind(random_state=0, class_weight=class_weight, **settings).fit(X, y)
        other = kind(random_state=0, **settings).fit(X, y, weights)
        np.testing.assert_allclose(mine.predict_proba(X), other.predict_proba(X), atol=1e-9)


@pytest.mark.usefixtures("restored_random_state")
@pytest.mark.parametrize("kind", ESTIMATORS)
def test_the_same_seed_gives_the_same_and_none_draws_from_numpys_state(kind, digits):
    X, y = digits
    settings = {"max_iter": 2, "dropout": 0.2} if kind in MLPS else {"epochs": 2}
    settings |= {"validation_fraction": 0.2} | ({"early_stopping": True} if kind in MLPS else {})
    before = np.random.get_state()[1].copy()
    first, second = (kind(random_state=4, **settings).fit(X, y).predict(X) for _ in range(2))
    assert np.array_equal(first, second)
    assert np.array_equal(before, np.random.get_state()[1])
    drawn = []
    for _ in range(2):
        np.random.seed(11)
        drawn.append(kind(**settings).fit(X, y).predict(X))
    assert np.array_equal(*drawn)


# What scikit-learn's have not

OURS = [
    {"solver": "adamw"},
    {"solver": "nadam"},
    {"solver": "lion"},
    {"solver": "rmsprop"},
    {"solver": "adagrad", "learning_rate_init": 0.1},
    {"solver": gb.Adam(gb.CosineDecay(0.01), ema=0.9)},
    {"activation": "gelu"},
    {"activation": ["swish", "relu"], "hidden_layer_sizes": (20, 10)},
    {"dropout": 0.1},
    {"normalization": "batch"},
    {"normalization": "layer", "dropout": 0.1, "activation": "tanh"},
    {"clip_norm": 0.5},
    {"clip_norm": 0.5, "solver": "sgd", "learning_rate_init": 0.1},
]


@pytest.mark.parametrize("settings", OURS, ids=told)
def test_what_is_ours_learns(settings, cancer):
    X, y = cancer
    model = MLPClassifier(max_iter=30, random_state=0, learning_rate_init=0.003)
    model.set_params(**settings).fit(X, y)
    assert model.score(X, y) > 0.95
    again = clone(model).fit(X, y)
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))
    sizes = [coef.shape for coef in model.coefs_]
    assert len(sizes) == model.n_layers_ - 1


def test_losses_of_ours(diabetes):
    X, y = diabetes
    for loss in (gb.Huber(), gb.MeanAbsoluteError(), gb.MeanSquaredError()):
        model = MLPRegressor(loss=loss, solver="lbfgs", random_state=0, max_iter=100).fit(X, y)
        assert model.score(X, y) > 0.5
    quantiles = MLPRegressor(loss=gb.Quantile([0.1, 0.9]), random_state=0, max_iter=100).fit(X, y)
    low, high = quantiles.predict(X).T
    assert 0.02 < (y < low).mean() < 0.2
    assert 0.02 < (y > high).mean() < 0.2
    quantiles.set_params(early_stopping=True, max_iter=5).fit(X, y)  # whose score is a loss
    assert np.isfinite(quantiles.validation_scores_).all()
    gaussian = MLPRegressor(
        loss=gb.GaussianNLL(), random_state=0, early_stopping=True, max_iter=50
    ).fit(X, y)
    assert gaussian.predict(X).shape == y.shape
    assert len(gaussian.validation_scores_) == gaussian.n_iter_


def test_callbacks_and_history(cancer):
    X, y = cancer
    seen = []
    callback = gb.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(logs["loss"]))
    model = MLPClassifier(callbacks=[callback], max_iter=4, random_state=0).fit(X, y)
    assert seen == model.loss_curve_ == model.history_.loss
    assert model.validation_loss_curve_ is None
    model.set_params(early_stopping=True).fit(X, y)
    assert model.validation_loss_curve_ == model.history_.val_loss
    stopping = gb.EarlyStopping("val_loss", patience=2)
    model.set_params(callbacks=[stopping], learning_rate_init=0.1, max_iter=100).fit(X, y)
    assert model.history_.stop_reason == "early stopping"
    best = np.argmin(model.validation_loss_curve_) + 1
    assert model.history_.best_epoch == best < model.n_iter_


@pytest.mark.parametrize(
    "settings",
    [{}, {"solver": "sgd", "batch_size": 90}, {"early_stopping": True}, {"solver": "lbfgs"}],
    ids=told,
)
@pytest.mark.parametrize("loss", [None, "squared_error", "poisson"])
def test_engines_agree(settings, loss, digits):
    X, y = digits
    kind = MLPClassifier if loss is None else MLPRegressor
    settings = {"max_iter": 4, "random_state": 0, "alpha": 1.0} | settings
    settings |= {"hidden_layer_sizes": 10} if loss is None else {"loss": loss}
    one = kind(**settings).fit(X, y)
    other = kind(**settings, engine="xla").fit(X, y)
    assert other.history_.engine == "xla"
    for mine, its in zip(one.coefs_, other.coefs_, strict=True):
        np.testing.assert_allclose(mine, its, atol=1e-9)
    assert pickle.loads(pickle.dumps(other)).score(X, y) == other.score(X, y)


def test_networks_are_saved_and_loaded(diabetes, tmp_path):
    X, y = diabetes
    for loss in "squared_error", "poisson":
        model = MLPRegressor(loss=loss, random_state=0, max_iter=3).fit(X, np.exp(y))
        model.net_.save(tmp_path / loss)
        net = gb.load(tmp_path / loss)
        assert np.array_equal(net.predict(X), model.net_.predict(X))


@pytest.mark.parametrize("block", [HalfSquaredError, HalfPoissonDeviance])
def test_gradients_of_the_losses(block):
    rng = np.random.default_rng(0)
    prediction, target = rng.standard_normal((4, 2)), rng.poisson(2.0, (4, 2)).astype(float)
    assert gb.check_gradients(block(), prediction, target).ok


def test_log_probabilities_are_exact_where_probabilities_end(cancer):
    X, y = cancer
    model = MLPClassifier(random_state=0, max_iter=30).fit(X, y)
    logs = model.predict_log_proba(1000.0 * X)
    assert np.isfinite(logs).all()
    assert logs.min() < -800.0
    assert model.predict_proba(1000.0 * X).min() == 0.0


def test_log_probabilities_of_labels_and_of_losses_of_ones_own(cancer):
    class Scaled(gb.SoftmaxCrossEntropy):
        def interpret(self, prediction):
            return super().interpret(2.0 * prediction)

    X, y = cancer
    labels = MLPClassifier(random_state=0, max_iter=5).fit(X, labels_of(X))
    own = NetClassifier(loss=Scaled(), random_state=0, epochs=2).fit(X, y)
    for model in (labels, own):
        np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), model.predict_proba(X))


def test_a_network_can_be_saved_and_copied_while_it_is_trained(cancer, tmp_path):
    X, y = cancer
    path = tmp_path / "net"

    class Keep(gb.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.net.save(path, overwrite=True)
            self.twin = copy.deepcopy(self.net)

    callback = Keep()
    model = MLPClassifier(callbacks=[callback], dropout=0.1, random_state=0, max_iter=2).fit(X, y)
    for net in (gb.load(path), callback.twin):
        assert np.array_equal(net.predict(X), model.net_.predict(X))


def test_one_weight_is_that_of_all_rows(cancer):
    X, y = cancer
    settings = {"random_state": 0, "max_iter": 2, "alpha": 1.0, "batch_size": len(y)}
    one = MLPClassifier(**settings).fit(X, y, 3.0)
    all_of_them = MLPClassifier(**settings).fit(X, y, np.full(len(y), 3))
    assert np.array_equal(one.coefs_[0], all_of_them.coefs_[0])


def test_one_class_is_learned_at_once(cancer):
    X, _ = cancer
    model = MLPClassifier(max_iter=2, random_state=0).fit(X, np.full(len(X), "only"))
    assert set(model.predict(X)) == {"only"}
    assert (model.predict_proba(X) == 1.0).all()


# Behaviour of estimators


def test_it_warns_of_what_did_not_converge(diabetes):
    X, y = diabetes
    for settings in ({}, {"solver": "lbfgs"}, {"solver": "lbfgs", "max_fun": 3, "max_iter": 100}):
        with pytest.warns(ConvergenceWarning, match=r"Maximum (iterations|evaluations)"):
            MLPRegressor(**({"max_iter": 2} | settings), random_state=0).fit(X, y)
    with pytest.warns(UserWarning, match="clipped"):
        MLPRegressor(batch_size=1000, random_state=0).partial_fit(X, y)


@pytest.mark.filterwarnings("error")
def test_it_does_not_warn_of_what_did(diabetes):
    X, y = diabetes
    model = MLPRegressor(tol=0.1, random_state=0).fit(X, y)
    assert model.history_.stop_reason == "converged"
    MLPRegressor(solver="lbfgs", tol=0.1, random_state=0).fit(X, y)


def test_who_interrupts_keeps_what_there_is(diabetes):
    X, y = diabetes

    def interrupt(epoch, logs):
        if epoch == 3:
            raise KeyboardInterrupt

    callback = gb.LambdaCallback(on_epoch_end=interrupt)
    with pytest.warns(UserWarning, match="interrupted"):
        model = MLPRegressor(callbacks=[callback], random_state=0).fit(X, y)
    assert model.n_iter_ == 3
    assert model.predict(X).shape == y.shape


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_pickles_and_clones(kind, digits):
    X, y = digits
    model = kind(random_state=0, **({"max_iter": 2} if kind in MLPS else {"epochs": 2}))
    with pytest.raises(NotFittedError):
        model.predict(X)
    assert not hasattr(model, "coefs_")
    model.fit(X, y)
    twin = pickle.loads(pickle.dumps(model))
    assert np.array_equal(twin.predict(X), model.predict(X))
    assert not hasattr(clone(model), "net_")
    if kind in MLPS:
        for one in (model, twin):
            one.partial_fit(X, y)
        assert np.array_equal(twin.coefs_[0], model.coefs_[0])
        model.coefs_[0][...] = 0.0  # writes into the network
        assert not model.net_.layers[0].params[0].any()


def test_partial_fit_is_only_there_if_it_can_be_done(cancer):
    X, y = cancer
    assert not hasattr(MLPClassifier(solver="lbfgs"), "partial_fit")
    with pytest.raises(AttributeError):
        MLPRegressor(solver="lbfgs").partial_fit(X, y)
    assert hasattr(MLPClassifier(), "partial_fit")


def test_a_failed_fit_is_no_fit(diabetes):
    X, y = diabetes
    model = MLPRegressor(solver="sgd", learning_rate_init=1e30, random_state=0)
    with pytest.raises(gb.DivergenceError):
        model.fit(X, y)
    with pytest.raises(NotFittedError):
        model.predict(X)


def test_names_of_features_are_kept(cancer):
    pandas = pytest.importorskip("pandas")
    X, y = cancer
    table = pandas.DataFrame(X).rename(columns="column {}".format)
    model = MLPClassifier(max_iter=2, random_state=0).fit(table, y)
    assert model.feature_names_in_[0] == "column 0"


# Networks of one's own


def tanh_network(n_features, n_outputs):
    return [gb.Dense(16, "tanh"), gb.Dropout(0.05), gb.Dense(n_outputs, "linear")]


def whole_network(n_features, n_outputs):
    layers = [gb.Dense(16, "tanh", inputs=n_features), gb.Dense(1, "linear")]
    return gb.NeuralNetwork(layers, gb.BinaryCrossEntropy(), rng=3)


def test_networks_in_pipelines_searches_and_folds(cancer, digits):
    X, y = cancer
    model = make_pipeline(StandardScaler(), NetClassifier(tanh_network, epochs=10, random_state=0))
    assert cross_val_score(model, X, y, cv=3).min() > 0.9
    grid = {"netclassifier__lr": [1e-9, 0.01], "netclassifier__optimizer": ["adam", "lion"]}
    search = GridSearchCV(model, grid, cv=2, error_score="raise").fit(X, y)
    assert search.best_params_["netclassifier__lr"] == 0.01
    assert pickle.loads(pickle.dumps(search)).score(X, y) > 0.9
    many = NetClassifier(tanh_network, lr=0.01, epochs=30, random_state=0).fit(*digits)
    assert many.score(*digits) > 0.95
    assert many.predict_proba(digits[0]).shape == (400, 10)
    labels = NetClassifier(tanh_network, epochs=20, random_state=0).fit(X, labels_of(X))
    assert labels.predict(X).shape == (569, 3)
    assert labels.score(X, labels_of(X)) > 0.8


@pytest.mark.parametrize(
    "settings",
    [
        {"build": whole_network},
        {"build": whole_network(30, 1)},
        {"build": tanh_network, "loss": "binary_cross_entropy"},
        {"build": tanh_network, "loss": gb.SoftmaxCrossEntropy(0.1)},
        {"optimizer": gb.SGD(0.1, momentum=0.9)},
        {"optimizer": "lbfgs"},
        {"shuffle": False},
        {"validation_fraction": 0.2, "patience": 3},
        {"engine": "auto"},
    ],
    ids=told,
)
def test_networks_of_ones_own_learn(settings, cancer):
    X, y = cancer
    y = np.array(["no", "yes"])[y]
    model = NetClassifier(epochs=10, random_state=0).set_params(**settings).fit(X, y)
    assert model.score(X, y) > 0.9
    assert model.predict_proba(X).shape == (569, 2)
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), model.predict_proba(X))
    again = clone(model).fit(X, y)
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))


def test_a_validated_network_is_that_of_the_best_epoch(diabetes):
    X, y = diabetes
    model = NetRegressor(validation_fraction=0.3, patience=4, random_state=0, lr=0.01).fit(X, y)
    assert model.history_.stop_reason == "early stopping"
    assert model.history_.best_epoch == np.argmin(model.history_.val_loss) + 1 < model.n_iter_


def test_regressors_of_ones_own(diabetes):
    X, y = diabetes
    for settings in ({}, {"loss": "huber"}, {"loss": gb.Quantile(0.5)}, {"build": tanh_network}):
        model = NetRegressor(**settings, epochs=20, random_state=0).fit(X, y)
        assert model.score(X, y) > 0.4
        assert model.predict(X).shape == y.shape
    both = NetRegressor(epochs=2, random_state=0).fit(X, np.column_stack([y, y]))
    assert both.predict(X).shape == (442, 2)


# Errors

MLP_ERRORS = [
    ({"hidden_layer_sizes": 0}, "hidden_layer_sizes: expected a whole number of at least 1"),
    ({"hidden_layer_sizes": (10, -1)}, "hidden_layer_sizes"),
    ({"hidden_layer_sizes": (10, 2.5)}, "hidden_layer_sizes"),
    ({"hidden_layer_sizes": "many"}, "hidden_layer_sizes"),
    ({"hidden_layer_sizes": None}, "hidden_layer_sizes"),
    ({"activation": "rellu"}, 'activation: expected one of .*"relu"'),
    ({"activation": None}, "activation"),
    ({"activation": ["relu", "tanh"]}, "activation: expected 1 names"),
    ({"solver": "newton"}, 'solver: expected one of "sgd", "adam"'),
    ({"solver": gb.Adam}, "solver: expected an Optimizer.*Make one by calling"),
    ({"solver": 3}, "solver"),
    ({"alpha": -1.0}, "alpha: expected a finite number of at least 0"),
    ({"alpha": "small"}, "alpha"),
    ({"alpha": np.nan}, "alpha"),
    ({"batch_size": 0}, "batch_size: expected a whole number of at least 1"),
    ({"batch_size": "big"}, 'batch_size: expected one of "auto"'),
    ({"batch_size": 3.5}, "batch_size"),
    ({"learning_rate": "fast"}, 'learning_rate: expected one of "constant"'),
    ({"learning_rate": 0.1}, "learning_rate"),
    ({"learning_rate_init": 0.0}, "learning_rate_init: expected a finite number greater than 0"),
    ({"learning_rate_init": -1}, "learning_rate_init"),
    ({"power_t": -0.5}, "power_t"),
    ({"max_iter": 0}, "max_iter"),
    ({"max_iter": 10.0}, "max_iter"),
    ({"shuffle": "yes"}, "shuffle: expected True or False"),
    ({"random_state": "seed"}, "seed"),
    ({"random_state": -1}, "seed|between|Seed"),
    ({"tol": -1e-4}, "tol"),
    ({"verbose": "loud"}, "verbose"),
    ({"verbose": -1}, "verbose"),
    ({"warm_start": 1}, "warm_start"),
    ({"momentum": 1.5}, "momentum: expected a number from 0 to 1"),
    ({"momentum": -0.1}, "momentum"),
    ({"nesterovs_momentum": None}, "nesterovs_momentum"),
    ({"early_stopping": "yes"}, "early_stopping"),
    ({"validation_fraction": 1.0}, "validation_fraction: expected a number of at least 0, less"),
    ({"validation_fraction": -0.1}, "validation_fraction"),
    ({"early_stopping": True, "validation_fraction": 0.001}, "validation|test_size"),
    ({"beta_1": 1.0}, "beta_1"),
    ({"beta_2": -0.5}, "beta_2"),
    ({"epsilon": 0.0}, "epsilon"),
    ({"n_iter_no_change": 0}, "n_iter_no_change"),
    ({"n_iter_no_change": "ten"}, "n_iter_no_change"),
    ({"max_fun": 0}, "max_fun"),
    ({"dropout": 1.0}, "dropout: expected a number of at least 0, less than 1"),
    ({"dropout": -0.5}, "dropout"),
    ({"normalization": "instance"}, 'normalization: expected one of "batch", "layer"'),
    ({"callbacks": gb.TimeBudget(1)}, "callbacks: expected a list"),
    ({"callbacks": ["stop"]}, "callbacks"),
    ({"engine": "cuda"}, "engine: expected one of"),
    ({"clip_norm": 0.0}, "clip_norm"),
    ({"clip_norm": 1.0, "solver": "lbfgs"}, "clip_norm: expected None with this solver"),
    ({"clip_norm": 1.0, "solver": gb.Adam()}, "clip_norm"),
    ({"dropout": 0.1, "solver": "lbfgs"}, "solver: expected another solver"),
]


@pytest.mark.parametrize("kind", MLPS)
@pytest.mark.parametrize(("settings", "message"), MLP_ERRORS, ids=told)
def test_wrong_parameters_are_refused_in_fit(kind, settings, message):
    model = kind(**({"random_state": 0} | settings))
    with pytest.raises((ValueError, TypeError), match=message):
        model.fit([[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1])
    assert not hasattr(model, "net_")


NET_ERRORS = [
    ({"build": 3}, "build: expected a function"),
    ({"build": lambda n, m: None}, "build: expected to make a list of layers"),
    ({"build": lambda n, m: "layers"}, "build"),
    ({"build": lambda n, m: []}, "layers"),
    ({"build": lambda n, m: [gb.Dense]}, "layer"),
    ({"build": lambda n, m: [gb.Dense(7)]}, "columns|outputs"),
    ({"build": whole_network(1, 1), "loss": "huber"}, "build, loss: expected None with a network"),
    ({"loss": "hubert"}, 'loss: expected one of .*"huber"'),
    ({"loss": gb.Huber}, "loss: expected a Loss.*Make one by calling"),
    ({"optimizer": "adan"}, 'optimizer: expected one of "sgd"'),
    ({"optimizer": gb.Adam}, "optimizer"),
    ({"optimizer": gb.Adam(), "lr": 0.1}, "lr: expected None with this optimizer"),
    ({"optimizer": "lbfgs", "lr": 0.1}, "lr"),
    ({"lr": 0.0}, "lr"),
    ({"lr": "fast"}, "lr"),
    ({"epochs": 0}, "epochs"),
    ({"batch_size": 0}, "batch_size"),
    ({"batch_size": "auto"}, "batch_size"),
    ({"shuffle": 1}, "shuffle"),
    ({"validation_fraction": 1.5}, "validation_fraction"),
    ({"validation_fraction": "some"}, "validation_fraction"),
    ({"patience": 3}, "patience: expected None without rows to validate on"),
    ({"patience": 0, "validation_fraction": 0.5}, "patience"),
    ({"callbacks": "stop"}, "callbacks"),
    ({"engine": "cuda"}, "engine"),
    ({"random_state": "seed"}, "seed"),
    ({"verbose": "loud"}, "verbose"),
]


@pytest.mark.parametrize("kind", [NetRegressor, NetClassifier])
@pytest.mark.parametrize(("settings", "message"), NET_ERRORS, ids=told)
def test_wrong_parameters_of_networks_are_refused_in_fit(kind, settings, message):
    model = kind(**({"random_state": 0} | settings))
    with pytest.raises((ValueError, TypeError), match=message):
        model.fit([[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1])
    assert not hasattr(model, "net_")


ROWS = [[0.0], [1.0], [2.0], [3.0]]
DATA_ERRORS = [
    (MLPRegressor, ([[np.nan], [1.0]], [0.0, 1.0]), {}, "NaN"),
    (MLPRegressor, (ROWS, [0.0, 1.0]), {}, "inconsistent"),
    (MLPRegressor, (ROWS, [0.0, np.inf, 1.0, 1.0]), {}, "infinity"),
    (MLPRegressor, ([0.0, 1.0], [0.0, 1.0]), {}, "2D array"),
    (MLPRegressor, (ROWS, ["a", "b", "c", "d"]), {}, "real numbers"),
    (MLPRegressor, (ROWS, [0, 1, 2, 3], [1, 1]), {}, "sample_weight: expected one number for each"),
    (MLPRegressor, (ROWS, [0, 1, 2, 3], [1, 1, -1, 1]), {}, "not negative; received -1 at row 2"),
    (MLPRegressor, (ROWS, [0, 1, 2, 3], np.zeros(4)), {}, "zero"),
    (MLPRegressor, (ROWS, [0, 1, 2, 3], [1, 1, np.nan, 1]), {}, "sample_weight contains NaN"),
    (MLPRegressor, (ROWS, [0, 1, -2, 3]), {"loss": "poisson"}, "at least 0; received -2 in row 2"),
    (MLPRegressor, (ROWS, [0, 1, 2, 3]), {"loss": "log"}, "loss: expected one of"),
    (MLPRegressor, (ROWS, [0, 1, 2, 3]), {"loss": gb.Huber}, "loss: expected a Loss"),
    (MLPClassifier, (ROWS, [0.5, 1.5, 2.5, 3.1]), {}, "Unknown label type"),
    (MLPClassifier, (ROWS, [0, 1, 0, 1]), {"class_weight": {5: 1.0}}, "class"),
    (MLPClassifier, (ROWS, [0, 1, 0, 1]), {"class_weight": "even"}, "class_weight"),
    (NetClassifier, (ROWS, [1, 1, 1, 1]), {}, "at least two classes"),
    (NetClassifier, (ROWS, [0, 1, 0, 1], -np.ones(4)), {}, "not negative"),
    (NetRegressor, (ROWS, [0, 1, 2, 3], np.zeros(4)), {}, "zero"),
]


@pytest.mark.parametrize(("kind", "data", "settings", "message"), DATA_ERRORS, ids=told)
def test_wrong_data_is_refused(kind, data, settings, message):
    with pytest.raises(ValueError if "expected a" not in message else Exception, match=message):
        kind(random_state=0, **settings).fit(*data)


def test_going_on_with_something_else_is_refused(cancer):
    X, y = cancer
    model = MLPClassifier(max_iter=2, random_state=0)
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        model.partial_fit(X, y)
    model.partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match="not the same as on last call"):
        model.partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match="classes not in"):
        model.partial_fit(X, y + 1)
    with pytest.raises(ValueError, match="features"):
        model.partial_fit(X[:, 1:], y)
    with pytest.raises(ValueError, match="early_stopping"):
        clone(model).set_params(early_stopping=True).partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match="class_weight"):
        clone(model).set_params(class_weight="balanced").partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match="Set them back"):
        model.set_params(hidden_layer_sizes=(7,)).partial_fit(X, y)
    warm = MLPClassifier(max_iter=2, warm_start=True, random_state=0).fit(X, y)
    with pytest.raises(ValueError, match="same classes"):
        warm.fit(X, y + 1)
    numbers = MLPRegressor(max_iter=2, random_state=0).partial_fit(X, y)
    with pytest.raises(ValueError, match="1 columns, as in the first fit"):
        numbers.partial_fit(X, np.column_stack([y, y]))


def test_a_loss_of_no_numbers_is_refused():
    class Picky(gb.MeanSquaredError):
        def _require_columns(self, columns, outputs):
            raise gb.ShapeError("never")

    for model in (MLPRegressor(loss=Picky()), NetRegressor(loss=Picky())):
        with pytest.raises(gb.ArgumentError, match="a loss of numbers, for 1 columns"):
            model.fit(ROWS, [0, 1, 2, 3])


def test_without_scikit_learn_it_says_what_to_install():
    code = (
        "import sys\n"
        "sys.modules['sklearn'] = None\n"
        "import glassbrick\n"
        "try:\n"
        "    import glassbrick.sklearn\n"
        "except glassbrick.MissingExtraError as error:\n"
        "    print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'glassbrick[sklearn]'" in run.stdout
