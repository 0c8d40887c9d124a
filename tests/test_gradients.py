"""Every public block's gradients, at random shapes, against numeric ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import glassbrick
from blocks import LAYERS, LOSSES, OPERATIONS, loss_pairs, make_input, make_layer, make_operation
from glassbrick import Dense, MeanSquaredError, NeuralNetwork, check_gradients
from glassbrick.operations.by_name import ACTIVATIONS

sizes = st.integers(1, 6)
seeds = st.integers(0, 2**32 - 1)


def shapes(test):
    """Run a test at 100 random shapes, and at one row of one number."""
    test = settings(max_examples=100)(test)
    test = example(rows=1, width=1, outputs=1, seed=0)(test)
    test = example(rows=1, width=5, outputs=3, seed=1)(test)
    return given(rows=st.integers(1, 8), width=sizes, outputs=sizes, seed=seeds)(test)


def assert_right(block, *given):
    report = check_gradients(block, *given, tolerance=1e-7)
    assert report, str(report)
    assert all(result.checked for result in report.results)
    return report


def test_the_suite_finds_the_blocks():
    assert {"WeightMultiply", "BiasAdd", "Sigmoid", "Linear", "Tanh", "ReLU"} <= set(OPERATIONS)
    assert "Dense" in LAYERS
    assert "MeanSquaredError" in LOSSES
    in_code = {type(make()).__name__ for make in ACTIVATIONS.values()}
    assert in_code <= set(OPERATIONS), "an activation that has a name but is not public"


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation(name):
    @shapes
    def check(rows, width, outputs, seed):
        rng = np.random.default_rng(seed)
        operation = make_operation(OPERATIONS[name], width, outputs, rng)
        report = assert_right(operation, make_input(operation, rows, width, rng))
        param = getattr(operation, "param", None)
        assert len(report.results) == (1 if param is None else 2)

    check()


@pytest.mark.parametrize("name", LAYERS)
def test_layer(name):
    @shapes
    def check(rows, width, outputs, seed):
        rng = np.random.default_rng(seed)
        layer = make_layer(LAYERS[name], width, outputs)
        assert_right(layer, make_input(layer, rows, width, rng))

    check()


@pytest.mark.parametrize("name", LOSSES)
def test_loss(name):
    @shapes
    def check(rows, width, outputs, seed):
        rng = np.random.default_rng(seed)
        for pair in loss_pairs(LOSSES[name](), rows, width, rng):
            assert_right(LOSSES[name](), *pair)

    check()


@shapes
def test_network(rows, width, outputs, seed):
    rng = np.random.default_rng(seed)
    layers = [
        Dense(int(rng.integers(1, 6)), str(rng.choice(sorted(ACTIVATIONS))))
        for _ in range(rng.integers(1, 4))
    ]
    net = NeuralNetwork([*layers, Dense(outputs, "linear")], MeanSquaredError(), rng=seed)
    X, y = rng.standard_normal((rows, width)), rng.standard_normal((rows, outputs))
    assert_right(net, X, y)


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_operations_keep_the_dtype(name, dtype):
    rng = np.random.default_rng(0)
    operation = make_operation(OPERATIONS[name], 4, 3, rng)
    if hasattr(operation, "param"):
        operation.param = operation.param.astype(dtype)
    output = operation.forward(make_input(operation, 5, 4, rng).astype(dtype))
    assert output.dtype == dtype
    assert operation.backward(np.ones_like(output)).dtype == dtype
    if hasattr(operation, "param"):
        assert operation.param_grad.dtype == dtype


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_activations_are_finite_at_the_edge_and_warn_of_nothing(name, dtype):
    largest = 1e300 if dtype is np.float64 else 1e38
    edge = np.array([[-largest, -1e3, -0.0, 0.0, 1e3, largest]], dtype)
    operation = ACTIVATIONS[name]()
    output = operation.forward(edge)
    input_grad = operation.backward(np.ones_like(edge))
    assert np.isfinite(output).all()
    assert np.isfinite(input_grad).all()


@pytest.mark.parametrize("name", LOSSES)
def test_losses_keep_the_dtype(name):
    rng = np.random.default_rng(0)
    loss = LOSSES[name]()
    for pair in loss_pairs(loss, 5, 3, rng):
        prediction, target = (array.astype(np.float32) for array in pair)
        for weights in (None, np.arange(5.0)):
            assert loss.forward(prediction, target, weights).dtype == np.float32
            assert loss.backward().dtype == np.float32
        assert loss.interpret(prediction).dtype == np.float32


def test_every_public_block_is_documented():
    for name in (*OPERATIONS, *LAYERS, *LOSSES):
        doc = vars(glassbrick)[name].__doc__
        assert ">>>" in doc, f"{name} has no example"
        assert ":math:" in doc, f"{name} has no formula"
        assert any(str(year) in doc for year in range(1900, 2030)) or "hapter section" in doc, (
            f"{name} names no source"
        )


def test_relu_at_zero_passes_nothing():
    relu = glassbrick.ReLU()
    relu.forward(np.array([[0.0, -0.0, 1e-300]]))
    assert relu.backward(np.ones((1, 3))).tolist() == [[0.0, 0.0, 1.0]]


def test_shared_ones_cannot_be_spoiled():
    from glassbrick.operations.linear import _row_of_ones

    ones = _row_of_ones(3, np.dtype(np.float64))
    assert ones is _row_of_ones(3, np.dtype(np.float64))
    with pytest.raises(ValueError, match="read-only"):
        ones += 1.0
