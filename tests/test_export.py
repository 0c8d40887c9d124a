"""Exports: what is written predicts as the network does, elsewhere."""

from __future__ import annotations

import subprocess
import sys
import warnings
from importlib.machinery import SourceFileLoader
from types import ModuleType

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx.reference import ReferenceEvaluator

import glassbrick as gb
from blocks import concrete, make_input, make_layer, make_operation, norm_error
from glassbrick import (
    SGD,
    ArgumentTypeError,
    Dense,
    FileError,
    Flatten,
    Layer,
    MeanSquaredError,
    NeuralNetwork,
    NotReadyError,
    Operation,
    TracingError,
    Trainer,
    layers,
    operations,
)
from networks import make_data

X, y = make_data(rows=37)
TOLERANCES = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-12}


def run_python(path):
    module = ModuleType("exported")
    exec(SourceFileLoader("exported", str(path)).get_code("exported"), vars(module))
    return module.predict


def run_runtime(path):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda rows: session.run(None, {"X": rows})[0]


def run_reference(path):
    evaluator = ReferenceEvaluator(str(path))

    def predict(rows):
        with np.errstate(all="ignore"):
            return evaluator.run(None, {"X": rows})[0]

    return predict


def assert_exports_equal(net, rows, folder):
    """Whether all that is written predicts the same, for any number of rows."""
    net.to_python(folder / "net.py")
    net.to_onnx(folder / "net.onnx")
    expected = net.predict(rows)
    by_python = run_python(folder / "net.py")
    assert np.array_equal(by_python(rows), expected)
    assert by_python(rows).dtype == expected.dtype
    for run in run_runtime, run_reference:
        predict = run(folder / "net.onnx")
        for some in rows, rows[:1]:
            found = predict(some)
            assert found.dtype == expected.dtype
            with np.errstate(under="ignore"):  # squares of numbers near 0
                assert norm_error(found, net.predict(some)) <= TOLERANCES[expected.dtype]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", concrete(operations, Operation))
def test_operations(kind, dtype, tmp_path):
    rng = np.random.default_rng(0)
    operation = make_operation(kind, 4, 4, rng)
    rows = make_input(operation, 9, 4, rng).astype(dtype)
    net = NeuralNetwork([operation, Flatten(), Dense(2, "linear")], MeanSquaredError(), rng=1)
    Trainer(net, SGD(lr=1e-3)).fit(rows, rng.standard_normal((9, 2)), epochs=3, verbose=False)
    assert_exports_equal(net, rows, tmp_path)


@pytest.mark.parametrize("kind", concrete(layers, Layer))
def test_layers(kind, tmp_path):
    rng = np.random.default_rng(0)
    rows = make_input(make_layer(kind, 4, 4), 9, 4, rng)
    parts = [make_layer(kind, 4, 4), Flatten(), Dense(2, "linear")]
    net = NeuralNetwork(parts, MeanSquaredError(), rng=1)
    Trainer(net, SGD(lr=1e-3)).fit(rows, rng.standard_normal((9, 2)), epochs=3, verbose=False)
    assert_exports_equal(net, rows, tmp_path)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 30.0, 1e3])
@pytest.mark.parametrize("activation", sorted(gb.operations.by_name.ACTIVATIONS))
def test_activations_at_all_sizes(activation, scale, tmp_path):
    """As layers of their own, so that nothing hides what they do to each number."""
    operation = gb.operations.by_name.ACTIVATIONS[activation]()
    net = NeuralNetwork([operation], MeanSquaredError(), rng=0)
    net.build(5)
    assert_exports_equal(net, scale * np.random.default_rng(0).standard_normal((8, 5)), tmp_path)


def test_a_large_network(tmp_path):
    parts = [Dense(128, "relu"), gb.BatchNorm(), Dense(10, "softmax")]
    net = NeuralNetwork(parts, MeanSquaredError(), rng=0)
    net.build(64, np.float32)
    rows = np.random.default_rng(0).standard_normal((50, 64)).astype(np.float32)
    assert_exports_equal(net, rows, tmp_path)
    text = (tmp_path / "net.py").read_text()
    assert "# 8,192 numbers" in text
    assert max(map(len, text.splitlines())) <= 100


class Bend(Operation):
    """Of a user's own."""

    def _output(self):
        root = np.sqrt(self.input_**2 + 1.0)
        return np.where(self.input_ > 0.0, root - 1.0, -0.5 * np.expm1(self.input_))

    def _input_grad(self, output_grad):
        return output_grad


def test_blocks_of_ones_own(tmp_path):
    net = NeuralNetwork([Dense(4, Bend()), Dense(1, "linear")], MeanSquaredError(), rng=0)
    net.build(3)
    assert_exports_equal(net, 50.0 * X, tmp_path)


class Neighbours(Bend):
    def _output(self):
        return self.input_[:, 1:] * self.input_[:, :-1] + self.input_[:, 1:2]


def test_some_columns_of_many(tmp_path):
    net = NeuralNetwork([Neighbours(), Dense(1, "linear")], MeanSquaredError(), rng=0)
    net.build(3)
    assert_exports_equal(net, X, tmp_path)


def test_the_file_needs_numpy_alone(tmp_path):
    net = NeuralNetwork([Dense(2, "tanh"), Dense(1, "linear")], MeanSquaredError(), rng=0)
    net.build(3)
    net.to_python(tmp_path / "alone.py")
    code = "import sys, alone, numpy; print(alone.predict(numpy.ones((2, 3))).tolist());"
    code += "sys.exit('glassbrick' in sys.modules)"
    run = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(net.predict(np.ones((2, 3))).tolist())


def test_the_file_refuses_other_rows(tmp_path):
    net = NeuralNetwork([Dense(1)], MeanSquaredError(), rng=0)
    net.build(3)
    net.to_python(tmp_path / "net.py")
    predict = run_python(tmp_path / "net.py")
    for wrong, words in [
        (X[:, :2], r"shape \(rows, 3\); received \(37, 2\)"),
        (X[0], "received"),
        (X * np.nan, "finite"),
    ]:
        with pytest.raises(ValueError, match=words):
            predict(wrong)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert predict(np.where(X > 0, 1e308, -1e308)).shape == (37, 1)


def test_the_model_says_what_it_is(tmp_path):
    net = NeuralNetwork([Dense(2), Dense(1)], MeanSquaredError(), rng=0)
    net.build(3, np.float32)
    net.to_onnx(tmp_path / "net.onnx")
    model = onnx.load(tmp_path / "net.onnx")
    assert "Dense(2, Sigmoid)" in model.doc_string
    assert model.producer_name == "glassbrick"
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "rows"
    names = {tensor.name for tensor in model.graph.initializer}
    assert "dense_1.weight_multiply.param" in names


class Deciding(Bend):
    def _output(self):
        return self.input_ if self.input_.sum() > 0 else -self.input_


class Counting(Bend):
    def _output(self):
        return self.input_ + np.arange(len(self.input_))[:, np.newaxis]


class Writing(Bend):
    def _output(self):
        output = self.input_ * 1.0
        output[0] = 0.0
        return output


class Constant(Bend):
    def _output(self):
        return np.zeros((len(self.input_), 3))


class Sorting(Bend):
    def _output(self):
        return np.sort(self.input_)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Deciding, "deciding.*a decision by numbers"),
        (Counting, "counting.*something else for 7 rows"),
        (Writing, "writing.*an assignment"),
        (Constant, "depends on the input"),
    ],
)
def test_what_cannot_be_written_down(kind, words, tmp_path):
    net = NeuralNetwork([kind()], MeanSquaredError(), rng=0)
    net.build(3)
    for write in net.to_python, net.to_onnx:
        with pytest.raises(TracingError, match=words):
            write(tmp_path / "net")
    assert not list(tmp_path.iterdir())


class Skipping(Bend):
    def _output(self):
        return self.input_[:, ::2]


def test_steps_that_onnx_is_not_told(tmp_path):
    net = NeuralNetwork([Skipping()], MeanSquaredError(), rng=0)
    net.build(3)
    with pytest.raises(TracingError, match=r"skipping.*method \[\] in this form"):
        net.to_onnx(tmp_path / "net")
    net.to_python(tmp_path / "net.py")
    assert np.array_equal(run_python(tmp_path / "net.py")(X), X[:, ::2])


def test_what_onnx_has_not(tmp_path):
    net = NeuralNetwork([Sorting()], MeanSquaredError(), rng=0)
    net.build(3)
    with pytest.raises(TracingError, match=r"sorting.*np\.sort.*use to_python"):
        net.to_onnx(tmp_path / "net")
    net.to_python(tmp_path / "net.py")
    assert np.array_equal(run_python(tmp_path / "net.py")(X), np.sort(X))


@pytest.mark.parametrize("method", ["to_python", "to_onnx"])
def test_files_are_kept_and_bad_calls_refused(method, tmp_path):
    net = NeuralNetwork([Dense(1)], MeanSquaredError(), rng=0)
    write = getattr(net, method)
    with pytest.raises(NotReadyError):
        write(tmp_path / "net")
    net.build(3)
    (tmp_path / "net").write_text("precious")
    with pytest.raises(FileError, match="is there already"):
        write(tmp_path / "net")
    assert (tmp_path / "net").read_text() == "precious"
    write(tmp_path / "net", overwrite=True)
    with pytest.raises(ArgumentTypeError, match=f"{method}, path"):
        write(3)


def test_a_network_is_left_as_it_was(tmp_path):
    net = NeuralNetwork([Dense(2), gb.BatchNorm(), Dense(1)], MeanSquaredError(), rng=0)
    net.train_batch(X, y)
    before = {k: v for op in net.operations() for k, v in vars(op).items()}
    net.to_python(tmp_path / "net.py")
    after = {k: v for op in net.operations() for k, v in vars(op).items()}
    assert before.keys() == after.keys()
    assert all(after[name] is before[name] for name in before)
