"""The metrics that a fit follows: by name, or functions of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from glassbrick.batches import Rows
from glassbrick.checks import one_of, refuse
from glassbrick.errors import ArgumentTypeError
from glassbrick.metrics import METRICS
from glassbrick.network import NeuralNetwork

__all__ = ["Metrics", "as_metrics", "measure"]

Metrics: TypeAlias = dict[str, Callable[[Any, Any], float]]


def as_metrics(metrics: Sequence[str | Callable[[Any, Any], float]]) -> Metrics:
    """Return the functions of metrics, by name.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there is no metric of that name, or something is neither a name nor a function.
    """
    who = "fit, metrics"
    if isinstance(metrics, str) or not isinstance(metrics, Sequence):
        refuse(ArgumentTypeError, who, 'a list, such as ["mae", "r2"]', metrics)
    found: Metrics = {}
    for metric in metrics:
        if callable(metric):
            found[getattr(metric, "__name__", type(metric).__name__)] = metric
        else:
            found[metric] = one_of(metric, METRICS, who)
    return found


def measure(metrics: Metrics, net: NeuralNetwork, rows: Rows) -> dict[str, float]:
    """Return all metrics of what a network predicts for some rows."""
    meaning = net.loss.interpret(net.predict(rows.X))
    return {name: float(metric(rows.y, meaning)) for name, metric in metrics.items()}
