"""History: what was recorded, by name, as a table, and as a plot."""

from __future__ import annotations

import copy
import math
import pickle
import sys

import numpy as np
import pytest

from glassbrick import (
    ArgumentError,
    ArgumentTypeError,
    History,
    MissingExtraError,
    NotReadyError,
)
from networks import make_data, make_trainer

NAN = math.nan


def same(values, expected):
    return np.array_equal(values, expected, equal_nan=True)


def make_history(epochs=6, metrics=True, validation=True):
    history = History()
    for epoch in range(1, epochs + 1):
        loss = 300.0 / epoch**2
        numbers = {"mae": loss**0.5, "val_mae": 1.1 * loss**0.5, "lr": 0.1} if metrics else None
        history.record(loss, 1.2 * loss if validation else None, numbers)
    if validation:
        history.best_epoch, history.best_loss = epochs, history.val_loss[-1]
    return history


@pytest.fixture
def pyplot():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


# By name -------------------------------------------------------------------------------------


def test_what_was_recorded_is_found_by_name():
    history = make_history(2)
    names = ["loss", "val_loss", "mae", "val_mae", "lr"]
    assert list(history) == history.keys() == list(history.history) == names
    assert history["loss"] is history.loss
    assert history["val_loss"] is history.val_loss
    assert history["lr"] == history.metrics["lr"] == [0.1, 0.1]
    assert dict(history) == history.history
    assert "val_mae" in history
    assert "rmse" not in history
    assert ["unhashable"] not in list(history)


def test_no_validation_no_val_loss():
    history = make_history(2, metrics=False, validation=False)
    assert list(history) == ["loss"]
    assert "val_loss" not in history
    with pytest.raises(ArgumentError, match=r'History: expected one of "loss"; received .val_loss'):
        history["val_loss"]
    with pytest.raises(ArgumentTypeError, match=r"received 0 \(int\)"):
        history[0]


def test_epochs_without_a_value_have_nan():
    history = History()
    history.record(3.0, None)
    history.record(2.0, None, {"lr": 0.1})
    history.record(1.0, 4.0, {"val_mae": 5.0})
    history.record(0.5, None)
    assert history.loss == [3.0, 2.0, 1.0, 0.5]
    assert same(history["val_loss"], [NAN, NAN, 4.0, NAN])
    assert same(history["lr"], [NAN, 0.1, NAN, NAN])
    assert same(history["val_mae"], [NAN, NAN, 5.0, NAN])


@pytest.mark.parametrize("name", ["loss", "val_loss"])
def test_a_metric_cannot_take_the_name_of_a_loss(name):
    history = History()
    with pytest.raises(ArgumentError, match=f"{name} is not the name of a metric"):
        history.record(1.0, None, {"mae": 1.0, name: 1.0})
    assert history.epochs == 0


def test_copies_are_left_as_they_are():
    history = make_history(2)
    copied, pickled = history.copy(), pickle.loads(pickle.dumps(history))
    assert copied == pickled == copy.deepcopy(history) == history
    history.record(1.0, 1.0, {"mae": 1.0, "new": 2.0})
    assert copied == pickled != history
    assert "new" not in copied.metrics
    assert len(copied["mae"]) == 2


def test_what_a_fit_records_is_found_by_name():
    X, y = make_data()
    history = make_trainer().fit(X, y, X, y, epochs=3, verbose=False)
    assert history["loss"] == history.loss
    assert len(history["val_loss"]) == 3
    assert history["lr"] == [0.05] * 3


# As a table ----------------------------------------------------------------------------------


def test_to_frame():
    pandas = pytest.importorskip("pandas")
    history = make_history(3)
    history.record(1.0, None)
    frame = history.to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert frame.index.name == "epoch"
    assert list(frame.index) == [1, 2, 3, 4]
    assert list(frame.columns) == list(history)
    for name in history:
        assert same(frame[name], history[name])
    assert frame["val_loss"].idxmin() == 3
    frame.loc[1, "loss"] = -1.0
    assert history.loss[0] != -1.0  # a table of its own
    assert History().to_frame().shape == (0, 1)


@pytest.mark.parametrize(
    ("package", "extra", "use"),
    [("pandas", "pandas", History.to_frame), ("matplotlib", "plot", History.plot)],
)
def test_a_missing_package_is_told(package, extra, use, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf"needs {package}.*glassbrick\[{extra}\]"):
        use(make_history())


# As a plot -----------------------------------------------------------------------------------


def curves(axes):
    """The lines by label."""
    return {line.get_label(): line for line in axes.get_lines()}


def test_plot_draws_all_that_was_recorded(pyplot):
    history = make_history(40)
    axes = history.plot()
    losses, mae, lr = axes.figure.axes
    assert axes is losses
    assert pyplot.fignum_exists(axes.figure.number)  # plt.show() will show it
    for panel, names in ((losses, ("loss", "val_loss")), (mae, ("mae", "val_mae"))):
        lines = curves(panel)
        for label, name in zip(("training", "validation"), names, strict=True):
            assert list(lines[label].get_xdata()) == history.epoch
            assert list(lines[label].get_ydata()) == history[name]
    assert [panel.get_ylabel() for panel in (losses, mae, lr)] == ["loss", "mae", "learning rate"]
    assert list(curves(lr)["training"].get_ydata()) == history["lr"]
    assert lr.get_xlabel() == "epoch"
    axes.figure.draw_without_rendering()


def test_plot_marks_the_best_epoch(pyplot):
    history = make_history(9, metrics=False)
    history.best_epoch = 7
    (text,) = [t for t in curves(history.plot()) if t.startswith("best")]
    assert text == f"best: {history.val_loss[6]:.4g} after epoch 7"
    (point,) = [line for line in pyplot.gca().get_lines() if line.get_label() == text]
    assert (list(point.get_xdata()), list(point.get_ydata())) == ([7], [history.val_loss[6]])
    without = make_history(9, validation=False).plot()
    assert not any(label.startswith("best") for label in curves(without))


def test_plot_takes_the_scale_that_the_range_asks_for(pyplot):
    def scale(*losses):
        history = History()
        for loss in losses:
            history.record(loss, None)
        axes = history.plot()
        axes.figure.draw_without_rendering()
        return axes.get_yscale()

    assert scale(200.0, 50.0, 20.0) == scale(1e9, 1.0) == scale(3000.0, 2.0) == "log"
    assert scale(20.0, 15.0) == scale(0.0, 50.0) == scale(-1.0, 50.0) == scale(3.0) == "linear"


def test_plot_takes_axes_of_ones_own(pyplot):
    history = make_history()
    figure, grid = pyplot.subplots(2, 2)
    assert history.plot(grid[0, 0]) is grid[0, 0]
    assert len(figure.axes) == 4
    assert not grid[0, 1].lines
    other = pyplot.figure()
    assert history.plot(grid[1], metrics=["mae"]) is grid[1, 0]
    assert set(curves(grid[1, 1])) >= {"training", "validation"}
    assert not other.axes
    assert history.plot(list(grid[1])) is grid[1, 0]


def test_plot_draws_the_metrics_asked_for(pyplot):
    history = make_history()
    assert len(history.plot(metrics=[]).figure.axes) == 1
    assert [a.get_ylabel() for a in history.plot(metrics=["lr"]).figure.axes][1] == "learning rate"
    assert len(history.plot(metrics="mae").figure.axes) == 2


def test_plot_shows_single_epochs(pyplot):
    history = make_history(1)
    axes = history.plot()
    assert curves(axes)["training"].get_marker() == "o"
    assert [tick for tick in axes.get_xticks() if 0.5 <= tick <= 1.5] == [1.0]
    history = make_history(60, validation=False)
    history.record(2.0, 3.0)  # one validation loss, among many training losses
    lines = curves(history.plot())
    assert lines["validation"].get_marker() == "o"
    assert list(lines["validation"].get_xdata()) == [61]
    assert lines["training"].get_marker() == ""


def test_plot_refuses(pyplot):
    history = make_history()
    with pytest.raises(NotReadyError, match=r"no epoch to draw yet. Call fit"):
        History().plot()
    with pytest.raises(ArgumentError, match=r'metrics: expected one of "mae", "lr"; received .r2'):
        history.plot(metrics=["r2"])
    for wrong in (3, "ax", [], [None]):
        with pytest.raises(ArgumentTypeError, match=r"ax: expected matplotlib Axes"):
            history.plot(wrong)
    with pytest.raises(ArgumentError, match=r"expected 2 axes, for the losses and each metric"):
        history.plot(pyplot.subplots()[1], metrics=["mae"])
    assert len(pyplot.get_fignums()) == 1  # nothing was opened for what was refused
