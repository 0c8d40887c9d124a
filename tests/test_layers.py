"""Layers of all kinds: right at the edges, clear in what they refuse, copied as they are."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from glassbrick import (
    SGD,
    ArgumentError,
    ArgumentTypeError,
    BatchNorm,
    BatchStandardize,
    BiasAdd,
    Columns,
    Concatenate,
    DataError,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    LayerNorm,
    Linear,
    Lookup,
    MeanSquaredError,
    NeuralNetwork,
    NotReadyError,
    OwnershipError,
    ReLU,
    Residual,
    RMSNorm,
    RowStandardize,
    Series,
    ShapeError,
    Trainer,
    check_gradients,
    compare_engines,
)
from glassbrick.layers.tree import named_operations
from glassbrick.training.snapshot import Snapshot
from networks import make_data, params_of, same_params

TOLERANCES = {np.float64: 1e-12, np.float32: 1e-5}


def numbers(rows, columns, dtype=np.float64, seed=0):
    return np.random.default_rng(seed).standard_normal((rows, columns)).astype(dtype)


def test_a_short_last_batch_of_one_row_trains(engine):
    X, y = make_data(rows=9)
    net = NeuralNetwork([BatchNorm(), Dense(1, "linear")], MeanSquaredError(), rng=0)
    history = Trainer(net, SGD(lr=0.05), engine=engine).fit(
        X, y, epochs=3, batch_size=4, verbose=False
    )
    assert np.isfinite(history.loss).all()


@pytest.mark.parametrize("shape", [(6, 3, 2), (6, 6, 2), (6,)])
def test_standardizing_needs_a_matrix(shape):
    with pytest.raises(ShapeError, match=r"BatchStandardize: expected .* \(rows, columns\)"):
        BatchStandardize().forward(np.ones(shape))
    if len(shape) > 1:
        with pytest.raises(ShapeError, match=r"^batch_standardize_1: BatchStandardize"):
            network(BatchStandardize()).forward(np.ones(shape))


def test_rows_of_several_axes_are_standardized_along_the_last(engine):
    X = np.random.default_rng(0).standard_normal((20, 3, 4))
    net = network(RowStandardize(0.0), Flatten(), Dense(1, "linear"))
    Trainer(net, SGD(lr=0.01), engine=engine).fit(X, X[:, 0, :1], epochs=2, verbose=False)
    net.forward(X)
    output = net.layers[0].output
    assert np.allclose(output.mean(axis=-1), 0.0, atol=1e-12)
    assert np.allclose(output.std(axis=-1), 1.0, atol=1e-3)


def test_no_rows_are_standardized_to_none():
    layer = BatchNorm()
    layer.forward(numbers(5, 3))
    assert layer.forward(np.zeros((0, 3))).shape == (0, 3)


def test_counts_of_categories_may_be_an_array():
    X = np.array([[6, 2], [0, 1]])
    assert Embedding(X.max(axis=0) + 1, 4).categories == (7, 3)


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_rows_of_several_axes_are_flattened(engine, dtype):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((30, 4, 3)).astype(dtype)
    y = X.sum(axis=(1, 2))[:, np.newaxis]
    nets = [
        NeuralNetwork([*first, Dense(5, "tanh"), Dense(1, "linear")], MeanSquaredError(), rng=0)
        for first in ([Flatten()], [Linear()])
    ]
    for net, rows in zip(nets, (X, X.reshape(30, 12)), strict=True):
        trainer = Trainer(net, SGD(lr=0.01), engine=engine)
        history = trainer.fit(
            rows[:20], y[:20], rows[20:], y[20:], epochs=4, batch_size=8, verbose=False
        )
        assert len(history.val_loss) == 4
    assert all(param.dtype == dtype for param in nets[0].params())
    assert same_params(params_of(nets[0]), params_of(nets[1]))
    assert np.array_equal(nets[0].predict(X), nets[1].predict(X.reshape(30, 12)))
    with pytest.raises(ShapeError, match=r"rows, 4, 3 features"):
        nets[0].predict(X.reshape(30, 3, 4))


def test_flattening_no_rows():
    assert Flatten().forward(np.zeros((0, 3, 4))).shape == (0, 12)


# What is refused, and how.


@pytest.mark.parametrize("kind", [BatchNorm, LayerNorm, RMSNorm, lambda: Dense(3)])
def test_no_features_are_refused(kind):
    with pytest.raises(ShapeError, match=r"at least one feature; received .* \(5, 0\)"):
        kind().forward(np.zeros((5, 0)))


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda: Columns([True, False]), ArgumentTypeError, "whole, from 0"),
        (lambda: Columns([0, 0]), ArgumentError, "each once"),
        (lambda: Columns([-1]), ArgumentError, "from 0"),
        (lambda: Columns(3), ArgumentTypeError, r"Use \[0\]"),
        (lambda: BatchNorm(momentum=1.5), ArgumentError, "at most 1"),
        (lambda: BatchNorm(eps=-1.0), ArgumentError, "at least 0"),
        (lambda: Dropout(1.0), ArgumentError, "less than 1"),
        (lambda: Lookup(np.ones((4, 2)), [5, -1]), ArgumentError, "whole number of at least 1"),
        (lambda: Lookup(np.ones((4, 2)), [2.5, 1.5]), ArgumentTypeError, "whole number"),
        (lambda: Lookup(np.ones((4, 2)), [2, 1]), ArgumentError, "add up to 4"),
        (lambda: Embedding("57", 2), ArgumentTypeError, "a whole number, or a list"),
        (lambda: Concatenate([Dense(2)]), ArgumentError, "at least two branches"),
        (lambda: Residual([]), ArgumentError, "at least one layer"),
        (lambda: Series([Dense]), ArgumentTypeError, r"calling the class: Dense\("),
    ],
)
def test_impossible_layers_are_refused(make, error, said):
    with pytest.raises(error, match=said):
        make()


def network(*layers, **source):
    return NeuralNetwork(layers, MeanSquaredError(), **(source or {"rng": 0}))


def twice_in_a_series(block):
    return Series([block, block])


def in_two_residuals(block):
    return Residual([block]), Residual([block])


def in_a_network_and_within_it(block):
    return NeuralNetwork([Residual([block]), block], MeanSquaredError())


def in_two_networks(block):
    return [NeuralNetwork([Series([layer])], MeanSquaredError()) for layer in (block, block)]


@pytest.mark.parametrize("make", [lambda: Dense(3), lambda: Dropout(0.1), lambda: BatchNorm()])
@pytest.mark.parametrize(
    "put", [twice_in_a_series, in_two_residuals, in_a_network_and_within_it, in_two_networks]
)
def test_a_block_has_one_place(put, make):
    with pytest.raises(OwnershipError, match="make a new"):
        put(make())


def test_an_activation_is_no_second_layer():
    activation = ReLU()
    with pytest.raises(OwnershipError, match="already belongs to Dense"):
        Series([Dense(3, activation), activation])


def test_names_tell_the_place():
    net = network(
        Residual([BatchNorm(), Dense(4, "relu"), Dropout(0.1), Dense(3, "relu")]),
        Concatenate([Columns([0]), [Dense(2), Dense(2)]]),
        Residual([Dense(3)]),
    )
    net.forward(numbers(5, 3))
    names = [name for layer in net.layers for name, _ in named_operations(layer)]
    assert "residual_1.dense_2.relu" in names
    assert "residual_1.dropout_1.dropout" in names
    assert "concatenate_1.series_1.dense_2.weight_multiply" in names
    assert "residual_2.dense_1.sigmoid" in names
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ([Dense(3), Residual([Dense(2)])], r"^residual_1: expected an output of shape \(5, 3\)"),
        ([Residual([Residual([Dense(2)])])], r"^residual_1.residual_1: .*as many neurons"),
        ([Residual([Columns([7]), Dense(3)])], r"^residual_1.columns_1: .*at least 8 columns"),
        ([Concatenate([Dense(2), [Linear(), Dense(2, inputs=9)]])], r"^concatenate_1.series_1.de"),
        ([Residual([Embedding([2, 2, 2, 2])])], r"^residual_1: .* 4 features"),
    ],
)
def test_errors_within_layers_name_the_place(layers, said):
    net = NeuralNetwork(copy.deepcopy(layers), MeanSquaredError(), seed=None)
    for layer in net.layers:
        layer.start_over()
    with pytest.raises((ShapeError, DataError), match=said):
        net.forward(numbers(5, 3))


def test_errors_on_the_way_back_name_the_place():
    net = network(Residual([Dense(3)]), Concatenate([Dense(3), Dense(2)]))
    with pytest.raises(NotReadyError, match=r"^concatenate_1"):
        net.backward(numbers(5, 5))
    net.forward(numbers(5, 3))
    for columns in (4, 6):
        with pytest.raises(ShapeError, match=r"^concatenate_1.dense_2: .*shape \(5, 2\)"):
            net.backward(numbers(5, columns))
    with pytest.raises(ShapeError, match=r"^residual_1.dense_1: "):
        net.layers[0].backward(numbers(1, 3))  # which would broadcast
    net.release()
    with pytest.raises(NotReadyError, match=r"^concatenate_1.dense_1: .*call forward first"):
        net.backward(numbers(5, 5))


def test_a_layer_of_layers_refuses_what_is_no_matrix():
    with pytest.raises(ShapeError, match=r"\(rows, 3 features\)"):
        Residual([Dense(3, inputs=3)]).forward(np.array(3.0))
    with pytest.raises(ArgumentTypeError, match="NumPy array"):
        Residual([Dense(3)]).forward([[1.0, 2.0, 3.0]])
    with pytest.raises(ArgumentTypeError, match="array of floats"):
        Residual([Dense(3)]).forward(np.ones((2, 3), int))


# Categories.


def table_net():
    """Two numbers, and a category of five."""
    table = Concatenate([Columns([0, 1]), [Columns([2]), Embedding(5, 2)]])
    return network(table, Dense(1, "linear"))


def table_data(rows, bad=None, at=0):
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.standard_normal((rows, 2)), rng.integers(0, 5, rows)])
    if bad is not None:
        X[at, 2] = bad
    return X, rng.standard_normal(rows)


@pytest.mark.parametrize("bad", [5, -1, 0.5, 1e300])
@pytest.mark.parametrize("at", [0, 30])
def test_wrong_categories_in_training_change_nothing(engine, bad, at):
    net = table_net()
    trainer = Trainer(net, SGD(lr=0.1), engine=engine)
    X, y = table_data(40)
    trainer.fit(X, y, epochs=2, verbose=False)
    before = Snapshot(net)
    for restart in (True, False):
        with pytest.raises(DataError, match=rf"concatenate_1.series_1.embedding_1: .* at \[{at}, "):
            trainer.fit(*table_data(40, bad, at), epochs=2, restart=restart, verbose=False)
        assert before.equals(net)
    with pytest.raises(DataError, match=r"fit, X_test: .*whole, from 0 to 4"):
        trainer.fit(X, y, *table_data(40, bad, at), epochs=2, verbose=False)
    assert before.equals(net)
    with pytest.raises(DataError, match=r"from 0 to 4; received"):
        net.predict(table_data(40, bad, at)[0])


def test_the_row_of_a_wrong_category_can_be_found():
    net = table_net()
    net.build(3)
    with pytest.raises(DataError, match=r"^from row 4096 on: .* received 9 at \[904, 0\]"):
        net.predict(table_data(6000, 9, 5000)[0])


def test_more_categories_than_float32_can_count_are_refused():
    net = network(Embedding(2**24 + 1, weight_init="zeros"))
    with pytest.raises(DataError, match=r"at most 16,777,216 categories in float32.*float64"):
        net.build(1, np.float32)


def test_large_numbers_of_categories_are_exact():
    table = np.zeros((2**24, 1), np.float32)
    table[-1] = 1.0
    lookup = Lookup(table)
    lookup.set_up(np.zeros((1, 1), np.float32), np.random.default_rng(0))
    assert lookup.forward(np.array([[2**24 - 1]], np.float32)).item() == 1.0


# Copies.


def make_mixed(**source):
    """All kinds of layers together, for three columns of which the last holds categories."""
    return network(
        Concatenate([[Columns([0, 1]), BatchNorm()], [Columns([2]), Embedding(5, 2)]]),
        Residual([BatchNorm(), Dense(6, "prelu"), Dropout(0.2), Dense(4, "linear")]),
        [LayerNorm(), Dense(3, "relu"), RMSNorm()],
        Dense(1, "linear", l2=1e-3),
        **source,
    )


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_copies_predict_and_train_as_the_original(copied):
    net = make_mixed()
    X, y = table_data(40)
    Trainer(net, SGD(lr=0.02)).fit(X, y, epochs=2, verbose=False)
    twin = copied(net)
    assert np.array_equal(net.predict(X), twin.predict(X))
    assert Snapshot(net).equals(twin)
    for some in (net, twin):
        Trainer(some, SGD(lr=0.02)).fit(X, y, epochs=2, restart=False, verbose=False)
    assert Snapshot(net).equals(twin)  # the same random numbers, too
    assert np.array_equal(net.predict(X), twin.predict(X))
    with pytest.raises(OwnershipError):
        network(twin.layers[1])
    with pytest.raises(OwnershipError):
        Series([twin.layers[1].layers[0]])


def test_a_copy_has_its_own_running_averages():
    net = make_mixed()
    X, y = table_data(40)
    Trainer(net, SGD(lr=0.02)).fit(X, y, epochs=1, verbose=False)
    twin, before = copy.deepcopy(net), Snapshot(net)
    Trainer(twin, SGD(lr=0.02)).fit(X, y, epochs=1, verbose=False)
    assert before.equals(net)


def test_all_layers_agree_on_both_engines():
    X, y = table_data(23)
    for dtype in TOLERANCES:
        report = compare_engines(make_mixed(), X.astype(dtype), y)
        assert report.ok, str(report)


# Gradient checks.


class TwiceTheGradient(Linear):
    """Has a wrong rule."""

    def _input_grad(self, output_grad):
        return 2.0 * output_grad


class WrongBias(BiasAdd):
    """Has a wrong rule for its parameter."""

    def _param_grad(self, output_grad):
        return 2.0 * super()._param_grad(output_grad)


@pytest.mark.parametrize(
    ("layer", "place"),
    [
        (
            lambda: Residual([Dense(4), TwiceTheGradient(), Dense(3)]),
            "residual.twice_the_gradient_1.twice_the_gradient",
        ),
        (
            lambda: Concatenate([Dense(2), [Dense(3), WrongBias(np.ones((1, 3)))]]),
            "concatenate.series_1.wrong_bias_1.wrong_bias",
        ),
        (
            lambda: network(Residual([Residual([Dense(3, TwiceTheGradient())])])),
            "residual_1.residual_1.dense_1.twice_the_gradient",
        ),
    ],
)
def test_a_wrong_rule_within_layers_is_named(layer, place):
    report = check_gradients(layer(), numbers(4, 3))
    assert not report.ok
    assert {result.block for result in report.results if not result.ok} == {place}


def test_right_layers_pass():
    for kind in (BatchNorm, LayerNorm, RMSNorm):
        assert check_gradients(Residual([kind(), Dense(4, "tanh"), Dropout(0.3), Dense(3)]))
    X, _ = table_data(6)
    assert check_gradients(make_mixed(), X)


def test_normalization_of_two_rows_is_proven_exactly():
    """Two rows become 1 and -1 whatever they are: differences would find nothing but rounding."""
    report = check_gradients(BatchNorm(), 3.0 * numbers(2, 2))
    assert report.ok
    assert "by differences" not in str(report)


def test_layers_of_no_network_name_the_place_too():
    with pytest.raises(ShapeError, match=r"^Residual\(\)\.series_1\.columns_1: "):
        Residual([[Columns([7]), Dense(3)]]).forward(numbers(5, 3))
