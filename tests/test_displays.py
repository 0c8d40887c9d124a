"""Displays: what is drawn is what scikit-learn computes, where it is told to be drawn."""

from __future__ import annotations

import subprocess
import sys
import warnings

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.inspection import DecisionBoundaryDisplay as SklearnBoundary
from sklearn.linear_model import LinearRegression, LogisticRegression

import glassbrick as gb
import glassbrick.sklearn
from glassbrick.displays import (
    CalibrationDisplay,
    ConfusionMatrixDisplay,
    DecisionBoundaryDisplay,
    GradientsDisplay,
    HistoryDisplay,
    LearningRateDisplay,
    PredictionErrorDisplay,
    WeightsDisplay,
)
from glassbrick.drawing import LIGHT_INK, ink_of
from glassbrick.errors import (
    ArgumentError,
    ArgumentTypeError,
    DataError,
    MissingExtraError,
    NotReadyError,
    ShapeError,
)

mpl.use("Agg")
RNG = np.random.default_rng(0)
X = RNG.standard_normal((120, 3))
NUMBERS = 2.0 * X[:, 0] - X[:, 1] + 0.3 * RNG.standard_normal(120)
TWO = (X[:, 0] + X[:, 1] + 0.5 * RNG.standard_normal(120) > 0).astype(int)
THREE = np.digitize(X[:, 0] + 0.3 * RNG.standard_normal(120), [-0.5, 0.5])


@pytest.fixture(autouse=True)
def no_pyplot_figure_is_left():
    from matplotlib import pyplot

    pyplot.close("all")
    yield
    pyplot.close("all")


def axes():
    return Figure().subplots()


def trained(outputs, loss, y):
    net = gb.NeuralNetwork([gb.Dense(6, "tanh"), gb.Dense(outputs, "linear")], loss, rng=0)
    trainer = gb.Trainer(net, gb.Adam(0.02))
    told = {"epochs": 5, "verbose": False, "metrics": ["mae"] if y is NUMBERS else ["accuracy"]}
    trainer.fit(X[:90], y[:90], X[90:], y[90:], **told)
    return trainer


@pytest.fixture(scope="module")
def trainer():
    return trained(1, gb.MeanSquaredError(), NUMBERS)


@pytest.fixture(scope="module")
def two():
    return trained(1, gb.BinaryCrossEntropy(), TWO).net


@pytest.fixture(scope="module")
def three():
    return trained(3, gb.SoftmaxCrossEntropy(), THREE).net


@pytest.fixture(scope="module")
def tabular():
    table = {"a": X[:, 0].tolist(), "b": X[:, 1].tolist(), "town": ["Bern", "Genf"] * 60}
    table["price"] = NUMBERS.tolist()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = gb.sklearn.TabularRegressor(hidden=(4,), epochs=3, ensemble=2, random_state=0)
        return model.fit(table, "price"), table


def the_displays(trainer, two):
    """Every class, by a function that draws it into axes."""
    net, p = trainer.net, two.loss.interpret(two.predict(X))
    return {
        HistoryDisplay: lambda ax: HistoryDisplay.from_trainer(trainer, ax=ax),
        PredictionErrorDisplay: lambda ax: PredictionErrorDisplay.from_estimator(
            net, X, NUMBERS, ax=ax
        ),
        ConfusionMatrixDisplay: lambda ax: ConfusionMatrixDisplay.from_estimator(
            two, X, TWO, ax=ax
        ),
        CalibrationDisplay: lambda ax: CalibrationDisplay.from_predictions(TWO, p, ax=ax),
        DecisionBoundaryDisplay: lambda ax: DecisionBoundaryDisplay.from_estimator(
            two, X, TWO, grid_resolution=9, ax=ax
        ),
        WeightsDisplay: lambda ax: WeightsDisplay.from_network(net, ax=ax),
        GradientsDisplay: lambda ax: GradientsDisplay.from_network(net, X, NUMBERS, ax=ax),
        LearningRateDisplay: lambda ax: LearningRateDisplay.from_trainer(
            trainer, X, NUMBERS, steps=20, ax=ax
        ),
    }


# What all of them keep to ---------------------------------------------------------------------


def test_every_display_is_among_these(trainer, two):
    import glassbrick.displays as displays

    classes = {getattr(displays, name) for name in displays.__all__} - {displays.Display}
    assert classes == set(the_displays(trainer, two))


def test_axes_are_respected_and_nothing_global_changes(trainer, two):
    from matplotlib import pyplot

    before = dict(mpl.rcParams)
    for kind, draw in the_displays(trainer, two).items():
        figure = Figure()
        ours, other = figure.subplots(1, 2)
        display = draw(ours)
        assert isinstance(display, kind)
        assert display.ax_ is ours
        assert display.figure_ is figure
        assert figure.axes == [ours, other]  # no axes of its own beside
        assert not other.has_data()
        assert ours.has_data()
        figure.draw_without_rendering()
        assert pyplot.get_fignums() == []
    assert dict(mpl.rcParams) == before


def test_without_axes_there_is_a_figure_that_is_shown(trainer, two):
    from matplotlib import pyplot

    before = dict(mpl.rcParams)
    for draw in the_displays(trainer, two).values():
        display = draw(None)
        assert pyplot.fignum_exists(display.figure_.number)
        pyplot.close(display.figure_)
        again = display.plot(axes())
        assert again is display
        assert again.ax_.has_data()
    assert dict(mpl.rcParams) == before


def test_wrong_axes_are_refused_before_anything_is_opened(trainer, two):
    from matplotlib import pyplot

    for kind, draw in the_displays(trainer, two).items():
        with pytest.raises(
            ArgumentTypeError, match=rf"{kind.__name__}.plot, ax: expected matplotl"
        ):
            draw("here")
    assert pyplot.get_fignums() == []


def test_a_missing_matplotlib_is_told(trainer, two, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    for kind, draw in the_displays(trainer, two).items():
        words = rf"{kind.__name__}.plot needs matplotlib.*glassbrick\[plot\]"
        with pytest.raises(MissingExtraError, match=words):
            draw(None)


def test_displays_are_imported_when_asked_for():
    code = (
        "import sys, glassbrick as gb\n"
        "assert 'glassbrick.displays' not in sys.modules\n"
        "gb.displays.HistoryDisplay\n"
        "assert not {'matplotlib', 'sklearn'} & set(sys.modules)\n"
        "gb.nothing"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stderr.endswith("AttributeError: module 'glassbrick' has no attribute 'nothing'\n")


def test_figures_of_those_who_like_the_dark(trainer, two):
    from matplotlib import pyplot

    with mpl.rc_context():
        pyplot.style.use("dark_background")
        for kind, draw in the_displays(trainer, two).items():
            display = draw(None)
            assert mpl.colors.to_hex(display.ax_.get_facecolor()) == "#000000"
            line = getattr(display, "line_", None)
            assert line is None or line.get_color() == "#e4e3df"
            assert display.ax_.xaxis.label.get_color() == "white", kind
            texts = display.ax_.get_legend().get_texts() if display.ax_.get_legend() else []
            if kind is not DecisionBoundaryDisplay:
                assert {text.get_color() for text in texts} <= {"white"}
            pyplot.close(display.figure_)


def test_dollar_signs_in_names_are_no_mathematics():
    display = PredictionErrorDisplay([1.0, 2.0], [1.0, 3.0], name=r"$\math", unit="1000 $")
    figure = Figure()
    display.plot(figure.subplots())
    figure.draw_without_rendering()
    assert display.ax_.get_xlabel() == r"predicted \$\math (1000 \$)"


# Histories and rates --------------------------------------------------------------------------


def test_a_history_is_drawn_as_it_was(trainer):
    figure = Figure()
    display = HistoryDisplay.from_history(trainer.history, ax=figure.subplots(2), metrics=["mae"])
    history = trainer.history
    for name in ("loss", "val_loss", "val_mae"):
        assert list(display.lines_[name][0].get_ydata()) == history[name]
    (best,) = display.best_
    assert list(best.get_xdata()) == [history.best_epoch]
    assert list(best.get_ydata()) == [history.best_loss]
    assert [ax.get_ylabel() for ax in display.axes_] == ["loss", "mae"]


def test_the_scale_is_what_was_asked_for(trainer):
    for scale in ("linear", "log"):
        display = HistoryDisplay.from_trainer(trainer, scale=scale, ax=axes())
        assert display.ax_.get_yscale() == scale
    history = gb.History()
    history.record(0.0, None)
    assert HistoryDisplay(history, scale="log").plot(axes()).ax_.get_yscale() == "linear"
    with pytest.raises(ArgumentError, match=r'scale: expected one of "auto", "linear", "log"'):
        HistoryDisplay(trainer.history, scale="square")


def test_all_networks_of_an_ensemble_are_drawn(tabular):
    model, _ = tabular
    display = HistoryDisplay.from_estimator(model, ax=axes())
    for line, history in zip(display.lines_["val_loss"], model.histories_, strict=True):
        assert list(line.get_ydata()) == history.val_loss
    assert [dot.get_xdata()[0] for dot in display.best_] == [
        history.best_epoch for history in model.histories_
    ]
    texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert texts == ["training", "validation", "best epoch of each"]


def test_others_than_ours_have_loss_curves():
    class Other:
        loss_curve_ = [3.0, 2.0]

    display = HistoryDisplay.from_estimator(Other(), ax=axes())
    assert list(display.lines_["loss"][0].get_ydata()) == [3.0, 2.0]
    with pytest.raises(ArgumentTypeError, match="a fitted estimator that has a history"):
        HistoryDisplay.from_estimator(LinearRegression())
    with pytest.raises(ArgumentTypeError, match="expected a History"):
        HistoryDisplay([3.0])
    with pytest.raises(NotReadyError, match=r"HistoryDisplay\.plot: there is no epoch"):
        HistoryDisplay(gb.History()).plot(axes())


def test_rates_are_drawn_as_they_were_tried(trainer):
    search = trainer.find_lr(X, NUMBERS, steps=40)
    display = LearningRateDisplay.from_search(search, ax=axes())
    for line, values in (
        (display.losses_line_, search.losses),
        (display.smoothed_line_, search.smoothed),
    ):
        assert np.array_equal(line.get_xdata(), search.rates)
        assert np.array_equal(line.get_ydata(), values)
    assert list(display.suggestion_line_.get_xdata()) == [search.suggestion] * 2
    assert display.ax_.get_xscale() == "log"
    with pytest.raises(ArgumentTypeError, match="expected a RateSearch"):
        LearningRateDisplay(3)


# Predicted numbers ----------------------------------------------------------------------------


def test_predictions_are_where_scikit_learn_puts_them(trainer):
    said = trainer.net.predict(X)[:, 0]
    for kind in ("actual_vs_predicted", "residual_vs_predicted"):
        ours = PredictionErrorDisplay.from_estimator(trainer.net, X, NUMBERS, kind=kind, ax=axes())
        theirs = metrics.PredictionErrorDisplay(y_true=NUMBERS, y_pred=said).plot(axes(), kind=kind)
        assert np.allclose(ours.scatter_.get_offsets(), theirs.scatter_.get_offsets(), atol=1e-12)


def test_the_title_has_the_figures():
    said = NUMBERS + 0.1
    title = PredictionErrorDisplay(NUMBERS, said).plot(axes()).ax_.get_title(loc="left")
    rmse = metrics.root_mean_squared_error(NUMBERS, said)
    assert title == f"R² {metrics.r2_score(NUMBERS, said):.4g}, RMSE {rmse:.4g}, MAE 0.1, 120 rows"
    residuals = PredictionErrorDisplay(NUMBERS, said).plot(axes(), kind="residual_vs_predicted")
    title = residuals.ax_.get_title(loc="left")
    assert title == "median -0.1, 90 % from -0.1 to -0.1, 120 rows"


def test_medians_show_what_was_not_learned():
    said = np.linspace(-3.0, 3.0, 400)
    display = PredictionErrorDisplay(said + said**2, said)
    display.plot(axes(), kind="residual_vs_predicted")
    across, up = display.trend_.get_data()
    assert len(across) == 10
    assert np.allclose(up, np.square(across), atol=0.1)
    assert (
        PredictionErrorDisplay([1.0], [2.0]).plot(axes(), kind="residual_vs_predicted").trend_
        is None
    )


def test_a_histogram_counts_all_rows(trainer):
    display = PredictionErrorDisplay.from_estimator(
        trainer.net, X, NUMBERS, kind="residual_histogram", ax=axes()
    )
    edges = [bar.get_x() for bar in display.bars_]
    edges.append(edges[-1] + display.bars_[-1].get_width())
    counts = np.histogram(display.residuals, np.array(edges) + 1e-12 * np.arange(len(edges)))[0]
    assert sum(bar.get_height() for bar in display.bars_) == 120
    assert np.abs(counts - [bar.get_height() for bar in display.bars_]).sum() <= 2  # at the edges


def test_the_worst_of_very_many_rows_is_drawn():
    truth = np.random.default_rng(1).standard_normal(20_000)
    said = truth + 0.1
    said[7] += 50.0
    display = PredictionErrorDisplay.from_predictions(truth, said, ax=axes())
    points = display.scatter_.get_offsets()
    assert len(points) <= 5000
    assert points[:, 0].max() == said[7]
    assert "20,000 rows" in display.ax_.get_title(loc="left")


def test_estimators_for_tables_bring_names_and_intervals(tabular):
    model, table = tabular
    display = PredictionErrorDisplay.from_estimator(model, table, coverage=0.8, ax=axes())
    assert display.ax_.get_ylabel() == "actual price"
    assert np.array_equal(display.y_true, table["price"])
    assert np.array_equal(display.y_pred, model.predict(table))
    low, high = model.predict_interval(table, 0.8)[0]
    assert display.interval == pytest.approx((high - low) / 2.0)
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels == ["80 % interval", "perfect"]


def test_estimators_of_others_do_as_well():
    model = LinearRegression().fit(X, NUMBERS)
    display = PredictionErrorDisplay.from_estimator(model, X, NUMBERS, ax=axes())
    assert np.array_equal(display.y_pred, model.predict(X))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (([1.0, 2.0], [1.0]), ShapeError, "equally many rows; received 2 and 1"),
        (([], []), ShapeError, "one number for each row"),
        (([[1.0, 2.0]], [[1.0, 2.0]]), ShapeError, "one number for each row"),
        (([1.0, np.nan], [1.0, 2.0]), DataError, "y_true: expected finite numbers"),
        ((["a"], [1.0]), DataError, "y_true: expected real numbers"),
    ],
)
def test_what_are_no_predictions_is_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        PredictionErrorDisplay.from_predictions(*arguments)


def test_what_does_not_predict_numbers_is_refused(three):
    with pytest.raises(DataError, match="one number for each row"):
        PredictionErrorDisplay.from_estimator(three, X, NUMBERS)
    with pytest.raises(ArgumentTypeError, match="a fitted estimator with predict"):
        PredictionErrorDisplay.from_estimator("model", X, NUMBERS)
    with pytest.raises(ArgumentError, match='kind: expected one of "actual_vs_predicted"'):
        PredictionErrorDisplay([1.0], [1.0]).plot(axes(), kind="pie")


# Classes --------------------------------------------------------------------------------------


def test_a_matrix_counts_as_scikit_learn_does(three):
    said = three.predict(X).argmax(axis=1)
    display = ConfusionMatrixDisplay.from_estimator(three, X, THREE, ax=axes())
    assert np.array_equal(display.confusion_matrix, metrics.confusion_matrix(THREE, said))
    shares = metrics.confusion_matrix(THREE, said, normalize="true")
    assert np.allclose(display.im_.get_array(), shares)
    assert display.accuracy == metrics.accuracy_score(THREE, said)
    assert display.balanced_accuracy == pytest.approx(metrics.balanced_accuracy_score(THREE, said))
    one_hot = np.eye(3)[THREE]
    again = ConfusionMatrixDisplay.from_estimator(three, X, one_hot, ax=axes())
    assert np.array_equal(again.confusion_matrix, display.confusion_matrix)


def test_cells_tell_numbers_and_shares():
    display = ConfusionMatrixDisplay.from_predictions(
        ["cat", "cat", "cat", "dog"],
        ["cat", "cat", "dog", "dog"],
        labels=["dog", "cat", "owl"],
        name="animal",
        ax=axes(),
    )
    texts = [[text.get_text() for text in line] for line in display.text_]
    assert texts == [["1\n100 %", "0", "0"], ["1\n33.3 %", "2\n66.7 %", "0"], ["0", "0", "0"]]
    assert [label.get_text() for label in display.ax_.get_xticklabels()] == ["dog", "cat", "owl"]
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == (
        "predicted animal",
        "true animal",
    )
    assert display.balanced_accuracy == pytest.approx((1.0 + 2.0 / 3.0) / 2.0)


def test_texts_in_cells_can_be_read():
    display = ConfusionMatrixDisplay.from_predictions(THREE, np.roll(THREE, 3), ax=axes())

    def luminance(colour):
        parts = np.array(mpl.colors.to_rgb(colour))
        linear = np.where(parts <= 0.03928, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    for share in np.linspace(0.0, 1.0, 101):
        display.shares[0, 0] = share
        text = display._write_cells(axes())[0, 0].get_color()
        pair = sorted((luminance(text), luminance(display.im_.cmap(share))))
        assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, share


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: ConfusionMatrixDisplay([[1, 2]]), ShapeError, "a line and a column for each"),
        (lambda: ConfusionMatrixDisplay([[1.5]]), DataError, "numbers of rows"),
        (lambda: ConfusionMatrixDisplay([[-1]]), DataError, "numbers of rows"),
        (lambda: ConfusionMatrixDisplay([[1]], display_labels="ab"), ShapeError, "a name for each"),
        (
            lambda: ConfusionMatrixDisplay.from_predictions(["a"], ["b"], labels=["a"]),
            DataError,
            "only labels among a; received 'b'",
        ),
        (lambda: ConfusionMatrixDisplay.from_predictions(["a"], [1]), DataError, "one kind"),
        (lambda: ConfusionMatrixDisplay.from_predictions(["a"], []), ShapeError, "one label"),
    ],
)
def test_what_are_no_classes_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
def test_calibration_is_scikit_learns(two, strategy):
    p = two.loss.interpret(two.predict(X))[:, 0]
    display = CalibrationDisplay.from_estimator(two, X, TWO, n_bins=6, strategy=strategy, ax=axes())
    true, said = calibration_curve(TWO, p, n_bins=6, strategy=strategy)
    assert np.allclose(display.prob_true, true)
    assert np.allclose(display.prob_pred, said)
    points = display.errorbar_.lines[0].get_xydata()
    assert np.allclose(points, np.column_stack([said, true]))
    assert display.counts.sum() == 120
    assert display.brier_score == pytest.approx(metrics.brier_score_loss(TWO, p))
    heights = [bar.get_height() for bar in display.bars_]
    assert np.allclose(np.divide(heights, max(heights)), display.counts / display.counts.max())


def test_calibration_of_several_classes_is_of_the_predicted_one(three):
    said = three.loss.interpret(three.predict(X))
    display = CalibrationDisplay.from_estimator(three, X, THREE, ax=axes())
    assert display.calibration_error == pytest.approx(gb.calibration_error(THREE, said))
    true, confidence = calibration_curve(said.argmax(axis=1) == THREE, said.max(axis=1), n_bins=10)
    assert np.allclose(display.prob_true, true)
    assert np.allclose(display.prob_pred, confidence)
    of_one = CalibrationDisplay.from_estimator(three, X, THREE, pos_label=2, ax=axes())
    true, _ = calibration_curve(THREE == 2, said[:, 2], n_bins=10)
    assert np.allclose(of_one.prob_true, true)
    assert of_one.ax_.get_xlabel() == "probability of 2"


def test_intervals_hold_what_they_say():
    stats = pytest.importorskip("scipy.stats")
    display = CalibrationDisplay([0, 0, 1, 1, 1, 0, 0], [0.1] * 5 + [0.9] * 2, n_bins=2)
    for k, n, ends in ((3, 5, display.interval[0]), (0, 2, display.interval[1])):
        wilson = stats.binomtest(k, n).proportion_ci(method="wilson")
        assert np.allclose(ends, (wilson.low, wilson.high), atol=1e-6)


def test_labels_of_texts_have_probabilities():
    labels = np.array(["benign", "malignant"])[TWO]
    model = LogisticRegression().fit(X, labels)
    display = CalibrationDisplay.from_estimator(model, X, labels, name="it", ax=axes())
    assert display.ax_.get_xlabel() == "probability that it is malignant"
    true, _ = calibration_curve(labels == "malignant", model.predict_proba(X)[:, 1], n_bins=10)
    assert np.allclose(display.prob_true, true)
    other = CalibrationDisplay.from_predictions(
        labels, model.predict_proba(X), pos_label="benign", ax=axes()
    )
    true, _ = calibration_curve(labels == "benign", model.predict_proba(X)[:, 0], n_bins=10)
    assert np.allclose(other.prob_true, true)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: CalibrationDisplay([0, 1], [0.1, 1.2]), DataError, "from 0 to 1; received 1.2"),
        (lambda: CalibrationDisplay([0, 2], [0.1, 0.2]), DataError, "True or False"),
        (lambda: CalibrationDisplay([0, 1], [0.1]), ShapeError, "one of each for each row"),
        (lambda: CalibrationDisplay([0], [0.1], n_bins=0), ArgumentError, "n_bins"),
        (lambda: CalibrationDisplay([0], [0.1], strategy="x"), ArgumentError, '"uniform"'),
        (
            lambda: CalibrationDisplay.from_predictions([0, 1], [0.1, 0.2], pos_label=7),
            ArgumentError,
            'pos_label: expected one of "0", "1"',
        ),
        (
            lambda: CalibrationDisplay.from_predictions([0, 1, 2], [0.1, 0.2, 0.3]),
            ShapeError,
            "a column for each of 3 classes",
        ),
    ],
)
def test_what_are_no_probabilities_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_a_network_without_probabilities_is_refused(trainer):
    for kind in (CalibrationDisplay, ConfusionMatrixDisplay):
        with pytest.raises(ArgumentTypeError, match="whose loss is SoftmaxCrossEntropy or Binary"):
            kind.from_estimator(trainer.net, X, TWO)


# Boundaries -----------------------------------------------------------------------------------


@pytest.mark.parametrize("labels", [TWO, THREE])
def test_a_boundary_is_scikit_learns(labels):
    model = LogisticRegression().fit(X[:, :2], labels)
    ours = DecisionBoundaryDisplay.from_estimator(
        model, X[:, :2], labels, grid_resolution=12, ax=axes()
    )
    theirs = SklearnBoundary.from_estimator(
        model,
        ours_range(ours),
        response_method="predict_proba",
        grid_resolution=12,
        eps=0.0,
        ax=axes(),
    )
    assert np.allclose(ours.xx0, theirs.xx0)
    assert np.allclose(ours.response, theirs.response)
    wrong = model.predict(X[:, :2]) != labels
    assert np.array_equal(np.sort(ours.wrong_.get_offsets(), 0), np.sort(X[wrong, :2], 0))
    for number, points in enumerate(ours.scatter_):
        assert np.array_equal(points.get_offsets(), X[labels == number, :2])


def ours_range(display):
    """The corners of a grid, as rows."""
    return np.array(
        [[display.xx0.min(), display.xx1.min()], [display.xx0.max(), display.xx1.max()]]
    )


def test_other_features_are_held_at_their_medians(trainer):
    display = DecisionBoundaryDisplay.from_estimator(
        trainer.net, X, NUMBERS, features=("x2", 0), grid_resolution=5, ax=axes()
    )
    rows = np.column_stack(
        [display.xx1.ravel(), np.full(25, np.median(X[:, 1])), display.xx0.ravel()]
    )
    assert np.allclose(display.response.ravel(), trainer.net.predict(rows)[:, 0])
    assert (display.xlabel, display.ylabel) == ("x2", "x0")
    assert display.ax_.get_title(loc="left") == f"x1 {np.median(X[:, 1]):.4g}"
    assert np.array_equal(display.scatter_[0].get_array(), NUMBERS)
    held = DecisionBoundaryDisplay.from_estimator(
        trainer.net, X, features=(2, 0), held={"x1": 9.0}, grid_resolution=5, ax=axes()
    )
    rows[:, 1] = 9.0
    assert np.allclose(held.response.ravel(), trainer.net.predict(rows)[:, 0])
    assert held.scatter_ == []


def test_a_boundary_in_a_table(tabular):
    model, table = tabular
    display = DecisionBoundaryDisplay.from_estimator(
        model, table, "price", features=("a", "b"), grid_resolution=4, ax=axes()
    )
    rows = {
        "a": display.xx0.ravel().tolist(),
        "b": display.xx1.ravel().tolist(),
        "town": ["Bern"] * 16,
    }
    assert np.array_equal(display.response.ravel(), model.predict(rows))
    assert display.held.startswith("town Bern")


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_tables_of_any_library(library, tabular):
    model, table = tabular
    frames = pytest.importorskip(library)
    frame = frames.table(table) if library == "pyarrow" else frames.DataFrame(table)
    told = {"features": ("a", "b"), "grid_resolution": 4}
    display = DecisionBoundaryDisplay.from_estimator(model, frame, "price", ax=axes(), **told)
    same = DecisionBoundaryDisplay.from_estimator(model, table, "price", ax=axes(), **told)
    assert np.array_equal(display.response, same.response)


@pytest.mark.parametrize(
    ("told", "error", "words"),
    [
        ({"features": (0, 3)}, ArgumentError, 'by number or among "x0", "x1", "x2"; received 3'),
        ({"features": (0, "age")}, ArgumentError, "received 'age'"),
        ({"features": (1, 1)}, ArgumentError, "two different columns"),
        ({"features": (1,)}, ArgumentTypeError, "two columns, by number or by name"),
        ({"features": "ab"}, ArgumentTypeError, "two columns, by number or by name"),
        ({"held": {"x0": 1.0}}, ArgumentError, "other columns among"),
        ({"grid_resolution": 0}, ArgumentError, "grid_resolution"),
    ],
)
def test_what_is_no_plane_is_refused(trainer, told, error, words):
    with pytest.raises(error, match=words):
        DecisionBoundaryDisplay.from_estimator(trainer.net, X, NUMBERS, **told)


def test_what_is_no_axis_is_refused(trainer, tabular):
    model, table = tabular
    with pytest.raises(DataError, match=r'column "town": expected numbers, for an axis'):
        DecisionBoundaryDisplay.from_estimator(model, table, "price", features=("a", "town"))
    with pytest.raises(DataError, match="a value for each of 120 rows"):
        DecisionBoundaryDisplay.from_estimator(trainer.net, X, NUMBERS[:5], grid_resolution=3)
    with pytest.raises(ShapeError, match="a response at each"):
        DecisionBoundaryDisplay([[1.0]], [[1.0]], [[1.0, 2.0]])
    with pytest.raises(ShapeError, match="response"):
        DecisionBoundaryDisplay([[1.0]], [[1.0]], [[1.0]], classes=["a", "b", "c"])


# Distributions --------------------------------------------------------------------------------


def counts_of(patch, row):
    """The heights of a histogram, as parts of the largest."""
    values, _, _ = patch.get_data()
    return (row - values) / (row - values).max()


def test_histograms_of_weights(trainer):
    display = WeightsDisplay.from_network(trainer.net, ax=axes())
    params = list(trainer.net.params())
    assert [array.shape for array in display.values.values()] == [p.shape for p in params]
    for row, (patch, param) in enumerate(zip(display.patches_, params, strict=True)):
        edges = patch.get_data().edges
        counts = np.histogram(param, edges)[0]
        assert np.allclose(counts_of(patch, row), counts / counts.max())
    inside = display.ax_.get_xlim()
    assert max(np.abs(p).max() for p in params) <= 1.1 * inside[1]
    label = display.ax_.get_yticklabels()[0].get_text()
    assert label.startswith("dense_1.weight_multiply\n3 x 6, mean ")


def test_weights_of_estimators(tabular):
    model, _ = tabular
    display = WeightsDisplay.from_estimator(model, network=1, ax=axes())
    expected = list(model.networks_[1].params())
    for ours, theirs in zip(display.values.values(), expected, strict=True):
        assert np.array_equal(ours, theirs)
    with pytest.raises(DataError, match="one of 2 networks"):
        WeightsDisplay.from_estimator(model, network=2)
    with pytest.raises(ArgumentTypeError, match=r"an estimator of glassbrick\.sklearn"):
        WeightsDisplay.from_estimator(LinearRegression())
    with pytest.raises(NotReadyError, match="no parameters yet"):
        WeightsDisplay.from_network(gb.NeuralNetwork([gb.Dense(1)], gb.MeanSquaredError()))


def test_gradients_are_those_of_the_tape(trainer):
    before = [param.copy() for param in trainer.net.params()]
    tape = trainer.net.explain(X[:8], NUMBERS[:8])
    of_tape = GradientsDisplay.from_tape(tape, ax=axes())
    of_net = GradientsDisplay.from_network(trainer.net, X[:8], NUMBERS[:8], ax=axes())
    assert list(of_tape.values) == list(of_net.values)
    for name, gradient in of_net.values.items():
        assert np.allclose(gradient, of_tape.values[name])
        assert np.allclose(gradient, tape[name].param_grad)
    assert all(map(np.array_equal, before, trainer.net.params()))
    for row, (patch, gradient) in enumerate(
        zip(of_net.patches_, of_net.values.values(), strict=True)
    ):
        counts = np.histogram(np.abs(gradient), patch.get_data().edges)[0]
        assert np.allclose(counts_of(patch, row), counts / counts.max())
        assert of_net.medians_[row].get_xdata()[0] == np.median(np.abs(gradient))


def test_gradients_of_dead_units_are_told():
    display = GradientsDisplay({"a": [0.0, 0.0], "b": [0.0, 1e-3, 1e-9, 1.0]}).plot(axes())
    assert display.patches_[0] is None
    labels = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert labels == ["a\n2, rms 0, 100 % are 0", "b\n4, rms 0.5, 25 % are 0"]
    assert display.ax_.get_xscale() == "log"
    assert GradientsDisplay({"a": [0.0]}).plot(axes()).medians_ == []


def test_what_has_no_distribution_is_refused(trainer):
    with pytest.raises(DataError, match="no parameters to draw"):
        WeightsDisplay({})
    with pytest.raises(DataError, match=r"GradientsDisplay, a: expected finite numbers"):
        GradientsDisplay({"a": [np.nan]})
    with pytest.raises(DataError, match="at least one number"):
        WeightsDisplay({"a": []})
    with pytest.raises(ArgumentTypeError, match="a Tape"):
        GradientsDisplay.from_tape(trainer.net)


def test_lines_on_a_transparent_ground_have_the_colour_of_its_labels():
    axes = Figure().add_subplot(facecolor="none")
    axes.set_xlabel("rate", color="#123456")
    assert ink_of(axes) == "#123456"
    axes.set_facecolor("black")
    assert ink_of(axes) == LIGHT_INK
