"""Every public operation and loss, and training, against JAX's and PyTorch's own gradients."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from blocks import LOSSES, OPERATIONS, loss_pairs, make_input, make_operation, norm_error
from glassbrick import SGD, Dense, MeanSquaredError, NeuralNetwork, Trainer
from glassbrick.batches import Shuffler
from glassbrick.operations.by_name import ACTIVATIONS
from networks import make_data
from torch_activations import torch_activations

jax.config.update("jax_enable_x64", True)

JAX_OPERATIONS = {
    "WeightMultiply": lambda x, param: x @ param,
    "BiasAdd": lambda x, param: x + param,
    "GainMultiply": lambda x, param: x * param,
    "Lookup": lambda x, param: param[x.astype(int)],
    "Columns": lambda x: x[:, :1],
    "Flatten": lambda x: x,
    "BatchStandardize": lambda x: standardized(x, 0) if len(x) > 1 else x / jnp.sqrt(1 + 1e-5),
    "RowStandardize": lambda x: standardized(x, 1),
    "RootMeanSquareDivide": lambda x: x / jnp.sqrt(jnp.mean(x**2, 1, keepdims=True) + 1e-5),
    "Linear": lambda x: x,
    "Sigmoid": jax.nn.sigmoid,
    "Tanh": jnp.tanh,
    "HardSigmoid": jax.nn.hard_sigmoid,
    "Softsign": jax.nn.soft_sign,
    "ReLU": jax.nn.relu,
    "LeakyReLU": jax.nn.leaky_relu,
    "PReLU": lambda x, param: jnp.where(x > 0, x, param * x),
    "ELU": jax.nn.elu,
    "SELU": jax.nn.selu,
    "Softplus": jax.nn.softplus,
    "GELU": partial(jax.nn.gelu, approximate=False),
    "SiLU": jax.nn.silu,
    "Mish": jax.nn.mish,
    "HardSwish": jax.nn.hard_swish,
    "Softmax": jax.nn.softmax,
    "LogSoftmax": jax.nn.log_softmax,
}
JAX_VARIANTS = {"gelu_tanh": partial(jax.nn.gelu, approximate=True)}
JAX_LOSSES = {
    "MeanSquaredError": lambda p, t: jnp.mean(jnp.sum((p - t) ** 2, axis=1)),
    "MeanAbsoluteError": lambda p, t: jnp.mean(jnp.sum(jnp.abs(p - t), axis=1)),
    "Huber": lambda p, t: jnp.mean(jnp.sum(jax_huber(jnp.abs(p - t)), axis=1)),
    "Quantile": lambda p, t: jnp.mean(jnp.sum(jnp.where(t > p, t - p, p - t) / 2, axis=1)),
    "PoissonNLL": lambda p, t: jnp.mean(jnp.sum(jnp.exp(p) - t * p, axis=1)),
    "GaussianNLL": lambda p, t: jax_gaussian_nll(*jnp.split(p, 2, axis=1), t),
    "BinaryCrossEntropy": lambda p, t: (
        -jnp.mean(jnp.sum(t * jax.nn.log_sigmoid(p) + (1 - t) * jax.nn.log_sigmoid(-p), axis=1))
    ),
    "SoftmaxCrossEntropy": lambda p, t: (
        -jnp.mean(jnp.sum(jax_one_hot(p, t) * jax.nn.log_softmax(p), axis=1))
    ),
}
EXACT = 1e-12


def standardized(x, axis):
    variance = jnp.var(x, axis, keepdims=True)
    return (x - jnp.mean(x, axis, keepdims=True)) / jnp.sqrt(variance + 1e-5)


def jax_function_of(operation):
    """What an operation should compute; of one that draws random numbers, with those it drew."""
    name = type(operation).__name__
    if name == "Dropout":
        return lambda x: x * (operation.mask > 0) / (1.0 - operation.rate)
    return JAX_OPERATIONS[name]


def jax_huber(size):
    return jnp.where(size <= 1.0, size**2 / 2, size - 0.5)


def jax_gaussian_nll(mean, spread, target):
    variance = jax.nn.softplus(spread) + 1e-6
    densities = jax.scipy.stats.norm.logpdf(target, mean, jnp.sqrt(variance))
    return -jnp.mean(jnp.sum(densities + 0.5 * jnp.log(2 * jnp.pi), axis=1))


def jax_one_hot(prediction, target):
    if target.shape == prediction.shape:
        return target
    return jax.nn.one_hot(target[:, 0].astype(int), prediction.shape[1])


def test_every_block_has_an_oracle():
    assert {*JAX_OPERATIONS, "Dropout"} == set(OPERATIONS)
    assert set(JAX_LOSSES) == set(LOSSES)


@pytest.mark.parametrize("rows", [1, 7])
@pytest.mark.parametrize("scale", [1.0, 3.0])
@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_equals_jax(name, rows, scale):
    rng = np.random.default_rng(rows)
    operation = make_operation(OPERATIONS[name], 5, 4, rng)
    x = make_input(operation, rows, 5, rng, scale)
    inputs = (x, operation.param) if hasattr(operation, "param") else (x,)
    output = operation.forward(x)
    expected, pull_back = jax.vjp(jax_function_of(operation), *inputs)
    output_grad = rng.standard_normal(output.shape)
    gradients = [operation.backward(output_grad)]
    if hasattr(operation, "param"):
        gradients.append(operation.param_grad)
    assert norm_error(output, expected) <= EXACT
    for ours, theirs in zip(gradients, pull_back(jnp.asarray(output_grad)), strict=True):
        assert norm_error(ours, theirs) <= EXACT


@pytest.mark.parametrize("rows", [1, 7])
@pytest.mark.parametrize("width", [1, 3])
@pytest.mark.parametrize("name", LOSSES)
def test_loss_equals_jax(name, width, rows):
    loss = LOSSES[name]()
    for prediction, target in loss_pairs(loss, rows, width, np.random.default_rng(rows)):
        value, gradient = jax.value_and_grad(JAX_LOSSES[name])(prediction, target)
        assert loss.forward(prediction, target) == pytest.approx(float(value), rel=EXACT)
        assert norm_error(loss.backward(), gradient) <= EXACT


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_network_equals_jax(activation):
    X, y = make_data(rows=9, outputs=2)
    net = NeuralNetwork(
        [Dense(6, activation), Dense(5, activation), Dense(2, "linear")], MeanSquaredError(), rng=1
    )
    net.build(3)
    kind = type(net.layers[0].operations[2]).__name__
    function = JAX_VARIANTS.get(activation, JAX_OPERATIONS[kind])

    def loss_of(params):
        *hidden, W3, b3 = params
        middle = len(hidden) // 2
        (W1, b1, *slopes1), (W2, b2, *slopes2) = hidden[:middle], hidden[middle:]
        first = function(X @ W1 + b1, *slopes1)
        second = function(first @ W2 + b2, *slopes2)
        return JAX_LOSSES["MeanSquaredError"](second @ W3 + b3, y)

    value, gradients = jax.value_and_grad(loss_of)(list(net.params()))
    assert float(net.train_batch(X, y)) == pytest.approx(float(value), rel=EXACT)
    for ours, theirs in zip(net.param_grads(), gradients, strict=True):
        assert norm_error(ours, theirs) <= EXACT


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_training_equals_pytorch(activation, monkeypatch):
    torch = pytest.importorskip("torch")
    X, y = make_data(rows=37)
    net = NeuralNetwork([Dense(6, activation), Dense(1, "linear")], MeanSquaredError(), rng=1)
    net.build(3)
    theirs = [torch.tensor(param, requires_grad=True) for param in net.params()]
    function = torch_activations()[activation]
    optimizer = torch.optim.SGD(theirs, lr=0.02)
    trainer = Trainer(net, SGD(lr=0.02))
    orders = []
    next_order = Shuffler.next_order

    def recorded(self, rows):
        orders.append(next_order(self, rows))
        return orders[-1]

    monkeypatch.setattr(Shuffler, "next_order", recorded)
    trainer.fit(X, y, epochs=20, batch_size=8, restart=False, verbose=False)
    features, targets = torch.tensor(X), torch.tensor(y)
    for order in orders:
        for start in range(0, 37, 8):
            rows = order[start : start + 8]
            W1, b1, *slopes, W2, b2 = theirs
            prediction = function(features[rows] @ W1 + b1, *slopes) @ W2 + b2
            loss = torch.nn.functional.mse_loss(prediction, targets[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    for ours, other in zip(net.params(), theirs, strict=True):
        assert norm_error(ours, other.detach().numpy()) <= EXACT
