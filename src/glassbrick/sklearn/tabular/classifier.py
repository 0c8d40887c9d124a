"""TabularClassifier: classes from a table of mixed columns."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils import assert_all_finite
from sklearn.utils.multiclass import check_classification_targets

from glassbrick.arrays import Array
from glassbrick.checks import real_number
from glassbrick.engines import Engine
from glassbrick.losses import Loss, SoftmaxCrossEntropy
from glassbrick.sklearn.arguments import keep_arguments
from glassbrick.sklearn.tabular.baselines import class_scores, linear_classes
from glassbrick.sklearn.tabular.comparison import Comparison
from glassbrick.sklearn.tabular.ensemble import Ensemble, Rows
from glassbrick.sklearn.tabular.estimator import TabularEstimator
from glassbrick.sklearn.tabular.given import given_truth
from glassbrick.tables import ClassTarget, Column, Target, as_kind, column_of
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
    dropout : float, default 0.1
        What part of their outputs is left out in training.
    label_smoothing : float, default 0.1
        Part of each target that is spread over all classes.
    ensemble : int, default 5
        How many networks. With one, a fifth of the rows is not trained on by any.
    epochs : int, default 100
        Passes through the rows, at most.
    batch_size : int or "auto", default "auto"
        Rows a step; "auto" is 32 to 512, as there are rows.
    lr : float, default 0.003
        The learning rate to begin with; it goes to 0 along a cosine.
    weight_decay : float, default 0.01
        Of the optimizer, `AdamW`.
    class_weight : dict, "balanced" or None, default None
        What the rows of each class count, in addition to `sample_weight`; see
        ``sklearn.utils.compute_sample_weight``.
    callbacks : sequence of Callback, default ()
        What looks on at each network's training in turn, and may have a say.
    checkpoint : str or path, optional
        A folder. If training is interrupted, the same `fit` goes on from there.
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
        The classes, in the order of the columns of `predict_proba`.
    networks_ : list of NeuralNetwork
        Which predict from the matrix that `features_` makes.
    histories_, history_ : list of History, History
        What was recorded in training: of all networks, and of the first.
    features_ : Features
        What was learned about the columns; `features_.left_out` tells which ones are not used,
        and why.
    target_ : ClassTarget
        Name and classes of what is predicted, as texts.
    comparison_ : Comparison
        Scores on rows that a network has not seen, next to the majority and a linear model.
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

    classes_: Array
    target_: ClassTarget
    label_smoothing: float

    def __init__(
        self,
        *,
        hidden: Sequence[int] = (128, 128, 128),
        activation: str = "mish",
        dropout: float = 0.1,
        label_smoothing: float = 0.1,
        ensemble: int = 5,
        epochs: int = 100,
        batch_size: int | str = "auto",
        lr: float = 0.003,
        weight_decay: float = 0.01,
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
        X : DataFrame, Arrow table, dict of lists, path of a CSV or Parquet file, or matrix
            Columns from which to predict.
        y : str or array_like, shape (rows,)
            The name of the column to predict; or the classes.
        sample_weight : array_like, shape (rows,), optional
            What each row counts.
        """
        return self._fit(X, y, sample_weight)

    def predict(self, X: Any) -> Array:
        """Predict the class of each row.

        Parameters
        ----------
        X : DataFrame, Arrow table, dict of lists, path or matrix
            With the columns of training, in any order and among others.
        """
        probabilities = self._said_of(X, "predict")  # refuses an estimator that was not fitted
        return np.asarray(self.classes_[probabilities.argmax(axis=1)])

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class, (rows, classes).

        Parameters
        ----------
        X : DataFrame, Arrow table, dict of lists, path or matrix
            As for `predict`.
        """
        return self._said_of(X, "predict_proba")

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return the share of rows whose class is right.

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
        predicted = self._said_of(X, "score").argmax(axis=1)
        truth = given_truth(X, y, self.target_.name, who)
        numbers = self.target_.encode(column_of(self.target_.name, truth.tolist(), who), who)
        return float(accuracy_score(numbers[:, 0], predicted, sample_weight=sample_weight))

    def _check(self) -> None:
        super()._check()
        SoftmaxCrossEntropy(self.label_smoothing)
        who = f"{type(self).__name__}, label_smoothing"
        real_number(self.label_smoothing, who, above=0.0, or_equal=True)

    def _column_of(self, y: Array, name: str) -> Column:
        if y.dtype.kind in "fc":
            assert_all_finite(y, input_name="y")
        check_classification_targets(y)
        return self._texts(y, name)

    def _texts(self, y: Array, name: str) -> Column:
        who = f"{type(self).__name__}.fit"
        return as_kind(column_of(name, y.tolist(), who), "category", who)

    def _learn_target(self, y: Array, column: Column) -> Target:
        who = f"{type(self).__name__}.fit"
        self.classes_ = np.unique(y)
        ClassTarget.fit(column, who)  # refuses what is one class only
        return ClassTarget(column.name, self._texts(self.classes_, column.name).values.tolist())

    def _new_loss(self) -> Loss:
        return SoftmaxCrossEntropy(self.label_smoothing)

    def _outputs(self) -> int:
        return len(self.classes_)

    def _compare(self, rows: Rows, ensemble: Ensemble) -> Comparison:
        seen, said = ensemble.judge(rows)
        counts = np.ones(len(rows.y)) if rows.weights is None else rows.weights
        shares = np.bincount(rows.y[:, 0].astype(int), counts, len(self.classes_)) / counts.sum()
        told = {
            "network": said,
            "linear": linear_classes(self.features_, rows, self.ensemble, len(self.classes_)),
            "majority": np.broadcast_to(shares, said.shape),
        }
        weights = rows.weights_of(seen)
        scores = {who: class_scores(rows.y[seen], p, weights) for who, p in told.items()}
        return Comparison(scores, len(seen), "log_loss")
