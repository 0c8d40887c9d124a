"""Networks that are trained in one stack on the NumPy engine: each ends as it would have alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from glassbrick import (
    SGD,
    Adagrad,
    Adam,
    AdamW,
    BatchNorm,
    Columns,
    CosineDecay,
    Dense,
    DivergenceError,
    Dropout,
    EarlyStopping,
    GaussianNLL,
    Huber,
    LambdaCallback,
    LayerNorm,
    LeakyReLU,
    Lion,
    MeanAbsoluteError,
    MeanSquaredError,
    NAdam,
    NeuralNetwork,
    Operation,
    Quantile,
    ReduceLROnPlateau,
    RMSNorm,
    RMSProp,
    SoftmaxCrossEntropy,
    Trainer,
    WarmUp,
)
from glassbrick.engines import stacked_step
from glassbrick.engines.stacked_blocks import make_of
from glassbrick.penalties import Penalty
from glassbrick.training.together import Given, fit_together
from networks import make_data

X, y = make_data(rows=37)
X_val, y_val = make_data(rows=23, seed=1)
DATA = Given(X, y, X_val, y_val)
WEIGHED = Given(X, y, X_val, y_val, np.linspace(0.5, 1.5, 37), np.linspace(1.5, 0.5, 23))
CLASSES = Given(X, (X[:, 0] > 0.0).astype(float)[:, np.newaxis], X_val, (X_val[:, :1] > 0.0) * 1.0)
SETTINGS = {"epochs": 7, "eval_every": 3, "batch_size": 8, "patience": None}


@pytest.fixture
def stacks(monkeypatch):
    """How many networks took each step together."""
    taken = []
    step = stacked_step.StackedStep.__call__

    def counting(self, *batch):
        taken.append(len(self.params))
        return step(self, *batch)

    monkeypatch.setattr(stacked_step.StackedStep, "__call__", counting)
    return taken


def trainer(layers, optim, loss=None, k=0):
    return Trainer(NeuralNetwork(layers, loss or MeanSquaredError(), rng=k), optim, engine="numpy")


def alone(one, given=DATA, **settings):
    try:
        return one.fit(
            *(given.X, given.y, given.X_test, given.y_test),
            sample_weight=given.sample_weight,
            sample_weight_test=given.sample_weight_test,
            verbose=False,
            **settings,
        )
    except DivergenceError as error:
        return error


def assert_each_as_alone(make, members, given=DATA, callbacks=None, **settings):
    """Train together, and each alone; return how they ended together, and the trainers."""
    trainers = [make(k) for k in range(members)]
    outcomes = fit_together(trainers, given, callbacks=callbacks, **settings)
    for k, outcome in enumerate(outcomes):
        lone = make(k)
        own = given[k] if isinstance(given, list) else given
        single = alone(lone, own, callbacks=callbacks(k) if callbacks else (), **settings)
        assert type(outcome) is type(single)
        together = outcome
        if isinstance(single, DivergenceError):
            assert (outcome.epoch, outcome.batch) == (single.epoch, single.batch)
            together, single = outcome.history, single.history
        assert together.keys() == single.keys()
        for name in single:
            np.testing.assert_allclose(together[name], single[name], rtol=1e-10, atol=1e-10)
        for name in ("evaluated", "best_epoch", "stop_reason", "engine"):
            assert getattr(together, name) == getattr(single, name)
        assert trainers[k].optim.t == lone.optim.t
        for param, other in zip(trainers[k].net.params(), lone.net.params(), strict=True):
            np.testing.assert_allclose(param, other, rtol=1e-10, atol=1e-10)
        assert_owns_its_arrays(trainers[k])
    return outcomes, trainers


def assert_owns_its_arrays(one):
    """Whether nothing of it keeps the arrays of others alive."""
    held = [*one.net.params(), *(slot for memory in one.optim._memory for slot in memory)]
    assert all(array.base is None or array.base.size == array.size for array in held)


def hidden(k, *, width=4, outputs=1):
    return [Dense(width, "tanh"), Dense(outputs, "linear")]


STACKED = {
    "rates": (lambda k: trainer(hidden(k), SGD(0.02 * (1 + k % 2)), k=k), DATA),
    "momentum, schedule": (
        lambda k: trainer(hidden(k), SGD(CosineDecay(0.05), momentum=0.8, nesterov=True), k=k),
        WEIGHED,
    ),
    "penalties, one schedule each": (
        lambda k: trainer(
            [Dense(4, LeakyReLU(0.1), l2=0.02 * k, l1=0.001), Dense(1, "linear", l2=0.01)],
            Adam(WarmUp(0.01 * (k + 1), 3.0), weight_decay=0.01),
            Huber(0.5),
            k,
        ),
        WEIGHED,
    ),
    "averages": (lambda k: trainer(hidden(k), AdamW(0.02, ema=0.9), k=k), DATA),
    "global norm": (lambda k: trainer(hidden(k), RMSProp(0.01, clip_global_norm=0.1), k=k), DATA),
    "each clipped": (lambda k: trainer(hidden(k), NAdam(0.01, clip_value=0.05), k=k), DATA),
    "absolute": (lambda k: trainer(hidden(k), Lion(0.003), MeanAbsoluteError(), k), WEIGHED),
    "dropout at rates of their own": (
        lambda k: trainer(
            [Dense(6, "gelu"), Dropout(0.1 + 0.2 * k), Dense(1, "linear")], SGD(0.05), k=k
        ),
        DATA,
    ),
    "norms, columns": (
        lambda k: trainer(
            [Columns([2, 0]), LayerNorm(), Dense(5, "silu"), RMSNorm(), Dense(2, "linear")],
            Adagrad(0.05),
            GaussianNLL(),
            k,
        ),
        WEIGHED,
    ),
    "quantiles": (lambda k: trainer(hidden(k, outputs=2), Adam(), Quantile([0.1, 0.9]), k), DATA),
    "classes": (
        lambda k: trainer(
            [Dense(5, "softmax"), Dense(2, "linear")], Adam(0.03), SoftmaxCrossEntropy(), k
        ),
        CLASSES,
    ),
}


@pytest.mark.parametrize("name", STACKED)
def test_each_ends_as_alone_though_all_step_together(name, stacks):
    make, given = STACKED[name]
    assert_each_as_alone(make, 3, given, **SETTINGS)
    assert stacks == [3] * 5 * 7


def test_rows_may_be_others_for_each(stacks):
    folds = [
        Given(
            np.roll(X, k, 0), np.roll(y, k, 0), np.roll(X_val, k, 0)[:9], np.roll(y_val, k, 0)[:9]
        )
        for k in range(3)
    ]
    settings = SETTINGS | {"metrics": ["mae"]}
    assert_each_as_alone(lambda k: trainer(hidden(k), Adam(0.02), k=k), 3, folds, **settings)
    assert stacks == [3] * 5 * 7


def test_who_stops_early_leaves_and_the_last_one_goes_on_alone(stacks):
    def callbacks(k):
        return [EarlyStopping(patience=[4, 1, 20, 9][k], min_delta=10.0)]

    def make(k):
        return trainer(hidden(k), SGD(0.05, momentum=0.5), k=k)

    settings = SETTINGS | {"epochs": 25, "eval_every": 1}
    del settings["patience"]
    outcomes, _ = assert_each_as_alone(make, 4, callbacks=callbacks, **settings)
    assert [outcome.epochs for outcome in outcomes] == [5, 2, 21, 10]
    assert stacks == [4] * 5 * 2 + [3] * 5 * 3 + [2] * 5 * 5


def test_who_diverges_leaves_after_that_batch(stacks):
    rates = [0.05, 40.0, 0.05, 1e150, 0.02]

    def make(k):
        layers = [Dense(4, "relu"), Dense(1, "linear")]
        return trainer(layers, SGD(rates[k], momentum=0.3), k=k)

    outcomes, _ = assert_each_as_alone(make, 5, **SETTINGS)
    kinds = [isinstance(outcome, DivergenceError) for outcome in outcomes]
    assert kinds == [False, True, False, True, False]
    assert outcomes[1].batch > 1
    assert stacks[-1] == 3


def test_who_diverged_is_not_trained_any_further():
    """A network that has gone back to its best parameters keeps them, on its own as well."""
    for k, width in enumerate((3, 4, 5)):  # too unlike to be stacked
        one = [trainer([Dense(width, "relu"), Dense(1, "linear")], SGD(3.0), k=k) for _ in "ab"]
        settings = SETTINGS | {"epochs": 60, "eval_every": 20}
        (outcome,) = fit_together(one[:1], DATA, **settings)
        assert isinstance(outcome, DivergenceError)
        assert isinstance(alone(one[1], **settings), DivergenceError)
        for param, other in zip(one[0].net.params(), one[1].net.params(), strict=True):
            np.testing.assert_array_equal(param, other)


class Doubled(Operation):
    """Mixes rows, as only a rule of somebody's own may do unforeseen."""

    def _output(self):
        return self.input_ - self.input_.mean(axis=0)

    def _input_grad(self, output_grad):
        return output_grad - output_grad.mean(axis=0)


class OwnRule(Adam):
    """Steps in a way of its own."""

    def step(self):
        super().step()
        self.lr = self.lr * 0.99


class OwnLoss(MeanSquaredError):
    def _row_losses(self):
        return super()._row_losses() - super()._row_losses().mean()


@dataclass(frozen=True)
class OwnPenalty(Penalty):
    def value(self, param):
        return 3.0 * super().value(param)


def with_own_penalty(k):
    layers = hidden(k)
    layers[0].penalty = OwnPenalty(0.0, 0.01)
    return trainer(layers, SGD(0.05), k=k)


ALONE = {
    "a penalty": with_own_penalty,
    "an operation": lambda k: trainer([Dense(4, Doubled()), Dense(1)], SGD(0.05), k=k),
    "a loss": lambda k: trainer(hidden(k), SGD(0.05), OwnLoss(), k),
    "normalization over rows": lambda k: trainer([BatchNorm(), *hidden(k)], SGD(0.05), k=k),
    "layers of layers": lambda k: trainer([[Dense(3)], Dense(1)], SGD(0.05), k=k),
    "sizes": lambda k: trainer(hidden(k, width=3 + k), SGD(0.05), k=k),
    "settings": lambda k: trainer(hidden(k), SGD(0.05), Huber(1.0 + k), k),
    "large": lambda k: trainer([Dense(3000, "relu"), *hidden(k, width=60)], SGD(1e-4), k=k),
}


@pytest.mark.parametrize("name", ALONE)
def test_what_cannot_be_stacked_is_trained_one_after_the_other(name, stacks):
    assert_each_as_alone(ALONE[name], 2, **(SETTINGS | {"epochs": 2}))
    assert stacks == []


def test_weights_that_stand_twice_are_not_stacked():
    net = NeuralNetwork([Dense(3), Dense(3)], MeanSquaredError(), rng=0)
    net.build(3)
    assert make_of(net) is not None
    net.layers[1].operations[0].param = net.layers[0].operations[0].param.T
    assert make_of(net) is None


def test_optimizers_of_ones_own_step_for_themselves(stacks):
    def make(k):
        return trainer(hidden(k), OwnRule(0.01), k=k)

    assert_each_as_alone(make, 3, **SETTINGS)
    assert set(stacks) == {3}


def other_slope(one):
    one.net.layers[0].operations[2].slope = 0.5


def other_penalty(one):
    one.net.layers[0].penalty = Penalty(0.0, 0.1)


def other_arrays(one):
    operation = one.net.layers[0].operations[0]
    operation.param = 0.5 * operation.param


def new_beginning(one):
    one.optim.reset()


@pytest.mark.parametrize(
    ("act", "most"), [(other_slope, 2), (other_penalty, 2), (other_arrays, 3), (new_beginning, 3)]
)
def test_what_callbacks_do_is_heeded(act, most, stacks):
    made = []

    def make(k):
        made.append(trainer([Dense(4, LeakyReLU(0.1), l2=0.01), Dense(1)], Adam(0.02), k=k))
        return made[-1]

    def callbacks(k):
        def end(epoch, logs):
            if epoch == 2 and k == 1:
                act(made[1 if len(made) == 3 else -1])

        return [LambdaCallback(on_epoch_end=end)]

    assert_each_as_alone(make, 3, callbacks=callbacks, **SETTINGS)
    assert stacks[-1] == most


def test_rates_may_fall_apart(stacks):
    def callbacks(k):
        return [ReduceLROnPlateau("val_loss", patience=1, factor=0.3 + 0.1 * k, min_delta=10.0)]

    def make(k):
        return trainer(hidden(k), SGD(0.05, momentum=0.5), k=k)

    assert_each_as_alone(make, 3, callbacks=callbacks, **SETTINGS)
    assert set(stacks) == {3}


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_whatever_ends_it_all_own_their_arrays(error, stacks):
    def end(epoch, logs):
        if epoch == 2:
            raise error

    trainers = [trainer(hidden(k), Adam(0.01), k=k) for k in range(3)]
    for one in trainers:
        one.net.build(3)
    before = [list(one.net.params()) for one in trainers]
    settings = SETTINGS | {"callbacks": lambda k: [LambdaCallback(on_epoch_end=end)] * (k == 1)}
    if error is KeyboardInterrupt:
        outcomes = fit_together(trainers, DATA, restart=False, **settings)
        assert {outcome.stop_reason for outcome in outcomes} == {"interrupted"}
    else:
        with pytest.raises(error):
            fit_together(trainers, DATA, restart=False, **settings)
    assert set(stacks) == {3}
    for one, params in zip(trainers, before, strict=True):
        assert_owns_its_arrays(one)
        assert all(a is b for a, b in zip(one.net.params(), params, strict=True))
        one.fit(X, y, epochs=1, verbose=False)
