"""A linear model: what a trained network should not be worse than."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from glassbrick.arrays import Array
from glassbrick.doctor.kinds import is_of_numbers
from glassbrick.doctor.patient import Patient
from glassbrick.doctor.remark import Remark
from glassbrick.doctor.rule import rule
from glassbrick.losses import BinaryCrossEntropy, SoftmaxCrossEntropy

__all__ = ["worse_than_linear"]

# By how much its error must be larger to matter; and by how many standard errors of the difference,
# row by row, for it not to be chance: of 54 rows, one more that is wrong says nothing.
_WORSE, _SURE = 0.1, 2.0
# Only to make columns that depend on each other harmless; columns are standardized first.
_RIDGE = 1e-6


@rule("a training")
def worse_than_linear(patient: Patient) -> Iterator[Remark]:
    """Compare a trained network with least squares, on validation rows if there are some."""
    X, y = patient.columns.astype(np.float64), _numeric(patient, patient.y)
    if y is None or len(X) <= X.shape[1]:
        return  # with fewer rows than columns a linear model knows them by heart
    judged_X, judged_y, rows = patient.X, patient.y, "training"
    if patient.X_val is not None and patient.y_val is not None and len(patient.X_val):
        judged_X, judged_y, rows = patient.X_val, patient.y_val, "validation"
    target = _numeric(patient, judged_y)
    if target is None or not patient.looks_trained:
        return
    said = patient.net.loss.interpret(patient.net.predict(judged_X))
    of_mean = _errors(patient, np.broadcast_to(y.mean(axis=0), target.shape), target).mean()
    of_network = _errors(patient, said, target)
    fitted = _least_squares(X, y, judged_X.reshape(len(judged_X), -1).astype(np.float64))
    of_linear = _errors(patient, fitted, target)
    worse = of_network - of_linear
    least = max(_WORSE * of_linear.mean(), _SURE * worse.std() / np.sqrt(len(worse)))
    if of_network.mean() < of_mean and worse.mean() > least:
        what = "mean squared error" if is_of_numbers(patient.net.loss) else "share of wrong rows"
        yield Remark(
            "warning",
            "network",
            f"Its {what} on {rows} rows is {of_network.mean():.4g}; least squares comes to "
            f"{of_linear.mean():.4g}.",
            "Train longer, with another learning rate, or take the linear model.",
            {
                "network": float(of_network.mean()),
                "linear": float(of_linear.mean()),
                "mean": float(of_mean),
            },
        )


def _numeric(patient: Patient, y: Array) -> Array | None:
    """Return targets as numbers to come close to: classes as columns of 0 and 1."""
    loss = patient.net.loss
    if isinstance(loss, SoftmaxCrossEntropy):
        classes = patient.net.predict(patient.X[:1]).shape[1]
        return y if y.shape[1] > 1 else (y == np.arange(classes)).astype(np.float64)
    if isinstance(loss, BinaryCrossEntropy) or is_of_numbers(loss):
        return y.astype(np.float64)
    return None


def _errors(patient: Patient, said: Array, target: Array) -> Array:
    """Return of each row the mean squared error, or 1 where the class is wrong."""
    loss = patient.net.loss
    errors: Array
    if isinstance(loss, SoftmaxCrossEntropy):
        errors = (said.argmax(axis=1) != target.argmax(axis=1)) * 1.0
    elif isinstance(loss, BinaryCrossEntropy):
        errors = np.mean((said > 0.5) != (target > 0.5), axis=1)
    elif said.shape != target.shape:
        errors = np.full(len(target), np.nan)  # several quantiles of a target: no remark
    else:
        errors = np.mean((said - target) ** 2, axis=1)
    return errors


def _least_squares(X: Array, y: Array, rows: Array) -> Array:
    """Fit standardized columns and a constant to targets; predict rows."""
    mean, spread = X.mean(axis=0), X.std(axis=0)
    spread = np.where(spread > 0.0, spread, 1.0)
    scaled = (X - mean) / spread
    squares = scaled.T @ scaled + _RIDGE * len(X) * np.eye(X.shape[1])
    weights = np.linalg.solve(squares, scaled.T @ (y - y.mean(axis=0)))
    fitted: Array = (rows - mean) / spread @ weights + y.mean(axis=0)
    return fitted
