"""Two ways to say where randomness comes from, and neither is NumPy's global state."""

from __future__ import annotations

import numpy as np
import pytest

from glassbrick import (
    SGD,
    Constant,
    Dense,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    MeanSquaredError,
    NeuralNetwork,
    StandardNormal,
    Trainer,
    Zeros,
    initializers,
    permute_data,
)
from glassbrick.initializers import Initializer, as_initializer
from networks import make_data, make_net, params_of, same_params

X, y = make_data()


def built(**source):
    net = make_net(**source)
    net.build(3)
    return params_of(net)


def test_the_chapters_stream():
    stream = np.random.RandomState(3)
    W, b = stream.randn(3, 5), stream.randn(1, 5)
    params = built(seed=3)
    assert np.array_equal(params[0], W)
    assert np.array_equal(params[1], b)


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, np.int64(7)])
def test_a_seed_gives_the_same_again(seed):
    assert same_params(built(seed=seed), built(seed=seed))


def test_no_seed_gives_something_new():
    assert not same_params(built(seed=None), built(seed=None))


def test_without_a_network_seed_the_fit_seed_decides():
    nets = [make_net(seed=None) for _ in range(2)]
    for net in nets:
        Trainer(net, SGD()).fit(X, y, epochs=2, seed=5, verbose=False)
    assert same_params(*map(params_of, nets))


@pytest.mark.parametrize(
    "make", [lambda: 5, lambda: np.random.SeedSequence(5), lambda: np.random.default_rng(5)]
)
def test_an_rng_gives_the_same_again(make):
    assert same_params(built(rng=make()), built(rng=make()))
    one = make_net(rng=make())
    one.build(3)
    first = params_of(one)
    one.build(3)
    assert same_params(first, params_of(one))


def test_one_generator_for_two_networks_gives_two_results_and_stays_where_it_was():
    rng, untouched = np.random.default_rng(5), np.random.default_rng(5)
    assert not same_params(built(rng=rng), built(rng=rng))
    assert rng.random() == untouched.random()
    sequence = np.random.SeedSequence(5)
    assert not same_params(built(rng=sequence), built(rng=sequence))


def test_a_layers_stream_does_not_depend_on_the_other_layers():
    def last(*widths):
        net = NeuralNetwork([*map(Dense, widths), Dense(2)], MeanSquaredError(), rng=5)
        net.build(3)
        return list(net.params())[-2]

    assert np.array_equal(last(4, 6), last(9, 6))


def test_the_global_state_is_neither_read_nor_changed(monkeypatch):
    def forbidden(*args, **kwargs):
        raise AssertionError("NumPy's global random state was used")

    for name in ("seed", "randn", "rand", "permutation", "shuffle", "normal", "uniform", "choice"):
        monkeypatch.setattr(np.random, name, forbidden)
    for source in ({"seed": 1}, {"seed": None}, {"rng": 1}):
        Trainer(make_net(**source), SGD()).fit(X, y, X, y, epochs=2, verbose=False)
    permute_data(X, y)


SPREAD = {
    StandardNormal: lambda i, o: 1.0,
    GlorotNormal: lambda i, o: 2 / (i + o),
    GlorotUniform: lambda i, o: 2 / (i + o),
    HeNormal: lambda i, o: 2 / i,
    HeUniform: lambda i, o: 2 / i,
    LecunNormal: lambda i, o: 1 / i,
    LecunUniform: lambda i, o: 1 / i,
    Zeros: lambda i, o: 0.0,
}


def test_every_public_initializer_is_tested():
    public = {getattr(initializers, name) for name in initializers.__all__}
    kinds = {kind for kind in public if isinstance(kind, type)}
    assert kinds == {*SPREAD, Constant, Initializer}


@pytest.mark.parametrize("rng", [np.random.default_rng(0), np.random.RandomState(0)])
@pytest.mark.parametrize("kind", SPREAD)
def test_initializers_have_the_published_variance(kind, rng):
    values = kind()((300, 500), rng)
    assert values.shape == (300, 500)
    assert values.var() == pytest.approx(SPREAD[kind](300, 500), rel=0.02)
    assert abs(values.mean()) < 0.01
    if kind.__name__.endswith("Uniform"):
        assert np.abs(values).max() <= np.sqrt(3 * SPREAD[kind](300, 500))


@pytest.mark.parametrize("kind", SPREAD)
def test_initializers_by_name(kind):
    name = repr(as_initializer(kind(), "test"))
    snake = "".join("_" + c.lower() if c.isupper() else c for c in kind.__name__).strip("_")
    assert repr(as_initializer(snake, "test")) == name
    net = NeuralNetwork(
        [Dense(4, weight_init=snake, bias_init=kind(), inputs=3)], MeanSquaredError(), rng=0
    )
    assert [param.shape for param in net.params()] == [(3, 4), (1, 4)]


def test_constants():
    weights = np.arange(6.0).reshape(3, 2)
    net = NeuralNetwork(
        [Dense(2, weight_init=Constant(weights), bias_init=Constant(0.5), inputs=3)],
        MeanSquaredError(),
    )
    W, b = net.params()
    assert np.array_equal(W, weights)
    assert (b == 0.5).all()
    W += 1.0
    assert weights[0, 0] == 0.0
    assert repr(Constant(0.5)) == "Constant(0.5)"


def test_permute_data_is_a_permutation_from_its_own_source():
    one, two = permute_data(X, y, rng=3), permute_data(X, y, rng=3)
    assert np.array_equal(one[0], two[0])
    assert not np.array_equal(one[0], permute_data(X, y, rng=4)[0])


def test_the_streams_of_a_network_are_pinned():
    """What a given rng draws is part of what users rely on: these numbers must never change."""
    layers = [Dense(n, weight_init="standard_normal", bias_init="standard_normal") for n in (2, 1)]
    net = NeuralNetwork(layers, MeanSquaredError(), rng=2026)
    net.build(1)
    drawn = [float(param[0, 0]) for param in net.params()]
    assert drawn == pytest.approx(PINNED, abs=1e-12)
    assert net.streams.for_shuffling(None).permutation(8).tolist() == PINNED_ORDER


PINNED = [-1.30681907102206, -0.325046286539444, -0.057485830321301, 0.978566294757944]
PINNED_ORDER = [5, 2, 4, 0, 6, 1, 3, 7]
