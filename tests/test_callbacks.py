"""Callbacks: when they are called, with what, what they may change; and those that come along."""

from __future__ import annotations

import csv
import math
import pickle
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import glassbrick.training.callbacks.time_budget as time_budget_module
from glassbrick import (
    SGD,
    ArgumentError,
    ArgumentTypeError,
    Callback,
    CosineDecay,
    CSVLogger,
    DataError,
    Dense,
    Dropout,
    EarlyStopping,
    FileError,
    Huber,
    LambdaCallback,
    MeanSquaredError,
    NeuralNetwork,
    NotReadyError,
    ReduceLROnPlateau,
    TimeBudget,
    Trainer,
)
from glassbrick.engines.xla import program
from networks import (
    Rig,
    assert_same_history,
    make_data,
    make_net,
    make_trainer,
    params_of,
    same_params,
)

X, y = make_data(rows=37)
X_val, y_val = make_data(rows=23, seed=1)
QUIET = {"batch_size": 8, "verbose": False}


class Recorder(Callback):
    """Writes down all calls."""

    def __init__(self):
        self.calls = []

    def on_train_begin(self, logs=None):
        self.calls.append(("train_begin", logs))

    def on_train_end(self, logs=None):
        self.calls.append(("train_end", logs))

    def on_epoch_begin(self, epoch, logs=None):
        self.calls.append(("epoch_begin", epoch))

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append(("epoch_end", epoch, logs))

    def on_test_begin(self, logs=None):
        self.calls.append(("test_begin", logs))

    def on_test_end(self, logs=None):
        self.calls.append(("test_end", logs))

    def close(self):
        self.calls.append(("close",))

    def names(self):
        return [
            " ".join(str(part) for part in call[:2] if type(part) is not dict)
            for call in self.calls
        ]


class Spectator(Recorder):
    is_spectator = True


class BatchRecorder(Recorder):
    def on_train_batch_begin(self, batch, logs=None):
        self.calls.append(("batch_begin", batch))

    def on_train_batch_end(self, batch, logs=None):
        self.calls.append(("batch_end", batch, logs))


def compilations(monkeypatch):
    """Collect what is compiled from now on."""
    made, compiled = [], program.compiled

    def counting(function, texts, *rest, **named):
        before = len(program._kept), list(program._kept)
        result = compiled(function, texts, *rest, **named)
        if list(program._kept)[-1:] != before[1][-1:] and list(program._kept)[-1] not in before[1]:
            made.append(function)
        return result

    monkeypatch.setattr(program, "compiled", counting)
    return made


# Hooks.


@pytest.mark.parametrize("kind", [Recorder, Spectator])
def test_hooks_are_called_in_order(engine, kind):
    recorder = kind()
    make_trainer(engine=engine).fit(
        X, y, X_val, y_val, epochs=5, eval_every=2, patience=None, callbacks=[recorder], **QUIET
    )
    expected = ["train_begin"]
    for epoch in range(1, 6):
        tests = ["test_begin", "test_end"] if epoch in (2, 4, 5) else []
        expected += [f"epoch_begin {epoch}", *tests, f"epoch_end {epoch}"]
    assert recorder.names() == [*expected, "train_end", "close"]


def test_batches_are_told_of(engine):
    recorder = BatchRecorder()
    trainer = make_trainer(engine=engine)
    if engine == "xla":
        with pytest.raises(ArgumentError, match=r'on_epoch_begin.*engine="numpy"'):
            trainer.fit(X, y, callbacks=[recorder], **QUIET)
        assert trainer.history.epochs == 0
        assert recorder.names() == ["train_begin", "close"]
        return
    history = trainer.fit(X, y, epochs=2, eval_every=2, callbacks=[recorder], **QUIET)
    names = recorder.names()
    first = names.index("epoch_begin 1")
    batches = [f"batch_{what} {n}" for n in range(1, 6) for what in ("begin", "end")]
    assert names[first : first + 12] == ["epoch_begin 1", *batches, "epoch_end 1"]
    losses = [call[2]["loss"] for call in recorder.calls if call[0] == "batch_end"]
    assert np.average(losses[:5], weights=[8, 8, 8, 8, 5]) == pytest.approx(history.loss[0])


def test_auto_takes_numpy_for_batch_hooks():
    trainer = make_trainer(engine="auto")
    for epoch in 1, 2:
        callbacks = [BatchRecorder(), StopAt(epoch)]
        history = trainer.fit(X, y, epochs=10**6, restart=epoch == 1, callbacks=callbacks, **QUIET)
        assert history.engine == "numpy"
        assert "callback wants to be called for each batch" in history.engine_reason


def test_auto_goes_back_to_numpy_when_batch_hooks_come_later():
    trainer = make_trainer(engine="auto")
    first = trainer.fit(X, y, epochs=10**6, callbacks=[StopAt(1)], **QUIET)
    assert first.engine == "xla"
    second = trainer.fit(X, y, epochs=1, restart=False, callbacks=[BatchRecorder()], **QUIET)
    assert (second.engine, second.epochs) == ("numpy", 2)


class StopAt(Callback):
    def __init__(self, epoch, hook="on_epoch_end"):
        def stop(*args):
            now = self.history.epochs + (hook == "on_epoch_begin")
            if now == epoch:
                self.stop("enough")

        setattr(self, hook, stop)


def test_logs_hold_the_numbers_of_the_epoch(engine):
    recorder = Recorder()
    trainer = make_trainer(engine=engine)
    history = trainer.fit(
        X, y, X_val, y_val, epochs=3, eval_every=3, metrics=["mae"], callbacks=[recorder], **QUIET
    )
    told = {"epochs": 3, "rows": len(X), "replaced_params": False, "stopping": None}
    assert recorder.calls[0][1] == told
    told = [call[2] for call in recorder.calls if call[0] == "epoch_end"]
    assert [list(logs) for logs in told] == [["loss", "val_loss", "lr", "val_mae"]] * 3
    for name in told[0]:
        assert [logs[name] for logs in told] == history[name]
    (tested,) = [call[1] for call in recorder.calls if call[0] == "test_end"]
    assert tested == told[-1] | {"improved": True}
    assert recorder.calls[-2] == ("train_end", told[-1])


def test_logs_of_a_fit_without_validation_have_none(engine):
    trainer, recorder = make_trainer(engine=engine), Recorder()
    trainer.fit(X, y, X_val, y_val, epochs=1, metrics=["mae"], **QUIET)
    history = trainer.fit(X, y, epochs=1, restart=False, callbacks=[recorder], **QUIET)
    assert [list(call[2]) for call in recorder.calls if call[0] == "epoch_end"] == [["loss", "lr"]]
    assert math.isnan(history["val_mae"][-1])


def test_a_callback_cannot_spoil_what_others_are_told(engine):
    first = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.clear())
    history = make_trainer(engine=engine).fit(
        X, y, X, y, epochs=2, eval_every=1, callbacks=[first], **QUIET
    )
    assert history.evaluated == [1, 2]
    assert history.best_epoch == 2


def test_callbacks_know_their_trainer(engine):
    seen = []
    callback = LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(
            (callback.trainer, callback.net, callback.history.epochs)
        )
    )
    with pytest.raises(NotReadyError, match="no fit has begun"):
        callback.trainer  # noqa: B018
    trainer = make_trainer(engine=engine)
    trainer.fit(X, y, epochs=2, callbacks=[callback], **QUIET)
    assert seen == [(trainer, trainer.net, 1), (trainer, trainer.net, 2)]


@pytest.mark.parametrize("kind", [Recorder, LambdaCallback])
def test_who_looks_at_parameters_sees_those_of_the_epoch(engine, kind):
    seen = []
    watcher = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(params_of(watcher.net)))
    make_trainer(engine=engine).fit(X, y, epochs=6, eval_every=6, callbacks=[watcher], **QUIET)
    for epochs in 1, 3, 6:
        other = make_trainer(engine=engine)
        other.fit(X, y, epochs=epochs, **QUIET)
        for a, b in zip(seen[epochs - 1], other.net.params(), strict=True):
            assert np.allclose(a, b, rtol=1e-12, atol=1e-14)


def test_changes_of_the_rate_are_heeded_without_compiling(engine, monkeypatch):
    def halve(epoch, logs):
        callback.trainer.optim.lr /= 2

    made = compilations(monkeypatch)
    callback = LambdaCallback(on_epoch_end=halve)
    trainer = make_trainer(lr=0.08, engine=engine)
    history = trainer.fit(X, y, epochs=4, callbacks=[callback], **QUIET)
    assert history["lr"] == [0.08, 0.04, 0.02, 0.01]
    assert len(made) <= (engine == "xla")
    by_hand = make_trainer(lr=0.08)
    for epoch in range(4):
        by_hand.fit(X, y, epochs=1, restart=epoch == 0, **QUIET)
        by_hand.optim.lr /= 2
    for a, b in zip(trainer.net.params(), by_hand.net.params(), strict=True):
        assert np.allclose(a, b, rtol=1e-12, atol=1e-14)


def test_changes_of_parameters_are_heeded_without_compiling(engine, monkeypatch):
    def clear(epoch, logs):
        for param in callback.net.params():
            param[...] = 0.0

    made = compilations(monkeypatch)
    callback = LambdaCallback(on_epoch_end=clear)
    trainer = make_trainer(lr=1e-3, engine=engine)
    history = trainer.fit(X, y, epochs=3, callbacks=[callback], **QUIET)
    assert len(made) <= (engine == "xla")
    assert not any(param.any() for param in trainer.net.params())
    assert history.loss[1] == pytest.approx(np.mean(y**2), rel=0.1)


@pytest.mark.parametrize("what", ["loss", "dropout", "params"])
def test_changes_within_blocks_are_heeded(engine, what):
    """Those that are compiled in: the program must not go on with what was there before."""

    def change(epoch, logs):
        net = callback.net
        if what == "loss":
            net.loss.delta = 1e-9
        elif what == "dropout":
            net.operations()[0].rate = 0.0
        else:
            for operation in net.operations():
                if hasattr(operation, "param"):
                    operation.param = np.zeros_like(operation.param)

    callback = LambdaCallback(on_epoch_end=change)
    layers = [Dropout(0.9), Dense(1, "linear")]
    net = NeuralNetwork(layers, Huber() if what == "loss" else MeanSquaredError(), rng=0)
    optim = SGD(lr=1e-12)
    history = Trainer(net, optim, engine=engine).fit(X, y, epochs=2, callbacks=[callback], **QUIET)
    if what == "loss":
        assert history.loss[1] < 1e-7 < history.loss[0]
    elif what == "dropout":
        prediction = net.predict(X)
        assert history.loss[1] == pytest.approx(MeanSquaredError().forward(prediction, y))
    else:
        assert all(np.abs(param).max() < 1e-9 for param in net.params())


@pytest.mark.parametrize("hook", ["on_epoch_end", "on_epoch_begin", "on_test_end"])
def test_stop(engine, hook):
    callback = StopAt(2, hook)
    recorder = Recorder()
    history = make_trainer(engine=engine).fit(
        *(X, y, X_val, y_val), epochs=9, eval_every=2, callbacks=[callback, recorder], **QUIET
    )
    assert (history.epochs, history.stop_reason) == (2, "enough")
    assert history.evaluated == [2]
    assert recorder.names().count("test_end") == 1


def test_stopping_between_evaluations_evaluates_once(engine):
    recorder = Recorder()
    history = make_trainer(engine=engine).fit(
        *(X, y, X_val, y_val), epochs=9, callbacks=[StopAt(3), recorder], **QUIET
    )
    assert (history.epochs, history.evaluated, history.best_epoch) == (3, [3], 3)
    assert recorder.names()[-4:] == ["test_begin", "test_end", "train_end", "close"]


def test_a_spectator_that_stops_is_heard_where_the_engine_is(engine):
    class Stopper(Callback):
        is_spectator = True

        def on_epoch_end(self, epoch, logs=None):
            if epoch == 3:
                self.stop("seen enough")

    trainer = make_trainer(engine=engine)
    history = trainer.fit(
        X, y, X_val, y_val, epochs=40, eval_every=8, patience=None, callbacks=[Stopper()], **QUIET
    )
    assert history.stop_reason == "seen enough"
    assert history.epochs == 8
    assert history.evaluated == [8]
    loss = float(MeanSquaredError().forward(trainer.net.predict(X_val), y_val))
    assert history.val_loss[history.best_epoch - 1] == pytest.approx(loss, rel=1e-12)


@pytest.mark.parametrize("reason", ["", None, 3])
def test_a_reason_is_a_text(reason):
    stopper = LambdaCallback(on_epoch_end=lambda epoch, logs: stopper.stop(reason))
    with pytest.raises((ArgumentError, ArgumentTypeError), match="stop, reason"):
        make_trainer().fit(X, y, callbacks=[stopper], **QUIET)


def test_the_first_reason_is_kept():
    both = [StopAt(2), StopAt(2)]
    both[1].on_epoch_end = lambda epoch, logs: epoch == 2 and both[1].stop("another")
    assert make_trainer().fit(X, y, callbacks=both, **QUIET).stop_reason == "enough"


@pytest.mark.parametrize("hook", ["on_train_begin", "on_epoch_begin", "on_epoch_end"])
def test_an_error_of_a_callback_leaves_all_as_it_was(engine, hook):
    def fail(*args):
        raise ZeroDivisionError("a callback's own")

    trainer = Trainer(make_net(), SGD(lr=0.05, momentum=0.9), engine=engine)
    recorder = Recorder()
    failing = [LambdaCallback(**{hook: fail}), recorder]
    with pytest.raises(ZeroDivisionError):
        trainer.fit(X, y, callbacks=failing, **QUIET)
    assert recorder.names()[-1] == "close"
    assert trainer.history.epochs == 0

    trainer.fit(X, y, X_val, y_val, epochs=3, eval_every=1, patience=None, **QUIET)
    before, history = params_of(trainer.net), trainer.history.copy()
    for restart in True, False:
        with pytest.raises(ZeroDivisionError):
            trainer.fit(X, y, X_val, y_val, restart=restart, callbacks=failing, **QUIET)
        assert same_params(before, params_of(trainer.net))
        assert_same_history(trainer.history, history)


def test_who_fails_before_training_can_go_on(engine, tmp_path):
    """As if it had not been tried: with the last epoch's parameters, and what the rule knows."""
    whole, parts = (
        Trainer(make_net(), SGD(lr=0.05, momentum=0.9), engine=engine) for _ in range(2)
    )
    common = {"eval_every": 1, "patience": None, **QUIET}
    one = whole.fit(X, y, X_val, y_val, epochs=6, **common)
    parts.fit(X, y, X_val, y_val, epochs=3, **common)
    there = tmp_path / "there.csv"
    there.touch()
    with pytest.raises(FileError):
        parts.fit(X, y, X_val, y_val, restart=False, callbacks=[CSVLogger(there)], **common)
    two = parts.fit(X, y, X_val, y_val, epochs=3, restart=False, **common)
    assert two.loss == one.loss
    assert same_params(params_of(whole.net), params_of(parts.net))


def test_an_error_after_an_evaluation_keeps_the_best(engine):
    def fail(epoch, logs):
        if epoch == 3:
            raise ZeroDivisionError

    trainer = make_trainer(engine=engine)
    with pytest.raises(ZeroDivisionError):
        trainer.fit(
            *(X, y, X, y), eval_every=1, callbacks=[LambdaCallback(on_epoch_end=fail)], **QUIET
        )
    assert trainer.history.stop_reason == "failed"
    assert trainer.history.best_epoch == 3
    loss = float(MeanSquaredError().forward(trainer.net.predict(X), y))
    assert loss == pytest.approx(trainer.history.best_loss, rel=1e-12)


def test_an_error_at_the_very_end_leaves_what_was_trained(engine):
    def fail(logs):
        raise ZeroDivisionError

    trainer, other, recorder = make_trainer(engine=engine), make_trainer(engine=engine), Recorder()
    with pytest.raises(ZeroDivisionError):
        trainer.fit(
            X, y, epochs=3, callbacks=[LambdaCallback(on_train_end=fail), recorder], **QUIET
        )
    other.fit(X, y, epochs=3, **QUIET)
    assert same_params(params_of(trainer.net), params_of(other.net))
    assert recorder.names()[-1] == "close"


def test_all_are_closed_even_if_one_cannot_be():
    class Stuck(Callback):
        def close(self):
            raise ZeroDivisionError

    recorders = [Recorder(), Recorder()]
    with pytest.raises(ZeroDivisionError):
        make_trainer().fit(X, y, callbacks=[recorders[0], Stuck(), recorders[1]], **QUIET)
    assert all(recorder.names()[-1] == "close" for recorder in recorders)


def test_an_interrupt_in_a_callback_is_heard(engine, capsys):
    def press(epoch, logs):
        if epoch == 3:
            raise KeyboardInterrupt

    recorder = Recorder()
    callbacks = [LambdaCallback(on_epoch_end=press), recorder]
    history = make_trainer(engine=engine).fit(X, y, epochs=9, callbacks=callbacks, **QUIET)
    assert (history.stop_reason, history.epochs) == ("interrupted", 3)
    assert recorder.names()[-2:] == ["train_end", "close"]
    assert "keeping the parameters as they stand" in capsys.readouterr().out


def test_callbacks_serve_again_and_are_pickled(engine, tmp_path):
    callbacks = [
        EarlyStopping(patience=2),
        ReduceLROnPlateau("loss", patience=1, min_delta=100.0),
        TimeBudget(1000),
        CSVLogger(tmp_path / "log.csv"),
    ]
    histories = []
    for _ in range(2):
        trainer = make_trainer(engine=engine)
        histories.append(trainer.fit(X, y, X_val, y_val, epochs=6, callbacks=callbacks, **QUIET))
        callbacks = pickle.loads(pickle.dumps(callbacks))
        with pytest.raises(NotReadyError):
            callbacks[1].trainer  # noqa: B018
    assert histories[0].history == histories[1].history
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 13


@pytest.mark.parametrize(
    ("callbacks", "kind", "words"),
    [
        (EarlyStopping(), ArgumentTypeError, "a list of callbacks"),
        ([EarlyStopping], ArgumentTypeError, "Make one by calling the class"),
        ([print], ArgumentTypeError, r"EarlyStopping\(patience=5\)"),
        ([EarlyStopping(), EarlyStopping()], ArgumentError, "at most one EarlyStopping"),
    ],
)
def test_what_is_no_list_of_callbacks_is_refused(callbacks, kind, words):
    with pytest.raises(kind, match=words):
        make_trainer().fit(X, y, callbacks=callbacks, **QUIET)


def test_lambda_callback_refuses_what_it_cannot_call():
    with pytest.raises(ArgumentError, match="on_epoch_end"):
        LambdaCallback(on_epoch_ends=print)
    with pytest.raises(ArgumentTypeError, match="LambdaCallback, on_epoch_end"):
        LambdaCallback(on_epoch_end=3)


# CSVLogger.


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("validation", [(), (X_val, y_val)])
def test_the_file_equals_the_history(engine, tmp_path, validation):
    path = tmp_path / "log.csv"
    history = make_trainer(engine=engine).fit(
        X, y, *validation, epochs=7, metrics=["mae"], callbacks=[CSVLogger(path)], **QUIET
    )
    rows = rows_of(path)
    assert [row["epoch"] for row in rows] == [str(n) for n in range(1, history.epochs + 1)]
    assert list(rows[0]) == ["epoch", *history]
    for name in history:
        assert [float(row[name]) for row in rows] == history[name]


def test_each_line_is_there_at_once(tmp_path):
    path, seen = tmp_path / "log.csv", []
    count = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(len(rows_of(path))))
    make_trainer().fit(X, y, epochs=3, callbacks=[CSVLogger(path), count], **QUIET)
    assert seen == [1, 2, 3]


def test_a_file_is_kept_or_continued(tmp_path):
    path = tmp_path / "log.csv"
    trainer, logger = make_trainer(), CSVLogger(str(path))
    trainer.fit(X, y, epochs=2, callbacks=[logger], **QUIET)
    with pytest.raises(FileError, match=r"is there already.*append=True"):
        trainer.fit(X, y, epochs=2, callbacks=[CSVLogger(path)], **QUIET)
    trainer.fit(X, y, epochs=1, restart=False, callbacks=[logger], **QUIET)
    trainer.fit(X, y, epochs=1, restart=False, callbacks=[CSVLogger(path, append=True)], **QUIET)
    assert [row["epoch"] for row in rows_of(path)] == ["1", "2", "3", "4"]
    path.unlink()
    trainer.fit(X, y, epochs=1, callbacks=[logger], **QUIET)
    assert path.read_text().startswith("epoch,loss,lr")


def test_a_torn_line_spoils_no_other(tmp_path):
    path = tmp_path / "log.csv"
    path.write_bytes(b"epoch,loss,lr\r\n1,0.5")
    callbacks = [CSVLogger(path, append=True)]
    history = make_trainer().fit(X, y, epochs=1, callbacks=callbacks, **QUIET)
    assert [row["loss"] for row in rows_of(path)] == ["0.5", str(history.loss[0])]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is full")
def test_a_full_disk_is_told_of():
    logger = CSVLogger("/dev/full", append=True)
    with pytest.raises(FileError, match="cannot write /dev/full: No space left"):
        make_trainer().fit(X, y, epochs=1, callbacks=[logger], **QUIET)


def test_other_columns_are_refused_and_missing_ones_left_empty(tmp_path):
    path = tmp_path / "log.csv"
    trainer, logger = make_trainer(), CSVLogger(path)
    trainer.fit(X, y, epochs=1, metrics=["mae"], callbacks=[logger], **QUIET)
    trainer.fit(X, y, epochs=1, callbacks=[logger], **QUIET)
    assert rows_of(path)[1]["mae"] == ""
    with pytest.raises(DataError, match=r"received val_loss too. Give it a file of its own"):
        trainer.fit(X, y, X, y, epochs=1, callbacks=[logger], **QUIET)


def test_files_that_cannot_be_written(tmp_path):
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "folder").mkdir()
    for name, append in [("no/log.csv", False), ("bytes.csv", True), ("folder", True)]:
        trainer = make_trainer()
        with pytest.raises(FileError, match=name):
            trainer.fit(X, y, callbacks=[CSVLogger(tmp_path / name, append=append)], **QUIET)
        assert trainer.history.epochs == 0
    with pytest.raises(ArgumentTypeError):
        CSVLogger("log.csv", append="yes")


# TimeBudget.


def test_a_budget_is_kept(engine):
    seconds = 1.0 if engine == "numpy" else 4.0
    began = time.perf_counter()
    history = make_trainer(engine=engine).fit(
        X, y, epochs=10**7, callbacks=[TimeBudget(seconds)], **QUIET
    )
    assert history.stop_reason == "time budget"
    assert history.epochs > 1
    assert time.perf_counter() - began < seconds + 2.0


def test_the_first_epoch_is_always_trained(engine):
    history = make_trainer(engine=engine).fit(X, y, callbacks=[TimeBudget(1e-9)], **QUIET)
    assert (history.epochs, history.stop_reason) == (1, "time budget")


@pytest.mark.parametrize(("seconds", "epochs"), [(10.0, 10), (10.5, 10), (2.9, 2), (100.0, 20)])
def test_budget_by_a_clock_of_one_second_an_epoch(monkeypatch, seconds, epochs):
    clock = iter(range(1000))
    monkeypatch.setattr(time_budget_module.time, "perf_counter", lambda: float(next(clock)))
    budget = TimeBudget(seconds)
    budget.trainer = make_trainer()
    stops = []
    budget.stop = stops.append
    budget.on_train_begin({"epochs": 20})
    for epoch in range(1, 21):
        budget.on_epoch_end(epoch, {})
        if stops:
            break
    assert epoch == epochs
    assert bool(stops) == (epochs < 20)


@pytest.mark.parametrize("seconds", [0, -1.0, math.inf, "60", None])
def test_budgets_that_are_none(seconds):
    with pytest.raises((ArgumentError, ArgumentTypeError), match="TimeBudget, max_seconds"):
        TimeBudget(seconds)


# ReduceLROnPlateau.


@settings(max_examples=150)
@given(
    numbers=st.lists(st.integers(0, 9), min_size=1, max_size=25),
    patience=st.integers(1, 4),
    min_delta=st.sampled_from([0.0, 1.0, 2.5]),
    cooldown=st.integers(0, 3),
    min_lr=st.sampled_from([0.0, 0.01]),
    mode=st.sampled_from(["min", "max"]),
)
def test_plateaus_as_in_pytorch(numbers, patience, min_delta, cooldown, min_lr, mode):
    """Where PyTorch waits until there are more bad epochs than `patience`, we wait for as many."""
    torch = pytest.importorskip("torch")
    theirs = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.08)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
        *(theirs, mode, 0.5, patience - 1, min_delta, "abs", cooldown, min_lr, 0.0)
    )
    trainer = make_trainer(lr=0.08)
    ours = ReduceLROnPlateau(
        *("rigged", 0.5, patience),
        min_delta=min_delta,
        cooldown=cooldown,
        min_lr=min_lr,
        mode=mode,
    )
    ours.trainer = trainer
    ours.on_train_begin({})
    for epoch, number in enumerate(map(float, numbers), 1):
        ours.on_epoch_end(epoch, {"rigged": number})
        theirs.step()
        plateau.step(number)
        assert trainer.optim.lr == pytest.approx(theirs.param_groups[0]["lr"], rel=1e-12)


def test_plateaus_in_a_fit(engine):
    reduce = ReduceLROnPlateau("val_rigged", 0.5, 2, mode="min")
    numbers = [3.0, 2.0, 2.0, 2.0, 2.0, 2.0, 1.0]
    history = make_trainer(lr=0.08, engine=engine).fit(
        *(X, y, X_val, y_val),
        epochs=7,
        metrics=[Rig(numbers)],
        patience=None,
        callbacks=[reduce],
        **QUIET,
    )
    assert history["lr"] == [0.08] * 4 + [0.04] * 2 + [0.02]


def test_plateaus_with_a_schedule(engine):
    def train(*callbacks):
        trainer = Trainer(make_net(), SGD(CosineDecay(0.08)), engine=engine)
        return trainer.fit(X, y, epochs=4, callbacks=callbacks, **QUIET)

    plain = train()
    reduced = train(ReduceLROnPlateau("loss", 0.5, 1, min_delta=1e9))
    assert reduced["lr"] == pytest.approx(np.array(plain["lr"]) * [1.0, 1.0, 0.5, 0.25])


def test_plateaus_of_an_unknown_number():
    trainer = make_trainer()
    with pytest.raises(ArgumentError, match='one of "loss", "lr"; received'):
        trainer.fit(X, y, callbacks=[ReduceLROnPlateau()], **QUIET)
    assert trainer.history.epochs == 0


@pytest.mark.parametrize(
    "arguments",
    [{"factor": 1.0}, {"factor": 0.0}, {"patience": 0}, {"cooldown": -1}, {"min_lr": -1.0}],
)
def test_plateaus_refuse(arguments):
    with pytest.raises(ArgumentError, match=next(iter(arguments))):
        ReduceLROnPlateau(**arguments)
