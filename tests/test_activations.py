"""The activations: by name, against PyTorch and SciPy, at the edge and in the tails."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special
from scipy.integrate import quad

import glassbrick
from blocks import norm_error
from glassbrick import (
    ELU,
    GELU,
    SELU,
    SGD,
    ArgumentError,
    ArgumentTypeError,
    Dense,
    LeakyReLU,
    LogSoftmax,
    MeanSquaredError,
    Mish,
    NeuralNetwork,
    PReLU,
    ShapeError,
    SiLU,
    Softmax,
    Softplus,
    Trainer,
    check_gradients,
    compare_engines,
)
from glassbrick.initializers import as_initializer
from glassbrick.numeric import numeric_gradient
from glassbrick.operations import activations, rectifiers, self_gated, softmax
from glassbrick.operations.by_name import ACTIVATIONS
from glassbrick.operations.normal import normal_distribution, tanh_distribution
from networks import make_data
from torch_activations import torch_activations

ROWWISE = ("softmax", "log_softmax")
EDGE = np.array(
    [
        -1e300,
        -1e3,
        -745,
        -700,
        -100,
        -40,
        -20,
        -6,
        -3,
        -1,
        -1e-10,
        -0.0,
        0.0,
        1e-10,
        1,
        3,
        6,
        17,
        20,
        25,
        40,
        100,
        700,
        745,
        1e3,
        1e300,
    ]
)
EDGE_ROWS = np.array(
    [
        [-1e300, 1e300, 0],
        [5, 5, 5],
        [0, 0, -1],
        [1e300, 1e300, -1e300],
        [-1e3, 0, 1e3],
        [-740, 0, 1],
        [-1e300, -1e300, -1e300],
        [1e300, -1e3, 1e3],
    ]
)
LOOSE = {np.float64: (1e-12, 1e-15), np.float32: (1e-5, 1e-6)}


def edge_of(name, dtype):
    edge = EDGE_ROWS if name in ROWWISE else EDGE.reshape(-1, 2)
    return np.clip(edge, -1e38, 1e38).astype(dtype) if dtype is np.float32 else edge


def make(name, dtype=np.float64):
    operation = ACTIVATIONS[name]()
    if hasattr(operation, "param"):
        operation.param = operation.param.astype(dtype)
    return operation


def assert_close(found, expected, rtol, atol=0.0):
    with np.errstate(under="ignore"):  # the tolerance of tiny numbers
        np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol)


def run(operation, x, output_grad):
    """The output and all gradients."""
    results = [operation.forward(x), operation.backward(output_grad)]
    return results + ([operation.param_grad] if hasattr(operation, "param") else [])


def run_pytorch(function, operation, x, output_grad):
    torch = pytest.importorskip("torch")
    inputs = [x, operation.param] if hasattr(operation, "param") else [x]
    inputs = [torch.tensor(array, requires_grad=True) for array in inputs]
    output = function(*inputs)
    output.backward(torch.tensor(output_grad))
    return [output.detach().numpy(), *(array.grad.numpy() for array in inputs)]


# Names.


def test_each_class_has_its_name():
    for module in (activations, rectifiers, self_gated, softmax):
        for name in module.__all__:
            assert getattr(module, name) in ACTIVATIONS.values()
            assert getattr(glassbrick, name, None) is getattr(module, name), "it is not exported"
    assert set(ACTIVATIONS) == set(torch_activations())


def test_names_with_reasons_of_their_own():
    assert ACTIVATIONS["swish"] is SiLU
    assert ACTIVATIONS["gelu_tanh"]().approximate is True
    assert ACTIVATIONS["gelu"]().approximate is False


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_layer_takes_each_name(name):
    layer = Dense(3, name)
    layer.forward(np.ones((2, 4)))
    assert type(layer.operations[2]) is type(ACTIVATIONS[name]())
    assert layer.operations[2] is not Dense(3, name).activation


def test_an_unknown_name_is_refused_with_the_list():
    with pytest.raises(ArgumentError, match=r'activation: expected one of .*"leaky_relu".*"swish"'):
        Dense(3, "rectify")


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_weights_start_by_an_initializer_that_there_is(name):
    as_initializer(ACTIVATIONS[name]().weight_init, name)


def variance_kept(operation):
    """The mean square of the output for inputs of mean 0 and variance 1."""
    return gaussian_mean(operation, lambda y: y * y)


def gaussian_mean(operation, function):
    def integrand(z):
        y = operation.forward(np.array([[z]]))[0, 0]
        return float(function(y)) * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)

    with np.errstate(under="ignore"):
        parts = [quad(integrand, *limits, epsabs=1e-13)[0] for limits in ((-12, 0), (0, 12))]
    return sum(parts)


@pytest.mark.parametrize("name", [n for n in ACTIVATIONS if n not in ROWWISE])
def test_what_loses_about_half_the_variance_starts_by_he(name):
    operation = ACTIVATIONS[name]()
    half = 0.3 < variance_kept(operation) < 0.7
    bounded = np.abs(operation.forward(np.array([[-1e3, 1e3]]))).max() <= 1.0
    assert (operation.weight_init == "he_uniform") == (half and not bounded)


def test_selu_keeps_mean_and_variance():
    assert SELU.weight_init == "lecun_normal"
    assert gaussian_mean(SELU(), lambda y: y) == pytest.approx(0.0, abs=1e-12)
    assert gaussian_mean(SELU(), lambda y: y * y) == pytest.approx(1.0, abs=1e-12)


# Against PyTorch.


@pytest.mark.parametrize("dtype", LOOSE)
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (40, 1), (40, 7), (5, 4, 3)])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_equals_pytorch_on_random_numbers(name, shape, dtype):
    function = torch_activations()[name]
    rng = np.random.default_rng(len(shape))
    x = (3.0 * rng.standard_normal(shape)).astype(dtype)
    output_grad = rng.standard_normal(shape).astype(dtype)
    operation = make(name, dtype)
    theirs = run_pytorch(function, operation, x, output_grad)
    for ours, their in zip(run(operation, x, output_grad), theirs, strict=True):
        assert ours.dtype == dtype
        assert norm_error(ours, their) <= LOOSE[dtype][0]


@pytest.mark.parametrize("dtype", LOOSE)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_equals_pytorch_at_the_edge(name, dtype):
    function = torch_activations()[name]
    x = edge_of(name, dtype)
    operation = make(name, dtype)
    output_grad = np.where(np.arange(x.size).reshape(x.shape) % 3, 1.0, -2.0).astype(dtype)
    relative, absolute = LOOSE[dtype]
    theirs = run_pytorch(function, operation, x, output_grad)
    with np.errstate(under="ignore"):
        found = run(operation, x, output_grad)
    for ours, their in zip(found, theirs, strict=True):
        assert ours.dtype == dtype
        assert np.isfinite(ours).all()
        # PyTorch's gelu_tanh and hardswish overflow where the largest numbers are.
        sound = np.isfinite(their)
        assert sound.mean() >= 0.9
        assert_close(ours[sound], their[sound], relative, absolute)


def test_arguments_equal_pytorchs():
    functional = pytest.importorskip("torch").nn.functional
    rng = np.random.default_rng(0)
    x, output_grad = rng.standard_normal((2, 20, 4))
    for ours, theirs in (
        (LeakyReLU(0.3), lambda x: functional.leaky_relu(x, 0.3)),
        (LeakyReLU(slope=-1.5), lambda x: functional.leaky_relu(x, -1.5)),
        (ELU(alpha=2.5), lambda x: functional.elu(x, 2.5)),
        (GELU(approximate=True), lambda x: functional.gelu(x, approximate="tanh")),
    ):
        expected = run_pytorch(theirs, ours, x, output_grad)
        for our, their in zip(run(ours, x, output_grad), expected, strict=True):
            assert norm_error(our, their) <= 1e-12


# The tails, relatively, where PyTorch's own numbers lose their digits.


def column(*limits):
    return np.linspace(*limits, 2001)[:, np.newaxis]


def test_gelu_in_the_lower_tail():
    x = column(-37.0, -1.0)
    gelu = GELU()
    assert_close(gelu.forward(x), x * special.ndtr(x), rtol=1e-12)
    density = np.exp(-x * x / 2) / np.sqrt(2 * np.pi)
    slope = special.ndtr(x) + x * density
    assert_close(gelu.backward(np.ones_like(x)), slope, rtol=1e-11)


def test_gelu_tanh_in_the_lower_tail():
    x = column(-15.0, -2.0)
    s = 2 * np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)
    gelu = GELU(approximate=True)
    assert_close(gelu.forward(x), x * special.expit(s), rtol=1e-12)
    slope = special.expit(s) * (
        1 + x * special.expit(-s) * 2 * np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x * x)
    )
    assert_close(gelu.backward(np.ones_like(x)), slope, rtol=1e-12)


@pytest.mark.parametrize(
    ("operation", "value", "slope"),
    [
        (Softplus(), lambda x: np.exp(x), lambda x: np.exp(x)),
        (SiLU(), lambda x: x * np.exp(x), lambda x: (1 + x) * np.exp(x)),
        (Mish(), lambda x: x * np.exp(x), lambda x: (1 + x) * np.exp(x)),
        (ELU(), lambda x: np.expm1(x), lambda x: np.exp(x)),
        (ELU(2.0), lambda x: 2.0 * np.expm1(x), lambda x: 2.0 * np.exp(x)),
    ],
    ids=["softplus", "silu", "mish", "elu", "elu of 2"],
)
def test_exponential_tails(operation, value, slope):
    x = column(-700.0, -40.0)
    assert_close(operation.forward(x), value(x), rtol=1e-14)
    assert_close(operation.backward(np.ones_like(x)), slope(x), rtol=1e-14)


def test_softplus_in_the_middle():
    x = column(-40.0, 40.0)
    softplus = Softplus()
    assert_close(softplus.forward(x), np.logaddexp(x, 0.0), rtol=1e-15)
    assert_close(softplus.backward(np.ones_like(x)), special.expit(x), rtol=1e-14)


@pytest.mark.parametrize("kind", [ELU, SELU])
def test_exponential_units_near_zero(kind):
    x = -np.geomspace(1e-200, 1e-3, 50)[np.newaxis]
    unit = kind()
    slope = unit.backward(np.ones_like(unit.forward(np.array([[-0.0]]))))[0, 0]
    assert_close(unit.forward(x), slope * np.expm1(x), rtol=1e-15)


# The normal distribution.


EXACT_DISTRIBUTION = {  # to 20 digits
    -37.0: 5.7255712225245768227e-300,
    -25.0: 3.0566967063825609164e-138,
    -12.5: 3.7325642988777133772e-36,
    -8.0: 6.2209605742717841235e-16,
    -3.5: 0.00023262907903552503635,
    -1.0: 0.15865525393145705141,
    -0.25: 0.40129367431707627576,
}


@pytest.mark.parametrize("x", EXACT_DISTRIBUTION)
def test_the_normal_distribution_is_exact(x):
    (distribution,), _ = normal_distribution(np.array([x]))
    assert distribution == pytest.approx(EXACT_DISTRIBUTION[x], rel=(2 + x * x / 4) * 2.3e-16)
    (distribution,), _ = normal_distribution(np.array([-x]))
    assert distribution == pytest.approx(1.0 - EXACT_DISTRIBUTION[x], rel=2.3e-16)


def test_the_normal_distribution_equals_scipys():
    x = np.linspace(-37.0, 37.0, 100_001)
    distribution, density = normal_distribution(x)
    assert normal_distribution(np.zeros(1))[0].tolist() == [0.5]
    assert np.abs(distribution - special.ndtr(x)).max() <= 4.5e-16
    assert_close(distribution, special.ndtr(x), rtol=3e-13)
    assert_close(density, np.exp(-x * x / 2) / np.sqrt(2 * np.pi), rtol=1e-15)
    assert np.abs(tanh_distribution(x)[0] - special.ndtr(x)).max() <= 0.0002


def test_the_normal_distribution_at_the_edge():
    x = np.array([-np.inf, -1e300, -1e3, -39.0, 39.0, 1e3, 1e300, np.inf])
    distribution, density = normal_distribution(x)
    assert distribution.tolist() == [0.0] * 4 + [1.0] * 4
    assert density.tolist() == [0.0] * 8
    assert np.isnan(normal_distribution(np.array([np.nan]))[0]).all()
    for single in (normal_distribution, tanh_distribution):
        for result, double in zip(single(np.float32(EDGE[1:-1])), single(EDGE[1:-1]), strict=True):
            assert result.dtype == np.float32
            assert np.allclose(result, double, rtol=1e-5, atol=1e-6)


# Softmax.


def test_softmax_rows():
    rng = np.random.default_rng(0)
    x = np.concatenate([EDGE_ROWS[1:3], rng.standard_normal((9, 3)) * 30.0])
    assert_close(Softmax().forward(x), special.softmax(x, axis=-1), rtol=1e-13)
    expected = special.log_softmax(x, axis=-1)
    assert_close(LogSoftmax().forward(x), expected, rtol=1e-12, atol=1e-15)
    assert_close(Softmax().forward(x).sum(axis=-1), 1.0, rtol=1e-15)


def test_softmax_of_one_column():
    x = np.array([[-1e300], [0.0], [1e300]])
    for operation, value in ((Softmax(), 1.0), (LogSoftmax(), 0.0)):
        output, input_grad = run(operation, x, np.full((3, 1), 7.0))
        assert output.tolist() == [[value]] * 3
        assert not input_grad.any()


def test_softmax_knows_no_other_row():
    x = np.array([[1.0, 2.0], [1e300, -1e300]])
    for kind in (Softmax, LogSoftmax):
        assert np.array_equal(kind().forward(x)[:1], kind().forward(x[:1]))


# Every activation: nothing is warned of, gradients by both numeric ways, both engines.


@pytest.mark.parametrize("dtype", LOOSE)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_nothing_overflows_or_is_invalid(name, dtype):
    x = np.linspace(-800.0, 800.0, 3201).astype(dtype)
    x = np.stack([x, x[::-1], np.zeros_like(x)], axis=1)
    with np.errstate(under="ignore"):
        for result in run(make(name, dtype), x, np.ones_like(x)):
            assert np.isfinite(result).all()


@pytest.mark.parametrize("complex_step", [True, False])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_gradients_by_both_numeric_ways(name, complex_step, monkeypatch):
    if not complex_step:
        monkeypatch.setattr(numeric_gradient, "_is_analytic", lambda *given: False)
    x = 2.0 * np.random.default_rng(3).standard_normal((6, 4))
    report = check_gradients(ACTIVATIONS[name](), x)
    assert report, str(report)
    ways = {result.method for result in report.results}
    takes_absolute_values = name in ("gelu", "softsign", "softplus")
    assert ways == (
        {"complex step"} if complex_step and not takes_absolute_values else {"differences"}
    )


@pytest.mark.parametrize("dtype", LOOSE)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_both_engines_agree(name, dtype):
    X, y = make_data(rows=23, outputs=2, dtype=dtype)
    layers = [Dense(5, name), Dense(4, name), Dense(2, "linear")]
    report = compare_engines(NeuralNetwork(layers, MeanSquaredError(), rng=0), X, y)
    assert report.ok, str(report)
    assert report.worst.relative <= LOOSE[dtype][0]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_what_is_kept_of_a_batch_is_released(name):
    operation = ACTIVATIONS[name]()
    before = set(vars(operation))
    run(operation, np.ones((3, 2)), np.ones((3, 2)))
    operation.release()
    assert set(vars(operation)) == before


# PReLU's slopes.


def test_one_slope_for_each_column():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    for shape in ((9, 3), (1, 3), (4, 2, 3)):
        prelu = PReLU(slope=0.1, columns=3)
        prelu.param += np.array([[0.0, 0.5, -2.0]])
        x, output_grad = rng.standard_normal((2, *shape))

        def function(x, slopes):
            return torch.where(x > 0, x, slopes * x)

        expected = run_pytorch(function, prelu, x, output_grad)
        expected[2] = expected[2].reshape(1, 3)
        for ours, theirs in zip(run(prelu, x, output_grad), expected, strict=True):
            assert norm_error(ours, theirs) <= 1e-12
        assert check_gradients(prelu, x)


def test_slopes_need_their_columns():
    prelu = PReLU(columns=3)
    for shape in ((5, 4), (5, 1), (3,)):
        with pytest.raises(ShapeError, match=r"PReLU\.forward, input_: expected rows of 3 values"):
            prelu.forward(np.ones(shape))
    assert PReLU().forward(-np.ones((5, 4))).shape == (5, 4)
    assert PReLU().forward(-np.ones(4)).shape == (4,)


def test_slopes_start_again():
    prelu = PReLU(slope=0.5, columns=2)
    prelu.param += 1.0
    before = prelu.param
    prelu.set_up(np.ones((1, 2)), np.random.default_rng(0))
    assert prelu.param.tolist() == [[0.5, 0.5]]
    assert prelu.param is not before


@pytest.mark.parametrize("columns", [1, 5])
def test_slopes_are_trained(columns, engine):
    X, y = make_data()
    net = NeuralNetwork(
        [Dense(5, PReLU(columns=columns)), Dense(1, "linear")], MeanSquaredError(), rng=0
    )
    history = Trainer(net, SGD(lr=0.05), engine=engine).fit(X, y, epochs=20, verbose=False)
    slopes = net.layers[0].params[2]
    assert slopes.shape == (1, columns)
    assert (slopes != 0.25).all()
    assert len(set(slopes.ravel().tolist())) == columns
    assert np.isfinite(slopes).all()
    assert history.engine == engine


# What is refused.


@pytest.mark.parametrize(
    ("make_one", "error", "words"),
    [
        (lambda: LeakyReLU("steep"), ArgumentTypeError, "LeakyReLU, slope: expected a finite"),
        (lambda: LeakyReLU(np.inf), ArgumentError, "LeakyReLU, slope: expected a finite"),
        (lambda: PReLU(np.nan), ArgumentError, "PReLU, slope: expected a finite"),
        (lambda: PReLU(np.ones((1, 3))), ArgumentTypeError, "PReLU, slope: expected a finite"),
        (lambda: PReLU(columns=0), ArgumentError, "PReLU, columns: expected a whole"),
        (lambda: PReLU(columns=2.0), ArgumentTypeError, "PReLU, columns: expected a whole"),
        (lambda: ELU(0.0), ArgumentError, "ELU, alpha: expected a finite number greater than 0"),
        (lambda: ELU(True), ArgumentTypeError, "ELU, alpha"),
        (lambda: GELU("tanh"), ArgumentTypeError, "GELU, approximate: expected True or False"),
    ],
)
def test_arguments_that_cannot_be(make_one, error, words):
    with pytest.raises(error, match=words):
        make_one()


def test_representations():
    assert repr(LeakyReLU()) == "LeakyReLU(0.01)"
    assert repr(ELU(2)) == "ELU(2.0)"
    assert repr(GELU()) == "GELU(approximate=False)"
    assert repr(PReLU(columns=3)) == "PReLU((1, 3))"
