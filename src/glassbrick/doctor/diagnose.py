"""diagnose: remarks on a network and its data, before training costs time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.checks import instance_of, refuse
from glassbrick.doctor import rules
from glassbrick.doctor.patient import Patient
from glassbrick.doctor.remark import Remark
from glassbrick.doctor.report import HealthReport
from glassbrick.doctor.rule import Rule, rules_in
from glassbrick.errors import ArgumentError
from glassbrick.network import NeuralNetwork
from glassbrick.optimizers import SGD, Optimizer

__all__ = ["diagnose", "first_rules"]


@cache
def first_rules() -> tuple[Rule[Patient], ...]:
    """Return all rules of what is looked for before training."""
    return tuple(rules_in(rules))


def diagnose(
    net: NeuralNetwork,
    X: ArrayLike,
    y: ArrayLike,
    X_val: ArrayLike | None = None,
    y_val: ArrayLike | None = None,
    *,
    X_test: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    optimizer: Optimizer | None = None,
    lr: float | None = None,
) -> HealthReport:
    """Look at a network and its data before training, and say what will go wrong.

    It looks at columns and targets, at one pass of some rows forward and backward, at whether a
    copy can learn a few rows by heart, at the size of the steps that an optimizer makes, at
    validation rows, and, if the network is trained already, at what a linear model can do.

    Parameters
    ----------
    net : NeuralNetwork
        Stays as it is, as do its random numbers: copies are looked at and trained. Without
        parameters yet, the copy draws them.
    X : array_like or table, shape (rows, features)
        Training data; NaN and infinity may be in it, and are told by column.
    y : array_like, shape (rows, outputs) or (rows,)
        Its targets.
    X_val, y_val : array_like, optional
        Validation data.
    X_test : array_like, optional
        The rows by which the network will be judged in the end. Those that decide when training
        stops, and which epoch is kept, cannot be among them.
    names : sequence of str, optional
        Of the columns; by default those of a table, else their numbers from 0.
    optimizer : Optimizer, optional
        What will train the network. A copy makes some steps.
    lr : float, optional
        The learning rate of `SGD`, instead of `optimizer`.

    Returns
    -------
    HealthReport
        With `remarks`, `is_healthy` and `to_json`. It prints in 80 columns.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument is of the wrong kind, or there are both `optimizer` and `lr`.
    DataError, ShapeError
        If data is empty, not numbers, or rows or names do not match.

    Examples
    --------
    >>> import numpy as np
    >>> from glassbrick import Dense, MeanSquaredError, NeuralNetwork
    >>> net = NeuralNetwork([Dense(8, "tanh"), Dense(1, "linear")], MeanSquaredError(), rng=0)
    >>> X = np.random.default_rng(0).standard_normal((100, 2)) * [1.0, 5000.0]
    >>> report = diagnose(net, X, np.sin(X[:, 0]), names=["age", "income"])
    >>> report.is_healthy, report.remarks[0].where, report.remarks[0].kind
    (False, 'column income', 'unscaled_column')
    """
    instance_of(net, NeuralNetwork, "diagnose, net", "NeuralNetwork(...)")
    if optimizer is not None and lr is not None:
        refuse(ArgumentError, "diagnose", "either optimizer or lr", f"{optimizer!r}, {lr=}")
    if lr is not None:
        optimizer = SGD(lr)
    if optimizer is not None:
        instance_of(optimizer, Optimizer, "diagnose, optimizer", "SGD(lr=0.01)")
    found: list[Remark] = []
    with np.errstate(all="ignore"):
        patient = Patient(net, (X, y), (X_val, y_val), names, optimizer, X_test)
        for each in first_rules():
            if patient.can(each.needs):
                found += each.remarks(patient)
    rows, columns = patient.raw.shape[0], len(patient.names)
    layers = len(net.layers)
    subject = (
        f"{layers} layer{'s' * (layers > 1)}, {rows:,} rows of "
        f"{columns:,} column{'s' * (columns > 1)}"
    )
    return HealthReport.of(subject, found)
