"""TabularRegressor: numbers from a table of mixed columns."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import assert_all_finite

from glassbrick.arrays import Array
from glassbrick.engines import Engine
from glassbrick.losses import Loss, MeanSquaredError
from glassbrick.sklearn.arguments import keep_arguments
from glassbrick.sklearn.tabular.baselines import linear_numbers, number_scores
from glassbrick.sklearn.tabular.comparison import Comparison
from glassbrick.sklearn.tabular.ensemble import Ensemble, Rows
from glassbrick.sklearn.tabular.estimator import TabularEstimator
from glassbrick.sklearn.tabular.given import given_truth
from glassbrick.sklearn.tabular.intervals import kept_errors, width_of
from glassbrick.tables import Column, NumberTarget, Target, as_kind, column_of
from glassbrick.training import Callback

__all__ = ["TabularRegressor"]


class TabularRegressor(RegressorMixin, TabularEstimator):
    """Predicts numbers from a table of numbers, categories, truth values and dates.

    The table needs no preparation. Numbers are scaled robustly, categories become features or
    vectors that are learned, dates are taken apart, a missing value is something to learn from.
    All of that is learned in `fit`, from the rows that it is given.

    Several networks are trained, and their mean predicts. Each leaves out other rows, by which
    the best epoch is chosen, errors are foreseen, and simple models are compared.

    Parameters
    ----------
    hidden : sequence of int, default (128, 128, 128)
        Neurons of each hidden layer; () for a linear model.
    activation : str, default "mish"
        Of these layers; any that `Dense` takes.
    dropout : float, default 0.1
        What part of their outputs is left out in training.
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
    networks_ : list of NeuralNetwork
        Which predict from the matrix that `features_` makes, and in units of `target_`.
    histories_, history_ : list of History, History
        What was recorded in training: of all networks, and of the first.
    features_ : Features
        What was learned about the columns; `features_.left_out` tells which ones are not used,
        and why.
    target_ : NumberTarget
        Name, mean and standard deviation of what is predicted.
    comparison_ : Comparison
        Scores on rows that a network has not seen, next to the mean and a linear model.
    errors_ : ndarray
        Sizes of errors on rows that a network has not seen, in ascending order.
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
        From `fit`, if a linear model, or the mean, predicts as well.

    Notes
    -----
    Rows that are alike are taken as one of so much more weight, and the order of rows in the
    table has no say. For the reasons behind the defaults see docs/tables.md; the scaling is that
    of Holzmüller, Grinsztajn and Steinwart, Better by Default, 2024.

    Examples
    --------
    >>> from glassbrick.datasets import load_boston
    >>> from glassbrick.sklearn import TabularRegressor
    >>> X, y = load_boston()
    >>> model = TabularRegressor(epochs=20, ensemble=1, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.8
    True
    >>> model.predict_interval(X[:1], coverage=0.9).shape
    (1, 2)
    """

    target_: NumberTarget
    errors_: Array

    def __init__(
        self,
        *,
        hidden: Sequence[int] = (128, 128, 128),
        activation: str = "mish",
        dropout: float = 0.1,
        ensemble: int = 5,
        epochs: int = 100,
        batch_size: int | str = "auto",
        lr: float = 0.003,
        weight_decay: float = 0.01,
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
            The name of the column to predict; or the numbers.
        sample_weight : array_like, shape (rows,), optional
            What each row counts.
        """
        return self._fit(X, y, sample_weight)

    def predict(self, X: Any) -> Array:
        """Predict a number for each row.

        Parameters
        ----------
        X : DataFrame, Arrow table, dict of lists, path or matrix
            With the columns of training, in any order and among others.

        Returns
        -------
        ndarray, shape (rows,)
            As float64.
        """
        outputs = self._said_of(X, "predict")  # refuses an estimator that was not fitted
        return self.target_.decode(outputs[:, 0])

    def predict_interval(self, X: Any, coverage: float = 0.9) -> Array:
        """Predict between which numbers the truth of each row is.

        The intervals are as wide as it takes to hold so many of the truths of rows that a
        network has not seen. For rows of the same kind as those in training, they hold as many.

        Parameters
        ----------
        X : DataFrame, Arrow table, dict of lists, path or matrix
            As for `predict`.
        coverage : float, default 0.9
            How many of the truths to hold, between 0 and 1.

        Returns
        -------
        ndarray, shape (rows, 2)
            The lower and the upper end.
        """
        middle = self.predict(X)
        width = width_of(self.errors_, coverage, f"{type(self).__name__}.predict_interval")
        return np.column_stack([middle - width, middle + width])

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return R², 1 for perfect predictions.

        Parameters
        ----------
        X : DataFrame, Arrow table, dict of lists, path or matrix
            As for `predict`.
        y : str or array_like, optional
            The truth, or the name of its column; by default the one of training.
        sample_weight : array_like, shape (rows,), optional
            What each row counts.
        """
        predicted = self.predict(X)
        truth = given_truth(X, y, self.target_.name, f"{type(self).__name__}.score")
        return float(r2_score(truth, predicted, sample_weight=sample_weight))

    def _column_of(self, y: Array, name: str) -> Column:
        who = f"{type(self).__name__}.fit"
        if y.dtype.kind in "fc":
            assert_all_finite(y, input_name="y")
        return as_kind(column_of(name, y.tolist(), who), "number", who)

    def _learn_target(self, y: Array, column: Column) -> Target:  # noqa: ARG002
        return NumberTarget.fit(column, f"{type(self).__name__}.fit")

    def _new_loss(self) -> Loss:
        return MeanSquaredError()

    def _outputs(self) -> int:
        return 1

    def _compare(self, rows: Rows, ensemble: Ensemble) -> Comparison:
        seen, said = ensemble.judge(rows)
        linear = linear_numbers(self.features_, rows, self.ensemble)
        truth = self.target_.decode(rows.y[seen].astype(np.float64))
        self.errors_ = kept_errors(self.target_.decode(said[:, 0]) - truth[:, 0])
        weights = rows.weights_of(seen)
        told = {"network": said, "linear": linear, "mean": np.zeros(1)}
        scores = {
            who: number_scores(truth, self.target_.decode(numbers), weights)
            for who, numbers in told.items()
        }
        return Comparison(scores, len(seen), "rmse")
