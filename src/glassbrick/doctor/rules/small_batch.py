"""A small batch: whether the network can learn a few rows by heart."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from glassbrick.arrays import Array
from glassbrick.doctor.kinds import best_is_zero, is_of_numbers
from glassbrick.doctor.pass_through import sample_of
from glassbrick.doctor.patient import Patient
from glassbrick.doctor.remark import Remark
from glassbrick.doctor.rule import rule
from glassbrick.doctor.trial import learn_by_heart
from glassbrick.operations import BiasAdd, Linear, WeightMultiply

__all__ = ["cannot_learn_by_heart"]

# Few enough that any network with a hidden layer can, and a linear one, too: it can fit one row
# more than it has features.
_ROWS = 8
# 400 steps of Adam at these rates move each weight by up to 4 or 40, from wherever it starts.
_STEPS, _RATES = 400, (0.01, 0.1)
# Of the loss of outputs that are all 0. A working network comes to 1 % and less.
_ENOUGH = 0.1


@rule("a training")
def cannot_learn_by_heart(patient: Patient) -> Iterator[Remark]:
    """Train a copy on a few rows, and look whether its loss goes away."""
    net = patient.net
    X, y = _few_rows(patient)
    if patient.looks_trained or len(X) < 2 or not best_is_zero(net.loss, y):
        return
    if is_of_numbers(net.loss) and isinstance(
        net.operations()[-1], Linear | BiasAdd | WeightMultiply
    ):
        spread = y.std(axis=0)
        y = (y - y.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0)  # what size, others ask
    silent = float(net.loss.forward(np.zeros_like(net.predict(X)), y))
    lowest, enough = np.inf, _ENOUGH * silent
    for lr in _RATES:
        if lowest > enough and silent > 0.0:
            trained = learn_by_heart(net, X, y, lr=lr, steps=_STEPS, enough=enough)
            lowest = min(lowest, trained)
    if silent > 0.0 and lowest > enough:
        yield Remark(
            "warning",
            "network",
            f"A copy could not learn {len(X)} rows by heart: in {_STEPS} steps its loss came to "
            f"{lowest:.3g}; outputs that are all 0 cost {silent:.3g}.",
            "Look at the other remarks; else at the backward rules (check_gradients), penalties, "
            "dropout, or give it more units.",
            {"rows": len(X), "steps": _STEPS, "lowest": lowest, "silent_loss": silent},
        )


def _few_rows(patient: Patient) -> tuple[Array, Array]:
    """Return distinct rows from all over, none of which contradicts another."""
    X, y = sample_of(patient.X), sample_of(patient.y)
    _, first = np.unique(X.reshape(len(X), -1), axis=0, return_index=True)
    number = min(_ROWS, patient.columns.shape[1] + 1, len(first))
    chosen = np.sort(first)[np.linspace(0, len(first) - 1, number).astype(int)]
    return X[chosen], y[chosen]
