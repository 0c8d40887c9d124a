"""Populations: each member ends as it would have ended alone."""

from __future__ import annotations

import numpy as np
import pytest

from glassbrick import (
    SGD,
    AdamW,
    ArgumentError,
    ArgumentTypeError,
    BatchNorm,
    CosineDecay,
    Dense,
    DivergenceError,
    Dropout,
    EarlyStopping,
    History,
    Huber,
    LambdaCallback,
    LeakyReLU,
    MeanSquaredError,
    NeuralNetwork,
    Operation,
    Residual,
    ShapeError,
    Trainer,
)
from glassbrick.training.together import Given, fit_together
from networks import make_data

X, y = make_data(rows=37)
X_val, y_val = make_data(rows=23, seed=1)
DATA = Given(X, y, X_val, y_val)


def make(seed=0, lr=0.05, engine="numpy"):
    layers = [Dense(4, "tanh"), Dense(1, "linear")]
    return Trainer(NeuralNetwork(layers, MeanSquaredError(), rng=seed), SGD(lr), engine=engine)


def alone(trainer, given=DATA, **settings):
    """Train one by itself, as `fit_together` trains it among others."""
    try:
        return trainer.fit(
            *(given.X, given.y, given.X_test, given.y_test),
            sample_weight=given.sample_weight,
            sample_weight_test=given.sample_weight_test,
            verbose=False,
            **settings,
        )
    except DivergenceError as error:
        return error


def assert_same(together, single, trainer, lone):
    """Whether a member ended as the same network that was trained alone."""
    assert type(together) is type(single)
    if isinstance(single, DivergenceError):
        assert str(together) == str(single)
        assert (together.epoch, together.batch) == (single.epoch, single.batch)
        together, single = together.history, single.history
    assert together.keys() == single.keys()
    for name in single:
        np.testing.assert_allclose(together[name], single[name], rtol=1e-10, atol=1e-10)
    for name in ("evaluated", "best_epoch", "stop_reason", "engine"):
        assert getattr(together, name) == getattr(single, name)
    for param, other in zip(trainer.net.params(), lone.net.params(), strict=True):
        np.testing.assert_allclose(param, other, rtol=1e-10, atol=1e-10)


def test_each_member_ends_as_it_would_have_alone(engine):
    rates = [0.05, 0.1, 1e300, 0.02]  # the third one diverges
    settings = {"epochs": 30, "eval_every": 1, "patience": 2, "batch_size": 8}
    trainers = [make(seed, lr, engine) for seed, lr in enumerate(rates)]
    outcomes = fit_together(trainers, DATA, **settings)
    for k, lr in enumerate(rates):
        lone = make(k, lr, engine)
        assert_same(outcomes[k], alone(lone, **settings), trainers[k], lone)
    assert isinstance(outcomes[2], DivergenceError)
    assert len({history.epochs for history in outcomes if isinstance(history, History)}) > 1


# What members may differ in. Each case makes member k.


def rich_net(k):
    """Penalties, normalization, dropout at rates of their own, and a schedule with momentum."""
    layers = [
        Dense(6, "tanh", l2=0.01 * k, l1=0.001),
        BatchNorm(),
        Dropout(0.1 + 0.2 * k),
        Dense(4, LeakyReLU(0.1 * (k + 1))),
        Dense(1, "linear"),
    ]
    optim = SGD(
        CosineDecay(0.02 * (k + 1)),
        momentum=0.5 + 0.1 * k,
        weight_decay=0.01 * k,
        clip_norm=1.0 + k,
    )
    return Trainer(NeuralNetwork(layers, Huber(1.0 + k), rng=k), optim, engine="xla")


def adam_net(k):
    """Moving averages, of gradients and of parameters."""
    layers = [Dense(5, "gelu"), Residual([Dense(5, "relu")]), Dense(1, "linear")]
    optim = AdamW(0.01, betas=(0.9 - 0.1 * k, 0.99), ema=0.8 + 0.05 * k, weight_decay=0.1 * (k + 1))
    return Trainer(NeuralNetwork(layers, MeanSquaredError(), rng=k), optim, engine="xla")


def other_nets(k):
    """Networks of different sizes, which no program can train together."""
    layers = [Dense(3 + k, "sigmoid"), Dense(1, "linear")]
    return Trainer(NeuralNetwork(layers, MeanSquaredError(), seed=k), SGD(0.05), engine="xla")


class Halved(Operation):
    """Decides by a number what to do, which cannot be compiled if that number is an input."""

    def __init__(self, factor):
        self.factor = factor

    def _output(self):
        return self.input_ * (self.factor if self.factor > 0.3 else 0.5)

    def _input_grad(self, output_grad):
        return output_grad * (self.factor if self.factor > 0.3 else 0.5)


def deciding_nets(k):
    layers = [Dense(4, "tanh"), Halved([0.2, 0.9, 0.9][k]), Dense(1, "linear")]
    return Trainer(NeuralNetwork(layers, MeanSquaredError(), rng=k), SGD(0.05), engine="xla")


class WithTime(SGD):
    """Makes its rate smaller by itself."""

    def step(self):
        super().step()
        self.lr = self.lr * 0.99


def self_changing(k):
    layers = [Dense(4, "tanh"), Dense(1, "linear")]
    return Trainer(
        NeuralNetwork(layers, MeanSquaredError(), rng=k), WithTime(0.1 / (k + 1)), engine="xla"
    )


@pytest.mark.parametrize("case", [rich_net, adam_net, other_nets, deciding_nets, self_changing])
def test_members_may_differ_in_numbers_and_more(case):
    settings = {"epochs": 7, "eval_every": 3, "batch_size": 8, "patience": None, "metrics": ["mae"]}
    weighed = Given(X, y, X_val, y_val, np.linspace(0.5, 1.5, 37), np.linspace(1.5, 0.5, 23))
    trainers = [case(k) for k in range(3)]
    outcomes = fit_together(trainers, weighed, **settings)
    for k in range(3):
        lone = case(k)
        assert_same(outcomes[k], alone(lone, weighed, **settings), trainers[k], lone)


def test_each_may_have_data_of_its_own():
    folds = [Given(X[k:], y[k:], X_val[k:], y_val[k:]) for k in range(3)]
    trainers = [make(k) for k in range(3)]
    outcomes = fit_together(trainers, folds, epochs=3)
    for k, given in enumerate(folds):
        lone = make(k)
        assert_same(outcomes[k], alone(lone, given, epochs=3), trainers[k], lone)


def test_callbacks_are_made_for_each():
    told = []

    def callbacks(k):
        return [LambdaCallback(on_epoch_end=lambda epoch, logs: told.append((k, epoch)))]

    fit_together([make(0), make(1)], DATA, epochs=2, callbacks=callbacks)
    assert sorted(told) == [(0, 1), (0, 2), (1, 1), (1, 2)]


def test_what_cannot_be_used_is_refused():
    trainer = make()
    with pytest.raises(ArgumentError, match="at least one"):
        fit_together([], DATA)
    with pytest.raises(ArgumentError, match=r"trainers\[1\]: expected another network"):
        fit_together([trainer, trainer], DATA)
    with pytest.raises(ArgumentError, match="one for each trainer"):
        fit_together([trainer], [DATA, DATA])
    with pytest.raises(ArgumentTypeError, match="callbacks=lambda k"):
        fit_together([trainer], DATA, callbacks=[EarlyStopping()])
    shared = LambdaCallback()
    with pytest.raises(ArgumentError, match="of member 1: expected new ones"):
        fit_together([make(), make()], DATA, callbacks=lambda _: [shared])
    with pytest.raises(ShapeError, match="member 1"):
        fit_together([make(), make()], [DATA, Given(X, y, X_val[:, :2], y_val)], epochs=1)
