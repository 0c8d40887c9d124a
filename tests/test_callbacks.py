"""What a fit calls, what it follows, and who may have a say."""

from __future__ import annotations

import csv
import math
import pickle
import time

import numpy as np
import pytest

import glassbrick as gb
from glassbrick import (
    SGD,
    ArgumentError,
    ArgumentTypeError,
    Callback,
    CosineDecay,
    CSVLogger,
    DataError,
    Dense,
    EarlyStopping,
    FileError,
    LambdaCallback,
    MeanSquaredError,
    NeuralNetwork,
    ReduceLROnPlateau,
    StepDecay,
    TimeBudget,
    Trainer,
)
from glassbrick.training.callbacks.early_stopping import Judge
from networks import make_data, make_net, make_trainer, params_of, same_params

X, y = make_data(rows=40)
X_val, y_val = make_data(rows=15, seed=1)
QUIET = {"verbose": False, "batch_size": 8}


class Recorder(Callback):
    """Writes down each call."""

    def __init__(self):
        self.calls = []

    def on_train_begin(self, logs=None):
        self.calls.append(("train_begin", logs))

    def on_train_end(self, logs=None):
        self.calls.append(("train_end", logs))

    def on_epoch_begin(self, epoch, logs=None):
        self.calls.append(("epoch_begin", epoch))

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append(("epoch_end", epoch, logs, params_of(self.net)))

    def on_test_begin(self, logs=None):
        self.calls.append(("test_begin", self.history.epochs))

    def on_test_end(self, logs=None):
        self.calls.append(("test_end", logs))


class Batches(Recorder):
    def on_train_batch_begin(self, batch, logs=None):
        self.calls.append(("batch_begin", batch))

    def on_train_batch_end(self, batch, logs=None):
        self.calls.append(("batch_end", batch, logs["loss"]))


def test_hooks_are_called_in_order(engine):
    recorder = Recorder()
    trainer = make_trainer(engine=engine)
    settings = QUIET | {"epochs": 3, "eval_every": 2, "callbacks": [recorder]}
    history = trainer.fit(X, y, X_val, y_val, patience=None, **settings)
    names = [call[0] for call in recorder.calls]
    an_epoch, tested = ["epoch_begin", "epoch_end"], ["test_begin", "test_end"]
    second = ["epoch_begin", *tested, "epoch_end"]
    assert names == ["train_begin", *an_epoch, *second, *second, "train_end"]
    assert recorder.calls[0][1] == {"epochs": 3, "replaced_params": False, "stopping": None}
    ends = [call for call in recorder.calls if call[0] == "epoch_end"]
    assert [epoch for _, epoch, *_ in ends] == [1, 2, 3]
    for (_, epoch, logs, _), loss, val_loss in zip(
        ends, history.loss, history.val_loss, strict=True
    ):
        assert logs == {"loss": loss, "val_loss": val_loss, "lr": 0.05}, epoch


def test_a_callback_sees_the_parameters_of_its_epoch(engine):
    recorder = Recorder()
    make_trainer(engine=engine).fit(X, y, epochs=3, callbacks=[recorder], **QUIET)
    seen = [call[3] for call in recorder.calls if call[0] == "epoch_end"]
    for epochs, params in enumerate(seen, start=1):
        trainer = make_trainer(engine=engine)
        trainer.fit(X, y, epochs=epochs, **QUIET)
        for a, b in zip(params, trainer.net.params(), strict=True):
            assert np.allclose(a, b, rtol=1e-12, atol=1e-14)


def test_batch_hooks_on_numpy():
    recorder = Batches()
    history = make_trainer().fit(X[:20], y[:20], epochs=1, callbacks=[recorder], **QUIET)
    batches = [call for call in recorder.calls if call[0].startswith("batch")]
    assert [call[:2] for call in batches] == [
        (f"batch_{when}", number) for number in (1, 2, 3) for when in ("begin", "end")
    ]
    losses = [call[2] for call in batches if call[0] == "batch_end"]
    assert np.average(losses, weights=[8, 8, 4]) == pytest.approx(history.loss[0])


def test_batch_hooks_on_xla_are_refused_and_auto_does_without():
    trainer = make_trainer(engine="xla")
    with pytest.raises(ArgumentError, match=r'on_train_batch_begin.*engine="numpy"'):
        trainer.fit(X, y, epochs=1, callbacks=[Batches()], **QUIET)
    history = make_trainer(engine="auto").fit(X, y, epochs=1, callbacks=[Batches()], **QUIET)
    assert (history.engine, history.engine_reason) == (
        "numpy",
        "auto: a callback wants to be called for each batch",
    )


def test_what_a_callback_changes_is_heeded(engine):
    class Halve(Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.trainer.optim.lr /= 2
            next(self.net.params())[...] = epoch

    trainer = make_trainer(engine=engine)
    history = trainer.fit(X, y, epochs=4, callbacks=[Halve()], **QUIET)
    assert history["lr"] == [0.05, 0.025, 0.0125, 0.00625]
    other = make_trainer(engine="numpy")
    other.fit(X, y, epochs=4, callbacks=[Halve()], **QUIET)
    for a, b in zip(trainer.net.params(), other.net.params(), strict=True):
        assert np.allclose(a, b, rtol=1e-12, atol=1e-14)
    assert (next(trainer.net.params()) == 4).all()


def test_a_callback_that_fails_changes_nothing(engine):
    class Failing(Callback):
        closed = False

        def on_epoch_end(self, epoch, logs=None):
            raise KeyError("mine")

        def close(self):
            self.closed = True

    trainer, failing = make_trainer(engine=engine), Failing()
    trainer.net.build(3)
    before = params_of(trainer.net)
    with pytest.raises(KeyError, match="mine"):
        trainer.fit(X, y, epochs=2, callbacks=[failing], **QUIET)
    assert same_params(before, params_of(trainer.net))
    assert failing.closed
    assert trainer.fit(X, y, epochs=1, **QUIET).epochs == 1


def test_a_callback_can_stop_training(engine):
    class Enough(Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 3:
                self.stop("enough is enough")

    trainer = make_trainer(engine=engine)
    settings = QUIET | {"epochs": 20, "eval_every": 10, "callbacks": [Enough()]}
    history = trainer.fit(X, y, X_val, y_val, **settings)
    assert (history.epochs, history.stop_reason) == (3, "enough is enough")
    assert history.evaluated == [3]
    assert history.best_epoch == 3
    assert trainer.fit(X, y, epochs=2, restart=False, **QUIET).epochs == 5


def test_a_callback_before_its_fit_and_after_pickling():
    recorder = Recorder()
    with pytest.raises(gb.NotReadyError, match=r"Recorder\.trainer: no fit has begun"):
        _ = recorder.net
    make_trainer().fit(X, y, epochs=1, callbacks=[recorder], **QUIET)
    assert recorder.net is recorder.trainer.net
    assert "_trainer" not in vars(pickle.loads(pickle.dumps(EarlyStopping())))


@pytest.mark.parametrize(
    ("callbacks", "kind", "words"),
    [
        ([print], ArgumentTypeError, "a Callback"),
        (EarlyStopping(), ArgumentTypeError, "a list of callbacks"),
        ([EarlyStopping], ArgumentTypeError, "Make one by calling the class"),
        ([EarlyStopping(), EarlyStopping()], ArgumentError, "at most one EarlyStopping"),
    ],
)
def test_what_is_no_callback(callbacks, kind, words):
    with pytest.raises(kind, match=words):
        make_trainer().fit(X, y, epochs=1, callbacks=callbacks, **QUIET)


def test_lambda_callback(capsys):
    callback = LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, sorted(logs)))
    make_trainer().fit(X, y, epochs=2, callbacks=[callback], **QUIET)
    assert capsys.readouterr().out == "1 ['loss', 'lr']\n2 ['loss', 'lr']\n"
    with pytest.raises(ArgumentError, match="on_epoch_end"):
        LambdaCallback(on_epoch=print)
    with pytest.raises(ArgumentTypeError, match="a function"):
        LambdaCallback(on_epoch_end=3)


# Early stopping.


class Rigged(Callback):
    """Puts the numbers that a metric gives in their order."""

    def __init__(self, numbers):
        self.numbers = iter(numbers)

    def __call__(self, y_true, y_pred):
        return next(self.numbers)


def rigged(numbers, better="lower", **settings):
    metric = gb.metrics.Metric("rig", Rigged(numbers), better == "higher")
    trainer = make_trainer()
    stopping = EarlyStopping("val_rig", **settings)
    recorder = Recorder()
    history = trainer.fit(
        *(X, y, X_val, y_val, len(numbers), 100, 8),
        metrics=[metric], callbacks=[stopping, recorder], verbose=False,
    )  # fmt: skip
    params = {call[1]: call[3] for call in recorder.calls if call[0] == "epoch_end"}
    kept = next(epoch for epoch, p in params.items() if same_params(p, params_of(trainer.net)))
    return history, kept


def test_early_stopping_waits_with_patience():
    history, kept = rigged([5, 4, 6, 3, 3.5, 3, 9, 1], patience=3)
    assert (history.epochs, history.stop_reason) == (7, "early stopping")
    assert history.best_epoch == kept == 4
    assert history.best_loss == history.val_loss[3]
    history, kept = rigged([1, 2, 5, 4, 4, 9], better="higher", patience=2)
    assert (history.epochs, history.best_epoch, kept) == (5, 3, 3)
    history, kept = rigged([1, 2, 3, 4], better="higher", patience=1, mode="min")
    assert (history.epochs, history.best_epoch, kept) == (2, 1, 1)


def test_early_stopping_with_min_delta_and_without_restoring():
    history, kept = rigged([5, 4.9, 4.8, 4.7], patience=2, min_delta=0.5)
    assert (history.epochs, history.best_epoch, kept) == (3, 3, 3)
    history, kept = rigged([5, 4, 6, 7, 8], patience=2, restore_best=False)
    assert (history.epochs, history.best_epoch, kept) == (4, 2, 4)
    history, kept = rigged([5, 4, 6, 7, 8], patience=None)
    assert (history.epochs, history.best_epoch, kept) == (5, 2, 2)


def test_early_stopping_takes_the_place_of_patience(engine):
    trainer = make_trainer(engine=engine)
    stopping = EarlyStopping(patience=50)
    history = trainer.fit(
        X, y, X_val, -y_val, 30, 1, 8, patience=1, callbacks=[stopping], verbose=False
    )
    assert history.epochs == 30
    assert history.best_epoch == 1 + int(np.argmin(history.val_loss))
    assert trainer.engine.evaluate(trainer.net, X_val, -y_val) == pytest.approx(history.best_loss)


def test_early_stopping_without_validation_data(engine):
    trainer = make_trainer(engine=engine)
    with pytest.raises(ArgumentError, match=r'one of "loss", "lr"; received .val_loss.*X_test'):
        trainer.fit(X, y, epochs=2, callbacks=[EarlyStopping()], **QUIET)
    history = trainer.fit(X, y, epochs=5, callbacks=[EarlyStopping("loss")], **QUIET)
    assert history.best_epoch == 1 + int(np.argmin(history.loss))


def test_a_metric_of_ones_own_needs_a_direction():
    def mine(y_true, y_pred):
        return 1.0

    settings = QUIET | {"epochs": 1, "metrics": [mine]}
    with pytest.raises(ArgumentError, match='mode="min" or mode="max"'):
        make_trainer().fit(X, y, callbacks=[EarlyStopping("mine")], **settings)
    make_trainer().fit(X, y, callbacks=[EarlyStopping("mine", mode="min")], **settings)


@pytest.mark.parametrize(
    "wrong",
    [{"monitor": 3}, {"patience": 0}, {"min_delta": -1}, {"restore_best": 1}, {"mode": "low"}],
)
def test_settings_of_early_stopping(wrong):
    with pytest.raises(gb.GlassbrickError, match=f"EarlyStopping, {next(iter(wrong))}"):
        EarlyStopping(**wrong)


def test_early_stopping_goes_on(engine):
    stopping = EarlyStopping(patience=100)
    settings = QUIET | {"eval_every": 5, "callbacks": [stopping]}
    trainer, other = make_trainer(engine=engine), make_trainer(engine=engine)
    trainer.fit(X, y, X_val, y_val, epochs=4, **settings)
    history = trainer.fit(X, y, X_val, y_val, epochs=4, restart=False, **settings)
    expected = other.fit(X, y, X_val, y_val, epochs=8, **settings)
    assert history.val_loss == expected.val_loss
    assert history.best_epoch == expected.best_epoch
    assert same_params(params_of(trainer.net), params_of(other.net))


# Other callbacks.


def test_csv_logger(tmp_path, engine):
    path = tmp_path / "log.csv"
    logger = CSVLogger(path)
    trainer = make_trainer(engine=engine)
    trainer.fit(X, y, X_val, y_val, 3, callbacks=[logger], metrics=["mae"], verbose=False)
    history = trainer.fit(
        *(X, y, X_val, y_val, 2), restart=False, callbacks=[logger], metrics=["mae"], verbose=False
    )
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["epoch", "loss", "val_loss", "lr", "val_mae"]
    assert [int(row["epoch"]) for row in rows] == [1, 2, 3, 4, 5]
    for name in ("loss", "val_loss", "val_mae"):
        assert [float(row[name]) for row in rows] == history[name]


def test_csv_logger_loses_nothing(tmp_path):
    path = tmp_path / "log.csv"
    fit = lambda logger, **more: make_trainer().fit(  # noqa: E731
        X, y, epochs=1, callbacks=[logger], **QUIET, **more
    )
    fit(CSVLogger(path))
    before = path.read_text()
    with pytest.raises(FileError, match="is there already"):
        fit(CSVLogger(path))
    assert path.read_text() == before
    fit(CSVLogger(path, append=True))
    assert path.read_text().startswith(before)
    with pytest.raises(DataError, match="received mae too"):
        fit(CSVLogger(path, append=True), metrics=["mae"])
    with pytest.raises(FileError, match="No such file"):
        fit(CSVLogger(tmp_path / "nowhere" / "log.csv"))


def test_time_budget(engine):
    class Slow(Callback):
        def on_epoch_begin(self, epoch, logs=None):
            time.sleep(0.02)

    trainer = make_trainer(engine=engine)
    trainer.fit(X, y, epochs=1, **QUIET)  # compiles
    history = trainer.fit(X, y, epochs=1000, callbacks=[Slow(), TimeBudget(0.3)], **QUIET)
    assert history.stop_reason == "time budget"
    assert 2 <= history.epochs <= 15
    assert history.seconds < 1.0
    assert make_trainer().fit(X, y, epochs=9, callbacks=[TimeBudget(1e-9)], **QUIET).epochs == 1


@pytest.mark.parametrize("cooldown", [0, 2])
@pytest.mark.parametrize("patience", [1, 2])
def test_reduce_lr_on_plateau_equals_pytorch(patience, cooldown):
    torch = pytest.importorskip("torch")
    numbers = [5, 4, 4, 4.5, 4, 4, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2, 2, 2]
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.8)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=0.5, patience=patience - 1, threshold=1e-4, threshold_mode="abs",
        cooldown=cooldown, min_lr=0.1,
    )  # fmt: skip
    expected = []
    for number in numbers:
        expected.append(optimizer.param_groups[0]["lr"])
        theirs.step(number)
    trainer = make_trainer(lr=0.8)
    ours = ReduceLROnPlateau("rig", 0.5, patience, cooldown=cooldown, min_lr=0.1)
    metric = gb.metrics.Metric("rig", Rigged(numbers), False)
    net = NeuralNetwork([Dense(1, "linear")], MeanSquaredError(), rng=0)
    trainer = Trainer(net, SGD(lr=0.8))
    history = trainer.fit(
        X * 1e-3, y, epochs=len(numbers), metrics=[metric], callbacks=[ours], **QUIET
    )
    assert history["lr"] == pytest.approx(expected)


def test_the_learning_rate_of_each_epoch(engine):
    trainer = make_trainer(engine=engine)
    trainer.optim.lr = StepDecay(0.1, every=3, factor=0.5)
    history = trainer.fit(X, y, epochs=8, eval_every=8, **QUIET)
    assert history["lr"] == pytest.approx([0.1] * 3 + [0.05] * 3 + [0.025] * 2)
    trainer.optim.lr = CosineDecay(0.1)
    history = trainer.fit(X, y, epochs=4, eval_every=4, **QUIET)
    assert history["lr"] == pytest.approx(
        [0.05 * (1 + math.cos(math.pi * t / 4)) for t in range(4)]
    )


# What is followed.


def test_metrics_are_followed(engine):
    def worst(y_true, y_pred):
        return np.abs(y_true - y_pred).max()

    trainer, recorder = make_trainer(engine=engine), Recorder()
    settings = QUIET | {"epochs": 3, "metrics": ["mae", "r2", worst], "callbacks": [recorder]}
    history = trainer.fit(X, y, X_val, y_val, patience=None, **settings)
    assert list(history) == ["loss", "val_loss", "lr", "val_mae", "val_r2", "val_worst"]
    twin = make_net()
    twin.build(3)
    for epoch, (*_, params) in enumerate(c for c in recorder.calls if c[0] == "epoch_end"):
        for mine, theirs in zip(twin.params(), params, strict=True):
            mine[...] = theirs
        predicted = twin.predict(X_val)
        assert history["val_mae"][epoch] == pytest.approx(gb.mae(y_val, predicted), rel=1e-12)
        assert history["val_r2"][epoch] == pytest.approx(gb.r2(y_val, predicted), rel=1e-12)
        assert history["val_worst"][epoch] == pytest.approx(worst(y_val, predicted), rel=1e-12)
    assert list(make_trainer(engine=engine).fit(X, y, **settings)) == [
        *("loss", "lr", "mae", "r2", "worst"),
    ]


@pytest.mark.parametrize(
    ("metrics", "words"),
    [
        ("mae", "a list, such as"),
        (["maee"], '"mae"'),
        ([3], "name of a metric"),
        (["mae"] * 2, "once"),
    ],
)
def test_what_is_no_metric(metrics, words):
    with pytest.raises(gb.GlassbrickError, match=words):
        make_trainer().fit(X, y, epochs=1, metrics=metrics, **QUIET)


def test_metrics_are_given_probabilities(engine):
    labels = (X[:, :1] > 0).astype(float) + (X[:, 1:2] > 0)
    net = NeuralNetwork([Dense(8, "relu"), Dense(3, "linear")], gb.SoftmaxCrossEntropy(), rng=0)
    trainer = Trainer(net, gb.Adam(0.02), engine=engine)
    names = ["accuracy", "log_loss", "roc_auc", "calibration_error", "f1", "balanced_accuracy"]
    history = trainer.fit(X, labels, epochs=60, metrics=names, **QUIET)
    assert history["accuracy"][-1] > 0.9
    assert history["roc_auc"][-1] > 0.95
    assert history["log_loss"][-1] == pytest.approx(
        trainer.engine.evaluate(net, X, labels), rel=1e-9
    )


def test_moving_averages_are_what_is_judged_and_kept(engine):
    trainer, recorder = make_trainer(engine=engine), Recorder()
    trainer.optim.ema = 0.9
    settings = QUIET | {"epochs": 6, "eval_every": 3, "metrics": ["mae"], "patience": None}
    history = trainer.fit(X, y, X_val, y_val, callbacks=[recorder], **settings)
    raw = [call[3] for call in recorder.calls if call[0] == "epoch_end"]
    assert not same_params(raw[history.best_epoch - 1], params_of(trainer.net))
    assert trainer.engine.evaluate(trainer.net, X_val, y_val) == pytest.approx(history.best_loss)
    assert gb.mae(y_val, trainer.net.predict(X_val)) == pytest.approx(
        history["val_mae"][history.best_epoch - 1]
    )
    halves = make_trainer(engine=engine)
    halves.optim.ema = 0.9
    settings |= {"epochs": 3}
    halves.fit(X, y, X_val, y_val, **settings)
    again = halves.fit(X, y, X_val, y_val, restart=False, **settings)
    assert again.val_loss == history.val_loss
    assert same_params(params_of(halves.net), params_of(trainer.net))


def test_moving_averages_without_validation(engine):
    trainer, plain = make_trainer(engine=engine), make_trainer(engine=engine)
    trainer.optim.ema = 0.9
    trainer.fit(X, y, epochs=3, **QUIET)
    plain.fit(X, y, epochs=3, **QUIET)
    assert not same_params(params_of(trainer.net), params_of(plain.net))
    trainer.fit(X, y, epochs=3, restart=False, **QUIET)
    plain.fit(X, y, epochs=3, restart=False, **QUIET)
    # Training goes on from where it was, not from the averages.
    assert trainer.history.loss == pytest.approx(plain.history.loss)


def test_judge_looks_at_one_number():
    judge = Judge(EarlyStopping("val_loss", patience=2), every=1)
    assert [judge.update(n) for n in (3.0, 2.0, 2.0, 2.5)] == [True, True, False, False]
    assert judge.should_stop
