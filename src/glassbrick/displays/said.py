"""What networks and estimators say of rows, and what is true of them, in one form each."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np

from glassbrick.arrays import Array, as_numbers
from glassbrick.checks import complaint, refuse
from glassbrick.errors import ArgumentTypeError, DataError, ShapeError
from glassbrick.losses import BinaryCrossEntropy, SoftmaxCrossEntropy
from glassbrick.network import NeuralNetwork

__all__ = [
    "Labels",
    "labels_of",
    "networks_of",
    "number_pair",
    "predicted_numbers",
    "probabilities_of",
    "target_name",
    "true_values",
]


class Labels(NamedTuple):
    """Labels as numbers from 0.

    Attributes
    ----------
    classes : ndarray, shape (classes,)
        The labels, ascending.
    truth, predicted : ndarray of int, shape (rows,)
        Places in `classes`.
    """

    classes: Array
    truth: Array
    predicted: Array


def predicted_numbers(estimator: Any, X: Any, who: str) -> Array:
    """Return one number for each row.

    Raises
    ------
    ArgumentTypeError
        If it does not predict.
    DataError
        If it predicts several.
    """
    if isinstance(estimator, NeuralNetwork):
        said = estimator.loss.interpret(estimator.predict(X))
    else:
        said = np.asarray(_method(estimator, "predict", who)(X))
    if said.ndim == 2 and said.shape[1] == 1:
        said = said[:, 0]
    if said.ndim != 1:
        advice = "Choose an output: from_predictions(y[:, k], predict(X)[:, k])."
        refuse(DataError, f"{who}, predictions", "one number for each row", said, advice)
    return said


def probabilities_of(estimator: Any, X: Any, who: str) -> tuple[Array, Array]:
    """Return probabilities, (rows, classes), and the classes that they are of.

    Raises
    ------
    ArgumentTypeError
        If it tells none.
    """
    if not isinstance(estimator, NeuralNetwork):
        said = np.asarray(_method(estimator, "predict_proba", who)(X), np.float64)
        return said, np.asarray(estimator.classes_)
    if not isinstance(estimator.loss, BinaryCrossEntropy | SoftmaxCrossEntropy):
        expected = "a network whose loss is SoftmaxCrossEntropy or BinaryCrossEntropy"
        advice = "Of others use from_predictions."
        refuse(ArgumentTypeError, who, expected, estimator.loss, advice)
    said = estimator.loss.interpret(estimator.predict(X)).astype(np.float64)
    if said.shape[1] == 1:
        said = np.concatenate((1.0 - said, said), axis=1)
    return said, np.arange(said.shape[1])


def true_values(estimator: Any, X: Any, y: Any, rows: int, who: str) -> Array:
    """Return what is true of each row: one value, of one-hot rows the number of the class.

    Estimators for tables take the name of a column for `y`, or None for that of training.
    """
    if hasattr(estimator, "targets_") and (y is None or isinstance(y, str)):
        from glassbrick.sklearn.tabular.given import given_truth

        names = [target.name for target in estimator.targets_]
        return np.asarray(given_truth(X, y, names, rows, who))
    if y is None:
        refuse(DataError, f"{who}, y", "what was to be predicted", y)
    truth = np.asarray(y)
    if truth.ndim == 2 and truth.shape[1] == 1:
        return truth[:, 0]
    is_one_hot = truth.ndim == 2 and (np.sort(truth, axis=1)[:, :-1] == 0).all()
    return truth.argmax(axis=1) if is_one_hot and isinstance(estimator, NeuralNetwork) else truth


def number_pair(y_true: Any, y_pred: Any, who: str) -> tuple[Array, Array]:
    """Return true and predicted numbers, (rows,) each, or refuse others.

    Raises
    ------
    DataError, ShapeError
        If they are not finite numbers, one of each for at least one row.
    """
    pair = []
    for name, given in (("y_true", y_true), ("y_pred", y_pred)):
        numbers = as_numbers(given, f"{who}, {name}", np.float64)
        if numbers.ndim == 2 and numbers.shape[1] == 1:
            numbers = numbers[:, 0]
        if numbers.ndim != 1 or not len(numbers):
            refuse(ShapeError, f"{who}, {name}", "one number for each row", numbers)
        pair.append(numbers)
    truth, predicted = pair
    _require_same_length(truth, predicted, who)
    return truth, predicted


def labels_of(y_true: Any, y_pred: Any, labels: Any, who: str) -> Labels:
    """Give numbers to true and predicted labels.

    Raises
    ------
    DataError, ShapeError
        If rows do not match, or a label is not among `labels`.
    """
    truth, predicted = _labels(y_true, f"{who}, y_true"), _labels(y_pred, f"{who}, y_pred")
    _require_same_length(truth, predicted, who)
    if (truth.dtype.kind in "US") is not (predicted.dtype.kind in "US"):
        advice = "Give both as texts, or both as numbers."
        received = f"{truth[0]!r} and {predicted[0]!r}, for example"
        raise DataError(complaint(f"{who}, y_true and y_pred", "one kind", received, advice))
    there = np.concatenate([truth, predicted])
    classes = np.unique(there) if labels is None else _labels(labels, f"{who}, labels")
    order = np.argsort(classes)
    unknown = there[~np.isin(there, classes)]
    if len(unknown):
        expected = f"only labels among {', '.join(map(str, classes))}"
        raise DataError(complaint(f"{who}, labels", expected, repr(unknown[0].item())))
    places = order[np.searchsorted(classes, there, sorter=order)]
    return Labels(classes, places[: len(truth)], places[len(truth) :])


def target_name(estimator: Any, y: Any) -> str:
    """Return what the target is called, as far as anybody says; else ""."""
    targets: Any = getattr(estimator, "targets_", ())
    if len(targets) == 1:
        return str(targets[0].name)
    name = getattr(y, "name", None)
    return name if isinstance(name, str) else ""


def networks_of(estimator: Any, who: str) -> list[NeuralNetwork]:
    """Return the networks of an estimator of ours, or the network that it is.

    Raises
    ------
    ArgumentTypeError
        If there are none in it.
    """
    if isinstance(estimator, NeuralNetwork):
        return [estimator]
    if not hasattr(estimator, "_networks"):
        expected = "a network, or an estimator of glassbrick.sklearn"
        refuse(ArgumentTypeError, who, expected, estimator)
    return list(estimator._networks())


def _method(estimator: Any, name: str, who: str) -> Any:
    if isinstance(estimator, type) or not hasattr(estimator, name):
        expected = f"a network, or a fitted estimator with {name}"
        refuse(ArgumentTypeError, f"{who}, estimator", expected, estimator)
    method = getattr(estimator, name)

    def quietly(X: Any) -> Any:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="X (does not )?ha(s|ve)( valid)? feature")
            return method(X)

    return quietly


def _labels(given: Any, who: str) -> Array:
    labels = np.asarray(given)
    if labels.dtype == object:
        labels = np.asarray(labels.tolist())
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1 or not len(labels):
        refuse(ShapeError, who, "one label for each row", labels)
    if labels.dtype.kind not in "biufUS":
        refuse(DataError, who, "labels that are texts or numbers", labels)
    return labels


def _require_same_length(truth: Array, predicted: Array, who: str) -> None:
    if len(truth) != len(predicted):
        received = f"{len(truth)} and {len(predicted)}"
        raise ShapeError(complaint(f"{who}, y_true and y_pred", "equally many rows", received))
