"""Populations: each member ends as it would have ended alone."""

from __future__ import annotations

import numpy as np
import pytest

from glassbrick import (
    SGD,
    ArgumentError,
    ArgumentTypeError,
    Dense,
    DivergenceError,
    EarlyStopping,
    History,
    LambdaCallback,
    MeanSquaredError,
    NeuralNetwork,
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
