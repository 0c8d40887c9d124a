"""What a history follows: learning rates, metrics, and averages of parameters."""

from __future__ import annotations

import numpy as np
import pytest

from glassbrick import (
    SGD,
    Adam,
    ArgumentError,
    ArgumentTypeError,
    CosineDecay,
    Dense,
    DivergenceError,
    LambdaCallback,
    MeanSquaredError,
    NeuralNetwork,
    OneCycle,
    SoftmaxCrossEntropy,
    Trainer,
    accuracy,
    mae,
    r2,
)
from networks import make_data, make_net, make_trainer, params_of, same_params

X, y = make_data(rows=37)
X_val, y_val = make_data(rows=23, seed=1)
QUIET = {"batch_size": 8, "verbose": False}

# The rates of a history.


@pytest.mark.parametrize("eval_every", [1, 4, 100])
@pytest.mark.parametrize("schedule", [CosineDecay(0.1), OneCycle(0.1), 0.1])
def test_rates_are_those_at_the_start_of_epochs(engine, eval_every, schedule):
    seen = []
    watcher = LambdaCallback(
        on_epoch_begin=lambda epoch, logs: seen.append(watcher.trainer.optim.lr)
    )
    settings = {"epochs": 10, "eval_every": eval_every, "patience": None, **QUIET}
    watched = Trainer(make_net(), SGD(schedule)).fit(X, y, callbacks=[watcher], **settings)
    history = Trainer(make_net(), SGD(schedule), engine=engine).fit(X, y, **settings)
    assert watched["lr"] == seen
    assert history["lr"] == pytest.approx(seen, rel=1e-12)


def test_rates_of_a_fit_that_goes_on_with_other_batches(engine):
    """The schedule counts steps, so that it knows where it is."""
    trainer = Trainer(make_net(), SGD(CosineDecay(0.1, length=100, unit="step")), engine=engine)
    trainer.fit(X, y, epochs=2, batch_size=8, verbose=False)  # ten steps
    history = trainer.fit(X, y, epochs=4, batch_size=16, restart=False, verbose=False)
    expected = [
        CosineDecay(0.1, length=100, unit="step").at_step(n) for n in (0, 5, 10, 13, 16, 19)
    ]
    assert history["lr"] == pytest.approx(expected, rel=1e-12)


def test_the_length_of_a_fit_that_goes_on_with_other_batches(engine):
    trainer = Trainer(make_net(), SGD(CosineDecay(0.1, final=0.01)), engine=engine)
    trainer.fit(X, y, epochs=2, batch_size=8, verbose=False)
    trainer.fit(X, y, epochs=4, batch_size=37, restart=False, verbose=False)
    assert trainer.optim.lr == pytest.approx(0.01)


def test_a_rule_that_changes_its_rate(engine):
    class Decaying(SGD):
        def step(self):
            super().step()
            self.lr *= 0.9

    history = Trainer(make_net(), Decaying(lr=0.1), engine=engine).fit(
        X, y, epochs=6, eval_every=6, batch_size=37, verbose=False
    )
    assert history["lr"] == pytest.approx(0.1 * 0.9 ** np.arange(6))


# Metrics.


@pytest.mark.parametrize("validation", [(), (X_val, y_val)])
def test_metrics_are_those_of_the_networks_predictions(engine, validation):
    def worst(y_true, y_pred):
        return np.abs(y_true - y_pred).max()

    seen = []
    rows = validation or (X, y)
    watcher = LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(
            (mae(rows[1], p := watcher.net.predict(rows[0])), r2(rows[1], p), worst(rows[1], p))
        )
    )
    history = make_trainer(engine=engine).fit(
        X, y, *validation, epochs=4, metrics=["mae", "r2", worst], callbacks=[watcher], **QUIET
    )
    prefix = "val_" if validation else ""
    values = [history[prefix + name] for name in ("mae", "r2", "worst")]
    assert list(zip(*values, strict=True)) == seen


def test_metrics_of_classes_get_probabilities(engine):
    given = []

    def look(y_true, y_pred):
        given.append(y_pred)
        return 0.0

    labels = (X.sum(axis=1) > 0).astype(int)
    net = NeuralNetwork([Dense(2, "linear")], SoftmaxCrossEntropy(), rng=0)
    trainer = Trainer(net, SGD(lr=0.1), engine=engine)
    history = trainer.fit(X, labels, epochs=2, metrics=["accuracy", look], **QUIET)
    assert np.allclose(given[-1].sum(axis=1), 1.0)
    last = net.loss.interpret(net.predict(X))
    assert history["accuracy"][-1] == accuracy(labels, last)


def test_metrics_do_not_change_training(engine):
    plain, measured = (make_trainer(engine=engine) for _ in range(2))
    one = plain.fit(X, y, X_val, y_val, epochs=4, **QUIET)
    two = measured.fit(X, y, X_val, y_val, epochs=4, metrics=["mae"], **QUIET)
    assert one.loss == pytest.approx(two.loss, rel=1e-12)
    for a, b in zip(plain.net.params(), measured.net.params(), strict=True):
        assert np.allclose(a, b, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("metrics", "kind", "words"),
    [
        ("mae", ArgumentTypeError, r'a list, such as \["mae", "r2"\]'),
        (["mea"], ArgumentError, '"mae"'),
        (["mae", mae], ArgumentError, "each name once"),
        ([3], ArgumentTypeError, "a function of"),
        ([lambda y_true, y_pred: "good"], ArgumentTypeError, "one real number"),
    ],
)
def test_metrics_that_are_none(metrics, kind, words):
    trainer = make_trainer()
    with pytest.raises(kind, match=words):
        trainer.fit(X, y, metrics=metrics, **QUIET)
    assert trainer.history.epochs == 0


def test_predictions_that_are_not_finite_are_divergence(engine):
    """The step leaves finite parameters, whose predictions are too large."""
    net = NeuralNetwork([Dense(3, "linear"), Dense(1, "linear")], MeanSquaredError(), rng=0)
    trainer = Trainer(net, SGD(lr=1e200), engine=engine)
    with pytest.raises(DivergenceError, match="a prediction is not finite"):
        trainer.fit(X, y, epochs=2, batch_size=64, metrics=["mae"], verbose=False)


# Averages of parameters.


def with_average(engine, optimizer=SGD):
    return Trainer(make_net(), optimizer(lr=0.05, ema=0.9), engine=engine)


@pytest.mark.parametrize("optimizer", [SGD, Adam])
def test_averages_are_validated_measured_and_kept(engine, optimizer):
    seen = []

    def look(epoch, logs):
        with watcher.trainer.optim.averaged():
            prediction = watcher.net.predict(X_val)
        loss = float(MeanSquaredError().forward(prediction, y_val))
        seen.append((loss, mae(y_val, prediction), params_of(watcher.net)))

    watcher = LambdaCallback(on_epoch_end=look)
    trainer = with_average(engine, optimizer)
    history = trainer.fit(
        X, y, X_val, y_val, epochs=4, metrics=["mae"], callbacks=[watcher], **QUIET
    )
    losses, maes, raw = zip(*seen, strict=True)
    assert history.val_loss == pytest.approx(losses, rel=1e-12)
    assert history["val_mae"] == pytest.approx(maes, rel=1e-12)
    assert not same_params(raw[-1], params_of(trainer.net))
    final = float(MeanSquaredError().forward(trainer.net.predict(X_val), y_val))
    assert final == pytest.approx(losses[-1], rel=1e-12)


@pytest.mark.parametrize("validation", [(), (X_val, y_val)])
def test_ten_and_ten_epochs_with_averages_are_twenty(engine, validation):
    whole, parts = with_average(engine), with_average(engine)
    settings = {"eval_every": 1, "patience": None, **QUIET}
    one = whole.fit(X, y, *validation, epochs=20, **settings)
    parts.fit(X, y, *validation, epochs=10, **settings)
    two = parts.fit(X, y, *validation, epochs=10, restart=False, **settings)
    assert one.loss == two.loss
    assert one.val_loss == two.val_loss
    assert same_params(params_of(whole.net), params_of(parts.net))


def test_engines_agree_on_averages():
    nets = []
    for engine in "numpy", "xla":
        trainer = with_average(engine)
        trainer.fit(X, y, epochs=7, **QUIET)
        nets.append(trainer.net)
    for a, b in zip(*(net.params() for net in nets), strict=True):
        assert np.allclose(a, b, rtol=1e-12, atol=1e-14)
