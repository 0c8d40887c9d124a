"""The metrics that a fit follows: by name, or functions of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from glassbrick.batches import Rows
from glassbrick.checks import refuse
from glassbrick.errors import ArgumentError, ArgumentTypeError
from glassbrick.metrics import Metric, as_metric
from glassbrick.network import NeuralNetwork

__all__ = ["Followed", "as_metrics", "measure"]

Followed: TypeAlias = Sequence[str | Callable[[Any, Any], float]]
"""What a user gives as metrics."""


def as_metrics(metrics: Followed) -> dict[str, Metric]:
    """Return metrics by name.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there is no metric of a name, something is neither a name nor a function, or two
        have the same name.
    """
    who = "fit, metrics"
    if isinstance(metrics, str) or not isinstance(metrics, Sequence):
        refuse(ArgumentTypeError, who, 'a list, such as ["mae", "r2"]', metrics)
    found: dict[str, Metric] = {}
    for given in metrics:
        metric = as_metric(given, who)
        if metric.name in found:
            refuse(ArgumentError, who, "each name once", metric.name)
        found[metric.name] = metric
    return found


def measure(metrics: dict[str, Metric], net: NeuralNetwork, rows: Rows) -> dict[str, float] | None:
    """Return all metrics of what a network predicts for some rows; None if that is not finite."""
    with np.errstate(all="ignore"):
        meaning = net.loss.interpret(net.predict(rows.X))
    if not np.isfinite(meaning).all():
        return None
    return {name: metric(rows.y, meaning) for name, metric in metrics.items()}
