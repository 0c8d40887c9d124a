"""Training and prediction: dropout, running averages, random numbers, on both engines."""

from __future__ import annotations

import copy
import threading

import numpy as np
import pytest
from scipy import stats

from glassbrick import (
    SGD,
    BatchNorm,
    BatchStandardize,
    Callback,
    DataError,
    Dense,
    DivergenceError,
    Dropout,
    Layer,
    Linear,
    MeanSquaredError,
    NeuralNetwork,
    Operation,
    PReLU,
    Residual,
    Trainer,
    check_gradients,
    compare_engines,
)
from glassbrick.modes import is_predicting, predicting
from networks import make_data, params_of, same_params

X, y = make_data(rows=40, features=8)
VALIDATION = make_data(rows=15, features=8, seed=1)


def residual(rate, activation="relu"):
    noise = [Dropout(rate)] if rate else []
    return Residual([BatchNorm(), Dense(16, activation), *noise, Dense(8, "linear")])


def resnet(rate=0.1, rng=0, activation="relu", **settings):
    layers = [residual(rate, activation), residual(rate, activation), Dense(1, "linear")]
    return NeuralNetwork(layers, MeanSquaredError(**settings), rng=rng)


def fit(net, engine, epochs=6, lr=0.02, **settings):
    trainer = Trainer(net, SGD(lr=lr), engine=engine)
    return trainer, trainer.fit(X, y, epochs=epochs, batch_size=8, verbose=False, **settings)


def state_of(net):
    """All arrays that last: parameters and running averages."""
    averages = [op for op in net.operations() if isinstance(op, BatchStandardize)]
    held = [array for op in averages for array in (op.mean, op.variance)]
    return params_of(net) + [array.copy() for array in held]


# The residual network.


@pytest.mark.parametrize("rate", [0.0, 0.1])
def test_a_residual_network_learns(engine, rate):
    _, history = fit(resnet(rate), engine, epochs=30)
    assert history.loss[-1] < 0.3 * history.loss[0]


@pytest.mark.parametrize("batch_size", [8, 39])
def test_engines_agree_without_dropout(batch_size):
    """39 of 40 rows leave a last batch of one row."""
    nets = [resnet(0.0, activation="tanh") for _ in range(2)]
    losses = []
    for net, engine in zip(nets, ("numpy", "xla"), strict=True):
        trainer = Trainer(net, SGD(lr=0.02), engine=engine)
        history = trainer.fit(X, y, *VALIDATION, epochs=5, batch_size=batch_size, verbose=False)
        losses.append(history.loss + history.val_loss)
    for ours, other in zip(*map(state_of, nets), strict=True):
        assert np.linalg.norm(ours - other) <= 1e-12 * np.linalg.norm(ours)
    assert np.allclose(*losses, rtol=1e-12, atol=0)


def test_the_same_rng_gives_the_same_run(engine):
    nets = [resnet(rng=rng) for rng in (0, 0, 1)]
    losses = [fit(net, engine)[1].loss for net in nets]
    assert losses[0] == losses[1]
    assert losses[0] != losses[2]
    assert same_params(state_of(nets[0]), state_of(nets[1]))
    assert not same_params(params_of(nets[0]), params_of(nets[2]))


@pytest.mark.parametrize("source", [{"seed": 3}, {"rng": 3}])
def test_a_restart_begins_everything_anew(engine, source):
    layers = [residual(0.1, "prelu"), Dropout(0.2), Dense(1, "linear")]
    net = NeuralNetwork(layers, MeanSquaredError(), **source)
    trainer, first = fit(net, engine, lr=1e-3)
    states = [state_of(net)]
    again = trainer.fit(X, y, epochs=6, batch_size=8, verbose=False)
    states.append(state_of(net))
    assert first.loss == again.loss
    assert same_params(*states)
    slope = next(op for op in net.operations() if isinstance(op, PReLU))
    assert slope.param.item() != 0.25


def test_ten_and_ten_epochs_are_twenty(engine):
    nets = [resnet(), resnet()]
    whole, parts = (Trainer(net, SGD(lr=0.02), engine=engine) for net in nets)
    settings = {"batch_size": 8, "patience": None, "verbose": False}
    losses = whole.fit(X, y, *VALIDATION, epochs=20, **settings).loss
    parts.fit(X, y, *VALIDATION, epochs=10, **settings)
    # What looks on in between must not disturb it.
    nets[1].predict(X)
    assert parts.fit(X, y, *VALIDATION, epochs=10, restart=False, **settings).loss == losses
    assert same_params(state_of(nets[0]), state_of(nets[1]))


class Record(Callback):
    """Keeps the state after each epoch."""

    def __init__(self):
        self.states = []

    def on_epoch_end(self, epoch, logs):
        self.states.append(state_of(self.trainer.net))


def test_the_best_epochs_running_averages_come_back(engine):
    net, record = resnet(), Record()
    trainer = Trainer(net, SGD(lr=0.05), engine=engine)
    history = trainer.fit(
        *(X, y, X[:10], -3.0 * y[:10]),  # the more is learned, the worse
        epochs=6,
        eval_every=1,
        batch_size=8,
        patience=None,
        verbose=False,
        callbacks=[record],
    )
    assert history.best_epoch < 6
    assert same_params(state_of(net), record.states[history.best_epoch - 1])
    assert not same_params(state_of(net), record.states[-1])


class Fails(Callback):
    """Ends a fit in its second epoch."""

    def on_epoch_begin(self, epoch, logs):
        if epoch > 1:
            raise DataError("enough")


@pytest.mark.parametrize("restart", [True, False])
def test_a_failing_fit_puts_everything_back(engine, restart):
    layers = [residual(0.1, "prelu"), Dense(1, "linear")]
    net = NeuralNetwork(layers, MeanSquaredError(), rng=0)
    trainer, _ = fit(net, engine)
    before, prediction = state_of(net), net.predict(X)
    with pytest.raises(DataError, match="enough"):
        trainer.fit(X, y, epochs=9, restart=restart, verbose=False, callbacks=[Fails()])
    assert same_params(state_of(net), before)
    with pytest.raises(DivergenceError):
        fit(net, engine, epochs=9, lr=1e30, restart=restart)
    assert same_params(state_of(net), before)
    assert np.array_equal(net.predict(X), prediction)


# Dropout.


class Keeps(Operation):
    """Lets all through, and keeps the last inputs, newest first, on any engine."""

    def __init__(self, shape, steps):
        self.kept = np.zeros((steps, *shape))

    def _output(self):
        self.kept = np.concatenate([self.input_[np.newaxis], self.kept[:-1]])
        return self.input_ * 1.0

    def _prediction(self):
        return self.input_ * 1.0

    def _input_grad(self, output_grad):
        return output_grad * 1.0


def kept_masks(engine, rate, steps=20, rows=50, columns=30, rng=0):
    """What two dropouts made of ones, in each step of one epoch."""
    ones = np.ones((rows * steps, columns))
    keeps = [Keeps((rows, columns), steps) for _ in range(2)]
    layers = [Dropout(rate), keeps[0], Linear(), Dropout(rate), keeps[1], Dense(1, "linear")]
    net = NeuralNetwork(layers, MeanSquaredError(), rng=rng)
    Trainer(net, SGD(lr=1e-12), engine=engine).fit(
        ones, ones[:, 0], epochs=1, batch_size=rows, verbose=False
    )
    first = keeps[0].kept
    both = keeps[1].kept
    return first, np.where(first, both / np.where(first, first, 1.0), 0.0)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_dropout_leaves_out_its_share(engine, rate):
    first, _ = kept_masks(engine, rate)
    values = np.unique(first)
    assert np.allclose(values, [0.0, 1.0 / (1.0 - rate)], rtol=1e-12)
    stayed = int(np.count_nonzero(first))
    assert stats.binomtest(stayed, first.size, 1.0 - rate).pvalue > 1e-4
    deviation = np.sqrt(rate / (1.0 - rate) / first.size)
    assert abs(first.mean() - 1.0) < 4.5 * deviation
    # No row, column or step of its own kind.
    for axes in ((0, 1), (0, 2), (1, 2)):
        counts = np.count_nonzero(first, axis=axes)
        of_each = first.size // counts.size
        spread = of_each * rate * (1.0 - rate)
        chi2 = float(((counts - of_each * (1.0 - rate)) ** 2 / spread).sum())
        assert 1e-4 < stats.chi2.sf(chi2, counts.size) < 1.0 - 1e-4


def test_masks_are_others_in_each_step_and_each_dropout(engine):
    first, second = kept_masks(engine, 0.5)
    masks = [mask > 0 for mask in first]
    for number, mask in enumerate(masks):
        for other in masks[:number]:
            assert 0.4 < np.mean(mask == other) < 0.6
    there = first > 0  # where the first one left something for the second
    assert 0.4 < np.mean(second[there] > 0) < 0.6
    equal = [np.mean((a > 0)[a > 0] == (b > 0)[a > 0]) for a, b in zip(first, second, strict=True)]
    assert max(equal) < 0.7


def test_masks_are_pinned_to_the_rng(engine):
    masks = [kept_masks(engine, 0.5, steps=3, rng=rng)[0] for rng in (0, 0, 1)]
    assert np.array_equal(masks[0], masks[1])
    assert not np.array_equal(masks[0], masks[2])


def test_other_epochs_have_other_masks(engine):
    keeps = Keeps((10, 20), 4)
    net = NeuralNetwork([Dropout(0.5), keeps, Dense(1)], MeanSquaredError(), rng=0)
    ones = np.ones((10, 20))
    Trainer(net, SGD(lr=1e-9), engine=engine).fit(ones, ones[:, 0], epochs=4, verbose=False)
    masks = [mask.tobytes() for mask in keeps.kept]
    assert len(set(masks)) == 4


def test_a_rate_of_zero_changes_nothing(engine):
    nets = [
        NeuralNetwork([Dense(5), between, Dense(1)], MeanSquaredError(), rng=0)
        for between in (Dropout(0.0), Linear())
    ]
    for net in nets:
        fit(net, engine)
    assert same_params(params_of(nets[0]), params_of(nets[1]))


def test_dropout_is_off_where_nothing_is_learned(engine):
    net = resnet(0.5)
    _, history = fit(
        net,
        engine,
        X_test=VALIDATION[0],
        y_test=VALIDATION[1],
        metrics=["mae"],
        patience=None,
        eval_every=1,
    )
    prediction = net.predict(VALIDATION[0])
    assert np.array_equal(prediction, net.predict(VALIDATION[0]))
    errors = prediction - VALIDATION[1]
    best = history.best_epoch - 1
    assert history.val_loss[best] == pytest.approx(float(np.mean(errors**2)), rel=1e-10)
    assert history.metrics["val_mae"][best] == pytest.approx(float(np.mean(abs(errors))), rel=1e-10)


def test_predicting_draws_nothing():
    net = resnet(0.5)
    net.build(8)
    twin = copy.deepcopy(net)
    net.predict(X)
    assert net.train_batch(X, y) == twin.train_batch(X, y)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_dropout_is_compared_and_checked_with_the_same_masks(dtype):
    net = resnet(0.5)
    assert compare_engines(net, X.astype(dtype), y)
    report = check_gradients(resnet(0.5, activation="tanh"), X[:6], y[:6])
    assert report.ok, str(report)


def test_dropout_keeps_float32(engine):
    net = resnet(0.3)
    trainer = Trainer(net, SGD(lr=0.02), engine=engine)
    trainer.fit(X.astype(np.float32), y, epochs=2, verbose=False)
    assert all(value.dtype == np.float32 for value in state_of(net))
    dropout = next(op for op in net.operations() if isinstance(op, Dropout))
    assert dropout.forward(np.ones((3, 2), np.float32)).dtype == np.float32


# The mode is a matter of the call.


def test_the_mode_ends_with_the_call():
    assert not is_predicting()
    with predicting():
        with predicting():
            assert is_predicting()
        assert is_predicting()
    assert not is_predicting()
    with pytest.raises(DataError), predicting():
        raise DataError("within")
    assert not is_predicting()


class RaisesInPrediction(Linear):
    """Fails where nothing is learned, once asked to."""

    fails = False

    def _prediction(self):
        if self.fails:
            raise DataError("not today")
        return self.input_


def test_an_error_in_prediction_leaves_the_mode_as_it_was(engine):
    net = NeuralNetwork([RaisesInPrediction(), Dense(1)], MeanSquaredError(), rng=0)
    net.build(8)
    net.operations()[0].fails = True
    with pytest.raises(DataError, match="not today"):
        net.predict(X)
    assert not is_predicting()
    with pytest.raises(DataError, match="not today"):
        fit(net, engine, X_test=X, y_test=y, restart=False)
    assert not is_predicting()


def test_other_threads_have_modes_of_their_own():
    seen, entered, asked = [], threading.Event(), threading.Event()

    def predict():
        with predicting():
            entered.set()
            asked.wait(10)
            seen.append(is_predicting())

    thread = threading.Thread(target=predict)
    thread.start()
    entered.wait(10)
    seen.append(is_predicting())
    asked.set()
    thread.join()
    assert seen == [False, True]


class PredictsMeanwhile(Callback):
    """Lets another thread predict for as long as the fit goes on."""

    def on_train_begin(self, logs):
        self.ended, self.errors, self.count = threading.Event(), [], 0
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.ended.is_set():
            try:
                with np.errstate(all="ignore"):
                    self.trainer.net.predict(X)
                self.count += 1
            except Exception as error:
                self.errors.append(error)
                return

    def on_train_end(self, logs):
        self.ended.set()
        self.thread.join()


def test_predicting_in_another_thread_does_not_disturb_training(engine):
    """Threads draw nothing, and hold no mask: the run is the same, bit for bit."""
    alone, watched = resnet(), resnet()
    fit(alone, engine, epochs=40)
    meanwhile = PredictsMeanwhile()
    fit(watched, engine, epochs=40, callbacks=[meanwhile])
    assert not meanwhile.errors
    assert meanwhile.count > 0
    assert same_params(state_of(alone), state_of(watched))


class Predicts(Callback):
    """Predicts after each epoch."""

    def on_epoch_end(self, epoch, logs):
        self.trainer.net.predict(X)
        assert not is_predicting()


def test_predicting_in_a_callback_does_not_disturb_training(engine):
    alone, watched = resnet(), resnet()
    fit(alone, engine)
    fit(watched, engine, callbacks=[Predicts()])
    assert same_params(state_of(alone), state_of(watched))


def test_predicting_between_forward_and_backward_changes_nothing():
    nets = [resnet(0.5), resnet(0.5)]
    for number, net in enumerate(nets):
        net.build(8)
        loss = net.loss.forward(net.forward(X), y)
        assert np.isfinite(loss)
        if number:
            net.predict(X[:3])
        net.backward(net.loss.backward())
    assert same_params(*[[grad.copy() for grad in net.param_grads()] for net in nets])


# Blocks of the user's own.


class Doubles(Operation):
    """Doubles in training, triples in prediction."""

    def _output(self):
        return 2.0 * self.input_

    def _prediction(self):
        return 3.0 * self.input_

    def _input_grad(self, output_grad):
        return 2.0 * output_grad


class OwnForward(Dense):
    """Adds to what its operations give, as it likes."""

    def forward(self, input_):
        self.output = super().forward(input_) + 1.0
        return self.output


class WithOwnOperation(Layer):
    def _setup_layer(self, input_):
        self.operations = [Doubles()]


@pytest.mark.parametrize(
    "make",
    [
        lambda: [Doubles()],
        lambda: [WithOwnOperation(None)],
        lambda: [Residual([Doubles()])],
        lambda: [Residual([Residual([WithOwnOperation(None)])])],
        lambda: [Dense(8, Doubles())],
    ],
)
def test_a_rule_for_prediction_is_used_in_prediction(engine, make):
    net = NeuralNetwork([*make(), OwnForward(1, "linear")], MeanSquaredError(), rng=0)
    trainer = Trainer(net, SGD(lr=1e-6), engine=engine)
    history = trainer.fit(X, y, X, y, epochs=2, verbose=False, patience=None)
    trained = float(np.mean((net.forward(X) - y) ** 2))
    predicted = float(np.mean((net.predict(X) - y) ** 2))
    assert history.loss[-1] == pytest.approx(trained, rel=1e-3)
    assert history.val_loss[-1] == pytest.approx(predicted, rel=1e-10)
    assert abs(trained - predicted) > 0.01 * trained


class AsksForTheMode(Layer):
    """Moves data by itself, and looks at the mode."""

    def _setup_layer(self, input_):
        self.operations = [Linear()]

    def forward(self, input_):
        output = super().forward(input_)
        return output if is_predicting() else 2.0 * output

    def backward(self, output_grad):
        return super().backward(2.0 * output_grad)


def test_a_layer_may_ask_for_the_mode(engine):
    net = NeuralNetwork([Residual([AsksForTheMode(None)])], MeanSquaredError(), rng=0)
    trainer = Trainer(net, SGD(lr=0.1), engine=engine)
    ones = np.ones((10, 1))
    history = trainer.fit(ones, ones, ones, ones, epochs=1, verbose=False)
    assert history.loss == [4.0]  # (1 + 2 - 1) squared
    assert history.val_loss == [1.0]  # (1 + 1 - 1) squared
    assert check_gradients(Residual([AsksForTheMode(None)]))


class OwnNoise(Operation):
    """Draws from a generator of its own."""

    memory = (*Operation.memory, "noise")

    def __init__(self):
        self.rng = np.random.default_rng(0)

    def _output(self):
        self.noise = self.rng.standard_normal(self.input_.shape)
        return self.input_ * self.noise

    def _input_grad(self, output_grad):
        return output_grad * self.noise


def test_a_generator_of_ones_own_is_checked_steadily():
    assert check_gradients(OwnNoise())
    assert check_gradients(Residual([Dense(4), OwnNoise(), Dense(3)]))
    generator = OwnNoise()
    before = generator.rng.bit_generator.state
    check_gradients(generator)
    assert generator.rng.bit_generator.state == before
