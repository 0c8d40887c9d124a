"""Training on streams: the same numbers as in memory, whatever ends it on the way."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import weakref
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import stream_script
from checkpoint_script import state_of
from glassbrick import (
    LBFGS,
    SGD,
    ArgumentError,
    ArgumentTypeError,
    Callback,
    Checkpoint,
    DataError,
    Dense,
    DivergenceError,
    Doctor,
    Embedding,
    FileError,
    LambdaCallback,
    Loss,
    MeanSquaredError,
    NeuralNetwork,
    ShapeError,
    Trainer,
    Watch,
)
from glassbrick.batches import Rows, Shuffler
from glassbrick.engines import stream_session
from glassbrick.engines.read_ahead import ReadAhead, ReadingError
from glassbrick.stream import ArrayStream
from networks import make_data
from networks import make_trainer as plain_trainer
from stream_script import BATCH, ROWS, make_stream, make_trainer, train

SCRIPT = Path(stream_script.__file__)
QUIET = {"batch_size": BATCH, "verbose": False}
VALIDATION = make_data(rows=23, seed=1)


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch):
    """Let an epoch have several chunks, of four batches each."""
    monkeypatch.setattr(stream_session, "_CHUNK", 1)


@pytest.fixture(autouse=True)
def _no_thread_stays():
    before = set(threading.enumerate())
    yield
    left = [t.name for t in threading.enumerate() if t not in before and t.name == "reader"]
    assert left == []


def orders_of(stream, epochs, batch_size=BATCH):
    """Return the row numbers of each epoch of a stream whose first column tells rows apart."""
    place = {value: row for row, value in enumerate(stream.all.X[:, 0])}
    return [
        np.array([place[v] for batch in stream.batches(e, batch_size) for v in batch.X[:, 0]])
        for e in range(epochs)
    ]


def fit_in_memory(monkeypatch, trainer, stream, *others, epochs=3, batch_size=BATCH, **how):
    """Train on the same rows in memory, in the order in which they are streamed."""
    orders = iter(orders_of(stream, epochs, batch_size))
    monkeypatch.setattr(Shuffler, "next_order", lambda self, rows: next(orders))
    X, y, weights = stream.all
    if weights is not None:
        how["sample_weight"] = np.linspace(0.5, 1.5, len(X))  # as they were given to the stream
    how = {"verbose": False} | how
    return trainer.fit(X, y, *others, epochs=epochs, batch_size=batch_size, **how)


def assert_equal(one, two):
    """Whether two results of `train` are the same, bit for bit."""
    (history, arrays), (other, others) = one, two
    assert history.history == other.history
    assert (history.evaluated, history.best_epoch) == (other.evaluated, other.best_epoch)
    assert history.best_loss == other.best_loss
    assert len(arrays) == len(others)
    for array, another in zip(arrays, others, strict=True):
        assert array.dtype == another.dtype
        assert array.tobytes() == another.tobytes()


# The same numbers as in memory.


@pytest.mark.parametrize(
    ("engine", "rows"),
    [("numpy", ROWS), ("numpy", 9 * BATCH), ("numpy", 9), ("xla", ROWS), ("xla", 9)],
)
def test_a_stream_trains_as_rows_in_memory_do(engine, rows, monkeypatch):
    make = make_trainer if rows > BATCH else lambda engine: plain_trainer(engine=engine)
    streamed, trainer, stream = make(engine), make(engine), make_stream(rows)
    how = {"eval_every": 1, "patience": None, "metrics": ["mae"]}
    history = streamed.fit(stream, None, *VALIDATION, epochs=3, **how, **QUIET)
    expected = fit_in_memory(monkeypatch, trainer, stream, *VALIDATION, **how)
    assert history.keys() == expected.keys()
    for name in history:
        assert history[name] == pytest.approx(expected[name], rel=1e-12, abs=0.0)
    assert history.best_epoch == expected.best_epoch
    for array, other in zip(state_of(streamed.net), state_of(trainer.net), strict=True):
        np.testing.assert_allclose(array, other, rtol=1e-12, atol=1e-15)
        if engine == "numpy":
            assert array.tobytes() == other.tobytes()


def test_float32_stays_float32(engine):
    X, y = make_data(rows=40, dtype=np.float32)
    trainer = Trainer(NeuralNetwork([Dense(1)], MeanSquaredError(), rng=0), SGD(), engine=engine)
    trainer.fit(ArrayStream(X, y), epochs=1, **QUIET)
    assert trainer.net.dtype == np.float32


def test_validation_rows_can_be_a_stream(engine, monkeypatch):
    monkeypatch.setattr(stream_session, "_BLOCK", 7)
    X, y = VALIDATION
    weights = np.linspace(0.2, 1.8, len(X)) if engine == "numpy" else None
    how = {"eval_every": 1, "patience": None, "metrics": ["mae"], "epochs": 3, **QUIET}
    history = make_trainer(engine).fit(make_stream(), X_test=ArrayStream(X, y, weights), **how)
    how["sample_weight_test"] = weights
    expected = make_trainer(engine).fit(make_stream(), None, X, y, **how)
    assert history["val_loss"] == pytest.approx(expected["val_loss"], rel=1e-12)
    assert history["val_mae"] == pytest.approx(expected["val_mae"], rel=1e-12)
    assert history.best_epoch == expected.best_epoch


def test_epochs_that_go_on_see_other_orders(engine):
    whole, parts = plain_trainer(engine=engine), plain_trainer(engine=engine)
    how = {"eval_every": 1, **QUIET}
    expected = whole.fit(make_stream(), epochs=3, **how)
    parts.fit(make_stream(), epochs=1, **how)
    history = parts.fit(make_stream(), epochs=2, restart=False, **how)
    assert history["loss"] == expected["loss"]
    assert_equal((history, state_of(parts.net)), (expected, state_of(whole.net)))


def test_the_first_loss_that_is_not_finite_ends_it(engine, monkeypatch):
    def make():
        net = NeuralNetwork([Dense(4, "linear"), Dense(1, "linear")], MeanSquaredError(), rng=0)
        return Trainer(net, SGD(lr=0.9), engine=engine)

    X, y = make_data(rows=ROWS)
    stream, streamed, trainer = ArrayStream(X * 1e3, y, lanes=4), make(), make()
    with pytest.raises(DivergenceError) as told:
        streamed.fit(stream, epochs=2, **QUIET)
    with pytest.raises(DivergenceError) as expected:
        fit_in_memory(monkeypatch, trainer, stream, epochs=2)
    assert str(told.value) == str(expected.value)
    assert (told.value.epoch, told.value.batch) == (expected.value.epoch, expected.value.batch)


# Whatever ends it.


class Crash(Callback):
    """Raises an error within an epoch."""

    is_spectator = True

    def __init__(self, epoch, batch, error=ZeroDivisionError):
        self.place, self.error = (epoch, batch), error

    def on_progress(self, batch, logs=None):
        if (self.history.epochs + 1, batch) >= self.place:
            raise self.error


def test_training_goes_on_within_an_epoch(engine, tmp_path):
    expected = train(tmp_path / "whole", engine)
    for place in [(1, 4), (1, 30), (2, 20), (3, 37)]:
        with pytest.raises(ZeroDivisionError):
            train(tmp_path / "parts", engine, Crash(*place))
    names = sorted(path.name for path in (tmp_path / "parts").glob("epoch-*"))
    assert "batch" in names[-1]
    assert_equal(train(tmp_path / "parts", engine), expected)


def test_a_process_that_is_killed_within_an_epoch(engine, tmp_path):
    expected = train(tmp_path / "whole", engine)
    path = os.pathsep.join([str(SCRIPT.parent), *filter(None, sys.path)])
    given = [tmp_path / "parts", engine, 2, 21, tmp_path / "result.npz"]
    command = [sys.executable, str(SCRIPT), *map(str, given)]
    killed = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, check=False)
    assert killed.returncode == 9
    assert_equal(train(tmp_path / "parts", engine), expected)


def test_another_stream_is_another_training(tmp_path):
    train(tmp_path, "numpy", epochs=1)
    with pytest.raises(FileError, match="X_train is a stream of other rows, or with another seed"):
        train(tmp_path, "numpy", stream=make_stream(seed=6))
    with pytest.raises(FileError, match="X_train, rows was 590 there, and is 580 here"):
        train(tmp_path, "numpy", stream=make_stream(rows=580))


def test_ctrl_c_keeps_what_was_done(engine, capsys):
    trainer = make_trainer(engine)
    history = trainer.fit(
        make_stream(), callbacks=[Crash(1, 20, KeyboardInterrupt)], verbose=True, batch_size=BATCH
    )
    assert history.stop_reason == "interrupted"
    assert "Interrupted in epoch 1: keeping the parameters as they stand" in capsys.readouterr().out
    assert trainer.optim.t >= 20


def damaged(epoch, batch, error=None):
    """Return a stream that cannot be read from a batch on, both counted from 1."""
    stream = make_stream()
    whole = stream.batches

    def batches(e, size, first=0, *share):
        for number, rows in enumerate(whole(e, size, first, *share), first):
            if (e + 1, number + 1) >= (epoch, batch):
                raise error or FileError("b.parquet, row group 2: cannot be read.")
            yield rows

    stream.batches = batches
    return stream


def test_a_damaged_file_ends_training_and_nothing_is_lost(engine):
    whole, trainer = make_trainer(engine), make_trainer(engine)
    how = {"eval_every": 1, "patience": None, **QUIET}
    expected = whole.fit(make_stream(), None, *VALIDATION, epochs=3, **how)
    with pytest.raises(FileError) as told:
        trainer.fit(damaged(2, 18), None, *VALIDATION, epochs=3, **how)
    assert str(told.value).startswith("b.parquet, row group 2: cannot be read. Training stopped in")
    assert "in epoch 2, after batch 16 of 37." in str(told.value)
    assert trainer.history.stop_reason == "unreadable data"
    assert trainer.history.best_epoch == 1
    history = trainer.fit(make_stream(), None, *VALIDATION, epochs=2, restart=False, **how)
    assert_equal((history, state_of(trainer.net)), (expected, state_of(whole.net)))


def test_going_on_is_for_the_epoch_that_was_stopped_in():
    """Whoever trains on something else meanwhile begins the next epoch at its first batch."""
    trainer, seen = make_trainer("numpy"), []
    with pytest.raises(FileError, match="epoch 2, after batch 4"):
        trainer.fit(damaged(2, 6), epochs=3, **QUIET)
    trainer.fit(*make_data(rows=40), epochs=1, restart=False, **QUIET)
    note = LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    trainer.fit(make_stream(), epochs=1, restart=False, callbacks=[note], **QUIET)
    assert seen == [*range(1, 38)]


@pytest.mark.parametrize(("seed", "size"), [(6, BATCH), (5, BATCH // 2)])
def test_going_on_is_for_the_same_stream_and_batch_size(seed, size):
    trainer, seen = make_trainer("numpy"), []
    with pytest.raises(FileError, match="epoch 2, after batch 4"):
        trainer.fit(damaged(2, 6), epochs=3, **QUIET)
    note = LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    trainer.fit(
        make_stream(seed=seed),
        epochs=1,
        restart=False,
        callbacks=[note],
        **QUIET | {"batch_size": size},
    )
    assert seen == [*range(1, make_stream().batch_count(size) + 1)]


def test_a_damaged_file_and_a_checkpoint(engine, tmp_path):
    expected = train(tmp_path / "whole", engine, minutes=60)
    with pytest.raises(FileError, match=r"after batch 12 of 37\. When .* newest checkpoint in"):
        train(tmp_path / "parts", engine, stream=damaged(2, 14), minutes=60)
    assert (tmp_path / "parts" / "epoch-000001-batch-000000012.safetensors").exists()
    assert_equal(train(tmp_path / "parts", engine, minutes=60), expected)


def test_validation_rows_that_cannot_be_read(engine, tmp_path):
    def run(validation):
        trainer, checkpoint = make_trainer(engine), Checkpoint(tmp_path / name)
        history = trainer.fit(
            make_stream(), X_test=validation, epochs=2, callbacks=[checkpoint], **QUIET
        )
        return history, state_of(trainer.net)

    class Torn(ArrayStream):
        def in_order(self, most):
            yield next(super().in_order(5))
            raise OSError("no such disk")

    name = "whole"
    expected = run(ArrayStream(*VALIDATION))
    name = "parts"
    with pytest.raises(OSError, match="no such disk") as told:
        run(Torn(*VALIDATION))
    assert "after batch 37 of 37" in told.value.__notes__[0]
    assert_equal(run(ArrayStream(*VALIDATION)), expected)


def test_a_file_that_is_damaged_from_the_start_changes_nothing(engine):
    trainer = make_trainer(engine)
    trainer.fit(make_stream(), epochs=1, **QUIET)
    before, history = state_of(trainer.net), trainer.history.copy()
    with pytest.raises(FileError, match=r"cannot be read\.$"):
        trainer.fit(damaged(1, 1), epochs=1, **QUIET)
    assert trainer.history.history == history.history
    for array, other in zip(state_of(trainer.net), before, strict=True):
        assert array.tobytes() == other.tobytes()


# Who looks on.


def test_callbacks_are_told_how_an_epoch_goes(engine):
    seen = []
    note = LambdaCallback(on_progress=lambda batch, logs: seen.append((batch, logs)))
    history = make_trainer(engine).fit(make_stream(), epochs=1, callbacks=[note], **QUIET)
    assert all(a < b for (a, _), (b, _) in pairwise(seen))
    assert len(seen) >= 9
    assert seen[-1][0] == seen[-1][1]["batches"] == 37
    # The mean over batches, of which the last one has 14 rows rather than 16.
    assert seen[-1][1]["loss"] == pytest.approx(history["loss"][0], rel=0.02)


def test_hooks_of_batches(engine):
    seen = []
    note = LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    trainer = make_trainer(engine)
    if engine == "xla":
        with pytest.raises(ArgumentError, match="no callback can be called for each batch"):
            trainer.fit(make_stream(), epochs=1, callbacks=[note], **QUIET)
        return
    trainer.fit(make_stream(), epochs=2, callbacks=[note], **QUIET)
    assert seen == [*range(1, 38)] * 2


def test_the_doctor_and_the_page_see_some_rows():
    watch, doctor = Watch(port=None), Doctor(verbose=False)
    trainer = make_trainer("numpy")
    trainer.fit(make_stream(), epochs=3, callbacks=[watch, doctor], **QUIET)
    assert watch._record.fits[-1].facts["rows"] == ROWS
    assert doctor.report is not None


def test_auto_chooses_for_streams_too(monkeypatch):
    few = make_trainer("auto").fit(make_stream(), epochs=1, **QUIET)
    assert few.engine == "numpy"
    monkeypatch.setattr("glassbrick.engines.auto_engine._SECONDS_TO_START", 1e-4)
    history = make_trainer("auto").fit(make_stream(), epochs=1, **QUIET)
    assert history.engine == "xla"


# What cannot be used.


class SumOfSquares(Loss):
    def _output(self):
        return np.sum((self.prediction - self.target) ** 2)

    def _input_grad(self):
        return 2.0 * (self.prediction - self.target)


def fit(stream, *others, net=None, optim=None, **how):
    net = net or NeuralNetwork([Dense(1, "linear")], MeanSquaredError(), rng=0)
    return Trainer(net, optim or SGD(0.01)).fit(stream, *others, epochs=1, **QUIET, **how)


@pytest.mark.parametrize(
    ("given", "how", "error", "match"),
    [
        ([VALIDATION[1]], {}, ArgumentError, "fit on a stream, y_train: expected None"),
        ([], {"sample_weight": [1.0]}, ArgumentError, "sample_weight: expected None"),
        ([], {"class_weight": "balanced"}, ArgumentError, "class_weight: expected None"),
        ([], {"optim": LBFGS()}, ArgumentError, "needs all rows at once"),
        ([None, make_stream(), [1.0]], {}, DataError, "neither y_test nor sample_weight_test"),
    ],
)
def test_what_does_not_go_with_a_stream(given, how, error, match):
    with pytest.raises(error, match=match):
        fit(make_stream(), *given, **how)


def test_validation_by_a_stream_needs_one_to_train_on():
    with pytest.raises(ArgumentTypeError, match="Give arrays, or a stream for X_train, too"):
        fit(*VALIDATION, make_stream())


def test_a_loss_that_is_no_mean_over_rows():
    net = NeuralNetwork([Dense(1, "linear")], SumOfSquares(), rng=0)
    X, y = VALIDATION
    with pytest.raises(ArgumentError, match="a loss that is a mean over rows"):
        fit(ArrayStream(X, y), None, ArrayStream(X, y), net=net)
    assert fit(ArrayStream(X, y), None, X, y, net=net).epochs == 1


class Careless(ArrayStream):
    """Changes the third batch."""

    def __init__(self, change):
        super().__init__(*make_data(rows=ROWS))
        self.change = change

    def batches(self, *given):
        for number, rows in enumerate(super().batches(*given)):
            yield rows if number != 2 else Rows(*self.change(*rows))


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        (lambda X, y, w: (X * np.nan, y, w), DataError, "X: expected finite numbers"),
        (lambda X, y, w: (X, y[:-1], w), ShapeError, r"y: expected the shape \(16, 1\)"),
        (lambda X, y, w: (X[:, :2], y, w), ShapeError, r"X: expected the shape \(16, 3\)"),
        (lambda X, y, w: (X, y, y), DataError, "weights with all rows, or with none"),
    ],
)
def test_a_batch_that_is_not_as_expected(change, error, match):
    with pytest.raises(error, match=f"fit, X_train, batch 3 of epoch 1.*{match}"):
        fit(Careless(change))


def test_a_category_that_there_is_not():
    X, y = np.arange(64.0)[:, np.newaxis] % 4, np.ones((64, 1))
    stream = ArrayStream(X, y)
    stream.first_rows = lambda count: Rows(X[:4], y[:4]) if count > 1 else Rows(X[:1], y[:1])
    stream.all.X[40] = 9.0
    net = NeuralNetwork([Embedding(4, 2), Dense(1, "linear")], MeanSquaredError(), rng=0)
    with pytest.raises(DataError, match=r"fit, X_train, batch . of epoch 1: .*from 0 to 3"):
        fit(stream, net=net)


# Reading ahead.


def test_reading_ahead_is_bounded_and_ends():
    made, closed = [], []

    def count():
        try:
            for number in range(100):
                made.append(number)
                yield number
        finally:
            closed.append(True)

    with ReadAhead(count(), 2) as ahead:
        assert [next(ahead) for _ in range(3)] == [0, 1, 2]
    assert len(made) <= 3 + 2 + 2
    assert closed == [True]


def test_reading_ahead_hands_on_errors():
    def fail():
        yield 1
        raise OSError("gone")

    with ReadAhead(fail(), 2) as ahead:
        assert next(ahead) == 1
        with pytest.raises(ReadingError, match="gone") as told:
            next(ahead)
        assert isinstance(told.value.reason, OSError)
    with ReadAhead((n for n in ()), 2) as nothing:
        assert list(nothing) == []


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
def test_reading_ahead_hands_on_what_is_no_exception(error):
    """Such as polars' PanicException: whoever waits would otherwise wait for ever."""

    def fail():
        yield 1
        raise error("gone")

    with ReadAhead(fail(), 2) as ahead:
        assert next(ahead) == 1
        ahead._waiting.get = partial(ahead._waiting.get, timeout=10.0)  # lest the test waits, too
        with pytest.raises(ReadingError, match="gone") as told:
            next(ahead)
        assert isinstance(told.value.reason, error)


def test_training_ends_with_an_error_that_is_no_exception(engine):
    trainer = make_trainer(engine)
    with pytest.raises(SystemExit) as told:
        trainer.fit(damaged(2, 18, SystemExit("gone")), epochs=3, **QUIET)
    assert "Training stopped in epoch 2, after batch 16 of 37." in told.value.__notes__[0]
    assert trainer.history.stop_reason == "unreadable data"


def test_reading_ahead_keeps_no_item_while_it_makes_the_next_one():
    class Item:
        """Something that can be referred to weakly."""

    def items():
        item = Item()
        kept.append(weakref.ref(item))
        yield item
        del item
        may_go_on.wait(10.0)
        kept.append(kept[0]())
        yield None

    kept, may_go_on = [], threading.Event()
    with ReadAhead(items(), 1) as ahead:
        next(ahead)
        may_go_on.set()
        next(ahead)
    assert kept[1] is None
