"""Finds every public block by itself, so that no test list has to name a new one."""

from __future__ import annotations

import inspect

import numpy as np

import glassbrick
from glassbrick import DataError, Dense, Layer, Loss, Operation, ParamOperation
from glassbrick.glass.find_blocks import find_blocks
from glassbrick.glass.trial_inputs import trial_pairs
from glassbrick.layers.series import LayerOfLayers
from glassbrick.modes import predicting


def public_kinds(base):
    """All concrete public classes of one kind, by name."""
    found = {f.name: f for f in find_blocks(vars(glassbrick), "glassbrick")}
    assert not [f for f in found.values() if f.block is None], "a block that nothing can make"
    return {name: type(f.block) for name, f in found.items() if isinstance(f.block, base)}


OPERATIONS, LAYERS, LOSSES = (public_kinds(base) for base in (Operation, Layer, Loss))


def concrete(module, base):
    """All classes of one kind in a package, but for those that nothing can be made of."""
    kinds = [getattr(module, name) for name in module.__all__]
    return [kind for kind in kinds if issubclass(kind, base) and not inspect.isabstract(kind)]


def make_operation(kind, width, outputs, rng):
    """Make an operation for inputs of a width, with a parameter of random numbers if it can."""
    template = example_of(kind)
    if not isinstance(template, ParamOperation) or template.width_axis is None:
        return template
    shape = [outputs if size > 1 else 1 for size in template.param.shape]
    shape[kind.width_axis] = width
    return kind(rng.standard_normal(shape))


def example_of(kind):
    """Make a block of a kind as `glassbrick check` does."""
    return next(f.block for f in find_blocks({kind.__name__: kind}, kind.__module__))


def make_layer(kind, width, outputs):
    """Make a layer for inputs of a width, with so many outputs if it leaves a choice."""
    if issubclass(kind, LayerOfLayers):
        return kind([Dense(outputs, "tanh"), Dense(width, "linear")])
    has_choice = "neurons" in inspect.signature(kind).parameters
    return kind(outputs) if has_choice else example_of(kind)


def make_input(block, rows, width, rng, scale=1.0):
    """Random numbers that a block takes: of all signs, or else categories."""
    numbers = scale * rng.standard_normal((rows, width))
    try:
        with predicting():
            block.forward(numbers)
    except DataError:
        return rng.integers(0, 2, (rows, width)).astype(float)
    return numbers


def takes_categories(block, width=4):
    """Whether a block takes numbers of categories only."""
    return (make_input(block, 9, width, np.random.default_rng(0)) % 1 == 0).all()


def loss_pairs(loss, rows, width, rng, prediction=None):
    """Predictions and targets that a loss takes, of about such a width: one pair or more."""
    pairs = trial_pairs(loss, rows, prediction, None, rng, width)
    return [(prediction, target) for _, prediction, target in pairs]


def norm_error(a, b):
    """Norm of the difference over the larger norm."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    size = max(np.linalg.norm(a), np.linalg.norm(b))
    return float(np.linalg.norm(a - b) / size) if size else 0.0
