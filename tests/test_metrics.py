"""Metrics, against scikit-learn's: the same numbers, and clear words where there are none."""

from __future__ import annotations

import subprocess
import sys
import timeit
import warnings

import numpy as np
import pytest
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve

import glassbrick as gb
from glassbrick import ArgumentError, ArgumentTypeError, DataError, ShapeError
from glassbrick.metrics import METRICS, Metric, as_metric

SEEDS = range(25)
CLASSIFICATION = [
    gb.accuracy,
    gb.balanced_accuracy,
    gb.f1,
    gb.log_loss,
    gb.roc_auc,
    gb.calibration_error,
]
OF_LABELS = [gb.accuracy, gb.balanced_accuracy, gb.f1]
OF_PROBABILITIES = [gb.log_loss, gb.roc_auc, gb.calibration_error]


def exactly(value):
    return pytest.approx(value, rel=1e-12, abs=1e-12)


def binary_data(seed, ties=False):
    """0/1 labels, both there, and probabilities of class 1; coarse ones tie."""
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(2, 60))
    truth = rng.integers(0, 2, rows)
    truth[:2] = 0, 1
    p = rng.random(rows)
    return truth, np.round(p, 1) if ties else p


def class_data(seed, classes=None):
    """Labels of which each is there, and probabilities of all."""
    rng = np.random.default_rng(seed)
    classes = classes or int(rng.integers(3, 7))
    rows = classes + int(rng.integers(0, 60))
    truth = rng.permutation(np.append(np.arange(classes), rng.integers(0, classes, rows - classes)))
    return truth, rng.dirichlet(np.full(classes, 0.5), rows)


# Regression ------------------------------------------------------------------------------


@pytest.mark.parametrize("outputs", [None, 1, 4])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("seed", SEEDS)
def test_regression_equals_scikit_learn(seed, scale, outputs):
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(2, 50)), *([] if outputs is None else [outputs]))
    truth = scale * rng.standard_normal(shape) + scale
    predicted = truth + rng.standard_normal(shape)
    assert gb.mae(truth, predicted) == exactly(sk.mean_absolute_error(truth, predicted))
    assert gb.rmse(truth, predicted) == exactly(sk.mean_squared_error(truth, predicted) ** 0.5)
    assert gb.r2(truth, predicted) == exactly(sk.r2_score(truth, predicted))


def test_r2_of_constant_targets():
    constant = np.full((4, 1), 7.0)
    other = np.arange(4.0)[:, None]
    assert gb.r2(constant, constant) == sk.r2_score(constant, constant) == 1.0
    assert gb.r2(constant, other) == sk.r2_score(constant, other) == 0.0
    mixed, predicted = np.hstack([constant, other]), np.hstack([other, other + 0.5])
    assert gb.r2(mixed, predicted) == exactly(sk.r2_score(mixed, predicted))
    assert gb.r2(np.full(3, 0.1), np.full(3, 0.2)) == 0.0  # whose mean is not 0.1


def test_regression_at_the_edge():
    huge = np.array([-1e300, 0.0, 1e300])
    assert gb.mae(huge, huge / 2) == pytest.approx(1e300 / 3)
    assert gb.r2(huge, huge / 2) == pytest.approx(0.75)
    assert gb.r2(huge / 1e300 / 1e300, huge / 1e300 / 2e300) == pytest.approx(0.75)
    assert gb.rmse(1e-3 * huge[:1] / 1e300, [0.0]) == pytest.approx(1e-3)
    for metric, truth, predicted in (
        (gb.rmse, huge, -huge),
        (gb.mae, [1.7e308], [-1.7e308]),
        (gb.r2, [1.7e308, -1.7e308], [0.0, 0.0]),
        (gb.r2, [0.0, 1e-3], [1e300, 0.0]),
    ):
        with pytest.raises(DataError, match=rf"{metric.__name__}.*Scale the targets"):
            metric(truth, predicted)


@pytest.mark.parametrize("metric", [gb.mae, gb.rmse, gb.r2])
def test_regression_refuses(metric):
    column = np.ones((3, 1))
    with pytest.raises(ShapeError, match=r"one column"):
        metric(column, column[:, 0])
    with pytest.raises(ShapeError, match=r"same rows"):
        metric(column, np.ones((4, 1)))
    with pytest.raises(DataError, match=r"y_pred.*not finite"):
        metric(column, np.full((3, 1), np.nan))
    with pytest.raises(DataError, match=r"y_true: expected at least one value"):
        metric([], [])
    with pytest.raises(DataError, match=r"real numbers"):
        metric(["a"], ["b"])


def test_r2_needs_two_rows():
    for one in ([1.0], [[1.0, 2.0]], 1.0):
        with pytest.raises(DataError, match=r"at least two rows"):
            gb.r2(one, one)


# Classes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_two_classes_equal_scikit_learn(seed, ties):
    truth, p = binary_data(seed, ties)
    labels = (p > 0.5).astype(int)
    assert gb.accuracy(truth, p) == exactly(sk.accuracy_score(truth, labels))
    assert gb.balanced_accuracy(truth, p) == exactly(sk.balanced_accuracy_score(truth, labels))
    assert gb.f1(truth, p) == exactly(sk.f1_score(truth, labels, zero_division=0))
    assert gb.log_loss(truth, p) == exactly(sk.log_loss(truth, p, labels=[0, 1]))
    assert gb.roc_auc(truth, p) == exactly(sk.roc_auc_score(truth, p))


@pytest.mark.parametrize("seed", SEEDS)
def test_many_classes_equal_scikit_learn(seed):
    truth, P = class_data(seed)
    labels, every = P.argmax(axis=1), np.arange(P.shape[1])
    assert gb.accuracy(truth, P) == exactly(sk.accuracy_score(truth, labels))
    assert gb.balanced_accuracy(truth, P) == exactly(sk.balanced_accuracy_score(truth, labels))
    assert gb.f1(truth, P) == exactly(sk.f1_score(truth, labels, average="macro"))
    for average in ("macro", "weighted", "micro"):
        expected = sk.f1_score(truth, labels, average=average, zero_division=0)
        assert gb.f1(truth, P, average=average) == exactly(expected)
        assert gb.f1(truth, labels, average=average) == exactly(expected)
    assert gb.log_loss(truth, P) == exactly(sk.log_loss(truth, P, labels=every))
    assert gb.roc_auc(truth, P) == exactly(sk.roc_auc_score(truth, P, multi_class="ovr"))


@pytest.mark.parametrize("bins", [1, 2, 10, 15])
@pytest.mark.parametrize("seed", SEEDS)
def test_calibration_error_equals_scikit_learns_curve(seed, bins):
    truth, P = class_data(seed, classes=4)
    P = np.round(P * 20) / 20  # many on the edges of bins
    P[:, 0] += 1.0 - P.sum(axis=1)
    P = P[P.min(axis=1) >= 0]
    truth = truth[: len(P)]
    confidence, right = P.max(axis=1), (P.argmax(axis=1) == truth).astype(int)
    accuracy, mean = calibration_curve(right, confidence, n_bins=bins)
    edges = np.linspace(0.0, 1.0, bins + 1)
    counts = np.bincount(np.searchsorted(edges[1:-1], confidence), minlength=bins)
    expected = np.sum(counts[counts > 0] * np.abs(accuracy - mean)) / len(P)
    assert gb.calibration_error(truth, P, bins=bins) == exactly(expected)


def test_calibration_error_by_hand():
    # Said 0.95 and 0.65; right 3 of 4 times, and always.
    p = [0.95, 0.95, 0.95, 0.95, 0.65, 0.35]
    expected = (4 * abs(0.75 - 0.95) + 2 * abs(1.0 - 0.65)) / 6
    assert gb.calibration_error([1, 1, 1, 0, 1, 0], p) == exactly(expected)
    assert gb.calibration_error([1, 0], [1.0, 0.0]) == 0.0


@pytest.mark.parametrize("metric", CLASSIFICATION)
def test_forms_of_the_same_data_give_the_same_number(metric):
    truth, p = binary_data(3)
    P = np.column_stack([1.0 - p, p])
    one_hot = np.eye(2)[truth]
    expected = metric(truth, p)
    for given in (truth, truth[:, None], truth.astype(float), truth.astype(bool), one_hot):
        for predicted in (p, p[:, None], P, P.tolist()):
            assert metric(given, predicted) == exactly(expected)
    truth, P = class_data(3)
    for given in (truth[:, None], np.eye(P.shape[1])[truth]):
        assert metric(given, P) == metric(truth, P)


@pytest.mark.parametrize("metric", OF_LABELS)
def test_labels_may_be_predicted(metric):
    truth, P = class_data(5)
    labels = P.argmax(axis=1)
    for predicted in (
        labels,
        labels[:, None],
        labels.astype(np.float32),
        np.eye(P.shape[1])[labels],
    ):
        assert metric(truth, predicted) == metric(truth, P)


@pytest.mark.parametrize("metric", CLASSIFICATION)
def test_float32_is_close(metric):
    truth, P = class_data(7)
    small = P.astype(np.float32)
    value = metric(truth, small)
    assert isinstance(value, float)
    assert value == pytest.approx(metric(truth, small.astype(float)), rel=1e-5)


def test_log_loss_of_certainty_depends_on_the_dtype_as_in_scikit_learn():
    for dtype in (np.float32, np.float64):
        p = np.array([0.0, 1.0], dtype)
        expected = sk.log_loss([1, 1], p, labels=[0, 1])
        assert gb.log_loss([1, 1], p) == pytest.approx(
            expected, rel=1e-6 if dtype is np.float32 else 1e-12
        )


def test_degenerate_labels():
    assert gb.accuracy([1], [0.7]) == gb.balanced_accuracy([1], [0.7]) == gb.f1([1], [0.7]) == 1.0
    assert gb.f1([0, 0], [0, 0]) == 0.0 == sk.f1_score([0, 0], [0, 0], zero_division=0)
    assert gb.accuracy([0, 1], [0.5, 0.5]) == 0.5  # a tie is class 0, as of two columns
    with warnings.catch_warnings(action="ignore"):  # it warns of class 2
        expected = sk.balanced_accuracy_score([0, 0, 1], [0, 2, 1])
    assert gb.balanced_accuracy([0, 0, 1], [0, 2, 1]) == expected
    for labels in (([0, 0, 3], [0, 3, 3]), ([0, 0, 1], [0, 2, 1])):  # some occur in one, or none
        assert gb.f1(*labels) == exactly(sk.f1_score(*labels, average="macro"))


def test_f1_knows_the_number_of_classes_from_columns():
    truth, one_hot = [0, 1, 1], np.eye(3)[[0, 1, 1]]
    assert gb.f1(truth, [0, 1, 0]) == exactly(2 / 3)  # of class 1
    assert gb.f1(one_hot, [0, 1, 0]) == exactly(2 / 3)  # the mean of 2/3 and 2/3
    assert gb.f1(one_hot, [0, 0, 0]) == exactly((0.5 + 0.0) / 2)
    with pytest.raises(ArgumentError, match=r'expected two classes; received 3.*"macro"'):
        gb.f1(one_hot, truth, average="binary")
    with pytest.raises(ArgumentError, match=r'one of "binary", "macro"'):
        gb.f1(truth, truth, average="mean")


def test_roc_auc_takes_any_scores_of_two_classes():
    truth, p = binary_data(1, ties=True)
    for scores in (100.0 * p - 30.0, 1e300 * p - 1e299):
        assert gb.roc_auc(truth, scores) == exactly(sk.roc_auc_score(truth, scores))
    assert gb.roc_auc([0, 1], [5.0, 5.0]) == 0.5
    assert gb.roc_auc([0, 1, 1], [0.0, 1.0, 2.0]) == 1.0


@pytest.mark.parametrize("metric", CLASSIFICATION)
def test_classes_refuse(metric):
    P = np.full((3, 4), 0.25)
    with pytest.raises(ShapeError, match=r"same number of rows; received 2 and 3 rows"):
        metric([0, 1], P)
    with pytest.raises(DataError, match=r"labels from 0 to 3, because y_pred tells of 4.*label 4"):
        metric([0, 1, 4], P)
    with pytest.raises(DataError, match=r"labels: whole numbers that count.*received -1"):
        metric([0, -1, 1], P)
    with pytest.raises(DataError, match=r"labels: whole numbers that count.*received 0\.5"):
        metric([0, 0.5, 1], P)
    with pytest.raises(DataError, match=r"received 1e\+300"):
        metric([0, 1e300, 1], P)
    with pytest.raises(DataError, match=r"a single 1 in each"):
        metric(P, P)
    with pytest.raises(DataError, match=r"a single 1 in each"):
        metric([[0, 0, 0, 2], [0, 0, 0, 1], [0, 0, 0, 1]], P)
    with pytest.raises(ShapeError, match=r"4 columns, one for each class"):
        metric(np.eye(3), P)
    with pytest.raises(DataError, match=r"y_pred.*not finite"):
        metric([0, 1, 2], np.full((3, 4), np.nan))
    with pytest.raises(DataError, match=r"y_true.*not finite"):
        metric([0, np.nan, 2], P)
    with pytest.raises(DataError, match=r"at least one row"):
        metric([], [])
    with pytest.raises(ShapeError, match=r"one axis, or two"):
        metric([0], np.ones((1, 1, 1)))
    with pytest.raises(DataError, match=r"Encode text"):
        metric(["cat", "dog"], [0.1, 0.9])


@pytest.mark.parametrize("metric", [m for m in CLASSIFICATION if m is not gb.roc_auc])
def test_one_column_must_be_probabilities(metric):
    for outputs, received in (
        ([0.5, 2.5], "2.5"),
        ([-0.5, 0.5], "-0.5"),
        ([1.5, 1e300], r"1e\+300"),
    ):
        with pytest.raises(DataError, match=rf"between 0 and 1; received {received}.*sigmoid"):
            metric([0, 1], outputs)


@pytest.mark.parametrize("metric", OF_PROBABILITIES)
def test_rows_must_be_probabilities(metric):
    for outputs in (
        [[0.9, 0.3], [0.2, 0.8]],
        [[1e300, 0.0], [1.0, 0.0]],
        [[1.5, -0.5], [1.0, 0.0]],
    ):
        with pytest.raises(DataError, match=r"add up to 1 in each row; received.*softmax"):
            metric([0, 1], outputs)
    with np.errstate(all="raise"), pytest.raises(DataError, match=r"1e\+308"):
        metric([0, 1], np.full((2, 3), 1e308))
    third = np.full((2, 3), 0.333)  # rounded by a person
    assert gb.log_loss([0, 1], third) == pytest.approx(np.log(3), rel=1e-2)


def test_roc_auc_needs_rows_of_each_class():
    for truth, scores in (([1, 1], [0.1, 0.2]), ([0, 0], [0.1, 0.2])):
        with pytest.raises(
            DataError, match=r"rows of each class, and.*received . of 2 rows of class 1"
        ):
            gb.roc_auc(truth, scores)
    with pytest.raises(DataError, match=r"0 of 2 rows of class 2"):
        gb.roc_auc([0, 1], [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]])
    with pytest.raises(DataError, match=r"labels from 0 to 1"):
        gb.roc_auc([0, 2], [0.1, 0.2])


def test_calibration_error_refuses_bins():
    for bins, kind in ((0, ArgumentError), (2.5, ArgumentTypeError), (True, ArgumentTypeError)):
        with pytest.raises(kind, match=r"calibration_error, bins: expected a whole number"):
            gb.calibration_error([0, 1], [0.1, 0.9], bins=bins)


def test_predicted_labels_must_be_known_classes():
    with pytest.raises(DataError, match=r"y_pred.*labels from 0 to 2, because y_true tells of 3"):
        gb.accuracy(np.eye(3), [0, 1, 3])


@pytest.mark.parametrize("metric", [gb.mae, gb.rmse, gb.r2, *CLASSIFICATION])
def test_metrics_leave_what_they_are_given(metric):
    truth, P = class_data(2, classes=3)
    truth = truth if metric in CLASSIFICATION else P[::-1].copy()
    truth.flags.writeable = P.flags.writeable = False
    metric(truth, P)
    metric(list(map(list, truth)) if truth.ndim == 2 else list(truth), P.tolist())


# The registry ----------------------------------------------------------------------------


def test_the_registry_knows_every_metric_and_its_direction():
    better = {name: metric.higher_is_better for name, metric in METRICS.items()}
    low = dict.fromkeys(("mae", "rmse", "log_loss", "calibration_error"), False)
    high = dict.fromkeys(("r2", "accuracy", "balanced_accuracy", "f1", "roc_auc"), True)
    assert better == low | high
    for name, metric in METRICS.items():
        assert metric.name == name
        assert metric.function is getattr(gb, name)


@pytest.mark.parametrize("name", METRICS)
def test_the_direction_is_right(name):
    truth = np.array([0, 1, 1, 0])
    good, bad = [0.1, 0.9, 0.9, 0.1], [0.6, 0.3, 0.2, 0.9]
    better, worse = METRICS[name](truth, good), METRICS[name](truth, bad)
    assert (better > worse) is METRICS[name].higher_is_better


def test_as_metric():
    def error_of_the_mean(y_true, y_pred):
        return np.mean(y_true - y_pred, dtype=np.float32)

    assert as_metric("mae", "fit, metrics") is METRICS["mae"] is as_metric(gb.mae, "fit")
    own = as_metric(error_of_the_mean, "fit")
    assert (own.name, own.higher_is_better) == ("error_of_the_mean", None)
    assert as_metric(own, "fit") is own
    value = own(np.ones(4), np.zeros(4))
    assert value == 1.0
    assert type(value) is float
    assert Metric("one", lambda t, p: np.array(2))([], []) == 2.0
    with pytest.raises(ArgumentError, match=r"fit: expected one of .accuracy., .*received 'mea'"):
        as_metric("mea", "fit")
    for value in (3, None, gb.Dense, np.ones(3)):
        with pytest.raises(ArgumentTypeError, match=r"or a function of .y_true, y_pred."):
            as_metric(value, "fit")
    for name in ("loss", "lr", "val_mae"):
        error_of_the_mean.__name__ = name
        with pytest.raises(ArgumentError, match=r"another name.*rename it"):
            as_metric(error_of_the_mean, "fit")


@pytest.mark.parametrize("value", [None, "1.0", 1j, np.ones(1), np.ones((2, 2))])
def test_a_function_of_ones_own_must_return_a_number(value):
    with pytest.raises(ArgumentTypeError, match=r"metric mine: expected to return one real number"):
        Metric("mine", lambda y_true, y_pred: value)([], [])


def test_metrics_are_quick():
    truth, P = np.arange(1000) % 2, np.random.default_rng(0).random((1000, 1))
    for name, metric in METRICS.items():
        given = truth[:, None] if name in ("mae", "rmse", "r2") else truth
        seconds = min(timeit.repeat(lambda: metric(given, P), number=20, repeat=5)) / 20  # noqa: B023
        assert seconds < 1e-3, f"{name} takes {seconds:.1e} s"


def test_metrics_import_nothing_heavy():
    code = "import sys, glassbrick; print({'sklearn', 'scipy', 'pandas'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
