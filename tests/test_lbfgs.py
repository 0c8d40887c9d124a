"""LBFGS: against SciPy called by hand, and the exact solution."""

from __future__ import annotations

import builtins

import numpy as np
import pytest
from scipy.optimize import minimize

import glassbrick as gb
from glassbrick import LBFGS, Dense, MeanSquaredError, NeuralNetwork, Trainer
from networks import make_data, make_net, params_of

X, y = make_data(rows=60)
X_val, y_val = make_data(rows=20, seed=1)


def test_linear_regression_is_solved(engine):
    net = NeuralNetwork([Dense(1, "linear")], MeanSquaredError(), rng=0)
    history = Trainer(net, LBFGS(tolerance=1e-15), engine=engine).fit(X, y, verbose=False)
    assert history.stop_reason == "converged"
    columns = np.column_stack([X, np.ones(60)])
    solution = np.linalg.lstsq(columns, y, rcond=None)[0]
    W, b = net.params()
    assert np.allclose(np.vstack([W, b]), solution, atol=1e-6)
    assert history.loss[-1] == pytest.approx(np.mean((columns @ solution - y) ** 2))


def test_it_is_what_scipy_does_by_hand(engine):
    trainer = Trainer(make_net(), LBFGS(memory=7), engine=engine)
    history = trainer.fit(X, y, epochs=15, verbose=False)
    twin = make_net()
    twin.build(3)
    losses = []

    def loss_at(flat):
        start = 0
        for param in twin.params():
            param[...] = flat[start : start + param.size].reshape(param.shape)
            start += param.size
        loss = twin.train_batch(X, y)
        return float(loss), np.concatenate([grad.ravel() for grad in twin.param_grads()])

    first = np.concatenate([param.ravel() for param in twin.params()])
    result = minimize(
        loss_at, first, jac=True, method="L-BFGS-B",
        options={"maxcor": 7, "maxiter": 15, "ftol": 1e-9, "gtol": 0.0},
        callback=lambda x: losses.append(float(loss_at(x)[0])),
    )  # fmt: skip
    assert history.loss == pytest.approx(losses, rel=1e-9)
    flat = np.concatenate([param.ravel() for param in trainer.net.params()])
    assert np.allclose(flat, result.x, rtol=1e-6, atol=1e-8)


def test_validation_and_early_stopping(engine):
    trainer = Trainer(make_net(), LBFGS(), engine=engine)
    stopping = gb.EarlyStopping(patience=3)
    history = trainer.fit(
        X, y, X_val, y_val, epochs=300, metrics=["mae"], callbacks=[stopping], verbose=False
    )
    assert len(history.val_loss) == len(history["val_mae"]) == history.epochs
    assert history.best_epoch == 1 + int(np.argmin(history.val_loss))
    assert trainer.engine.evaluate(trainer.net, X_val, y_val) == pytest.approx(history.best_loss)


def test_it_goes_on(engine):
    trainer = Trainer(make_net(), LBFGS(), engine=engine)
    first = trainer.fit(X, y, epochs=5, verbose=False)
    more = trainer.fit(X, y, epochs=5, restart=False, verbose=False)
    assert (first.epochs, more.epochs) == (5, 10)
    assert more.loss[-1] < first.loss[-1]


def test_weights_penalties_and_float32(engine):
    counts = np.arange(60) % 3
    losses = []
    for rows, weights in ((np.arange(60), counts), (np.repeat(np.arange(60), counts), None)):
        layers = [Dense(4, "tanh", l2=0.01), Dense(1, "linear")]
        net = NeuralNetwork(layers, MeanSquaredError(), rng=0)
        trainer = Trainer(net, LBFGS(), engine=engine)
        losses.append(
            trainer.fit(X[rows], y[rows], epochs=8, sample_weight=weights, verbose=False).loss
        )
    assert losses[0] == pytest.approx(losses[1], rel=1e-9)
    trainer = Trainer(make_net(), LBFGS(), engine=engine)
    history = trainer.fit(X.astype(np.float32), y, epochs=30, verbose=False)
    assert trainer.net.dtype == np.float32
    assert history.loss[-1] < 0.5 * history.loss[0]


def test_what_it_cannot_do(monkeypatch):
    net = NeuralNetwork([Dense(4), gb.Dropout(0.1), Dense(1, "linear")], MeanSquaredError(), rng=0)
    with pytest.raises(gb.ArgumentError, match=r"Dropout\(0.1\), which draws random numbers"):
        Trainer(net, LBFGS()).fit(X, y, verbose=False)
    with pytest.raises(gb.NotReadyError, match="several points"):
        LBFGS().step()
    for wrong in ({"memory": 0}, {"tolerance": -1.0}):
        with pytest.raises(gb.GlassbrickError, match=f"LBFGS, {next(iter(wrong))}"):
            LBFGS(**wrong)
    importing = builtins.__import__

    def without_scipy(name, *args, **kwargs):
        if name.startswith("scipy"):
            raise ImportError(name)
        return importing(name, *args, **kwargs)

    trainer = Trainer(make_net(), LBFGS())
    monkeypatch.setattr(builtins, "__import__", without_scipy)
    with pytest.raises(gb.MissingExtraError, match=r"glassbrick\[scipy\]"):
        trainer.fit(X, y, verbose=False)


def test_divergence_at_once():
    trainer = Trainer(make_net(), LBFGS())
    trainer.net.build(3)
    next(trainer.net.params())[...] = 1.0
    before = params_of(trainer.net)
    with pytest.raises(gb.DivergenceError):
        trainer.fit(X, y * 1e200, epochs=3, restart=False, verbose=False)
    assert all(np.array_equal(a, b) for a, b in zip(before, trainer.net.params(), strict=True))


def test_interrupt(engine):
    class Interrupt(gb.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 3:
                raise KeyboardInterrupt

    trainer = Trainer(make_net(), LBFGS(), engine=engine)
    history = trainer.fit(X, y, callbacks=[Interrupt()], verbose=False)
    assert (history.stop_reason, history.epochs) == ("interrupted", 3)


def test_it_ends_where_the_gradient_is_small(engine):
    trainer = Trainer(make_net(), LBFGS(tolerance=0.0, gradient_tolerance=0.05), engine=engine)
    history = trainer.fit(X, y, epochs=500, verbose=False)
    assert (history.stop_reason, history.epochs < 500) == ("converged", True)
    trainer.net.train_batch(X, y)
    assert max(np.abs(grad).max() for grad in trainer.net.param_grads()) <= 0.05


def test_it_ends_when_its_evaluations_are_used_up(engine):
    history = Trainer(make_net(), LBFGS(evaluations=8), engine=engine).fit(X, y, verbose=False)
    assert history.stop_reason == "evaluations used up"
    assert history.epochs <= 8


@pytest.mark.parametrize("wrong", [{"gradient_tolerance": -1.0}, {"evaluations": 0}])
def test_wrong_limits_are_refused(wrong):
    with pytest.raises(gb.ArgumentError, match=f"LBFGS, {next(iter(wrong))}"):
        LBFGS(**wrong)
