"""Training: continuing, stopping, interrupting, diverging, and what History says of it."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chapter_style import MyDense, MyLinear, MyMomentum, MySigmoid
from glassbrick import (
    SGD,
    BiasAdd,
    CosineDecay,
    Dense,
    DivergenceError,
    GlassbrickError,
    Layer,
    MeanSquaredError,
    NeuralNetwork,
    ParamOperation,
    Sigmoid,
    Trainer,
    WeightMultiply,
)
from glassbrick.engines.proven_step import ProvenStep
from glassbrick.training.snapshot import Snapshot
from networks import make_data, make_net, make_trainer, params_of, same_params

X, y = make_data(rows=37)


class InterruptedSGD(SGD):
    """Presses Ctrl-C at one of its steps, half way through the parameters."""

    def __init__(self, at, kind=KeyboardInterrupt):
        super().__init__(lr=0.1)
        self.left, self.kind = at, kind

    def step(self):
        self.left -= 1
        if self.left == 0:
            param, grad = self.net.params_and_grads()[0]
            param -= 100.0 * grad
            raise self.kind
        super().step()


def interrupted_trainer(at, kind=KeyboardInterrupt):
    return Trainer(make_net(), InterruptedSGD(at, kind))


def test_an_interrupt_keeps_the_best_and_says_so(capsys):
    trainer = interrupted_trainer(at=5 * 3 + 2)  # in the fourth epoch of five batches
    history = trainer.fit(X, y, X, y, epochs=9, eval_every=1, batch_size=8, verbose=False)
    assert history.stop_reason == "interrupted"
    assert history.epochs == len(history.val_loss) == 3
    assert capsys.readouterr().out == "Interrupted in epoch 4: using the model from epoch 3\n"
    loss = MeanSquaredError().forward(trainer.net.predict(X), y)
    assert float(loss) == pytest.approx(history.best_loss, rel=1e-12)


def test_an_interrupt_before_any_evaluation_keeps_what_there_is(capsys):
    trainer = interrupted_trainer(at=3)
    history = trainer.fit(X, y, X, y, epochs=9, batch_size=8)
    assert history.best_epoch is None
    out = capsys.readouterr().out
    assert "Interrupted in epoch 1: keeping the parameters as they stand" in out


def test_training_goes_on_after_an_interrupt():
    trainer = interrupted_trainer(at=17)
    trainer.fit(X, y, X, y, epochs=9, eval_every=1, batch_size=8, verbose=False)
    history = trainer.fit(
        X, y, X, y, epochs=2, eval_every=1, batch_size=8, restart=False, verbose=False
    )
    assert history.epochs == 5
    assert history.stop_reason == "completed"


@pytest.mark.parametrize("at", range(1, 12))
def test_an_exception_of_the_users_leaves_a_sound_network(at):
    trainer = interrupted_trainer(at, ZeroDivisionError)
    with pytest.raises(ZeroDivisionError):
        trainer.fit(X, y, X, y, epochs=9, eval_every=1, batch_size=8, verbose=False)
    evaluated = at > 5  # after the five steps of the first epoch
    assert (trainer._run is not None) == evaluated
    if evaluated:
        assert trainer._run.history.stop_reason == "failed"
    for layer in trainer.net.layers:
        for block in (layer, *layer.operations):
            assert not set(block.memory) & set(vars(block))


@pytest.mark.parametrize("validate", [True, False])
@pytest.mark.parametrize("lr", [10.0, 1e5, 1e300])
def test_divergence_leaves_finite_parameters(engine, lr, validate):
    trainer = make_trainer(lr=0.05, engine=engine)
    validation = (X, y) if validate else ()
    trainer.fit(X, y, *validation, epochs=3, eval_every=1, verbose=False)
    best = params_of(trainer.net)
    trainer.optim.lr = lr
    X_far = 1e6 * X
    with pytest.raises(DivergenceError) as caught:
        trainer.fit(X_far, 1e200 * y, *validation, epochs=50, restart=False, verbose=False)
    assert caught.value.history.stop_reason == "diverged"
    assert caught.value.epoch == 4
    assert same_params(best, params_of(trainer.net))


def test_divergence_names_the_batch():
    class Bomb(SGD):
        def step(self):
            super().step()
            self.steps = getattr(self, "steps", 0) + 1
            if self.steps == 7:  # the second batch of the second epoch of five batches
                next(self.net.params())[...] = np.nan

    trainer = Trainer(make_net(), Bomb())
    with pytest.raises(DivergenceError, match=r"epoch 2, batch 3, .* rate 0\.01") as caught:
        trainer.fit(X, y, epochs=5, batch_size=8, verbose=False)
    assert (caught.value.epoch, caught.value.batch) == (2, 3)


def test_a_parameter_that_overflows_in_the_last_step_is_found(engine):
    class Bomb(SGD):
        def step(self):
            next(self.net.params())[...] = np.inf

    with pytest.raises(DivergenceError, match="a parameter is no longer finite"):
        Trainer(make_net(), Bomb(), engine=engine).fit(X, y, epochs=1, batch_size=64, verbose=False)
    with pytest.raises(DivergenceError, match="the validation loss is nan"):
        Trainer(linear_net(), Bomb(), engine=engine).fit(
            X, y, X, y, epochs=1, batch_size=64, verbose=False
        )


def linear_net():
    return NeuralNetwork([Dense(1, "linear")], MeanSquaredError(), rng=0)


@settings(max_examples=60)
@given(
    rows=st.integers(1, 40),
    batch_size=st.integers(1, 45),
    first=st.integers(1, 6),
    second=st.integers(1, 6),
    source=st.sampled_from([{"rng": 3}, {"seed": 3}, {"seed": 0}]),
    patience=st.sampled_from([None, 3]),
)
def test_a_and_b_epochs_are_a_plus_b(rows, batch_size, first, second, source, patience):
    settings = {"eval_every": 1, "batch_size": batch_size, "seed": 5, "verbose": False}
    settings["patience"] = patience
    X, y = make_data(rows)
    whole, parts = make_trainer(lr=0.3, **source), make_trainer(lr=0.3, **source)
    one = whole.fit(X, y, X[::-1], y, epochs=first + second, **settings)
    if one.epochs < first + second:
        return  # stopped early, where going on is another thing
    parts.fit(X, y, X[::-1], y, epochs=first, **settings)
    two = parts.fit(X, y, X[::-1], y, epochs=second, restart=False, **settings)
    assert same_params(params_of(whole.net), params_of(parts.net))
    assert (one.loss, one.val_loss, one.evaluated) == (two.loss, two.val_loss, two.evaluated)
    assert (one.best_epoch, one.best_loss) == (two.best_epoch, two.best_loss)


def test_n_fits_of_one_epoch_train_as_one_fit_of_n(engine):
    whole, parts = make_trainer(engine=engine), make_trainer(engine=engine)
    whole.fit(X, y, epochs=7, verbose=False)
    for number in range(7):
        parts.fit(X, y, epochs=1, restart=number == 0, verbose=False)
    assert same_params(params_of(whole.net), params_of(parts.net))


@pytest.mark.parametrize("validation", [(), (X, y)])
def test_going_on_respects_parameters_that_the_user_changed(engine, validation):
    trainer = make_trainer(engine=engine)
    trainer.fit(X, y, X, y, epochs=4, eval_every=1, verbose=False)
    for param in trainer.net.params():
        param[...] = 0.0
    trainer.optim.lr = 1e-12
    history = trainer.fit(X, y, *validation, epochs=1, restart=False, verbose=False)
    assert all(np.abs(param).max() < 1e-6 for param in trainer.net.params())
    assert history.best_epoch == (5 if validation else None)


def test_going_on_without_validation_keeps_the_last_epoch(engine):
    whole, parts = make_trainer(engine=engine), make_trainer(engine=engine)
    whole.fit(X, y, epochs=6, verbose=False)
    parts.net.build(3)
    start = parts.net.predict(X)  # from which training leads away
    history = parts.fit(X, y, X, start, epochs=3, eval_every=1, patience=None, verbose=False)
    assert history.best_epoch == 1
    history = parts.fit(X, y, epochs=3, restart=False, verbose=False)
    assert same_params(params_of(whole.net), params_of(parts.net))
    assert np.isnan(history.val_loss).tolist() == [False] * 3 + [True] * 3


def test_validation_that_begins_later_is_counted_from_there(engine):
    trainer = make_trainer(engine=engine)
    trainer.fit(X, y, epochs=2, verbose=False)
    history = trainer.fit(X, y, X, y, epochs=2, eval_every=1, restart=False, verbose=False)
    assert np.isnan(history.val_loss).tolist() == [True, True, False, False]
    assert history.best_epoch in (3, 4)


def test_going_on_with_other_validation_data_judges_the_best_again(engine):
    trainer = make_trainer(engine=engine)
    trainer.fit(X, y, X, y, epochs=3, eval_every=1, verbose=False)
    best = params_of(trainer.net)
    far = y + 100.0
    expected = float(MeanSquaredError().forward(trainer.net.predict(X), far))
    trainer.optim.lr = 1e-12
    history = trainer.fit(X, y, X, far, epochs=1, restart=False, verbose=False)
    assert history.best_loss == pytest.approx(expected, rel=1e-9)
    assert all(
        np.allclose(a, b, atol=1e-6) for a, b in zip(best, trainer.net.params(), strict=True)
    )


def test_going_on_after_an_early_stop(engine):
    trainer = make_trainer(lr=0.9, engine=engine)
    noisy = np.random.default_rng(1).standard_normal(y.shape)
    history = trainer.fit(X, y, X, noisy, epochs=200, eval_every=1, verbose=False)
    assert history.stop_reason == "early stopping"
    stopped_after, best = history.epochs, history.best_loss
    history = trainer.fit(
        X, y, X, noisy, epochs=5, eval_every=1, patience=9, restart=False, verbose=False
    )
    assert history.epochs == stopped_after + 5
    assert history.best_loss <= best


def test_same_seed_same_result(engine):
    results = []
    for _ in range(2):
        trainer = make_trainer(rng=11, engine=engine)
        trainer.fit(X, y, X, y, epochs=5, verbose=False)
        trainer.fit(X, y, X, y, epochs=5, verbose=False)
        results.append(params_of(trainer.net))
    assert same_params(*results)


@settings(max_examples=40)
@given(rows=st.integers(1, 50), batch_size=st.integers(1, 60))
def test_training_loss_is_the_mean_over_rows(rows, batch_size):
    X, y = make_data(rows)
    net = linear_net()
    net.build(3)
    expected = float(MeanSquaredError().forward(net.predict(X), y))
    trainer = Trainer(net, SGD(lr=1e-300))  # nothing moves, so the epoch's loss is known
    with np.errstate(under="ignore"):
        history = trainer.fit(X, y, epochs=1, batch_size=batch_size, restart=False, verbose=False)
    assert history.loss[0] == pytest.approx(expected, rel=1e-12)


@settings(max_examples=40)
@given(rows=st.integers(1, 50), size=st.integers(1, 60))
def test_generate_batches_cuts_all_rows_in_order(rows, size):
    X, y = make_data(rows)
    batches = list(make_trainer().generate_batches(X, y, size))
    assert np.array_equal(np.concatenate([b[0] for b in batches]), X)
    assert np.array_equal(np.concatenate([b[1] for b in batches]), y)
    assert [len(b[0]) for b in batches[:-1]] == [size] * (len(batches) - 1)


def test_each_epoch_sees_each_row_once():
    seen = []

    class Watched(NeuralNetwork):
        def train_batch(self, x_batch, y_batch):
            seen.append(x_batch[:, 0].copy())
            return super().train_batch(x_batch, y_batch)

    net = Watched([Dense(1)], MeanSquaredError(), rng=0)
    Trainer(net, SGD()).fit(X, y, epochs=3, batch_size=8, verbose=False)
    epochs = [np.concatenate(seen[i : i + 5]) for i in (0, 5, 10)]
    assert all(np.array_equal(np.sort(epoch), np.sort(X[:, 0])) for epoch in epochs)
    assert not np.array_equal(epochs[0], epochs[1])


def test_the_lean_step_gives_what_the_checked_step_gives():
    class Checked(NeuralNetwork):
        def train_batch(self, x_batch, y_batch):  # overriding it keeps every batch on this path
            return super().train_batch(x_batch, y_batch)

    results = []
    for kind in (NeuralNetwork, Checked):
        layers = [Dense(5, "tanh"), Dense(4, "relu"), Dense(1, "linear")]
        net = kind(layers, MeanSquaredError(), rng=0)
        Trainer(net, SGD(lr=0.1)).fit(X, y, epochs=5, batch_size=8, verbose=False)
        results.append(params_of(net))
    assert same_params(*results)


@pytest.mark.parametrize("where", ["operation", "layer", "loss", "instance"])
def test_forward_and_backward_of_ones_own_are_called_for_every_batch(where):
    calls = []

    def counted(base):
        class Counted(base):
            def backward(self, *args):
                calls.append(type(self))
                return super().backward(*args)

        return Counted

    kinds = {"operation": Sigmoid, "layer": Dense, "loss": MeanSquaredError}
    if where in kinds:
        kinds[where] = counted(kinds[where])
    layers = [kinds["layer"](4, kinds["operation"]()), Dense(1, "linear")]
    net = NeuralNetwork(layers, kinds["loss"](), rng=0)
    if where == "instance":
        backward = net.loss.backward
        net.loss.backward = lambda: (calls.append(1), backward())[1]
    Trainer(net, SGD()).fit(X, y, epochs=2, batch_size=8, verbose=False)
    assert len(calls) == 2 * 5


def test_lines_of_the_chapter_and_of_training_without_validation(engine, capsys):
    make_trainer(engine=engine).fit(X, y, X, y, epochs=5, eval_every=2)
    lines = capsys.readouterr().out.splitlines()
    assert [line.rsplit(" ", 1)[0] for line in lines[:2]] == [
        "Validation loss after 2 epochs is",
        "Validation loss after 4 epochs is",
    ]
    history = make_trainer(engine=engine).fit(X, y, epochs=4, eval_every=2)
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"Training loss after {n} epochs is {history.loss[n - 1]:.3f}" for n in (2, 4)]
    assert history.best_epoch is None
    assert history.val_loss == []


def test_progress_bar(engine, capsys):
    history = make_trainer(engine=engine).fit(X, y, X, y, epochs=5, verbose="bar")
    out = capsys.readouterr().out
    assert "5/5" in out
    assert f"loss {history.loss[-1]:.4g}, val {history.val_loss[-1]:.4g}" in out


def test_progress_bar_survives_an_interrupt(capsys):
    trainer = interrupted_trainer(at=12)
    trainer.fit(X, y, X, y, epochs=9, eval_every=1, batch_size=8, verbose="bar")
    out = capsys.readouterr().out
    assert "2/9" in out
    assert "using the model from epoch" in out


def test_too_little_progress_is_said(engine, capsys):
    history = make_trainer(engine=engine).fit(X, y, X, y, epochs=9, eval_every=1, min_delta=100.0)
    assert history.stop_reason == "early stopping"
    assert "Loss improved too little by epoch 2" in capsys.readouterr().out
    assert history.best_epoch == 2


def test_history(engine):
    history = make_trainer(engine=engine).fit(X, y, X, y, epochs=3, verbose=False)
    assert history.epoch == [1, 2, 3]
    named = {"loss": history.loss, "val_loss": history.val_loss, "lr": [0.05] * 3}
    assert history.history == named
    assert history.seconds > 0
    assert history.engine == engine
    text = repr(history)
    assert text.startswith("History(epochs=3, best_epoch=3, best_loss=")
    assert "stop_reason='completed'" in text


def test_a_failing_fit_changes_nothing(engine):
    trainer = make_trainer(engine=engine)
    trainer.fit(X, y, X, y, epochs=3, verbose=False)
    before, arrays = params_of(trainer.net), list(trainer.net.params())
    for bad in ((X, np.hstack([y, y])), (X[:, :2], np.hstack([y, y])), (X[:-1], y)):
        with pytest.raises(GlassbrickError):
            trainer.fit(*bad, epochs=3, verbose=False)
        assert same_params(before, params_of(trainer.net))
        assert all(a is b for a, b in zip(arrays, trainer.net.params(), strict=True))
    assert trainer.net.predict(X).shape == y.shape
    history = trainer.fit(X, y, X, y, epochs=3, restart=False, verbose=False)
    assert history.epochs == 6


def test_restart_may_change_the_number_of_features(engine):
    trainer = make_trainer(engine=engine)
    trainer.fit(X, y, epochs=1, verbose=False)
    trainer.fit(X[:, :2], y, epochs=1, verbose=False)
    assert trainer.net.predict(X[:, :2]).shape == y.shape


def test_restart_false_keeps_early_parameters(engine):
    net = NeuralNetwork([Dense(1, "linear", inputs=3)], MeanSquaredError(), rng=0)
    before = params_of(net)
    Trainer(net, SGD(lr=1e-9), engine=engine).fit(X, y, epochs=1, restart=False, verbose=False)
    assert all(np.allclose(a, b, atol=1e-6) for a, b in zip(before, net.params(), strict=True))


@pytest.mark.parametrize("twin_of", [copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))])
def test_a_copied_trainer_goes_on_as_the_original(engine, twin_of):
    trainer = make_trainer(seed=3, engine=engine)
    trainer.fit(X, y, X, y, epochs=3, verbose=False)
    twin = twin_of(trainer)
    for each in (trainer, twin):
        each.fit(X, y, X, y, epochs=3, restart=False, verbose=False)
    assert same_params(params_of(trainer.net), params_of(twin.net))
    assert twin.net is not trainer.net
    assert twin.optim.net is twin.net


def test_users_layers_train_in_float32_as_well(engine):
    net = NeuralNetwork([MyDense(4, MySigmoid()), MyDense(1, MyLinear())], MeanSquaredError())
    history = Trainer(net, SGD(), engine=engine).fit(
        *make_data(dtype=np.float32), epochs=2, verbose=False
    )
    assert np.isfinite(history.loss).all()


def test_validation_in_parts_equals_validation_at_once(engine):
    X, y = make_data(rows=10_000)
    trainer = make_trainer(engine=engine)
    history = trainer.fit(X, y, X, y, epochs=1, verbose=False)
    at_once = MeanSquaredError().forward(trainer.net.forward(X), y)
    assert history.val_loss[0] == pytest.approx(float(at_once), rel=1e-12)


@pytest.mark.parametrize("source", [{"seed": 4}, {"rng": 4}])
def test_a_refused_fit_does_not_move_the_shuffles(engine, source):
    whole, disturbed = make_trainer(**source, engine=engine), make_trainer(**source, engine=engine)
    for trainer in (whole, disturbed):
        trainer.fit(X, y, epochs=3, verbose=False)
    with pytest.raises(GlassbrickError):
        disturbed.fit(X, np.hstack([y, y]), epochs=3, verbose=False)
    with pytest.raises(GlassbrickError):
        Trainer(disturbed.net, SGD(), engine=engine).fit(X, np.hstack([y, y]), verbose=False)
    for trainer in (whole, disturbed):
        trainer.fit(X, y, epochs=3, restart=False, verbose=False)
    assert same_params(params_of(whole.net), params_of(disturbed.net))


def test_a_new_start_that_diverges_gives_the_trained_parameters_back(engine):
    trainer = make_trainer(engine=engine)
    trainer.fit(X, y, epochs=5, verbose=False)
    before, prediction = params_of(trainer.net), trainer.net.predict(X)
    trainer.optim.lr = 1e300
    with pytest.raises(DivergenceError, match="has the parameters it had before"):
        trainer.fit(X, y, verbose=False)
    assert same_params(before, params_of(trainer.net))
    with pytest.raises(DivergenceError):  # with another number of features, too
        trainer.fit(X[:, :2], y, verbose=False)
    assert np.array_equal(prediction, trainer.net.predict(X))


def test_infinite_parameters_are_found_behind_a_finite_loss(engine):
    net = NeuralNetwork([Dense(1, "sigmoid")], MeanSquaredError(), rng=0)
    with pytest.raises(DivergenceError, match="a parameter is no longer finite"):
        Trainer(net, SGD(lr=1e308), engine=engine).fit(
            np.abs(X), np.full(37, 1000.0), np.abs(X), y, epochs=3, eval_every=1, verbose=False
        )


def test_a_history_stays_as_it_was_returned(engine):
    trainer = make_trainer(engine=engine)
    first = trainer.fit(X, y, X, y, epochs=2, verbose=False)
    second = trainer.fit(X, y, X, y, epochs=2, restart=False, verbose=False)
    assert (first.epochs, second.epochs) == (2, 4)


def test_validation_data_is_safe_from_blocks_that_write_into_their_input():
    class Careless(Sigmoid):
        def _output(self):
            self.input_ *= 2.0
            return super()._output()

    class First(Dense):
        def _setup_layer(self, input_):
            super()._setup_layer(input_)
            self.operations = [Careless(), *self.operations]

    X_val = X.copy()
    net = NeuralNetwork([First(3), Dense(1)], MeanSquaredError(), rng=0)
    with pytest.raises(ValueError, match="read-only"):
        Trainer(net, SGD()).fit(X, y, X_val, y, epochs=1, verbose=False)
    assert np.array_equal(X_val, X)


class UserRulesThatShare(ParamOperation):
    """Its second rule needs what its first one left behind, in the order of the base class."""

    def _output(self):
        return self.input_ * self.param

    def _input_grad(self, output_grad):
        self.kept = output_grad * self.input_
        return output_grad * self.param

    def _param_grad(self, output_grad):
        return self.kept.sum(axis=0, keepdims=True)


class PlainWithAParamRule(Sigmoid):
    """Not a `ParamOperation`, though a method is named like one of its rules."""

    def _param_grad(self, output_grad):
        raise AssertionError("never called")


@pytest.mark.parametrize("place", ["first", "later"])
def test_the_lean_step_keeps_the_order_of_the_rules(place):
    class Scaled(Layer):
        def _setup_layer(self, input_):
            scale = UserRulesThatShare(np.full((1, input_.shape[1]), 2.0))
            self.operations = [scale, PlainWithAParamRule()]

    class Checked(NeuralNetwork):
        def train_batch(self, x_batch, y_batch):
            return super().train_batch(x_batch, y_batch)

    results = []
    for kind in (NeuralNetwork, Checked):
        layers = [Scaled(3), Dense(1, "linear")]
        layers = layers if place == "first" else [Dense(4), *layers]
        net = kind(layers, MeanSquaredError(), rng=0)
        Trainer(net, SGD(lr=0.1)).fit(X, y, epochs=4, batch_size=8, verbose=False)
        results.append(params_of(net))
    assert same_params(*results)


def test_the_lean_step_stores_what_the_checked_step_stores():
    def memories(net):
        blocks = [net.loss, *net.layers]
        blocks += [operation for layer in net.layers for operation in layer.operations]
        return [{n: vars(b)[n] for n in b.memory if n in vars(b)} for b in blocks]

    net = make_net()
    net.build(3)
    net.train_batch(X[:8], y[:8])
    step = ProvenStep(net)
    loss = step(X[8:16], y[8:16])
    lean = memories(net)
    assert loss == net.train_batch(X[8:16], y[8:16])
    checked = memories(net)
    first = checked[1 + len(net.layers)]
    assert first.pop("input_grad").shape == (8, 3)  # the gradient of the data: spared
    for a, b in zip(lean, checked, strict=True):
        assert a.keys() == b.keys()
        assert all(np.array_equal(a[name], b[name]) for name in a)


def test_divergence_after_some_steps_without_validation_goes_back():
    trainer = make_trainer()
    trainer.fit(X, y, epochs=3, verbose=False)
    before = params_of(trainer.net)

    class Late(SGD):
        def step(self):
            super().step()
            self.steps = getattr(self, "steps", 0) + 1
            if self.steps == 7:
                next(self.net.params())[...] = np.nan

    optim = Late()
    optim.bind(trainer.net)
    trainer.optim = trainer._run.optim = optim
    with pytest.raises(DivergenceError, match="it had before"):
        trainer.fit(X, y, epochs=9, batch_size=8, restart=False, verbose=False)
    assert same_params(before, params_of(trainer.net))


def test_resuming_after_an_interrupt_does_not_jump_back():
    trainer = interrupted_trainer(at=13)
    trainer.fit(X, y, epochs=2, batch_size=8, verbose=False)
    ended = params_of(trainer.net)
    trainer.fit(X, y, epochs=2, batch_size=8, restart=False, verbose=False)  # interrupted
    left = params_of(trainer.net)
    assert not same_params(ended, left)
    trainer.optim.lr = 1e-12
    trainer.fit(X, y, epochs=1, restart=False, batch_size=8, verbose=False)
    for before, after in zip(left, trainer.net.params(), strict=True):
        assert np.allclose(before, after, atol=1e-6)


def test_the_reason_is_completed_if_the_last_epoch_is_the_last_straw(engine):
    net = make_net()
    net.build(3)
    start = net.predict(X)
    trainer = Trainer(net, SGD(lr=0.05), engine=engine)
    history = trainer.fit(X, y, X, start, epochs=2, eval_every=1, verbose=False)
    assert (history.best_epoch, history.stop_reason) == (1, "completed")
    history = trainer.fit(X, y, X, start, epochs=3, eval_every=1, restart=False, verbose=False)
    assert history.epochs == 3  # patience of one evaluation, counted anew


def test_a_bar_is_closed_when_training_fails(capsys):
    trainer = interrupted_trainer(at=7, kind=ZeroDivisionError)
    with pytest.raises(ZeroDivisionError):
        trainer.fit(X, y, epochs=9, batch_size=8, verbose="bar")
    assert "1/9" in capsys.readouterr().out  # its last state is drawn when it is closed


def test_wrong_columns_of_validation_are_refused_before_training(engine):
    trainer = make_trainer(engine=engine)
    trainer.fit(X, y, epochs=1, verbose=False)
    before = params_of(trainer.net)
    with pytest.raises(GlassbrickError, match="fit, X_test: expected 3 columns, as in X_train"):
        trainer.fit(X, y, X[:, :2], y, restart=False, verbose=False)
    with pytest.raises(GlassbrickError, match="fit, y_test: expected 1 columns, as in y_train"):
        trainer.fit(X, y, X, np.hstack([y, y]), restart=False, verbose=False)
    assert same_params(before, params_of(trainer.net))


def test_a_snapshot_is_equal_bit_for_bit_only():
    net = make_net()
    net.build(3)
    snapshot = Snapshot(net)
    assert snapshot.equals(net)
    first = next(net.params())
    first[0, 0] = np.nextafter(first[0, 0], 9.0)
    assert not snapshot.equals(net)
    snapshot.restore()
    assert snapshot.equals(net)
    net.layers[-1].operations = [*net.layers[-1].operations, BiasAdd(np.zeros((1, 1)))]
    assert not snapshot.equals(net)


def test_a_copied_history_shares_nothing(engine):
    history = make_trainer(engine=engine).fit(X, y, X, y, epochs=2, verbose=False)
    twin = history.copy()
    for name in ("loss", "val_loss", "evaluated"):
        getattr(twin, name).append(0)
        assert len(getattr(history, name)) < len(getattr(twin, name))


def test_batches_of_ones_own_loop_may_be_written_into():
    data = X.copy()
    for X_batch, _ in make_trainer().generate_batches(data, y, 8):
        X_batch -= X_batch.mean(axis=0)
    assert not np.array_equal(data, X)  # views, as in the chapter


def test_whoever_continues_after_an_early_stop_gets_the_whole_patience_again(engine):
    net = make_net()
    net.build(3)
    start = net.predict(X)  # from which training leads away
    trainer = Trainer(net, SGD(lr=0.05), engine=engine)
    settings = {"epochs": 9, "eval_every": 1, "patience": 2, "verbose": False}
    assert trainer.fit(X, y, X, start, **settings).epochs == 3
    assert trainer.fit(X, y, X, start, restart=False, **settings).epochs == 5


def test_a_short_last_batch_is_checked():
    class SpoiltByShortBatches(Sigmoid):
        def _input_grad(self, output_grad):
            gradient = super()._input_grad(output_grad)
            return gradient if len(gradient) == 8 else gradient[:1]

    net = NeuralNetwork([Dense(4, SpoiltByShortBatches()), Dense(1)], MeanSquaredError(), rng=0)
    with pytest.raises(GlassbrickError, match="dense_1: SpoiltByShortBatches"):
        Trainer(net, SGD()).fit(X, y, epochs=1, batch_size=8, verbose=False)


def test_an_optimizers_memory_goes_with_the_parameters_it_is_of(engine):
    trainer = Trainer(make_net(), MyMomentum(lr=0.01), engine=engine)
    trainer.fit(X, y, X, y, epochs=5, eval_every=1, verbose=False)
    trainer.optim.lr = 1e6
    with pytest.raises(DivergenceError):
        trainer.fit(X, 1e6 * y, X, y, epochs=50, patience=None, restart=False, verbose=False)
    trainer.optim.lr = 0.01
    history = trainer.fit(X, y, X, y, epochs=5, eval_every=1, restart=False, verbose=False)
    assert np.isfinite(history.best_loss)
    trainer.net.build(2)  # other shapes, where the old memory would not fit
    trainer.fit(X[:, :2], y, epochs=2, restart=False, verbose=False)


@pytest.mark.parametrize("restart", [True, False])
def test_a_fit_that_went_back_leaves_no_trace_in_the_history(engine, restart):
    trainer = make_trainer(engine=engine)
    good = trainer.fit(X, y, epochs=10, verbose=False)
    trainer.optim.lr = 30.0
    with pytest.raises(DivergenceError) as caught:
        trainer.fit(X, 1e3 * y, epochs=3000, restart=restart, verbose=False)
    assert caught.value.history.epochs > (0 if restart else 10)
    assert caught.value.history.seconds > 0
    trainer.optim.lr = 0.05
    history = trainer.fit(X, y, epochs=2, restart=False, verbose=False)
    assert history.epochs == 12
    assert history.loss[:10] == good.loss


def test_patience_of_a_continued_fit_is_its_own(engine):
    net = make_net()
    net.build(3)
    start = net.predict(X)  # from which training leads away
    trainer = Trainer(net, SGD(lr=0.05), engine=engine)
    settings = {"eval_every": 1, "verbose": False}
    trainer.fit(X, y, X, start, epochs=6, patience=None, **settings)
    history = trainer.fit(X, y, X, start, epochs=9, patience=3, restart=False, **settings)
    assert history.epochs == 9


def test_an_optimizer_without_super_init_is_refused():
    class Bare(SGD):
        def __init__(self):
            self.rate = 0.1

    with pytest.raises(GlassbrickError, match=r"Call super\(\).__init__\(lr\) in Bare"):
        Trainer(make_net(), Bare())


def test_a_first_operation_that_looks_at_its_other_gradient_keeps_it(engine):
    class Looks(WeightMultiply):
        def _param_grad(self, output_grad):
            return super()._param_grad(output_grad) / (1.0 + np.abs(self.input_grad).max())

    class First(Layer):
        def _setup_layer(self, input_):
            weights = self.rng.standard_normal((input_.shape[1], self.neurons))
            self.operations = [Looks(weights)]

    net = NeuralNetwork([First(3), Dense(1)], MeanSquaredError(), rng=0)
    assert (
        Trainer(net, SGD(), engine=engine).fit(X, y, epochs=2, batch_size=8, verbose=False).epochs
        == 2
    )


def test_a_table_of_numbers_and_truth_values_is_numbers(engine):
    table = np.array([[1.0, True], [2.5, False], [np.float32(3.0), 1]], dtype=object)
    trainer = make_trainer(engine=engine)
    trainer.fit(table, [1, 2, 3], epochs=1, verbose=False)
    assert trainer.net.predict(table).shape == (3, 1)
    assert np.isfinite(trainer.net.train_batch(table.tolist(), [[1], [2], [3]]))


def test_a_schedule_without_a_length_lasts_as_long_as_the_first_fit(engine):
    trainer = Trainer(make_net(), SGD(lr=CosineDecay(0.1)), engine=engine)
    history = trainer.fit(X, y, epochs=4, verbose=False)
    wanted = 0.05 * (1.0 + np.cos(np.pi * np.arange(4) / 4))
    np.testing.assert_allclose(history["lr"], wanted, rtol=1e-12)


def test_a_parameter_may_be_so_large_that_its_square_is_not_finite():
    net = NeuralNetwork([Dense(1, "linear", inputs=2)], MeanSquaredError(), rng=0)
    weights = next(net.params())
    weights[1] = 1e200  # of a column that is zero
    data = np.array([[1.0, 0.0], [2.0, 0.0]]), np.array([[1.0], [2.0]])
    history = Trainer(net, SGD(0.01)).fit(*data, *data, epochs=3, restart=False, verbose=False)
    assert history.epochs == 3
    assert next(net.params())[1] == 1e200
