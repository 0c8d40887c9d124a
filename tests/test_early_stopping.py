"""Early stopping: which epoch is kept, when training stops, and what is printed about it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassbrick import (
    ArgumentError,
    ArgumentTypeError,
    DivergenceError,
    EarlyStopping,
    LambdaCallback,
    MeanSquaredError,
    r2,
)
from networks import Rig, assert_same_history, make_data, make_trainer, params_of, same_params

X, y = make_data(rows=37)
X_val, y_val = make_data(rows=23, seed=1)
QUIET = {"batch_size": 8, "verbose": False}

# EarlyStopping.


def simulate(numbers, patience, min_delta, sign):
    """Return at which epoch to stop, and which was the best."""
    reference, waited, best = math.inf, 0, 1
    for epoch, number in enumerate(numbers, 1):
        if sign * number < sign * numbers[best - 1]:
            best = epoch
        if sign * number < reference - min_delta:
            reference, waited = sign * number, 0
        else:
            waited += 1
        if waited == patience:
            return epoch, best
    return len(numbers), best


@settings(max_examples=100)
@given(
    numbers=st.lists(st.integers(0, 9), min_size=1, max_size=15),
    patience=st.sampled_from([None, 1, 2, 5]),
    min_delta=st.sampled_from([0.0, 1.0, 2.5]),
    mode=st.sampled_from(["min", "max"]),
    restore=st.booleans(),
    eval_every=st.integers(1, 4),
)
def test_early_stopping_as_simulated(numbers, patience, min_delta, mode, restore, eval_every):
    seen = []
    watcher = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(params_of(watcher.net)))
    stopping = EarlyStopping("val_rigged", patience, min_delta, restore, mode)
    trainer = make_trainer()
    history = trainer.fit(
        *(X, y, X_val, y_val),
        epochs=len(numbers),
        eval_every=eval_every,
        metrics=[Rig(map(float, numbers))],
        callbacks=[stopping, watcher],
        **QUIET,
    )
    until, best = simulate(numbers, patience, min_delta, 1.0 if mode == "min" else -1.0)
    assert history.epochs == until
    assert history.best_epoch == best
    assert history.best_loss == history.val_loss[best - 1]
    assert history.stop_reason == ("early stopping" if until < len(numbers) else "completed")
    assert history.evaluated == sorted({*range(eval_every, until + 1, eval_every), until})
    left = best if restore else until
    assert same_params(params_of(trainer.net), seen[left - 1])


def test_the_metric_knows_which_direction_is_better(engine):
    trainer = make_trainer(engine=engine)
    history = trainer.fit(
        X, y, X_val, y_val, epochs=6, metrics=["r2"], callbacks=[EarlyStopping("val_r2")], **QUIET
    )
    assert history.best_epoch == int(np.argmax(history["val_r2"])) + 1
    assert r2(y_val, trainer.net.predict(X_val)) == pytest.approx(max(history["val_r2"]))


def test_own_functions_need_a_direction():
    with pytest.raises(ArgumentError, match='mode="min" or mode="max"'):
        make_trainer().fit(
            *(X, y, X_val, y_val),
            metrics=[Rig([1.0])],
            callbacks=[EarlyStopping("val_rigged")],
            **QUIET,
        )


def test_early_stopping_takes_the_place_of_the_fits_own_patience():
    rigged = Rig([5.0, 4.0, 6.0, 6.0, 6.0])
    history = make_trainer().fit(
        *(X, y, X_val, y_val),
        epochs=5,
        eval_every=1,
        patience=1,
        metrics=[rigged],
        callbacks=[EarlyStopping("val_rigged", patience=3, mode="min")],
        **QUIET,
    )
    assert (history.epochs, history.best_epoch) == (5, 2)


def test_training_loss_without_validation(engine, capsys):
    trainer = make_trainer(engine=engine, lr=0.5)
    stopping = EarlyStopping("loss", patience=2)
    history = trainer.fit(X, y, epochs=7, batch_size=8, callbacks=[stopping])
    assert history.best_epoch == int(np.argmin(history.loss)) + 1
    assert history.best_loss == min(history.loss)
    assert f"loss was best after epoch {history.best_epoch}" in capsys.readouterr().out


def test_unknown_monitors_are_refused_with_what_there_is(engine):
    trainer = make_trainer(engine=engine)
    with pytest.raises(ArgumentError, match='one of "loss", "lr", "mae"; received \'val_loss\''):
        trainer.fit(X, y, metrics=["mae"], callbacks=[EarlyStopping()], **QUIET)
    with pytest.raises(ArgumentError, match='"loss", "lr", "val_loss", "val_mae"'):
        trainer.fit(X, y, X, y, metrics=["mae"], callbacks=[EarlyStopping("mae")], **QUIET)


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"monitor": 3}, ArgumentTypeError),
        ({"patience": 0}, ArgumentError),
        ({"patience": 1.5}, ArgumentTypeError),
        ({"min_delta": -1.0}, ArgumentError),
        ({"min_delta": math.nan}, ArgumentError),
        ({"restore_best": 1}, ArgumentTypeError),
        ({"mode": "best"}, ArgumentError),
    ],
)
def test_early_stopping_refuses(arguments, kind):
    with pytest.raises(kind, match="EarlyStopping, " + next(iter(arguments))):
        EarlyStopping(**arguments)


@pytest.mark.parametrize("monitor", ["loss", "val_loss", "val_r2"])
@pytest.mark.parametrize("restore", [True, False])
def test_going_on_goes_on_judging(engine, monitor, restore):
    whole, parts = (make_trainer(lr=0.7, engine=engine) for _ in range(2))

    def train(trainer, epochs, restart=True):
        stopping = EarlyStopping(monitor, None, restore_best=restore)
        return trainer.fit(
            *(X, y, X_val, y_val),
            epochs=epochs,
            restart=restart,
            metrics=["r2"],
            callbacks=[stopping],
            **QUIET,
        )

    one = train(whole, 12)
    train(parts, 6)
    two = train(parts, 6, restart=False)
    assert one.history == two.history
    assert (one.best_epoch, one.best_loss) == (two.best_epoch, two.best_loss)
    assert same_params(params_of(whole.net), params_of(parts.net))


def test_another_direction_is_another_search():
    trainer = make_trainer()
    settings = {"metrics": ["mae"], "epochs": 3, **QUIET}
    trainer.fit(X, y, X, y, callbacks=[EarlyStopping("val_mae", mode="max")], **settings)
    history = trainer.fit(
        X, y, X, y, callbacks=[EarlyStopping("val_mae")], restart=False, **settings
    )
    assert history.best_epoch == int(np.argmin(history["val_mae"][3:])) + 4


def test_divergence_keeps_the_best_even_if_the_last_was_wanted(engine):
    blow = LambdaCallback(
        on_epoch_end=lambda epoch, logs: (
            setattr(blow.trainer.optim, "lr", 1e200) if epoch == 3 else None
        )
    )
    trainer = make_trainer(engine=engine)
    with pytest.raises(DivergenceError, match="parameters of epoch 3") as caught:
        trainer.fit(
            *(X, y, X, y), callbacks=[EarlyStopping("loss", restore_best=False), blow], **QUIET
        )
    assert caught.value.history.best_epoch == 3
    loss = float(MeanSquaredError().forward(trainer.net.predict(X), y))
    assert loss == pytest.approx(caught.value.history.val_loss[2], rel=1e-12)


def test_a_second_fit_that_diverges_at_once_changes_nothing(engine):
    trainer = make_trainer(engine=engine)
    trainer.fit(X, y, X, y, epochs=3, eval_every=1, **QUIET)
    before, history = params_of(trainer.net), trainer.history.copy()
    trainer.optim.lr = 1e200
    with pytest.raises(DivergenceError, match="it had before"):
        trainer.fit(X, y, X, y, epochs=3, restart=False, **QUIET)
    assert same_params(before, params_of(trainer.net))
    assert_same_history(trainer.history, history)


# What is printed.


def printed(capsys, *callbacks, numbers=None, **settings):
    metrics = [Rig(numbers)] if numbers else []
    make_trainer().fit(
        X, y, X_val, y_val, batch_size=8, metrics=metrics, callbacks=callbacks, **settings
    )
    return capsys.readouterr().out.splitlines()


def test_lines_of_early_stopping(capsys):
    numbers = [5.0, 4.0, 3.0, 2.0] + [6.0] * 9
    stopping = EarlyStopping("val_rigged", patience=9, mode="min")
    lines = printed(capsys, stopping, numbers=numbers, epochs=20, eval_every=5)
    assert [line.split(" is ")[0] for line in lines[:1]] == ["Validation loss after 5 epochs"]
    assert lines[0].endswith(", rigged 6")
    assert lines[1:] == ["val_rigged was best after epoch 4, 2; using the model from epoch 4"]
    stopping = EarlyStopping("val_rigged", patience=9, mode="min", restore_best=False)
    lines = printed(capsys, stopping, numbers=numbers, epochs=20, eval_every=5)
    assert lines[1:] == ["val_rigged was best after epoch 4, 2; using the model from epoch 13"]


def test_lines_have_metrics_and_fit_a_terminal(capsys):
    make_trainer().fit(X, y, X, y, epochs=2, eval_every=1, metrics=["mae", "rmse", "r2"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    for line in lines:
        assert "mae 0." in line
        assert len(line) <= 80
    make_trainer().fit(X, y, epochs=1, metrics=["mae"])
    assert "Training loss after 1 epochs is" in (line := capsys.readouterr().out)
    assert "mae 0." in line


def test_the_bar_has_metrics_and_fits_a_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    make_trainer().fit(X, y, X, y, epochs=150, patience=None, metrics=["mae", "r2"], verbose="bar")
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert "150/150" in lines[-1]
    assert "mae 0." in lines[-1]
    assert "r2 " in lines[-1]
    three = ["mae", "r2", "rmse"]
    make_trainer().fit(X, y, X, y, epochs=150, patience=None, metrics=three, verbose="bar")
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("epoch 150/150 ━━━━━━")  # what is cut are the metrics
    assert last.endswith("… 0:00:00")
