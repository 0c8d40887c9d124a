"""The step without checks: bit for bit what the checked one does, for layers of all kinds."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from glassbrick import (
    BatchNorm,
    Columns,
    Concatenate,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    LayerNorm,
    Linear,
    MeanSquaredError,
    NeuralNetwork,
    Residual,
    RMSNorm,
    Series,
)
from glassbrick.engines.proven_step import ProvenStep
from glassbrick.layers.tree import all_layers

RNG = np.random.default_rng(0)
TABLE = np.column_stack([RNG.standard_normal((12, 3)), RNG.integers(0, 4, 12)])
IMAGES = RNG.standard_normal((12, 2, 3))
TARGET = RNG.standard_normal((12, 2))
WEIGHTS = RNG.uniform(0.5, 2.0, (12, 1))

NETWORKS = {
    "residuals": (
        lambda: [
            Residual([BatchNorm(), Dense(6, "relu"), Dropout(0.2), Dense(4, "linear")]),
            Residual([Residual([LayerNorm(), Dense(4, "prelu", l2=0.1)]), RMSNorm()]),
            Dense(2, "linear", l1=0.1),
        ],
        TABLE,
    ),
    "branches": (
        lambda: [
            Concatenate([[Columns([0, 2]), BatchNorm()], [Columns([3]), Embedding(4, 2, l2=0.1)]]),
            Concatenate([Linear(), Series([Dense(3, "tanh"), Dense(2)]), Dropout(0.5)]),
            Dense(2, "linear"),
        ],
        TABLE,
    ),
    "plain": (lambda: [Dense(5, "tanh", l2=0.1), Dropout(0.3), Dense(2, "linear")], TABLE),
    "images": (lambda: [Flatten(), Dense(5, "tanh"), Dense(2, "linear")], IMAGES),
    "only a tree": (lambda: [Series([Residual([Dense(4, "tanh")]), Dense(2, "linear")])], TABLE),
}


def same(first, second):
    """Whether two blocks keep the same arrays under the same names."""
    arrays = [
        {k: v for k, v in vars(block).items() if isinstance(v, np.ndarray)}
        for block in (first, second)
    ]
    return arrays[0].keys() == arrays[1].keys() and all(
        np.array_equal(value, arrays[1][name]) for name, value in arrays[0].items()
    )


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("name", NETWORKS)
def test_it_does_bit_for_bit_what_the_checked_step_does(name, weights, dtype):
    make, X = NETWORKS[name]
    checked = NeuralNetwork(make(), MeanSquaredError(), rng=0)
    checked.build(X.shape[1:], dtype)
    rows, target = X.astype(dtype), TARGET.astype(dtype)
    given = () if weights is None else (weights.astype(dtype),)
    checked.train_batch(rows, target, *given)
    proven = copy.deepcopy(checked)
    proven.train_batch(rows, target, *given)
    checked.train_batch(rows, target, *given)  # both have drawn as often
    assert ProvenStep.applies_to(proven)
    step = ProvenStep(proven)
    for number in range(3):
        order = np.random.default_rng(number).permutation(len(rows))
        batch = [array[order] for array in (rows, target, *given)]
        assert step(*batch) == checked.train_batch(*batch)
        grads = [[grad.copy() for grad in net.param_grads()] for net in (proven, checked)]
        assert all(np.array_equal(a, b) for a, b in zip(*grads, strict=True))
    spared = proven.layers[0].operations[:1] if name == "plain" else ()
    for ours, other in zip(proven.operations(), checked.operations(), strict=True):
        if ours in spared:
            del other.input_grad  # which nobody reads, and is left out
        assert same(ours, other), ours
    for ours, other in zip(all_layers(proven.layers), all_layers(checked.layers), strict=True):
        assert same(ours, other), ours
    assert same(proven.loss, checked.loss)


class LooksOn(Residual):
    """Has a forward of its own."""

    def forward(self, input_):
        return super().forward(input_)


class ScaledResidual(Residual):
    """Goes another way through its layers."""

    def _pass(self, passes, input_):
        return 0.5 * super()._pass(passes, input_)

    def _pass_back(self, passes, output_grad):
        return super()._pass_back(passes, 0.5 * output_grad)


@pytest.mark.parametrize("outer", [lambda layer: layer, lambda layer: Series([layer])])
def test_it_is_not_for_layers_that_move_data_by_themselves(outer):
    def applies(layer):
        net = NeuralNetwork([outer(layer), Dense(2)], MeanSquaredError(), rng=0)
        net.build(4)
        return ProvenStep.applies_to(net)

    assert applies(Residual([Dense(4)]))
    assert not applies(LooksOn([Dense(4)]))
    assert applies(ScaledResidual([Dense(4)]))


def test_another_way_through_layers_is_taken():
    net = NeuralNetwork([ScaledResidual([Dense(4)]), Dense(2)], MeanSquaredError(), rng=0)
    net.build(4)
    expected = net.train_batch(TABLE, TARGET)
    grads = [grad.copy() for grad in net.param_grads()]
    assert ProvenStep(net)(TABLE, TARGET) == expected
    assert all(np.array_equal(a, b) for a, b in zip(net.param_grads(), grads, strict=True))
