"""A fit on a stream: one network, judged on rows that are held out."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from sklearn.utils import check_random_state

from glassbrick.arrays import Array
from glassbrick.batches import Rows as BatchRows
from glassbrick.checks import complaint
from glassbrick.errors import ArgumentError, DataError
from glassbrick.sklearn.tabular.baselines import MOST_CATEGORIES
from glassbrick.sklearn.tabular.comparison import BaselineWarning
from glassbrick.sklearn.tabular.ensemble import Ensemble, Rows, in_double
from glassbrick.streams import TableStream
from glassbrick.tables import ClassTarget
from glassbrick.training import Checkpoint, Trainer

if TYPE_CHECKING:
    from glassbrick.sklearn.tabular.estimator import TabularEstimator

__all__ = ["fit_stream", "labels_of"]

_E = TypeVar("_E", bound="TabularEstimator")

_LINEAR_NUMBERS = 1 << 21  # that the linear model learns from, and is judged on
_FEWEST = 1000  # rows, however many columns there are


def fit_stream(estimator: _E, stream: TableStream, y: Any, sample_weight: Any) -> _E:
    """Train an estimator on the rows of a stream, and judge it on those that are held out.

    Raises
    ------
    DataError
        If no rows are held out, or the stream is for another task or target.
    ArgumentError
        If several networks are asked for, or weights are given.
    FileError
        If rows cannot be read.
    """
    who = f"{type(estimator).__name__}.fit, a stream"
    estimator._check()
    _require_fitting(estimator, stream, y, sample_weight, who)
    held_out = stream.held_out
    if held_out is None:
        raise DataError(f"{who}: no rows are held out to judge by. Say TableStream(held_out=0.1).")
    estimator.__dict__.pop("networks_", None)  # which would not fit what is learned from here on
    _remember(estimator, stream)
    random = np.random.default_rng(check_random_state(estimator.random_state).randint(2**31 - 1))
    seed = int(random.integers(2**31 - 1))
    how = estimator._training(stream.rows)
    net = how.make(seed)
    callbacks: list[Any] = list(how.callbacks)
    if how.folders:
        callbacks.append(Checkpoint(how.folders[0]))
    history = Trainer(net, how.optimizer(), engine=how.engine).fit(
        stream,
        X_test=held_out.X,
        y_test=held_out.y,
        epochs=how.epochs,
        eval_every=1,
        batch_size=how.batch_size,
        patience=None,
        callbacks=callbacks,
        verbose=how.verbose,
    )
    if history.stop_reason == "interrupted":
        raise KeyboardInterrupt
    ensemble = Ensemble([in_double(net, how.make(seed))])
    estimator.networks_, estimator.histories_ = ensemble.networks, [history]
    rows = _judging(stream, held_out)
    estimator.judged_ = estimator._judge(ensemble, rows)
    estimator._learn_errors(ensemble, rows, estimator.judged_)
    if not estimator.comparison_.network_is_best:
        verdict = f"{type(estimator).__name__}: {estimator.comparison_.verdict}"
        warnings.warn(verdict, BaselineWarning, stacklevel=3)
    return estimator


def labels_of(target: ClassTarget, stream: TableStream) -> Array:
    """Return the classes as they stand in the files: numbers, truth values or texts."""
    if stream.target_kind == "number":
        numbers = np.array([float(label) for label in target.classes])
        return numbers.astype(np.int64) if (numbers % 1.0 == 0.0).all() else numbers
    if stream.target_is_truth:
        return np.array([label == "True" for label in target.classes])
    return np.array(target.classes)


def _require_fitting(
    estimator: TabularEstimator, stream: TableStream, y: Any, sample_weight: Any, who: str
) -> None:
    """Refuse what does not go with a stream."""
    if y is not None and y != stream.target.name:
        expected = f'None or "{stream.target.name}", the target of the stream'
        raise DataError(complaint(f"{who}, y", expected, repr(y)[:60]))
    if estimator.task != stream.target.task:
        raise DataError(
            complaint(who, f"a target for {estimator.task}", f"one for {stream.target.task}")
            + f' Say TableStream(task="{estimator.task}").'
        )
    if estimator.ensemble != 1:
        advice = "Of a stream one network is trained."
        raise ArgumentError(complaint(f"{who}, ensemble", "1", str(estimator.ensemble), advice))
    if sample_weight is not None or estimator.class_weight is not None:
        raise ArgumentError(complaint(who, "rows that all count the same", "weights"))


def _remember(estimator: TabularEstimator, stream: TableStream) -> None:
    names = list(stream.columns)
    estimator.n_features_in_ = len(names)
    estimator.feature_names_in_ = np.array(names, object)
    estimator.features_ = stream.features
    estimator.targets_ = (stream.target,)
    if isinstance(stream.target, ClassTarget):
        estimator.classes_ = labels_of(stream.target, stream)


def _judging(stream: TableStream, held_out: BatchRows) -> Rows:
    """Return rows that are held out, as fold 0, and some of the others, as fold 1.

    Not more of them than a linear model has room for, which needs a column for each category.
    """
    categories = stream.features.categories
    width = held_out.X.shape[1] + sum(min(many, MOST_CATEGORIES) for many in categories)
    most = max(_LINEAR_NUMBERS // width, _FEWEST)
    step = -(-len(held_out.X) // most)
    judged = BatchRows(held_out.X[::step], held_out.y[::step])
    learned = stream.first_rows(most)  # which are from all over
    fold = np.repeat([0, 1], [len(judged.X), len(learned.X)])
    return Rows(
        np.concatenate([judged.X, learned.X]), np.concatenate([judged.y, learned.y]), None, fold
    )
