"""Every loss with every option: against other libraries, at the edges, and what it refuses."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from sklearn.metrics import log_loss, mean_pinball_loss

from blocks import LOSSES, loss_pairs, norm_error
from glassbrick import (
    SGD,
    ArgumentError,
    ArgumentTypeError,
    BinaryCrossEntropy,
    DataError,
    Dense,
    GaussianNLL,
    GlassbrickError,
    Huber,
    Loss,
    MeanAbsoluteError,
    MeanSquaredError,
    NeuralNetwork,
    PoissonNLL,
    Quantile,
    RowLoss,
    ShapeError,
    SoftmaxCrossEntropy,
    TracingError,
    Trainer,
    check_gradients,
    compare_engines,
)

TOLERANCES = {np.float64: 1e-12, np.float32: 1e-5}
LEVELS = (0.05, 0.5, 0.7)


# What targets there are, for so many rows of three outputs or a little more.


def numbers(rng, rows):
    return rng.standard_normal((rows, 3))


def yes_or_no(rng, rows):
    return 1.0 * rng.integers(0, 2, (rows, 3))


def fractions(rng, rows):
    return rng.uniform(0.0, 1.0, (rows, 3))


def counts(rng, rows):
    return 1.0 * rng.poisson(3.0, (rows, 3))


def labels(rng, rows):
    return 1.0 * rng.integers(0, 3, (rows, 1))


def one_hot(rng, rows):
    return np.eye(3)[rng.integers(0, 3, rows)]


def distributions(rng, rows):
    return rng.dirichlet(np.ones(3), rows)


# The losses of rows by PyTorch.


def pointwise(name, **options):
    def rows_of(F, p, t):
        return getattr(F, name)(p, t, reduction="none", **options).sum(dim=1)

    return rows_of


def pinball(*levels):
    def rows_of(F, p, t):
        torch = pytest.importorskip("torch")
        columns = []
        for number in range(p.shape[1]):
            error = t[:, number // len(levels)] - p[:, number]
            level = levels[number % len(levels)]
            columns.append(torch.maximum(level * error, (level - 1.0) * error))
        return torch.stack(columns).sum(dim=0)

    return rows_of


def gaussian(eps):
    def rows_of(F, p, t):
        mean, spread = p[:, : t.shape[1]], p[:, t.shape[1] :]
        variance = spread.logaddexp(spread.new_zeros(())) + eps
        return F.gaussian_nll_loss(mean, t, variance, eps=1e-12, reduction="none").sum(dim=1)

    return rows_of


def cross_entropy(smoothing=0.0):
    def rows_of(F, p, t):
        t = t[:, 0].long() if t.shape[1] == 1 else t
        return F.cross_entropy(p, t, reduction="none", label_smoothing=smoothing)

    return rows_of


CASES = {
    "squared": (MeanSquaredError(), 3, numbers, pointwise("mse_loss")),
    "absolute": (MeanAbsoluteError(), 3, numbers, pointwise("l1_loss")),
    "huber": (Huber(), 3, numbers, pointwise("huber_loss")),
    "huber, 0.3": (Huber(0.3), 3, numbers, pointwise("huber_loss", delta=0.3)),
    "huber, 5": (Huber(delta=5), 3, numbers, pointwise("huber_loss", delta=5.0)),
    "median": (Quantile(), 3, numbers, pinball(0.5)),
    "quantile": (Quantile(0.9), 3, numbers, pinball(0.9)),
    "quantiles": (Quantile(LEVELS), 9, numbers, pinball(*LEVELS)),
    "counts": (PoissonNLL(), 3, counts, pointwise("poisson_nll_loss", log_input=True)),
    "gaussian": (GaussianNLL(), 6, numbers, gaussian(1e-6)),
    "gaussian, 0.1": (GaussianNLL(eps=0.1), 6, numbers, gaussian(0.1)),
    "yes or no": (
        BinaryCrossEntropy(), 3, yes_or_no, pointwise("binary_cross_entropy_with_logits")
    ),
    "fractions": (
        BinaryCrossEntropy(), 3, fractions, pointwise("binary_cross_entropy_with_logits")
    ),
}  # fmt: skip
for make_target in (labels, one_hot, distributions):
    for smoothing in (0.0, 0.1):
        CASES[f"{make_target.__name__}, {smoothing}"] = (
            SoftmaxCrossEntropy(label_smoothing=smoothing), 3, make_target, cross_entropy(smoothing)
        )  # fmt: skip


def data_of(case, rows, scale=1.0, seed=0):
    loss, outputs, make_target, rows_of = CASES[case]
    rng = np.random.default_rng(seed)
    prediction = scale * rng.standard_normal((rows, outputs))
    return copy.deepcopy(loss), prediction, make_target(rng, rows), rows_of


def by_torch(rows_of, prediction, target, weights=None):
    """Value and gradient of the weighted mean over rows."""
    torch = pytest.importorskip("torch")
    p = torch.tensor(prediction, requires_grad=True)
    losses = rows_of(torch.nn.functional, p, torch.tensor(target))
    if weights is not None:
        losses = losses * torch.tensor(weights.ravel())
    losses.mean().backward()
    return losses.mean().item(), p.grad.numpy()


def test_every_loss_has_a_case():
    assert {type(loss).__name__ for loss, *_ in CASES.values()} == set(LOSSES)


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("rows", "scale"), [(1, 1.0), (17, 1.0), (17, 6.0)])
@pytest.mark.parametrize("case", CASES)
def test_value_and_gradient_are_pytorchs(case, rows, scale, weighted, dtype):
    loss, prediction, target, rows_of = data_of(case, rows, scale)
    weights = np.random.default_rng(1).uniform(0.0, 2.0, (rows, 1)) if weighted else None
    expected = by_torch(rows_of, prediction, target, weights)
    prediction, target = prediction.astype(dtype), target.astype(dtype)
    if dtype is np.float32:  # the same numbers, rounded once
        expected = by_torch(
            rows_of, prediction.astype(float), np.round(target.astype(float), 12), weights
        )
    value = loss.forward(prediction, target, weights)
    assert value == pytest.approx(expected[0], rel=TOLERANCES[dtype], abs=TOLERANCES[dtype])
    assert norm_error(loss.backward(), expected[1]) <= TOLERANCES[dtype]
    assert value.dtype == loss.input_grad.dtype == dtype


TIES = {
    "absolute": ([[1.0, 0.0, -0.0]], [[1.0, 0.0, 0.0]]),
    "huber": ([[1.0, -1.0, 0.0]], [[0.0, 0.0, 0.0]]),
    "median": ([[1.0, 2.0, 0.0]], [[1.0, 3.0, 0.0]]),
    "quantile": ([[1.0, 2.0, 0.0]], [[1.0, 3.0, 0.0]]),
    "quantiles": ([[1.0] * 3 + [2.0] * 3 + [0.0] * 3], [[1.0, 3.0, 0.0]]),
    "counts": ([[0.0, -0.0, 0.0]], [[0.0, 1.0, 7.0]]),
    "gaussian": ([[1.0, 0.0, 0.0, 0.0, 0.0, 0.0]], [[1.0, 0.0, 2.0]]),
    "yes or no": ([[0.0, -0.0, 0.0]], [[0.0, 1.0, 0.5]]),
    "labels, 0.1": ([[0.0, 0.0, 0.0], [2.0, 2.0, 1.0]], [[2.0], [0.0]]),
}


@pytest.mark.parametrize("case", TIES)
def test_ties_and_zeros_are_pytorchs(case):
    prediction, target = (np.array(array) for array in TIES[case])
    loss, *_, rows_of = CASES[case]
    value, gradient = by_torch(rows_of, prediction, target)
    assert loss.forward(prediction, target) == pytest.approx(value, rel=1e-15)
    assert np.allclose(loss.backward(), gradient, rtol=1e-15, atol=1e-16)


@pytest.mark.parametrize("size", [1e3, 1e-300, 1e-3])
@pytest.mark.parametrize("case", [case for case in CASES if case != "counts"])
def test_large_and_small_outputs_are_pytorchs(case, size):
    loss, prediction, target, rows_of = data_of(case, 8)
    prediction = size * np.sign(prediction)
    value, gradient = by_torch(rows_of, prediction, target)
    assert loss.forward(prediction, target) == pytest.approx(value, rel=1e-12)
    assert norm_error(loss.backward(), gradient) <= 1e-12


@pytest.mark.parametrize(("dtype", "size"), [(np.float64, 1e300), (np.float32, 1e37)])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_the_largest_outputs_give_no_nan_and_no_warning(case, weighted, dtype, size):
    loss, prediction, target, _ = data_of(case, 8)
    prediction = (size * np.sign(prediction)).astype(dtype)
    weights = np.ones((8, 1), dtype) if weighted else None
    plain_squares = case == "squared" and not weighted  # no time for it: see its _output
    with np.errstate(over="ignore" if plain_squares else "raise"):
        value = loss.forward(prediction, target.astype(dtype), weights)
    assert not np.isnan(value)
    assert not np.isnan(loss.backward()).any()
    assert not np.isnan(loss.interpret(prediction)).any()


@pytest.mark.parametrize("size", [1e3, 1e300])
def test_cross_entropies_are_exact_where_the_answer_is_known(size):
    logits = np.array([[size], [-size]])
    right, wrong = np.array([[1.0], [0.0]]), np.array([[0.0], [1.0]])
    loss = BinaryCrossEntropy()
    assert loss.forward(logits, right) == 0.0
    assert loss.backward().tolist() == [[0.0], [0.0]]
    assert loss.forward(logits, wrong) == size
    assert loss.backward().tolist() == [[0.5], [-0.5]]
    classes, two = SoftmaxCrossEntropy(), np.hstack([logits, -logits])
    assert classes.forward(two, wrong) == 0.0
    assert classes.backward().tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert classes.forward(two, right) == 2.0 * size
    assert classes.backward().tolist() == [[0.5, -0.5], [-0.5, 0.5]]
    small = loss.forward(np.array([[40.0], [-40.0]]), right)  # not lost in rounding
    assert small == pytest.approx(np.exp(-40.0), rel=1e-12, abs=0.0)


def test_labels_one_hot_rows_and_probabilities_are_one_thing():
    loss, logits, target, _ = data_of("labels, 0.1", 9)
    values = [
        loss.forward(logits, target),
        loss.forward(logits, np.eye(3)[target[:, 0].astype(int)]),
    ]
    values.append(loss.forward(logits, target.astype(int)))
    assert len(set(values)) == 1
    assert loss.backward().dtype == np.float64


def test_two_classes_are_one_yes_or_no():
    rng = np.random.default_rng(0)
    logits, target = rng.standard_normal((6, 1)), 1.0 * rng.integers(0, 2, (6, 1))
    one = BinaryCrossEntropy().forward(logits, target)
    two = SoftmaxCrossEntropy().forward(np.hstack([np.zeros((6, 1)), logits]), target)
    assert one == pytest.approx(two, rel=1e-14)


def test_scikit_learn_says_the_same():
    rng = np.random.default_rng(0)
    p, t = rng.standard_normal((2, 11, 1))
    assert Quantile(0.8).forward(p, t) == pytest.approx(mean_pinball_loss(t, p, alpha=0.8))
    loss, logits, target, _ = data_of("labels, 0.0", 11)
    expected = log_loss(target, loss.interpret(logits), labels=[0, 1, 2])
    assert loss.forward(logits, target) == pytest.approx(expected)


def test_class_weights_are_weights_of_rows():
    torch = pytest.importorskip("torch")
    loss, logits, target, _ = data_of("labels, 0.0", 12)
    of_classes = np.array([0.5, 1.0, 4.0])
    p = torch.tensor(logits, requires_grad=True)
    classes = torch.tensor(target[:, 0].astype(int))
    expected = torch.nn.functional.cross_entropy(
        p, classes, weight=torch.tensor(of_classes), reduction="sum"
    )
    (expected / 12).backward()
    value = loss.forward(logits, target, of_classes[target[:, 0].astype(int)])
    assert value == pytest.approx(expected.item() / 12, rel=1e-12)
    assert norm_error(loss.backward(), p.grad.numpy()) <= 1e-12


# Weights.


@pytest.mark.parametrize("case", CASES)
def test_a_weight_is_a_number_of_copies(case):
    loss, prediction, target, _ = data_of(case, 5)
    copies = np.array([1, 0, 3, 2, 0])
    weighted = loss.forward(prediction, target, copies)
    gradient = loss.backward()
    assert not gradient[[1, 4]].any()
    repeated = [np.repeat(array, copies, axis=0) for array in (prediction, target)]
    assert weighted == pytest.approx(loss.forward(*repeated) * 6 / 5, rel=1e-13)
    starts = [0, 1, 4]
    summed = np.add.reduceat(loss.backward(), starts, axis=0)
    assert norm_error(gradient[[0, 2, 3]], summed * 6 / 5) <= 1e-13


@pytest.mark.parametrize("case", CASES)
def test_weights_of_one_change_nothing(case):
    loss, prediction, target, _ = data_of(case, 7)
    plain = loss.forward(prediction, target)
    assert loss.weights is None
    gradient = loss.backward()
    assert loss.forward(prediction, target, np.ones(7)) == pytest.approx(plain, rel=1e-14)
    assert loss.weights.shape == (7, 1)
    assert norm_error(loss.backward(), gradient) <= 1e-15
    assert loss.forward(prediction, target) == plain  # the weights are not those of before


def test_rows_of_weight_zero_may_be_as_wrong_as_they_like():
    loss = MeanSquaredError()
    assert loss.forward(np.array([[1e100], [2.0]]), np.zeros((2, 1)), np.array([0.0, 1.0])) == 2.0
    assert loss.backward().tolist() == [[0.0], [2.0]]


class HalfSquaredError(Loss):
    def _output(self):
        return 0.5 * np.sum((self.prediction - self.target) ** 2) / len(self.prediction)

    def _input_grad(self):
        return (self.prediction - self.target) / len(self.prediction)


def bad_weights():
    rows = np.ones((3, 1))
    yield np.ones(2), ShapeError, r"one weight a row, \(3, 1\); received an array of shape \(2,\)"
    yield np.ones((1, 3)), ShapeError, "one weight a row"
    yield np.array([1.0, -1.0, 2.0]), DataError, "at least 0; received -1 in row 1"
    yield np.array([1.0, 1.0, np.inf]), DataError, "received inf in row 2"
    yield np.array([np.nan, 1.0, 1.0]), DataError, "received nan in row 0"
    yield [1.0, 1.0, 1.0], ArgumentTypeError, "weights: expected a NumPy array"
    yield rows.astype(str), ArgumentTypeError, "an array of numbers"


@pytest.mark.parametrize(("weights", "kind", "message"), [*bad_weights()])
def test_weights_that_are_refused(weights, kind, message):
    for loss in (MeanSquaredError(), MeanAbsoluteError()):
        with pytest.raises(kind, match=message):
            loss.forward(np.ones((3, 2)), np.ones((3, 2)), weights)


def test_a_loss_of_no_rows_takes_no_weights():
    loss, ones = HalfSquaredError(), np.ones((3, 1))
    assert loss.forward(ones, 0 * ones) == 0.5
    with pytest.raises(ArgumentError, match="write _row_losses and _row_grads of a RowLoss"):
        loss.forward(ones, ones, ones)


# What losses are told of targets.


def refusals():
    one, three = np.ones((4, 1)), np.ones((4, 3))
    yield MeanSquaredError(), one, 3, ShapeError, "expected 3, one for each output.*received 1"
    yield MeanSquaredError(), np.ones(4), 1, ShapeError, r"two axes, \(rows, columns\)"
    yield Quantile(LEVELS), three, 3, ShapeError, "expected 9, 3 for each column.*received 3"
    yield GaussianNLL(), three, 3, ShapeError, "expected 6, 2 for each column.*First come the means"
    yield PoissonNLL(), one - 3.0, 1, DataError, "at least 0; received -2 in row 0"
    yield PoissonNLL(), np.array([[1.0, 2.0], [3.0, -1.5]]), 2, DataError, "-1.5 in row 1, column 1"
    binary = BinaryCrossEntropy()
    yield binary, np.array([[0.0], [1.0], [2.0]]), 1, DataError, "from 0 to 1; received 2 in row 2"
    yield binary, np.array([[1.0], [-1.0]]), 1, DataError, r"received -1 in row 1\. Encode"
    yield binary, one, 3, ShapeError, "use SoftmaxCrossEntropy"
    yield binary, three, 1, ShapeError, "one for each output"
    softmax = SoftmaxCrossEntropy()
    yield softmax, one, 1, ShapeError, "at least 2, one for each class.*BinaryCrossEntropy"
    yield softmax, np.ones((4, 2)), 3, ShapeError, r"1 \(labels\) or 3, one for each.*received 2"
    yield softmax, np.array([[1.0], [3.0]]), 3, DataError, "0 to 2; received 3 in row 1.*np.unique"
    yield softmax, np.array([[-1.0], [1.0]]), 3, DataError, "received -1 in row 0"
    yield softmax, np.array([[0.0], [0.5]]), 3, DataError, "received 0.5 in row 1"
    yield softmax, three, 3, DataError, "sum to 1; received a sum of 3 in row 0.*y.sum"
    yield softmax, np.array([[0.0, 1.0], [2.0, -1.0]]), 2, DataError, "-1 in row 1, column 1"


@pytest.mark.parametrize(("loss", "target", "outputs", "kind", "message"), [*refusals()])
def test_targets_that_are_refused(loss, target, outputs, kind, message):
    with pytest.raises(kind, match=f"(?s){type(loss).__name__}, .*{message}"):
        loss.require_targets(target, outputs)
    with pytest.raises(kind):
        loss.forward(np.zeros((len(target), outputs)), target)


def test_predictions_that_are_refused():
    ones = np.ones((3, 2))
    for prediction in (np.ones(3), np.ones((3, 2, 1)), np.ones((0, 2)), np.array(1.0)):
        with pytest.raises(ShapeError, match="prediction: expected a matrix"):
            MeanAbsoluteError().forward(prediction, prediction)
    with pytest.raises(ShapeError, match="3 rows, as in the prediction"):
        MeanAbsoluteError().forward(ones, ones[:2])
    with pytest.raises(ArgumentTypeError, match="an array of numbers"):
        MeanAbsoluteError().forward(ones, ones.astype(str))


def test_rounded_probabilities_are_taken():
    target = np.random.default_rng(0).dirichlet(np.ones(50), 20).astype(np.float32)
    loss, logits = SoftmaxCrossEntropy(), np.random.default_rng(1).standard_normal((20, 50))
    assert check_gradients(loss, logits, target)
    assert check_gradients(loss, logits, target * (1.0 + 8e-6))  # as far off as is allowed


@pytest.mark.parametrize("dtype", [bool, np.int64, np.uint8])
def test_whole_numbers_leave_the_dtype_alone(dtype):
    target = np.array([[0], [1]], dtype)
    for loss in (MeanSquaredError(), BinaryCrossEntropy(), PoissonNLL()):
        prediction = np.array([[0.5], [0.25]], np.float32)
        assert loss.forward(prediction, target).dtype == np.float32
        assert loss.backward().dtype == np.float32
        assert loss.input_grad[0] > 0.0


def bad_arguments():
    for value in ("a", None, True):
        yield lambda value=value: Huber(value), ArgumentTypeError, "Huber, delta"
        yield lambda value=value: Quantile(value), ArgumentTypeError, "Quantile, quantiles"
        yield lambda value=value: GaussianNLL(value), ArgumentTypeError, "GaussianNLL, eps"
        yield lambda value=value: SoftmaxCrossEntropy(value), ArgumentTypeError, "label_smoothing"
    for value in (0.0, -1.0, np.inf):
        yield lambda value=value: Huber(value), ArgumentError, "greater than 0"
        yield lambda value=value: GaussianNLL(value), ArgumentError, "greater than 0"
    for value in (0.0, 1.0, [], [0.5, 1.0], (0.1, -0.1)):
        yield lambda value=value: Quantile(value), ArgumentError, "greater than 0 and less than 1"
    for value in ([[0.1, 0.5]], [0.1, "a"], np.full((2, 2), 0.5), {"a": 1}, [[0.1], 0.2]):
        yield lambda value=value: Quantile(value), ArgumentTypeError, "Quantile, quantiles"
    for value in (-0.1, 1.0):
        yield lambda value=value: SoftmaxCrossEntropy(value), ArgumentError, "label_smoothing"


@pytest.mark.parametrize(("make", "kind", "message"), [*bad_arguments()])
def test_arguments_that_are_refused(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


def test_losses_show_how_they_were_made():
    made = [Huber(2), Quantile(), Quantile(np.array([0.1, 0.9])), GaussianNLL(), PoissonNLL()]
    made.append(SoftmaxCrossEntropy(0.1))
    assert [repr(loss) for loss in made] == [
        "Huber(delta=2)",
        "Quantile(0.5)",
        "Quantile([0.1, 0.9])",
        "GaussianNLL(eps=1e-06)",
        "PoissonNLL()",
        "SoftmaxCrossEntropy(label_smoothing=0.1)",
    ]


# What outputs mean.


def test_what_outputs_mean():
    rng = np.random.default_rng(0)
    outputs = 3.0 * rng.standard_normal((5, 4))
    for loss in (MeanSquaredError(), MeanAbsoluteError(), Huber(), Quantile()):
        assert loss.interpret(outputs) is outputs
    probabilities = SoftmaxCrossEntropy().interpret(outputs)
    assert np.allclose(probabilities, np.exp(outputs) / np.exp(outputs).sum(1, keepdims=True))
    assert np.allclose(BinaryCrossEntropy().interpret(outputs), 1 / (1 + np.exp(-outputs)))
    assert np.allclose(PoissonNLL().interpret(outputs), np.exp(outputs))
    gaussian_nll = GaussianNLL()
    assert np.array_equal(gaussian_nll.interpret(outputs), outputs[:, :2])
    assert np.allclose(gaussian_nll.variance(outputs), np.log1p(np.exp(outputs[:, 2:])) + 1e-6)


def test_probabilities_of_the_largest_outputs():
    logits = np.array([[1e300, -1e300, 0.0], [0.0, 0.0, -1e3]])
    expected = [[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]]
    assert SoftmaxCrossEntropy().interpret(logits).tolist() == expected
    assert BinaryCrossEntropy().interpret(logits).tolist() == [[1.0, 0.0, 0.5], [0.5, 0.5, 0.0]]


@pytest.mark.parametrize("level", [0.1, 0.5, 0.75])
def test_the_pinball_loss_is_least_at_the_quantile(level):
    target = np.random.default_rng(0).standard_normal((41, 1))
    loss, at = Quantile(level), np.quantile(target, level)

    def value(constant):
        return loss.forward(np.full((41, 1), constant), target)

    assert value(at) <= min(value(at - 0.01), value(at + 0.01), value(at - 1.0), value(at + 1.0))


# Losses of users.


class FourthPower(RowLoss):
    def _row_losses(self):
        return np.sum((self.prediction - self.target) ** 4, axis=1)

    def _row_grads(self):
        return 4.0 * (self.prediction - self.target) ** 3


class Hinge(RowLoss):
    """Takes -1 and 1 in one column, says so, and is right."""

    def _require_values(self, target, outputs):
        if not np.all(np.abs(target) == 1.0):
            raise DataError("Hinge, target: expected -1 or 1.")

    def _row_losses(self):
        return np.maximum(0.0, 1.0 - self.prediction * self.target).sum(axis=1)

    def _row_grads(self):
        return -self.target * (self.prediction * self.target < 1.0)


class TruthfulLabels(SoftmaxCrossEntropy):
    """Takes labels only."""

    def _require_columns(self, columns, outputs):
        if columns != 1 or outputs < 2:
            raise ShapeError("TruthfulLabels: expected one column of labels.")


class WrongLabels(TruthfulLabels):
    def _row_grads(self):
        return 2.0 * super()._row_grads()


class WholeCounts(PoissonNLL):
    def _require_values(self, target, outputs):
        super()._require_values(target, outputs)
        if not np.array_equal(target, np.floor(target)):
            raise DataError("WholeCounts, target: expected whole numbers.")


class WrongCounts(WholeCounts):
    def _row_grads(self):
        return np.exp(self.prediction) + self.target


class SwappedGaussian(GaussianNLL):
    def _row_grads(self):
        return np.roll(super()._row_grads(), 1, axis=1)


class WrongMiddle(Quantile):
    def __init__(self):
        super().__init__(LEVELS)

    def _row_grads(self):
        grads = super()._row_grads()
        grads[:, 1] *= 2.0
        return grads


class OnlyTheRightHalf(BinaryCrossEntropy):
    """Right for targets of 1 only."""

    def _row_grads(self):
        return super()._row_grads() + 0.1 * (1.0 - self.target)


RIGHT = [FourthPower(), TruthfulLabels(), WholeCounts(), Quantile(LEVELS), Quantile(0.9)]
RIGHT += [SoftmaxCrossEntropy(0.1), GaussianNLL(0.1), Huber(0.1)]
WRONG = [WrongLabels(), WrongCounts(), SwappedGaussian(), WrongMiddle(), OnlyTheRightHalf()]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("loss", RIGHT, ids=repr)
def test_losses_that_are_right(loss, seed):
    report = check_gradients(loss, rng=seed)
    assert report, str(report)
    assert all(result.checked for result in report.results)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("loss", WRONG, ids=repr)
def test_losses_that_are_wrong(loss, seed):
    assert not check_gradients(loss, rng=seed)


def test_a_wrong_loss_of_one_output_is_found_in_a_network():
    net = NeuralNetwork([Dense(1, "linear")], OnlyTheRightHalf(), rng=0)
    assert [r.name for r in check_gradients(net).wrong] == ["only_the_right_half.input_grad"]


def test_a_loss_that_takes_only_strange_targets_wants_some():
    with pytest.raises(DataError, match=r"expected -1 or 1.*Give some"):
        check_gradients(Hinge())
    prediction = np.array([[0.5], [-2.0], [3.0], [0.1]])
    assert check_gradients(Hinge(), prediction, np.sign(prediction))


def test_a_target_alone_finds_its_outputs():
    target = np.random.default_rng(0).standard_normal((4, 2))
    for loss in (GaussianNLL(), Quantile(LEVELS), MeanAbsoluteError()):
        assert check_gradients(loss, target=target)
    assert check_gradients(SoftmaxCrossEntropy(), target=np.array([[0.0], [2.0], [1.0]]))
    with pytest.raises(GlassbrickError, match="sum to 1"):
        check_gradients(SoftmaxCrossEntropy(), np.ones((2, 2)), np.ones((2, 2)))


class LossesOfOneShape(FourthPower):
    def _row_losses(self):
        return super()._row_losses()[:, np.newaxis]


class GradsOfOneRow(FourthPower):
    def _row_grads(self):
        return super()._row_grads()[0]


def test_rules_that_return_another_shape_are_refused():
    ones = np.ones((3, 2))
    with pytest.raises(ShapeError, match=r"_row_losses: expected an array of shape \(3,\)"):
        LossesOfOneShape().forward(ones, ones)
    loss = GradsOfOneRow()
    loss.forward(ones, ones, np.ones(3))
    with pytest.raises(ShapeError, match=r"_row_grads: expected an array of shape \(3, 2\)"):
        loss.backward()


@pytest.mark.parametrize("case", CASES)
def test_no_loss_writes_into_what_it_is_given(case):
    loss, prediction, target, _ = data_of(case, 5)
    weights = np.ones((5, 1))
    for array in (prediction, target, weights):
        array.flags.writeable = False
    loss.forward(prediction, target, weights)
    first = loss.backward().copy()
    assert np.array_equal(loss.backward(), first)
    loss.interpret(prediction)


@pytest.mark.parametrize("case", CASES)
def test_nothing_of_a_batch_is_kept(case):
    loss, prediction, target, _ = data_of(case, 5)
    made_with = set(vars(loss))
    loss.forward(prediction, target, np.ones(5))
    loss.backward()
    twin = pickle.loads(pickle.dumps(loss))
    loss.release()
    assert set(vars(loss)) == set(vars(twin)) == made_with
    assert loss.weights is None
    assert repr(twin) == repr(loss)


# Compiled.


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("case", CASES)
def test_engines_agree(case, dtype):
    loss, prediction, target, _ = data_of(case, 23)
    net = NeuralNetwork([Dense(5, "tanh"), Dense(prediction.shape[1], "linear")], loss, rng=0)
    X = np.random.default_rng(3).standard_normal((23, 4)).astype(dtype)
    report = compare_engines(net, X, target)
    assert report.ok, str(report)


@pytest.mark.parametrize("case", ["labels, 0.1", "quantiles", "gaussian", "counts"])
def test_training_agrees(case):
    results = []
    X = np.random.default_rng(3).standard_normal((30, 4))
    for engine in ("numpy", "xla"):
        loss, prediction, target, _ = data_of(case, 30)
        layers = [Dense(5, "tanh"), Dense(prediction.shape[1], "linear")]
        trainer = Trainer(NeuralNetwork(layers, loss, rng=0), SGD(lr=0.05), engine=engine)
        history = trainer.fit(X, target, epochs=6, batch_size=8, verbose=False)
        assert history.loss[-1] < history.loss[0]
        results.append([history.loss, *trainer.net.params()])
    for eager, compiled in zip(*results, strict=True):
        assert norm_error(eager, compiled) <= 1e-11


def test_refusals_while_compiling_are_ours():
    net = NeuralNetwork([Dense(3, "linear")], SoftmaxCrossEntropy(), rng=0)
    for target in (np.zeros((5, 2)), np.full((5, 1), 3.0), np.full((5, 3), 0.5)):
        with pytest.raises((ShapeError, DataError)):
            compare_engines(net, np.ones((5, 2)), target)


def test_a_loss_that_branches_on_targets_is_told_so():
    class Branching(FourthPower):
        def _row_losses(self):
            return super()._row_losses() if self.target.sum() > 0.0 else np.zeros(len(self.target))

    net = NeuralNetwork([Dense(1, "linear")], Branching(), rng=0)
    with pytest.raises(TracingError, match=r"Branching\._row_losses"):
        compare_engines(net, np.ones((5, 2)), np.ones((5, 1)))


def test_pairs_are_found_for_every_loss():
    for kind in LOSSES.values():
        for width in (1, 2, 5):
            assert loss_pairs(kind(), 3, width, np.random.default_rng(0))
