"""What a file tells of a fit, looked at before an estimator takes it for its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import complaint, describe
from glassbrick.errors import DataError
from glassbrick.network import NeuralNetwork
from glassbrick.training import History

__all__ = ["history_from", "numbers", "only_network", "require", "trial_outputs"]


def only_network(
    networks: Sequence[NeuralNetwork], arrays: Mapping[str, Array], features: int
) -> NeuralNetwork:
    """Return the one network, which has parameters and takes so many features.

    Raises
    ------
    DataError
        If there are more or fewer, or arrays besides.
    """
    if len(networks) != 1 or arrays:
        received = f"{len(networks)} and {len(arrays)}"
        raise DataError(complaint("networks and arrays besides", "1 and 0", received))
    net = networks[0]
    shape = net.layers[0].shape if net.is_built else None
    if shape != (features,):
        expected = f"parameters for {features} features"
        raise DataError(complaint("network", expected, f"those for {shape}"))
    if net.loss.interpret(trial_outputs(net)).ndim != 2:
        raise DataError(complaint("network", "predictions in columns", "others"))
    return net


def trial_outputs(net: NeuralNetwork) -> Array:
    """Return what a network says of a row of zeros."""
    return net.predict(np.zeros((1, *(net.layers[0].shape or ()))))


def history_from(told: Mapping[str, Any]) -> History:
    """Make a history of what ``dataclasses.asdict`` makes of one.

    Raises
    ------
    DataError
        If it is something else.
    """
    history = History(**told)
    for name in ("loss", "val_loss"):
        numbers(getattr(history, name), name)
    for name in ("best_loss", "seconds"):
        require(getattr(history, name), name, int, float)
    for name in ("stop_reason", "engine", "engine_reason"):
        require(getattr(history, name), name, str)
    require(history.best_epoch, "best_epoch", int, type(None))
    for epoch in require(history.evaluated, "evaluated", list):
        require(epoch, "evaluated", int)
    for name, values in require(history.metrics, "metrics", dict).items():
        numbers(values, require(name, "metrics", str))
    return history


def numbers(value: Any, name: str) -> list[float]:
    """Return a list of numbers, or refuse what is none."""
    return [require(number, name, int, float) for number in require(value, name, list)]


def require(value: Any, name: str, *kinds: type) -> Any:
    """Return a value of one of some types, and of no subclass, or refuse it."""
    if type(value) not in kinds:
        expected = " or ".join(kind.__name__ for kind in kinds)
        raise DataError(complaint(name, expected, describe(value)))
    return value
