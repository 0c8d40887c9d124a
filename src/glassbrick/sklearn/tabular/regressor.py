"""TabularRegressor: numbers from a table of mixed columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils import assert_all_finite

from glassbrick.arrays import Array
from glassbrick.checks import true_or_false
from glassbrick.engines import Engine
from glassbrick.losses import Loss, MeanSquaredError
from glassbrick.network import NeuralNetwork
from glassbrick.sklearn.arguments import keep_arguments
from glassbrick.sklearn.fitting import fit_alone
from glassbrick.sklearn.outputs import as_column
from glassbrick.sklearn.rows import weights_of_rows
from glassbrick.sklearn.tabular.baselines import linear_numbers, number_scores, r2_of, wide
from glassbrick.sklearn.tabular.comparison import Comparison
from glassbrick.sklearn.tabular.difficulty import Learned, learn_difficulty, learned_from
from glassbrick.sklearn.tabular.ensemble import Ensemble, Judged, Rows
from glassbrick.sklearn.tabular.estimator import TabularEstimator
from glassbrick.sklearn.tabular.given import given_truth
from glassbrick.sklearn.tabular.intervals import kept_errors
from glassbrick.sklearn.tabular.state import errors_from, require_outputs, restore_state
from glassbrick.sklearn.tabular.streamed import fit_stream
from glassbrick.streams import TableStream
from glassbrick.tables import Column, NumberTarget, Target, array_column, as_kind, complete
from glassbrick.training import Callback

__all__ = ["TabularRegressor"]

_TO_LEARN_FROM = 4000  # errors, from which to learn what rows are difficult


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
    dropout : float, default 0.15
        What part of their outputs is left out in training.
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
    networks_ : list of NeuralNetwork
        Which predict from the matrix that `features_` makes, and in units of `targets_`.
    histories_, history_ : list of History, History
        What was recorded in training: of all networks, and of the first.
    features_ : Features
        What was learned about the columns; `features_.left_out` tells which ones are not used,
        and why.
    targets_ : tuple of NumberTarget
        Name, mean and standard deviation of what is predicted.
    comparison_ : Comparison
        Scores on rows that a network has not seen, next to the mean and a linear model.
    errors_ : ndarray
        Sizes of errors on rows that a network has not seen, in ascending order; a column for
        each output.
    difficulties_ : tuple of Learned
        For each output, by what errors are foreseen row by row, if by anything: whatever made
        the best intervals for rows that a network has not seen.
    judged_ : Judged
        `rows`, numbers of rows of the table that a network has not seen, what it `said` of
        them, and the `simple` models: numbers in their own units. Not in a file.
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
    >>> X, y = load_boston().data, load_boston().target
    >>> model = TabularRegressor(epochs=20, ensemble=1, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.8
    True
    >>> model.predict_interval(X[:1], coverage=0.9).shape
    (1, 2)
    """

    task = "regression"
    targets_: tuple[NumberTarget, ...]
    errors_: Array
    difficulties_: tuple[Learned, ...]

    def __init__(
        self,
        *,
        hidden: Sequence[int] = (128, 128, 128),
        activation: str = "mish",
        dropout: float = 0.15,
        ensemble: int = 5,
        epochs: int = 100,
        batch_size: int | str = "auto",
        lr: float = 0.003,
        weight_decay: float = 0.05,
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
        y : str, list of str, or array_like of shape (rows,) or (rows, outputs)
            The name of the column to predict, or of several; or the numbers.
        sample_weight : array_like, shape (rows,), optional
            What each row counts.
        """
        if isinstance(X, TableStream):
            return fit_stream(self, X, y, sample_weight)
        return fit_alone(self._fitting(X, y, sample_weight))

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Predict a number for each row.

        Parameters
        ----------
        X : DataFrame, Arrow table, dict of lists, path or matrix
            With the columns of training, in any order and among others.
        return_std : bool, default False
            Whether to return the spread, too: the standard deviation of what the networks say.
            It is large where they had little to learn from. Noise is not in it, as it is in
            `predict_interval`.

        Returns
        -------
        ndarray, shape (rows,) or (rows, outputs)
            As float64; with `return_std` a pair of them.

        Raises
        ------
        ArgumentError
            If there is to be a spread of one network.
        """
        if not true_or_false(return_std, f"{type(self).__name__}.predict, return_std"):
            outputs = self._said_of(X, "predict")  # refuses an estimator that was not fitted
            return as_column(self._decoded(outputs))
        outputs, spread = self._said_with_spread(X, "predict")
        return as_column(self._decoded(outputs)), as_column(spread * self._units())

    def predict_interval(self, X: Any, coverage: float = 0.9) -> Array:
        """Predict between which numbers the truth of each row is.

        The intervals are as wide as it takes to hold so many of the truths of rows that a
        network has not seen. For rows of the same kind as those in training, they hold as many.
        Where errors can be foreseen, by what the networks disagree on or by the features, they
        are wider for some rows than for others; see `difficulties_`.

        Parameters
        ----------
        X : DataFrame, Arrow table, dict of lists, path or matrix
            As for `predict`.
        coverage : float, default 0.9
            How many of the truths to hold, between 0 and 1.

        Returns
        -------
        ndarray, shape (rows, 2) or (rows, outputs, 2)
            The lower and the upper end.
        """
        who = f"{type(self).__name__}.predict_interval"
        matrix = self._matrix(X, "predict_interval")
        outputs, spread = Ensemble(self.networks_).predict_with_spread(matrix)
        middle, features = self._decoded(outputs), wide(self.features_, matrix)
        found = zip(self.difficulties_, self.errors_.T, spread.T, strict=True)
        width = np.column_stack(
            [learned.width(e, apart, features, coverage, who) for learned, e, apart in found]
        )
        return np.stack([as_column(middle - width), as_column(middle + width)], axis=-1)

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
        who, names = f"{type(self).__name__}.score", [target.name for target in self.targets_]
        rows = len(predicted)
        truth = self._columns_of(given_truth(X, y, names, rows, who), names, who)
        weights = weights_of_rows(sample_weight, None, None, rows, who)
        return r2_of(np.column_stack([column.values for column in truth]), predicted, weights)

    def _columns_of(self, y: Array, names: Sequence[str], who: str) -> list[Column]:
        if y.dtype.kind in "fc":
            assert_all_finite(y, input_name="y")
        if y.dtype.kind == "b":
            y = y.astype(np.float64)
        columns = map(array_column, names, y.reshape(len(y), -1).T, [who] * len(names))
        return [complete(as_kind(column, "number", who, ""), who) for column in columns]

    def _learn_targets(self, y: Array, columns: list[Column]) -> tuple[Target, ...]:  # noqa: ARG002
        who = f"{type(self).__name__}.fit"
        return tuple(NumberTarget.fit(column, who) for column in columns)

    def _new_loss(self) -> Loss:
        return MeanSquaredError()

    def _outputs(self) -> int:
        return len(self.targets_)

    def _decoded(self, outputs: Array) -> Array:
        """Return numbers in their own units, (rows, outputs)."""
        pairs = zip(self.targets_, outputs.T, strict=True)
        return np.column_stack([target.decode(numbers) for target, numbers in pairs])

    def _units(self) -> Array:
        """Return what 1 of a network's is in units of the table, for each output."""
        return np.array([target.deviation for target in self.targets_])

    def _learn_errors(self, ensemble: Ensemble, rows: Rows, judged: Judged) -> None:
        truth = self._decoded(rows.y[judged.rows].astype(np.float64))
        errors = np.abs(judged.said - truth)
        self.errors_ = kept_errors(errors)
        few = np.linspace(0, len(errors) - 1, min(len(errors), _TO_LEARN_FROM)).astype(int)
        errors, chosen = errors[few], judged.rows[few]
        X, features = rows.X[chosen], wide(self.features_, rows.X[chosen])
        spread = ensemble.spread_of_others(X, rows.fold[chosen])
        self.difficulties_ = tuple(
            learn_difficulty(errors[:, k], spread[:, k], features) for k in range(errors.shape[1])
        )

    def _compare(self, rows: Rows, seen: Array, said: Array) -> tuple[Comparison, dict[str, Array]]:
        truth = self._decoded(rows.y[seen].astype(np.float64))
        told = {
            "network": said,
            "linear": linear_numbers(self.features_, rows, self.ensemble),
            "mean": np.zeros_like(said),
        }
        told = {who: self._decoded(numbers) for who, numbers in told.items()}
        weights = rows.weights_of(seen)
        scores = {who: number_scores(truth, numbers, weights) for who, numbers in told.items()}
        return Comparison(scores, len(seen), "r2"), told

    def _arrays(self) -> dict[str, Array]:
        found = {"errors": self.errors_}
        for k, learned in enumerate(self.difficulties_):
            found |= learned.arrays(k)
        return found

    def _restore(
        self,
        networks: Sequence[NeuralNetwork],
        told: Mapping[str, Any],
        arrays: Mapping[str, Array],
    ) -> None:
        restore_state(self, networks, told)
        outputs = len(self.targets_)
        require_outputs(self, outputs)
        own = dict(arrays)
        self.errors_ = errors_from(np.array(own.pop("errors")), outputs)
        features = wide(self.features_, np.zeros((1, len(self.features_.names)))).shape[1]
        self.difficulties_ = learned_from(own, outputs, features)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
