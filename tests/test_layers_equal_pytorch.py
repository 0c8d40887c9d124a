"""Layers against PyTorch: outputs, all gradients, running averages, at the edges too."""

from __future__ import annotations

import numpy as np
import pytest

from glassbrick import (
    BatchNorm,
    Columns,
    Concatenate,
    Dense,
    Dropout,
    Embedding,
    GainMultiply,
    LayerNorm,
    Linear,
    MeanSquaredError,
    NeuralNetwork,
    Residual,
    RMSNorm,
    Series,
)
from networks import same_params

torch = pytest.importorskip("torch")


TOLERANCES = {np.float64: 1e-12, np.float32: 1e-5}


def numbers(rows, columns, dtype=np.float64, seed=0):
    return np.random.default_rng(seed).standard_normal((rows, columns)).astype(dtype)


def tensor(array):
    """A tensor that is differentiated; without them, tensors of whole numbers stay constants."""
    return torch.tensor(np.array(array), requires_grad=True)


def set_params(block, seed=5):
    """Give all parameters random numbers, because ones and zeros hide much."""
    rng = np.random.default_rng(seed)
    for param in block.params:
        param[...] = rng.standard_normal(param.shape)
    return [tensor(param) for param in block.params]


@np.errstate(under="ignore")
def assert_same(ours, theirs, tolerance, size=0.0):
    """Equal norm-wise, where PyTorch has finite numbers; `size` is that of what cancels out."""
    theirs = theirs.detach().numpy() if isinstance(theirs, torch.Tensor) else theirs
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    if np.isfinite(theirs).all():
        size = max(np.linalg.norm(theirs), np.linalg.norm(ours), size)
        assert np.linalg.norm(ours - theirs) <= tolerance * size


def compare(layer, function, x, *, params=None, condition=1.0, slope=0.0, differentiable=True):
    """Compare output and all gradients of a layer with those of a function of tensors.

    `condition` is by how much more than its result a sum's terms may be off, `slope` about
    what a gradient is multiplied by.
    """
    tolerance = condition * TOLERANCES[x.dtype.type]
    if params is None:
        layer.forward(x)
        params = set_params(layer)
    X = tensor(x) if differentiable else torch.tensor(x)
    expected = function(X, *params)
    output = layer.forward(x)
    assert_same(output, expected, tolerance, 1.0)
    output_grad = numbers(*output.shape, x.dtype, seed=8)
    expected.backward(torch.tensor(output_grad))
    input_grad = layer.backward(output_grad)
    if differentiable:
        assert_same(input_grad, X.grad, tolerance, slope * np.linalg.norm(output_grad))
    for grad, param in zip(layer.param_grads, params, strict=True):
        assert_same(grad, param.grad, tolerance, 1.0)


def of_batch(X, gain, bias):
    return torch.nn.functional.batch_norm(X, None, None, gain[0], bias[0], training=True, eps=1e-5)


def of_rows(X, gain, bias):
    return torch.nn.functional.layer_norm(X, X.shape[1:], gain[0], bias[0], eps=1e-5)


def of_squares(X, gain):
    return torch.nn.functional.rms_norm(X, X.shape[1:], gain[0], eps=1e-5)


NORMS = {BatchNorm: of_batch, LayerNorm: of_rows, RMSNorm: of_squares}


EDGES = {
    "plain": numbers(7, 5),
    "two rows": numbers(2, 5),
    "one column": numbers(7, 1),
    "large": 1e3 * np.sign(numbers(7, 5)),
    "far from zero": 1e3 + numbers(7, 5),
    "huge": 1e300 * np.sign(numbers(7, 5)),
    "zeros": np.zeros((7, 5)),
    "ties": np.round(numbers(7, 5)),
    "constant columns": np.tile(numbers(1, 5), (7, 1)),
    "constant rows": np.tile(numbers(7, 1), (1, 5)),
    "tiny": 1e-300 * numbers(7, 5),
}
BEYOND_FLOAT32 = "huge", "tiny"


@pytest.mark.parametrize(
    ("edge", "dtype"),
    [(edge, np.float64) for edge in EDGES]
    + [(edge, np.float32) for edge in EDGES if edge not in BEYOND_FLOAT32],
)
@pytest.mark.parametrize("kind", NORMS)
def test_normalization_equals_pytorch(kind, edge, dtype):
    layer, x = kind(), EDGES[edge].astype(dtype)
    layer.forward(x)
    slope = float(layer.operations[0].scale.max())
    condition = max(1.0, slope * float(abs(x).max()))  # what is left after the mean
    compare(layer, NORMS[kind], x, condition=condition, slope=slope)


@pytest.mark.parametrize("kind", NORMS)
def test_huge_numbers_give_finite_ones(kind):
    layer = kind()
    assert np.isfinite(layer.forward(EDGES["huge"])).all()
    assert np.isfinite(layer.backward(numbers(7, 5))).all()


@pytest.mark.parametrize("momentum", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("dtype", TOLERANCES)
def test_running_averages_equal_pytorch(dtype, momentum):
    tolerance = TOLERANCES[dtype]
    layer = BatchNorm(momentum=momentum, eps=1e-3, inputs=4)
    net = NeuralNetwork([layer], MeanSquaredError(), rng=0)
    net.build(4, dtype)
    theirs = torch.nn.BatchNorm1d(
        4, eps=1e-3, momentum=momentum, dtype=torch.tensor(dtype(0)).dtype
    )
    for step, rows in enumerate([8, 3, 2, 16]):
        x = 3.0 * numbers(rows, 4, dtype, seed=step) + dtype(2)
        layer.forward(x)
        theirs(torch.tensor(x))
    standardize = layer.operations[0]
    assert_same(standardize.mean[0], theirs.running_mean, tolerance)
    assert_same(standardize.variance[0], theirs.running_var, tolerance)
    theirs.eval()
    x = numbers(9, 4, dtype, seed=9)
    assert_same(net.predict(x), theirs(torch.tensor(x)), tolerance)
    assert_same(net.predict(x[:1]), theirs(torch.tensor(x[:1])), tolerance)


def test_a_batch_of_one_row_is_standardized_by_the_running_averages():
    layer = BatchNorm()
    layer.forward(numbers(9, 4))
    means = [layer.operations[0].mean.copy(), layer.operations[0].variance.copy()]
    x = numbers(1, 4, seed=3)
    params = set_params(layer)

    def function(X, gain, bias):
        mean, variance = (torch.tensor(a[0]) for a in means)
        return torch.nn.functional.batch_norm(X, mean, variance, gain[0], bias[0], training=False)

    compare(layer, function, x, params=params)
    assert same_params([layer.operations[0].mean, layer.operations[0].variance], means)


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_gains_equal_pytorch(dtype):
    gain = numbers(1, 4, dtype, seed=2)
    operation = GainMultiply(gain.copy())
    x, grad = numbers(6, 4, dtype), numbers(6, 4, dtype, seed=1)
    X, G = tensor(x), tensor(gain)
    (X * G).backward(torch.tensor(grad))
    assert np.array_equal(operation.forward(x), x * gain)
    assert_same(operation.backward(grad), X.grad, TOLERANCES[dtype])
    assert_same(operation.param_grad, G.grad, TOLERANCES[dtype])


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("rows", [1, 50])
def test_shared_vectors_equal_pytorch(rows, dtype):
    ids = np.random.default_rng(0).integers(0, 6, (rows, 3))
    ids[0] = 5, 5, 0  # ties, and both ends

    def function(X, table):
        return torch.nn.functional.embedding(X.long(), table).flatten(1)

    compare(Embedding(6, 4), function, ids.astype(dtype), differentiable=False)


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_vectors_of_each_column_equal_pytorch(dtype):
    counts = [6, 1, 3]
    ids = np.random.default_rng(0).integers(0, counts, (50, 3))

    def function(X, table):
        parts = torch.split(table, counts)
        looked_up = [
            torch.nn.functional.embedding(X[:, column].long(), part)
            for column, part in enumerate(parts)
        ]
        return torch.cat(looked_up, dim=1)

    compare(Embedding(counts, 4), function, ids.astype(dtype), differentiable=False)


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("edge", ["plain", "large", "zeros", "ties"])
def test_residual_and_concatenate_equal_pytorch(edge, dtype):
    block = Residual(
        [
            LayerNorm(),
            Concatenate([[Columns([2, 0]), Dense(4, "tanh")], Linear(), Dense(2, "sigmoid")]),
            Dense(5, "linear"),
        ]
    )
    functional = torch.nn.functional

    def function(X, gain, bias, W1, b1, W2, b2, W3, b3):
        Z = functional.layer_norm(X, (5,), gain[0], bias[0])
        branches = torch.tanh(Z[:, [2, 0]] @ W1 + b1), Z, torch.sigmoid(Z @ W2 + b2)
        return X + torch.cat(branches, dim=1) @ W3 + b3

    compare(block, function, EDGES[edge].astype(dtype))


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9])
def test_dropout_equals_pytorch_with_our_mask(rate, dtype):
    layer = Series([Dense(6, "tanh"), Dropout(rate)])
    layer.forward(numbers(8, 3, dtype))
    dropout = layer.layers[1].operations[0]
    x, params = numbers(8, 3, dtype, seed=4), set_params(layer)
    X = tensor(x)
    output = layer.forward(x)
    kept = torch.tensor(dropout.mask > 0)
    expected = torch.tanh(X @ params[0] + params[1]) * kept / (1.0 - rate)
    grad = numbers(*output.shape, dtype, seed=6)
    expected.backward(torch.tensor(grad))
    assert_same(output, expected, TOLERANCES[dtype])
    assert_same(layer.backward(grad), X.grad, TOLERANCES[dtype])
    for ours, theirs in zip(layer.param_grads, params, strict=True):
        assert_same(ours, theirs.grad, TOLERANCES[dtype])
    assert dropout.mask.dtype == dtype
