"""Penalties: values and gradients against PyTorch, whom they concern, and in which losses."""

from __future__ import annotations

import numpy as np
import pytest

from blocks import norm_error
from glassbrick import (
    SGD,
    ArgumentError,
    ArgumentTypeError,
    BatchNorm,
    Concatenate,
    Dense,
    Embedding,
    MeanSquaredError,
    NeuralNetwork,
    Residual,
    Trainer,
)
from glassbrick.penalties import Penalty, as_penalty
from networks import make_data, params_of, same_params

X, y = make_data(rows=30, features=4)
VALIDATION = make_data(rows=12, features=4, seed=1)
TOLERANCES = {np.float64: 1e-12, np.float32: 1e-5}


def make_net(l1=0.03, l2=0.02, **source):
    """A network whose weights cost something on three levels, with others that do not."""
    layers = [
        Dense(5, "tanh", l2=l2),
        Residual(
            [
                BatchNorm(),
                Concatenate([Dense(3, "tanh", l1=l1), Dense(2, "tanh")]),
                Residual([Dense(5, "linear", l1=l1, l2=l2)]),
            ]
        ),
        Dense(1, "linear"),
    ]
    return NeuralNetwork(layers, MeanSquaredError(), **(source or {"rng": 0}))


def weight_of(layer):
    return layer.operations[0].param


def cost_of(net, l1=0.03, l2=0.02):
    """What the weights of `make_net` should cost, written down apart."""
    _, concatenate, inner = net.layers[1].layers
    first, branch = weight_of(net.layers[0]), weight_of(concatenate.layers[0])
    last = weight_of(inner.layers[0])
    return (
        l2 * np.sum(first**2)
        + l1 * np.sum(abs(branch))
        + l1 * np.sum(abs(last))
        + l2 * np.sum(last**2)
    )


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize(("l1", "l2"), [(0.3, 0.0), (0.0, 0.2), (0.3, 0.2)])
@pytest.mark.parametrize("scale", [0.0, 1.0, 1e3, 1e-3])
def test_value_and_gradient_equal_pytorch(scale, l1, l2, dtype):
    torch = pytest.importorskip("torch")
    param = (scale * np.random.default_rng(0).standard_normal((6, 3))).astype(dtype)
    param[2] = 0.0  # where |w| has no slope
    penalty = as_penalty(l1, l2, "Dense")
    theirs = torch.tensor(param, requires_grad=True)
    value = l1 * theirs.abs().sum() + l2 * theirs.square().sum()
    value.backward()
    ours = penalty.value(param)
    assert ours.dtype == dtype
    assert float(ours) == pytest.approx(value.item(), rel=TOLERANCES[dtype])
    gradient = penalty.gradient(param)
    assert gradient.dtype == dtype
    assert norm_error(gradient, theirs.grad.numpy()) <= TOLERANCES[dtype]


def test_a_matrix_in_any_order_costs_the_same():
    param = np.random.default_rng(0).standard_normal((6, 3))
    penalty = Penalty(0.3, 0.2)
    assert penalty.value(param) == penalty.value(np.asfortranarray(param))
    assert penalty.value(param[::2]) == pytest.approx(penalty.value(param[::2].copy()), rel=1e-15)


def test_no_penalty_is_none():
    assert as_penalty(0.0, 0, "Dense") is None
    assert Dense(3).penalty is None
    assert make_net(0.0, 0.0).penalties() == []


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: Dense(3, l1=-0.1), ArgumentError),
        (lambda: Dense(3, l2=float("inf")), ArgumentError),
        (lambda: Embedding(3, l2="much"), ArgumentTypeError),
        (lambda: Dense(3, l2=True), ArgumentTypeError),
    ],
)
def test_impossible_penalties_are_refused(make, error):
    with pytest.raises(error, match=r"l[12]: expected a finite number of at least 0"):
        make()


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_gradients_in_a_network_are_those_of_loss_and_penalty(dtype):
    """Weights of all levels are penalized, each once; biases, gains and others are not."""
    plain, costly = make_net(0.0, 0.0), make_net()
    for net in (plain, costly):
        net.build(4, dtype)
    rows = X.astype(dtype), y.astype(dtype)
    losses = [net.train_batch(*rows) for net in (plain, costly)]
    assert losses[1].dtype == dtype
    assert losses[1] - losses[0] == pytest.approx(cost_of(costly), rel=TOLERANCES[dtype] * 100)
    penalized = {id(op.param): penalty for penalty, op in costly.penalties()}
    assert len(penalized) == 3
    for before, (param, grad) in zip(plain.param_grads(), costly.params_and_grads(), strict=True):
        assert grad.dtype == dtype
        expected = before
        if id(param) in penalized:
            penalty = penalized[id(param)]
            expected = before + penalty.l1 * np.sign(param) + 2.0 * penalty.l2 * param
        assert norm_error(grad, expected) <= TOLERANCES[dtype]


def test_vectors_of_categories_can_cost():
    net = NeuralNetwork([Embedding(4, 2, l2=0.5), Dense(1, "linear")], MeanSquaredError(), rng=0)
    ids = np.array([[0.0], [1.0]])
    net.forward(ids)
    table = net.layers[0].operations[0].param
    loss = net.train_batch(ids, np.zeros((2, 1)))
    errors = net.predict(ids)
    assert loss == pytest.approx(float(np.mean(errors**2) + 0.5 * np.sum(table**2)), rel=1e-12)
    # That of a category that no row has is the penalty's alone.
    assert np.allclose(net.layers[0].param_grads[0][3], table[3], rtol=1e-15)


def test_penalties_are_in_both_losses_of_a_fit(engine):
    net = make_net()
    trainer = Trainer(net, SGD(lr=1e-9), engine=engine)
    history = trainer.fit(X, y, *VALIDATION, epochs=1, batch_size=30, verbose=False)
    errors = net.predict(VALIDATION[0]) - VALIDATION[1]
    expected = float(np.mean(errors**2)) + cost_of(net)
    assert history.val_loss[0] == pytest.approx(expected, rel=1e-10)
    # At this rate the parameters stay where they are, as far as these figures go.
    data_loss = float(np.mean((net.forward(X) - y) ** 2))
    assert history.loss[0] == pytest.approx(data_loss + cost_of(net), rel=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
def test_penalties_train_the_same_on_both_engines(weighted):
    nets, losses = [make_net(), make_net()], []
    weights = {"sample_weight": np.linspace(0.5, 2.0, len(X))} if weighted else {}
    for net, engine in zip(nets, ("numpy", "xla"), strict=True):
        trainer = Trainer(net, SGD(lr=0.02), engine=engine)
        history = trainer.fit(
            X, y, *VALIDATION, epochs=5, batch_size=8, verbose=False, patience=None, **weights
        )
        losses.append(history.loss + history.val_loss)
    assert np.allclose(*losses, rtol=1e-12, atol=0)
    for ours, other in zip(*(net.params() for net in nets), strict=True):
        assert norm_error(ours, other) <= 1e-12


def test_training_with_a_penalty_equals_pytorch():
    """Twice the factor of an L2 penalty is PyTorch's weight decay, of plain gradient descent."""
    torch = pytest.importorskip("torch")
    net = NeuralNetwork([Dense(3, "tanh", l2=0.05), Dense(1, "linear")], MeanSquaredError(), rng=0)
    net.build(4)
    W1, b1, W2, b2 = theirs = [torch.tensor(p, requires_grad=True) for p in net.params()]
    groups = [{"params": [W1], "weight_decay": 0.1}, {"params": theirs[1:]}]
    optimizer = torch.optim.SGD(groups, lr=0.1)
    Trainer(net, SGD(lr=0.1)).fit(X, y, epochs=20, batch_size=len(X), restart=False, verbose=False)
    for _ in range(20):
        prediction = torch.tanh(torch.tensor(X) @ W1 + b1) @ W2 + b2
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(prediction, torch.tensor(y)).backward()
        optimizer.step()
    for ours, other in zip(net.params(), theirs, strict=True):
        assert norm_error(ours, other.detach().numpy()) <= 1e-12


def test_a_large_penalty_leaves_only_what_is_not_penalized(engine):
    net = NeuralNetwork([Dense(1, "linear", l1=50.0)], MeanSquaredError(), rng=0)
    Trainer(net, SGD(lr=1e-3), engine=engine).fit(X, y, epochs=400, verbose=False)
    weight, bias = params_of(net)
    assert abs(weight).max() < 0.11  # two steps to either side of 0
    assert bias.item() == pytest.approx(float(y.mean()), abs=0.3)


def test_a_penalty_of_nothing_changes_nothing(engine):
    nets = [make_net(0.0, 0.0), make_net(0, 0)]
    for net in nets:
        Trainer(net, SGD(lr=0.02), engine=engine).fit(X, y, epochs=3, verbose=False)
    assert same_params(*map(params_of, nets))
