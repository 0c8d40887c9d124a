"""TabularClassifier: classes from a table of mixed columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils import assert_all_finite
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from glassbrick.arrays import Array
from glassbrick.checks import complaint, real_number, refuse, true_or_false
from glassbrick.engines import Engine
from glassbrick.errors import ArgumentError, DataError
from glassbrick.losses import BinaryCrossEntropy, Loss, SoftmaxCrossEntropy
from glassbrick.network import NeuralNetwork
from glassbrick.sklearn.arguments import keep_arguments
from glassbrick.sklearn.fitting import fit_alone
from glassbrick.sklearn.labels import classes_from_plain, classes_to_plain
from glassbrick.sklearn.rows import weights_of_rows
from glassbrick.sklearn.tabular.baselines import (
    class_scores,
    label_scores,
    linear_classes,
    linear_labels,
)
from glassbrick.sklearn.tabular.comparison import Comparison
from glassbrick.sklearn.tabular.ensemble import Rows
from glassbrick.sklearn.tabular.estimator import TabularEstimator
from glassbrick.sklearn.tabular.given import given_truth
from glassbrick.sklearn.tabular.state import require_outputs, restore_state
from glassbrick.sklearn.tabular.streamed import fit_stream
from glassbrick.streams import TableStream
from glassbrick.tables import (
    ClassTarget,
    Column,
    Target,
    array_column,
    as_kind,
    category_column,
    complete,
)
from glassbrick.training import Callback

__all__ = ["TabularClassifier"]


class TabularClassifier(ClassifierMixin, TabularEstimator):
    """Predicts classes from a table of numbers, categories, truth values and dates.

    The table needs no preparation; see `TabularRegressor` for what is done with it, and how.

    Parameters
    ----------
    hidden : sequence of int, default (128, 128, 128)
        Neurons of each hidden layer; () for a linear model.
    activation : str, default "mish"
        Of these layers; any that `Dense` takes.
    dropout : float, default 0.15
        What part of their outputs is left out in training.
    label_smoothing : float, default 0.02
        Part of each target that is spread over all classes.
    ensemble : int, default 5
        How many networks. With one, a fifth of the rows is not trained on by any.
    epochs : int, default 100
        Passes through the rows, at most.
    batch_size : int or "auto", default "auto"
        Rows a step; "auto" is 64 to 512, as there are rows.
    lr : float, default 0.003
        The learning rate to begin with; it goes to 0 along a cosine.
    weight_decay : float, default 0.05
        Of the optimizer, `AdamW`.
    class_weight : dict, "balanced" or None, default None
        What the rows of each class count, in addition to `sample_weight`; see
        ``sklearn.utils.compute_sample_weight``.
    callbacks : sequence of Callback, default ()
        What looks on, and may have a say. Networks are trained at once, unless one of these can
        look at one network only (see `Callback.for_member`): then one after the other.
    checkpoint : str or path, optional
        A folder. If training is interrupted, the same `fit` goes on from there. Networks are
        then trained one after the other.
    engine : {"auto", "numpy", "xla"} or Engine, default "auto"
        What runs the batches; see `Trainer`.
    random_state : int, RandomState or None, default None
        Where initial parameters, dropout, and the order of rows come from, and which rows each
        network leaves out.
    verbose : bool or {"lines", "bar", "silent"}, default False
        As of `Trainer.fit`; besides, tells how the networks compare with simple models.

    Attributes
    ----------
    classes_ : ndarray
        The classes, in the order of the columns of `predict_proba`; numbers of labels, if a row
        can have several.
    networks_ : list of NeuralNetwork
        Which predict from the matrix that `features_` makes.
    histories_, history_ : list of History, History
        What was recorded in training: of all networks, and of the first.
    features_ : Features
        What was learned about the columns; `features_.left_out` tells which ones are not used,
        and why.
    targets_ : tuple of ClassTarget
        Name and classes, as texts, of what is predicted; one for each label of several.
    comparison_ : Comparison
        Scores on rows that a network has not seen, next to the majority and a linear model.
    judged_ : Judged
        `rows`, numbers of rows of the table that a network has not seen, what it `said` of
        them, and the `simple` models: the probability of each class. Not in a file.
    n_features_in_, feature_names_in_ : int, ndarray
        Of the table.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        From `fit`, if a parameter cannot be used.
    DataError, ShapeError, FileError
        If a table cannot be used; with column and row.
    DivergenceError
        From `fit`, if the loss is no longer finite.

    Warns
    -----
    BaselineWarning
        From `fit`, if a linear model, or the share of each class, predicts as well.

    Examples
    --------
    >>> from glassbrick.sklearn import TabularClassifier
    >>> table = {
    ...     "weight": [3.1, 4.9, 3.3, 5.2, None, 4.8, 2.9, 5.0] * 5,
    ...     "island": ["Biscoe", "Dream", "Biscoe", "Dream", "Biscoe", None, "Dream", "Dream"] * 5,
    ...     "day": list(range(40)),
    ...     "kind": ["small", "large", "small", "large", "small", "large", "small", "large"] * 5,
    ... }
    >>> model = TabularClassifier(epochs=30, ensemble=1, random_state=0).fit(table, "kind")
    >>> model.predict({"weight": [3.0, 5.1], "island": ["Biscoe", None], "day": [3, 7]})
    array(['small', 'large'], dtype='<U5')
    """

    task = "classification"
    classes_: Array
    targets_: tuple[ClassTarget, ...]
    label_smoothing: float

    def __init__(
        self,
        *,
        hidden: Sequence[int] = (128, 128, 128),
        activation: str = "mish",
        dropout: float = 0.15,
        label_smoothing: float = 0.02,
        ensemble: int = 5,
        epochs: int = 100,
        batch_size: int | str = "auto",
        lr: float = 0.003,
        weight_decay: float = 0.05,
        class_weight: Any = None,
        callbacks: Sequence[Callback] = (),
        checkpoint: str | PathLike[str] | None = None,
        engine: str | Engine = "auto",
        random_state: int | np.random.RandomState | None = None,
        verbose: bool | str = False,
    ):
        """Keep the arguments; `fit` looks at them."""
        keep_arguments(self, locals())

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Learn from a table.

        Parameters
        ----------
        X : DataFrame, Arrow table, dict of lists, path of a file, matrix, or TableStream
            Columns from which to predict. On a stream, which knows the column to predict and
            holds rows out to judge by, one network is trained: ``ensemble=1``.
        y : str, list of str, or array_like of shape (rows,) or (rows, labels)
            The name of the column to predict; or the classes. Or several columns of 0 and 1:
            whether a row has each of several labels.
        sample_weight : array_like, shape (rows,), optional
            What each row counts.
        """
        if isinstance(X, TableStream):
            return fit_stream(self, X, y, sample_weight)
        return fit_alone(self._fitting(X, y, sample_weight))

    def predict(self, X: Any) -> Array:
        """Predict the class of each row.

        Parameters
        ----------
        X : DataFrame, Arrow table, dict of lists, path or matrix
            With the columns of training, in any order and among others.
        """
        probabilities = self._said_of(X, "predict")  # refuses an estimator that was not fitted
        if self._is_multilabel:
            return (probabilities > 0.5).astype(np.int64)
        return np.asarray(self.classes_[probabilities.argmax(axis=1)])

    def predict_proba(self, X: Any, return_std: bool = False) -> Any:
        """Return the probability of each class or label, (rows, classes).

        Parameters
        ----------
        X : DataFrame, Arrow table, dict of lists, path or matrix
            As for `predict`.
        return_std : bool, default False
            Whether to return the spread, too: the standard deviation of what the networks say.

        Returns
        -------
        ndarray, shape (rows, classes)
            With `return_std` a pair of them.

        Raises
        ------
        ArgumentError
            If there is to be a spread of one network.
        """
        if not true_or_false(return_std, f"{type(self).__name__}.predict_proba, return_std"):
            return self._said_of(X, "predict_proba")
        return self._said_with_spread(X, "predict_proba")

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return the share of rows whose class, or all of whose labels, are right.

        Parameters
        ----------
        X : DataFrame, Arrow table, dict of lists, path or matrix
            As for `predict`.
        y : str or array_like, optional
            The truth, or the name of its column; by default the one of training.
        sample_weight : array_like, shape (rows,), optional
            What each row counts.
        """
        who = f"{type(self).__name__}.score"
        said = self._said_of(X, "score")
        predicted = said > 0.5 if self._is_multilabel else said.argmax(axis=1)[:, np.newaxis]
        truth = given_truth(X, y, [target.name for target in self.targets_], len(said), who)
        right = (self._numbers(truth, who) == predicted).all(axis=1)
        weights = weights_of_rows(sample_weight, None, None, len(said), who)
        return float(np.average(right, weights=weights))

    def _check(self) -> None:
        super()._check()
        who = f"{type(self).__name__}, label_smoothing"
        if real_number(self.label_smoothing, who, above=0.0, or_equal=True) >= 1.0:
            refuse(ArgumentError, who, "a number of at least 0, less than 1", self.label_smoothing)

    @property
    def _is_multilabel(self) -> bool:
        return len(self.targets_) > 1

    def _columns_of(self, y: Array, names: Sequence[str], who: str) -> list[Column]:
        if y.dtype.kind in "fc":
            assert_all_finite(y, input_name="y")
        if y.dtype.kind in "OS":
            _require_texts(y, names, who)
        check_classification_targets(y)
        if y.ndim == 2 and type_of_target(y) != "multilabel-indicator":
            expected = "one column of classes, or several columns of 0 and 1"
            refuse(DataError, f"{who}, y", expected, y)
        outputs = (y.astype(int) if y.ndim == 2 else y[:, np.newaxis]).T
        return [_texts(name, values, who) for name, values in zip(names, outputs, strict=True)]

    def _learn_targets(self, y: Array, columns: list[Column]) -> tuple[Target, ...]:
        who = f"{type(self).__name__}.fit"
        if len(columns) > 1:
            self.classes_ = np.arange(len(columns))
            return tuple(ClassTarget(column.name, ["0", "1"]) for column in columns)
        self.classes_ = np.unique(y)
        ClassTarget.fit(columns[0], who)  # refuses what is one class only
        name = columns[0].name
        return (ClassTarget(name, _texts(name, self.classes_, who).values.tolist()),)

    def _numbers(self, truth: Array, who: str) -> Array:
        """Return numbers of classes, (rows, targets)."""
        pairs = zip(self.targets_, truth.reshape(len(truth), -1).T, strict=True)
        return np.hstack([t.encode(_texts(t.name, values, who), who) for t, values in pairs])

    def _new_loss(self) -> Loss:
        if self._is_multilabel:
            return BinaryCrossEntropy()
        return SoftmaxCrossEntropy(self.label_smoothing)

    def _outputs(self) -> int:
        return len(self.classes_)

    def _compare(self, rows: Rows, seen: Array, said: Array) -> tuple[Comparison, dict[str, Array]]:
        weights = rows.weights_of(seen)
        if self._is_multilabel:
            shares = np.average(rows.y, axis=0, weights=rows.weights)
            linear = linear_labels(self.features_, rows, self.ensemble)
        else:
            numbers = rows.y[:, 0].astype(int)
            counts = np.bincount(numbers, rows.weights, said.shape[1])
            shares = counts / counts.sum()
            linear = linear_classes(self.features_, rows, self.ensemble, said.shape[1])
        told = {
            "network": said,
            "linear": linear,
            "majority": np.broadcast_to(shares, said.shape),
        }
        judge = label_scores if self._is_multilabel else class_scores
        scores = {who: judge(rows.y[seen], p, weights) for who, p in told.items()}
        return Comparison(scores, len(seen), "log_loss"), told

    def _fitted_state(self) -> dict[str, Any]:
        return {**super()._fitted_state(), "classes": classes_to_plain(self.classes_)}

    def _restore(
        self,
        networks: Sequence[NeuralNetwork],
        told: Mapping[str, Any],
        arrays: Mapping[str, Array],
    ) -> None:
        restore_state(self, networks, told)
        self.classes_ = classes_from_plain(told["classes"])
        known = [len(target.classes) for target in self.targets_]
        expected = [len(self.classes_)] if len(known) == 1 else [2] * len(self.classes_)
        if known != expected or arrays:
            raise DataError(complaint("classes", f"{known}", f"{expected}"))
        require_outputs(self, len(self.classes_))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _texts(name: str, labels: Array, who: str) -> Column:
    if labels.dtype.kind in "mM":
        return as_kind(array_column(name, labels, who), "category", who)
    return category_column(name, labels.tolist(), who)  # whole numbers to the last digit


def _require_texts(y: Array, names: Sequence[str], who: str) -> None:
    """Refuse objects that are not texts all, each where it stands."""
    for name, values in zip(names, y.reshape(len(y), -1).T, strict=True):
        complete(category_column(name, values.tolist(), who), who)
        for row, value in enumerate(values):
            if not isinstance(value, str):
                expected = "classes that are all texts, all numbers, or all truth values"
                refuse(DataError, f'{who}, column "{name}", row {row}', expected, value)
