"""Checkpoints: whatever ends a training, it goes on from there, and ends as if nothing had been."""

from __future__ import annotations

import copy
import csv
import errno
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import checkpoint_script
from checkpoint_script import EPOCHS, train, trainer_of
from glassbrick import (
    LBFGS,
    SGD,
    Adam,
    ArgumentError,
    ArgumentTypeError,
    BatchNorm,
    Callback,
    Checkpoint,
    CosineDecay,
    CSVLogger,
    Dense,
    DivergenceError,
    Dropout,
    EarlyStopping,
    ExponentialDecay,
    FileError,
    LambdaCallback,
    Layer,
    Lion,
    MeanSquaredError,
    NAdam,
    NeuralNetwork,
    Operation,
    Optimizer,
    ReduceLROnPlateau,
    RMSProp,
    StepDecay,
    TimeBudget,
    Trainer,
    WarmUp,
    layers,
    operations,
)
from glassbrick.files import read_sealed, whole, write_sealed
from glassbrick.training.checkpoints import folder as folder_module
from networks import make_data, make_net, params_of, same_params

X, y = make_data(rows=37)
X_val, y_val = make_data(rows=23, seed=1)
QUIET = {"batch_size": 8, "verbose": False}
SCRIPT = Path(checkpoint_script.__file__)


class Crash(Callback):
    """Ends training by an error, after an epoch."""

    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.epoch:
            raise ZeroDivisionError


def crash(run, epoch):
    with pytest.raises(ZeroDivisionError):
        run(Crash(epoch))


def assert_equal(one, two):
    """Whether two results of `train` are the same, bit for bit."""
    (history, arrays), (other, others) = one, two
    assert history.history == other.history
    assert (history.evaluated, history.best_epoch) == (other.evaluated, other.best_epoch)
    assert history.best_loss == other.best_loss
    assert history.stop_reason == other.stop_reason
    assert (history.engine, history.engine_reason) == (other.engine, other.engine_reason)
    assert len(arrays) == len(others)
    for array, another in zip(arrays, others, strict=True):
        assert array.dtype == another.dtype
        assert array.tobytes() == another.tobytes()


def names(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def script(*given):
    path = os.pathsep.join([str(SCRIPT.parent), *filter(None, sys.path)])
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), *map(str, given)],
        env={**os.environ, "PYTHONPATH": path},
    )


# It goes on.


@pytest.mark.parametrize("kind", range(3))
def test_what_was_interrupted_ends_as_if_it_had_not_been(engine, kind, tmp_path):
    expected = train(tmp_path / "whole", engine, kind)
    for epoch in 1, 4, 5, 11:
        crash(lambda bad: train(tmp_path / "parts", engine, kind, bad), epoch)
    assert_equal(train(tmp_path / "parts", engine, kind), expected)


def test_a_process_that_was_killed(engine, tmp_path):
    """In the middle of an epoch's end, and by a signal at any moment."""
    expected, arrays = train(tmp_path / "whole", engine)
    result = tmp_path / "result.npz"
    for epoch in 3, 8:
        with script(tmp_path / "parts", engine, 0, epoch, result) as dying:
            assert dying.wait(60) == 9
    before = names(tmp_path / "parts")
    until = time.monotonic() + 60
    with script(tmp_path / "parts", engine, 0, 0, result) as killed:
        while names(tmp_path / "parts") == before and killed.poll() is None:
            assert time.monotonic() < until
            time.sleep(0.001)
        killed.send_signal(signal.SIGKILL)
    with script(tmp_path / "parts", engine, 0, 0, result) as last:
        assert last.wait(60) == 0
    with np.load(result) as found:
        for number, array in enumerate(arrays):
            assert found[f"arr_{number}"].tobytes() == array.tobytes()
        for name, values in expected.history.items():
            assert found[f"history {name}"].tolist() == values


OPTIMIZERS = {
    "sgd": lambda: SGD(0.05),
    "momentum": lambda: SGD(StepDecay(0.05, every=2), momentum=0.8),
    "adam": lambda: Adam(WarmUp(CosineDecay(0.02), length=2), amsgrad=True),
    "ema": lambda: RMSProp(ExponentialDecay(0.01), ema=0.8, clip_global_norm=1.0),
    "nadam": lambda: NAdam(0.01, weight_decay=0.01),
    "lion": lambda: Lion(0.001),
}


@settings(max_examples=25)
@given(
    optimizer=st.sampled_from(sorted(OPTIMIZERS)),
    source=st.sampled_from([{"seed": 5}, {"rng": 4}]),
    dtype=st.sampled_from([np.float32, np.float64]),
    has_validation=st.booleans(),
    is_weighted=st.booleans(),
    stopping=st.sampled_from([None, "plain", "callback"]),
    every=st.integers(1, 4),
    eval_every=st.integers(1, 5),
    batch_size=st.sampled_from([5, 8, 37, 50]),
    epochs=st.integers(1, 9),
    ends=st.lists(st.integers(1, 9), max_size=3),
    engine=st.sampled_from(["numpy"] * 9 + ["xla"]),
)
def test_random_trainings(
    tmp_path_factory,
    optimizer,
    source,
    dtype,
    has_validation,
    is_weighted,
    stopping,
    every,
    eval_every,
    batch_size,
    epochs,
    ends,
    engine,
):
    def run(folder, *others):
        parts = [Dense(4, "relu"), BatchNorm(), Dropout(0.3), Dense(1, "linear")]
        net = NeuralNetwork(parts, MeanSquaredError(), **source)
        callbacks = [Checkpoint(folder, every), *others]
        if has_validation:
            callbacks.append(ReduceLROnPlateau(patience=1, factor=0.5, cooldown=1))
        if stopping == "callback":
            callbacks.append(EarlyStopping("loss", patience=1, min_delta=0.05))
        history = Trainer(net, OPTIMIZERS[optimizer](), engine=engine).fit(
            *(X.astype(dtype), y.astype(dtype)),
            *((X_val.astype(dtype), y_val.astype(dtype)) if has_validation else ()),
            epochs=epochs,
            eval_every=eval_every,
            batch_size=batch_size,
            patience=1 if stopping == "plain" else None,
            sample_weight=np.arange(1.0, 38.0) if is_weighted else None,
            callbacks=callbacks,
            verbose=False,
        )
        return history, checkpoint_script.state_of(net)

    base = tmp_path_factory.mktemp("random")
    expected = run(base / "whole")
    for epoch in ends:
        if epoch <= expected[0].epochs:
            with suppress(ZeroDivisionError):
                run(base / "parts", Crash(epoch))
    assert_equal(run(base / "parts"), expected)
    assert_equal(run(base / "parts"), expected)  # once more, when it is over


def test_checkpoints_change_nothing(engine, tmp_path):
    """Apart from where an engine is looked at."""
    trainer = trainer_of(engine)
    with_it = trainer_of(engine)
    common = {"eval_every": 3, "patience": None, "batch_size": 16, "verbose": False, "epochs": 9}
    data = (*make_data(rows=70), *make_data(rows=23, seed=1))
    one = trainer.fit(*data, **common)
    two = with_it.fit(*data, callbacks=[Checkpoint(tmp_path, every=4)], **common)
    assert one.history == two.history
    assert same_params(params_of(trainer.net), params_of(with_it.net))


def test_xla_runs_ahead_between_checkpoints(tmp_path):
    looked = []
    trainer = Trainer(make_net(), SGD(0.01), engine="xla")
    checkpoint = Checkpoint(tmp_path, every=20)
    original = type(trainer.engine).start

    class Watched(type(trainer.engine)):
        def start(self, job):
            session = original(self, job)
            train = session.train
            session.train = lambda epochs, order: looked.append(epochs) or train(epochs, order)
            return session

    trainer.engine = Watched()
    trainer.fit(X, y, epochs=50, eval_every=50, callbacks=[checkpoint], **QUIET)
    assert looked == [1, 19, 20, 10]
    assert names(tmp_path) == [f"epoch-0000{n}.safetensors" for n in (20, 40, 50)]


def test_all_is_over(engine, tmp_path, capsys):
    expected = train(tmp_path, engine, verbose=True)
    capsys.readouterr()
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert_equal(train(tmp_path, engine, verbose=True), expected)
    assert capsys.readouterr().out.startswith(
        f"Training was over already, after epoch {EPOCHS}, says {tmp_path}/epoch-0000{EPOCHS}."
    )
    assert before == {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert_equal(train(tmp_path, engine, epochs=EPOCHS - 2), expected)  # fewer than are done


@pytest.mark.parametrize("verbose", [True, "bar", False])
def test_it_says_where_it_goes_on(verbose, tmp_path, capsys):
    crash(lambda bad: train(tmp_path, "numpy", 0, bad), 7)
    capsys.readouterr()
    train(tmp_path, verbose=verbose)
    out = capsys.readouterr().out
    line = f"Going on after epoch 6, from {tmp_path}/epoch-000006.safetensors\n"
    assert (line in out) == (verbose is not False)
    assert "14/14" in out or verbose != "bar"


def test_more_epochs(engine, tmp_path):
    """Those that an uninterrupted training has, if the same epochs are evaluated."""
    expected = train(tmp_path / "whole", engine, 1, epochs=12)
    train(tmp_path / "parts", engine, 1, epochs=6)
    assert_equal(train(tmp_path / "parts", engine, 1, epochs=12), expected)


def test_a_schedule_takes_its_new_length(tmp_path):
    train(tmp_path, epochs=6)
    history, _ = train(tmp_path, epochs=12)
    assert history["lr"][5] < 0.005 < history["lr"][6]


def test_early_stopping(engine, tmp_path):
    """It stays stopped, unless whoever runs it again has more patience."""

    def run(patience, *others):
        stopping = EarlyStopping("loss", patience, min_delta=1e3)
        return train(tmp_path, engine, 1, stopping, *others, patience=1)

    one = run(3)
    assert (one[0].epochs, one[0].stop_reason) == (4, "early stopping")
    assert_equal(run(3), one)
    two, _ = run(6)
    assert (two.epochs, two.stop_reason) == (7, "early stopping")
    assert two.loss[:4] == one[0].loss


def test_another_number_to_stop_by(tmp_path):
    train(tmp_path, epochs=6)
    other = EarlyStopping("val_mae", None)
    history, _ = train(tmp_path, "numpy", 0, other, epochs=9)
    assert history.epochs == 9
    assert history.best_epoch == 6 + 1 + int(np.argmin(history["val_mae"][6:]))


def test_a_callback_that_stopped_it_and_a_time_budget(tmp_path):
    enough = LambdaCallback(on_epoch_end=lambda epoch, logs: epoch == 5 and enough.stop("enough"))
    one = train(tmp_path / "a", "numpy", 0, enough)
    assert (one[0].epochs, one[0].stop_reason) == (5, "enough")
    assert_equal(train(tmp_path / "a"), one)
    history, _ = train(tmp_path / "b", "numpy", 0, TimeBudget(1e-9))
    assert history.stop_reason == "time budget"
    expected = train(tmp_path / "c")
    assert_equal(train(tmp_path / "b"), expected)


def test_ctrl_c(tmp_path):
    def interrupt(epoch, logs):
        if epoch == 5:
            raise KeyboardInterrupt

    expected = train(tmp_path / "whole")
    history, _ = train(tmp_path / "parts", "numpy", 0, LambdaCallback(on_epoch_end=interrupt))
    assert history.stop_reason == "interrupted"
    assert_equal(train(tmp_path / "parts"), expected)


def test_the_same_trainer_in_the_same_process(engine, tmp_path):
    trainer = trainer_of(engine)
    checkpoint = Checkpoint(tmp_path)

    def run(*others):
        history = trainer.fit(X, y, epochs=6, callbacks=[checkpoint, *others], **QUIET)
        return history, params_of(trainer.net)

    crash(run, 3)
    one = run()
    assert_equal(run(), one)


def test_restart_false(engine, tmp_path):
    """Each fit has a folder of its own; a script of two goes on in either."""

    def run(folder, at=None):
        trainer = trainer_of(engine, 1)
        for number, more in ("a", {}), ("b", {"restart": False}):
            bad = [Crash(at[1])] if at and at[0] == number else []
            callbacks = [Checkpoint(folder / number), *bad]
            history = trainer.fit(
                X, y, epochs=5, eval_every=5, callbacks=callbacks, **more, **QUIET
            )
        return history, params_of(trainer.net)

    expected = run(tmp_path / "whole")
    assert expected[0].epochs == 10
    for at in ("a", 3), ("b", 7), ("b", 9):
        with pytest.raises(ZeroDivisionError):
            run(tmp_path / "parts", at)
    assert_equal(run(tmp_path / "parts"), expected)


def test_restart_false_needs_the_same_start(tmp_path):
    def run(value):
        net = NeuralNetwork([Dense(1, "linear", inputs=3)], MeanSquaredError(), rng=0)
        next(net.params())[...] = value
        trainer = Trainer(net, SGD(0.01))
        callbacks = [Checkpoint(tmp_path)]
        return trainer.fit(X, y, epochs=2, restart=False, callbacks=callbacks, **QUIET)

    assert run(0.5).loss == run(0.5).loss
    with pytest.raises(FileError, match="another training: the start"):
        run(0.25)


def test_seed_none_goes_on_with_what_was_drawn(tmp_path):
    def run(*others):
        net = make_net(seed=None)
        callbacks = [Checkpoint(tmp_path), *others]
        history = Trainer(net, Adam()).fit(X, y, epochs=6, seed=None, callbacks=callbacks, **QUIET)
        return history, params_of(net)

    crash(run, 4)
    newest = read_sealed(tmp_path / "epoch-000003.safetensors", "test").description
    told = dict(newest["run"]["history"]["dict"])["loss"]["list"]
    one = run()
    assert one[0].loss[:3] == told
    assert_equal(run(), one)


def test_auto_keeps_its_choice(tmp_path, monkeypatch):
    def run(epochs, *others):
        trainer = trainer_of("auto", 1)
        return trainer.fit(X, y, epochs=epochs, callbacks=[Checkpoint(tmp_path), *others], **QUIET)

    crash(lambda bad: run(10**6, bad), 2)
    history = run(4)
    assert history.engine == "xla"
    assert "saves" in history.engine_reason


def test_csv_files_have_each_epoch_once(tmp_path):
    path = tmp_path / "log.csv"
    for epoch in 5, 8:
        crash(lambda bad: train(tmp_path / "c", "numpy", 0, CSVLogger(path), bad), epoch)
    history, _ = train(tmp_path / "c", "numpy", 0, CSVLogger(path))
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == history.epoch
    assert [float(row["loss"]) for row in rows] == history.loss


def test_callbacks_of_users_remember(tmp_path):
    class Counter(Callback):
        def __init__(self, step):
            self.step, self.count = step, 0

        def on_epoch_end(self, epoch, logs=None):
            self.count += self.step

        def get_state(self):
            return {"count": self.count}

        def set_state(self, state):
            self.count = state["count"]

    def run(*others):
        counters = [Counter(1), Counter(10)]
        train(tmp_path, "numpy", 0, *counters, *others, every=1)
        return [counter.count for counter in counters]

    crash(run, 5)
    assert run() == [EPOCHS, 10 * EPOCHS]


def test_divergence_leaves_the_checkpoints(tmp_path):
    def explode(epoch, logs):
        if epoch == 4:
            callback.trainer.optim.lr = 1e200

    callback = LambdaCallback(on_epoch_begin=explode)
    with pytest.raises(DivergenceError):
        train(tmp_path / "parts", "numpy", 1, callback, every=1)
    assert_equal(train(tmp_path / "parts", "numpy", 1), train(tmp_path / "whole", "numpy", 1))


# What is held.


class Shared(Optimizer):
    """Holds what it needs in all kinds of ways."""

    def __init__(self, lr=0.01):
        super().__init__(lr)
        self.velocities = {}
        self.pair = [np.zeros(2), 3.5]
        self.again = self.pair
        self.noise = np.random.default_rng(5)
        self.rule = np.sign
        self.seen = (np.float32(1.5), {1, 2}, float("inf"))

    def reset(self):
        super().reset()
        self.velocities.clear()

    def step(self):
        for number, (param, grad) in enumerate(self.net.params_and_grads()):
            velocity = self.velocities.setdefault(number, np.zeros_like(param))
            velocity *= 0.9
            velocity += grad + 1e-3 * self.noise.standard_normal(grad.shape)
            param -= self.lr * velocity
        self.pair[0] += 1.0
        self.pair[1] += 1.0
        self._advance()


def test_optimizers_of_users(tmp_path):
    made = []

    def run(folder, *others):
        net = make_net()
        made.append(Shared())
        callbacks = [Checkpoint(folder), *others]
        history = Trainer(net, made[-1]).fit(X, y, epochs=7, callbacks=callbacks, **QUIET)
        return history, params_of(net)

    expected = run(tmp_path / "whole")
    crash(lambda bad: run(tmp_path / "parts", bad), 4)
    assert_equal(run(tmp_path / "parts"), expected)
    first, last = made[0], made[-1]
    assert last.again is last.pair
    assert last.pair[0].tolist() == first.pair[0].tolist()
    assert last.pair[1] == first.pair[1]
    assert last.seen == first.seen
    assert type(last.seen[0]) is np.float32
    assert last.rule is np.sign
    assert same_params(first.velocities.values(), last.velocities.values())


class Counting(Layer):
    """Holds more than its operations do."""

    def __init__(self, neurons):
        super().__init__(neurons)
        self.calls = np.zeros(())
        self.told = {"names": ["a", 3]}

    def _setup_layer(self, input_):
        weight = self.rng.standard_normal((input_.shape[1], self.neurons))
        self.operations = [operations.WeightMultiply(weight), operations.Tanh()]

    def forward(self, input_):
        self.calls += 1
        return super().forward(input_)


@pytest.mark.parametrize("source", [{"seed": 3}, {"rng": 3}])
def test_layers_of_users(engine, source, tmp_path):
    def run(folder, *others):
        net = NeuralNetwork([Counting(5), Dense(1, "linear")], MeanSquaredError(), **source)
        trainer = Trainer(net, SGD(0.1, momentum=0.5), engine=engine)
        callbacks = [Checkpoint(folder), *others]
        history = trainer.fit(
            *(X, y, X_val, y_val), epochs=6, patience=None, callbacks=callbacks, **QUIET
        )
        return history, [*params_of(net), net.layers[0].calls.copy()]

    expected = run(tmp_path / "whole")
    crash(lambda bad: run(tmp_path / "parts", bad), 4)
    assert_equal(run(tmp_path / "parts"), expected)


def by_id(optim):
    optim.held = {id(param): np.zeros_like(param) for param in optim.net.params()}


def of_a_class(optim):
    optim.held = [object()]


def of_objects(optim):
    optim.held = np.array([None])


def of_views(optim):
    optim.held = next(optim.net.params())[1:]


@pytest.mark.parametrize(
    ("hold", "message"),
    [
        (by_id, r"optimizer\.held: .*id of network\.dense_1\.weight_multiply\.param.*Number them"),
        (of_a_class, r"optimizer\.held\.0: .*received a object.*arrays of numbers"),
        (of_objects, r"optimizer\.held: .*ndarray of object"),
        (of_views, r"optimizer\.held: .*a part of network\.dense_1\.weight_multiply\.param"),
    ],
)
def test_what_cannot_be_written_is_told_after_the_first_epoch(hold, message, tmp_path):
    class Odd(SGD):
        def step(self):
            hold(self)
            super().step()

    epochs = []
    watch = LambdaCallback(on_epoch_end=lambda epoch, logs: epochs.append(epoch))
    with pytest.raises(ArgumentError, match=message):
        Trainer(make_net(), Odd(0.01)).fit(
            X, y, epochs=30, callbacks=[Checkpoint(tmp_path, every=10), watch], **QUIET
        )
    assert epochs == [1]
    assert names(tmp_path) == []


def test_a_generator_that_two_operations_share(tmp_path):
    class Jitter(Operation):
        def __init__(self, rng):
            self.rng = rng

        def _output(self):
            return self.input_ + 0.1 * self.rng.standard_normal(self.input_.shape)

        def _prediction(self):
            return self.input_

        def _input_grad(self, output_grad):
            return output_grad

    def run(folder, *others):
        rng = np.random.Generator(np.random.Philox(3))
        parts = [Jitter(rng), Dense(3, "tanh"), Jitter(rng), Dense(1, "linear")]
        net = NeuralNetwork(parts, MeanSquaredError(), rng=0)
        callbacks = [Checkpoint(folder), *others]
        history = Trainer(net, SGD(0.1)).fit(X, y, epochs=6, callbacks=callbacks, **QUIET)
        return history, params_of(net)

    expected = run(tmp_path / "whole")
    crash(lambda bad: run(tmp_path / "parts", bad), 3)
    assert_equal(run(tmp_path / "parts"), expected)


def test_the_layout_of_parameters(tmp_path):
    """Products depend on it, in the last bit."""

    def turn(epoch, logs):
        if epoch == 1:
            for operation in callback.net.operations():
                if hasattr(operation, "param"):
                    operation.replace_param(np.asfortranarray(operation.param))

    def run(folder, *others):
        nonlocal callback
        net = NeuralNetwork(
            [Dense(40, "tanh"), Dense(30, "tanh"), Dense(1, "linear")], MeanSquaredError(), rng=0
        )
        callback = LambdaCallback(on_epoch_end=turn)
        callbacks = [Checkpoint(folder), callback, *others]
        history = Trainer(net, SGD(0.1)).fit(X, y, epochs=5, callbacks=callbacks, **QUIET)
        assert net.operations()[3].param.flags.f_contiguous
        return history, params_of(net)

    callback = None
    expected = run(tmp_path / "whole")
    crash(lambda bad: run(tmp_path / "parts", bad), 3)
    assert_equal(run(tmp_path / "parts"), expected)


@pytest.mark.parametrize("kind", ["operations", "layers"])
def test_each_public_block(kind, tmp_path):
    """They are found by themselves."""
    import inspect

    from blocks import make_input, make_layer, make_operation

    module = operations if kind == "operations" else layers
    for name in module.__all__:
        block = getattr(module, name)
        if not inspect.isclass(block) or inspect.isabstract(block) or name == "Series":
            continue
        if kind == "layers" and not issubclass(block, layers.Layer):
            continue

        def run(folder, *others, block=block):
            rng = np.random.default_rng(0)
            made = (
                make_operation(block, 4, 4, rng)
                if kind == "operations"
                else make_layer(block, 4, 4)
            )
            rows = make_input(made, 19, 4, rng)
            net = NeuralNetwork(
                [made, operations.Flatten(), Dense(2, "linear")], MeanSquaredError(), rng=1
            )
            history = Trainer(net, SGD(1e-3, momentum=0.5)).fit(
                *(rows, rng.standard_normal((19, 2))),
                epochs=4,
                callbacks=[Checkpoint(folder), *others],
                **QUIET,
            )
            return history, checkpoint_script.state_of(net)

        expected = run(tmp_path / f"{name}-whole")
        crash(lambda bad, run=run, name=name: run(tmp_path / f"{name}-parts", bad), 3)
        assert_equal(run(tmp_path / f"{name}-parts"), expected)


def test_lbfgs_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match="Train without Checkpoint"):
        Trainer(make_net(), LBFGS()).fit(X, y, callbacks=[Checkpoint(tmp_path)], **QUIET)


# Files.


def interrupted(folder, epoch=9):
    crash(lambda bad: train(folder, "numpy", 0, bad), epoch)
    assert names(folder) == [f"epoch-00000{n}.safetensors" for n in (4, 6, 8)]


def truncate(path):
    path.write_bytes(path.read_bytes()[:-7])


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(bytes(data))


def empty(path):
    path.write_bytes(b"")


def foreign(path):
    path.write_text("something else altogether")


def of_a_network(path):
    make_net().save(path, overwrite=True)


def a_folder(path):
    path.unlink()
    path.mkdir()


DAMAGES = [truncate, flip, empty, foreign, of_a_network]


@pytest.mark.parametrize("damage", [*DAMAGES, a_folder])
def test_a_damaged_file_is_passed_over(damage, tmp_path):
    expected = train(tmp_path / "whole")
    folder = tmp_path / "parts"
    interrupted(folder)
    newest = folder / "epoch-000008.safetensors"
    damage(newest)
    before = None if newest.is_dir() else newest.read_bytes()
    with pytest.warns(UserWarning, match=r"epoch-000008.*epoch-000006\.safetensors is used"):
        assert_equal(train(folder), expected)
    aside = folder / "damaged-epoch-000008.safetensors"
    assert aside.is_dir() or aside.read_bytes() == before
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_equal(train(folder), expected)


def test_two_damaged_files(tmp_path):
    expected = train(tmp_path / "whole")
    folder = tmp_path / "parts"
    interrupted(folder)
    flip(folder / "epoch-000008.safetensors")
    truncate(folder / "epoch-000006.safetensors")
    with pytest.warns(UserWarning, match=r"epoch-000004\.safetensors is used") as told:
        assert_equal(train(folder), expected)
    assert len(told) == 2


@pytest.mark.parametrize("damage", DAMAGES)
def test_all_damaged(damage, tmp_path):
    interrupted(tmp_path)
    for path in tmp_path.glob("epoch-*"):
        damage(path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(FileError, match="none was removed"):
        train(tmp_path)
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


@settings(max_examples=60)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_bit(place, bit, tmp_path_factory):
    global _interrupted
    if _interrupted is None:
        _interrupted = tmp_path_factory.mktemp("bits")
        train(_interrupted, epochs=3, every=1)
    path = _interrupted / "epoch-000003.safetensors"
    data = path.read_bytes()
    changed = bytearray(data)
    changed[int(place * len(data))] ^= 1 << bit
    path.write_bytes(bytes(changed))
    try:
        with pytest.warns(UserWarning, match="epoch-000002.* is used"):
            found = folder_module.Folder(_interrupted).newest()
        assert found[0].name == "epoch-000002.safetensors"
    finally:
        path.write_bytes(data)


_interrupted = None


def test_what_does_not_fit_is_told(tmp_path):
    train(tmp_path, epochs=2)
    path = tmp_path / "epoch-000002.safetensors"
    told, arrays = read_sealed(path, "test")
    del told["fit"]["_first"]
    write_sealed(path, told, arrays, "test", overwrite=True)
    with pytest.raises(FileError, match="does not fit this training"):
        train(tmp_path, epochs=2)


def test_a_full_disk(tmp_path, monkeypatch):
    expected = train(tmp_path / "whole")
    folder = tmp_path / "parts"

    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def fill(epoch, logs):
        if epoch == 8:
            monkeypatch.setattr(whole.os, "fsync", full)

    with pytest.raises(FileError, match="No space left"):
        train(folder, "numpy", 0, LambdaCallback(on_epoch_end=fill))
    monkeypatch.undo()
    assert names(folder) == [f"epoch-00000{n}.safetensors" for n in (2, 4, 6)]
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == [".lock"]
    assert_equal(train(folder), expected)


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    def refuse(*args):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(folder_module.os, "open", refuse)
    trainer = trainer_of("numpy")
    with pytest.raises(FileError, match=r"cannot write to .*Permission denied"):
        trainer.fit(X, y, callbacks=[Checkpoint(tmp_path)], **QUIET)
    assert trainer.history.epochs == 0


def test_a_folder_that_is_a_file(tmp_path):
    path = tmp_path / "file"
    path.write_text("mine")
    with pytest.raises(FileError, match="is no folder"):
        train(path)
    with pytest.raises(FileError, match="cannot write to"):
        train(path / "below")
    assert path.read_text() == "mine"


def test_a_folder_is_made(tmp_path):
    train(tmp_path / "a" / "b", epochs=1)
    assert names(tmp_path / "a" / "b") == ["epoch-000001.safetensors"]


def test_two_at_once(tmp_path):
    began, go_on = threading.Event(), threading.Event()

    def wait(epoch, logs):
        began.set()
        go_on.wait(60)

    waiting = LambdaCallback(on_epoch_end=wait)
    first = threading.Thread(target=train, args=(tmp_path, "numpy", 0, waiting))
    with np.errstate(all="ignore"):
        first.start()
    assert began.wait(60)
    try:
        with pytest.raises(FileError, match="another training writes to"):
            train(tmp_path)
    finally:
        go_on.set()
        first.join()
    assert_equal(train(tmp_path), train(tmp_path / "other"))


def other_batches(how):
    how["batch_size"] = 9


def other_data(how):
    how["X"] = X + 1e-9


def other_rows(how):
    how["X"], how["y"] = X[1:], y[1:]


def other_validation(how):
    how["X_val"], how["y_val"] = X_val, y_val


def other_weights(how):
    how["sample_weight"] = np.arange(1.0, 38.0)


def other_rate(how):
    how["optim"] = SGD(0.02)


def other_rule(how):
    how["optim"] = Adam(0.01)


def other_schedule(how):
    how["optim"] = SGD(CosineDecay(0.01))


def other_layer(how):
    how["layers"] = [Dense(4, "tanh"), Dense(1, "linear")]


def more_layers(how):
    how["layers"] = [Dense(3, "tanh"), Dense(3, "tanh"), Dense(1, "linear")]


def other_source(how):
    how["rng"] = 1


def other_engine(how):
    how["engine"] = "xla"


def other_seed(how):
    how["seed"] = 2


OTHERS = {
    other_batches: "batch_size was 8 there, and is 9 here",
    other_data: "X_train has other numbers",
    other_rows: r"X_train, shape was \[37, 3\] there, and is \[36, 3\] here",
    other_validation: "X_test was null there",
    other_weights: "the weights of training rows",
    other_rate: "the optimizer, lr was 0.01 there, and is 0.02 here",
    other_rule: "the optimizer was .*SGD.* there, and is .*Adam",
    other_schedule: "the optimizer, lr was 0.01 there, and is .*CosineDecay",
    other_layer: "layer 1, arguments, neurons was 3 there, and is 4 here",
    more_layers: "the number of layers was 2 there, and is 3 here",
    other_source: "the network's source of random numbers, rng was 0",
    other_engine: "the engine was numpy there, and is xla here",
    other_seed: "seed was 1 there, and is 2 here",
}


@pytest.mark.parametrize("change", OTHERS)
def test_another_training(change, tmp_path):
    def run(change=None):
        how = {"X": X, "y": y, "X_val": None, "y_val": None, "optim": SGD(0.01), **QUIET}
        how |= {"layers": [Dense(3, "tanh"), Dense(1, "linear")], "rng": 0, "engine": "numpy"}
        if change is not None:
            change(how)
        net = NeuralNetwork(how.pop("layers"), MeanSquaredError(), rng=how.pop("rng"))
        trainer = Trainer(net, how.pop("optim"), engine=how.pop("engine"))
        data = [how.pop(name) for name in ("X", "y", "X_val", "y_val")]
        trainer.fit(*data, epochs=2, callbacks=[Checkpoint(tmp_path)], **how)

    run()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(FileError, match=f"holds another training: {OTHERS[change]}"):
        run(change)
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    run()


@pytest.mark.parametrize("keep", [1, 2, 5])
@pytest.mark.parametrize("every", [1, 3])
def test_keep_and_every(keep, every, tmp_path):
    there = []
    watch = LambdaCallback(on_epoch_begin=lambda epoch, logs: there.append(len(names(tmp_path))))
    trainer = Trainer(make_net(), SGD(0.01))
    checkpoint = Checkpoint(tmp_path, every, keep=keep)
    trainer.fit(X, y, epochs=10, callbacks=[checkpoint, watch], **QUIET)
    due = sorted({*range(every, 11, every), 10})
    assert names(tmp_path) == [f"epoch-{n:06}.safetensors" for n in due[-keep:]]
    assert max(there) <= keep


def test_dying_between_writing_and_removing(tmp_path, monkeypatch):
    expected = train(tmp_path / "whole")
    folder = tmp_path / "parts"
    original = Path.unlink

    def die(path, *args, **named):
        if path.name == "epoch-000004.safetensors":
            raise ZeroDivisionError
        original(path, *args, **named)

    monkeypatch.setattr(Path, "unlink", die)
    with pytest.raises(ZeroDivisionError):
        train(folder)
    monkeypatch.undo()
    assert names(folder) == [f"epoch-{n:06}.safetensors" for n in (4, 6, 8, 10)]
    (folder / ".epoch-000012.safetensors.abc.part").write_bytes(b"half")
    assert_equal(train(folder), expected)
    assert names(folder) == [f"epoch-{n:06}.safetensors" for n in (10, 12, 14)]
    assert not list(folder.glob(".*.part"))


# Settings.


def test_settings_are_checked(tmp_path):
    for kind, wrong in (
        (ArgumentTypeError, {"folder": 3}),
        (ArgumentError, {"folder": tmp_path, "every": 0}),
        (ArgumentTypeError, {"folder": tmp_path, "every": 1.5}),
        (ArgumentError, {"folder": tmp_path, "keep": 0}),
    ):
        with pytest.raises(kind, match="Checkpoint, "):
            Checkpoint(**wrong)
    with pytest.raises(ArgumentError, match="at most one Checkpoint"):
        make = [Checkpoint(tmp_path), Checkpoint(tmp_path / "other")]
        trainer_of("numpy").fit(X, y, callbacks=make, **QUIET)


def test_it_can_be_copied(tmp_path):
    checkpoint = Checkpoint(tmp_path, 4)
    assert repr(copy.deepcopy(checkpoint)) == f"Checkpoint({str(tmp_path)!r}, every=4)"
    assert repr(pickle.loads(pickle.dumps(checkpoint))) == repr(checkpoint)
