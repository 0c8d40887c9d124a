"""TabularEstimator: what the regressor and the classifier of tables share."""

from __future__ import annotations

import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from glassbrick.arrays import Array
from glassbrick.checks import (
    one_of,
    positive_integer,
    real_number,
    refuse,
)
from glassbrick.errors import ArgumentError, ArgumentTypeError, DataError
from glassbrick.files import as_path
from glassbrick.losses import Loss
from glassbrick.network import NeuralNetwork
from glassbrick.operations.by_name import ACTIVATIONS
from glassbrick.optimizers import AdamW, Optimizer
from glassbrick.schedules import CosineDecay
from glassbrick.sklearn.rows import weights_of_rows
from glassbrick.sklearn.settings import as_callbacks, as_engine
from glassbrick.sklearn.tabular.comparison import BaselineWarning, Comparison
from glassbrick.sklearn.tabular.ensemble import Ensemble, Rows, Training, deal_out
from glassbrick.sklearn.tabular.given import given_features, given_rows
from glassbrick.tables import Column, Features, Target, distinct_rows, table_layers
from glassbrick.training import History

__all__ = ["TabularEstimator"]

_SMALLEST_BATCH, _LARGEST_BATCH = 32, 512
_STEPS = 40  # of an epoch, between these


class TabularEstimator(BaseEstimator, ABC):
    """Networks for a table; see `TabularRegressor`."""

    hidden: Sequence[int]
    activation: str
    dropout: float
    ensemble: int
    epochs: int
    batch_size: int | str
    lr: float
    weight_decay: float
    callbacks: Any
    checkpoint: Any
    engine: Any
    random_state: Any
    verbose: Any
    class_weight: Any = None  # a parameter of the classifier

    networks_: list[NeuralNetwork]
    histories_: list[History]
    features_: Features
    target_: Target
    comparison_: Comparison

    @abstractmethod
    def _column_of(self, y: Array, name: str) -> Column:
        """Return what there is to predict as a column."""

    @abstractmethod
    def _learn_target(self, y: Array, column: Column) -> Target:
        """Learn what there is to predict."""

    @abstractmethod
    def _new_loss(self) -> Loss:
        """Return what to make small."""

    @abstractmethod
    def _outputs(self) -> int:
        """Return how many outputs the loss wants."""

    @abstractmethod
    def _compare(self, rows: Rows, ensemble: Ensemble) -> Comparison:
        """Compare the networks with simple models."""

    def _fit(self, X: Any, y: Any, sample_weight: Any) -> Self:
        """Train new networks."""
        who = f"{type(self).__name__}.fit"
        self._check()
        columns, y, name = given_rows(self, X, y)
        column = self._column_of(y, name)
        weights = weights_of_rows(
            sample_weight, self.class_weight, y, len(column), type(self).__name__
        )
        chosen, weights = distinct_rows([*columns, column], weights)
        if len(chosen) < 2:
            raise DataError(
                f"{who}: expected at least 2 different rows; received 1 sample (n_samples = 1)."
            )
        columns, column = [c.at(chosen) for c in columns], column.at(chosen)
        self.features_ = Features.fit(columns, who)
        self.target_ = self._learn_target(y[chosen], column)
        random = np.random.default_rng(check_random_state(self.random_state).randint(2**31 - 1))
        targets = self.target_.encode(column, who)
        by_class = self.target_.task == "classification"
        fold = deal_out(targets, self.ensemble, random, by_class=by_class)
        X = self.features_.encode(columns, who)
        rows = Rows(X.astype(np.float32), targets.astype(np.float32), weights, fold)
        self._train(rows, random)
        return self

    def _train(self, rows: Rows, random: np.random.Generator) -> None:
        ensemble = Ensemble()
        seeds = [int(seed) for seed in random.integers(2**31 - 1, size=self.ensemble)]
        ensemble.train(rows, self._training(len(rows.y)), seeds)
        self.networks_, self.histories_ = ensemble.networks, ensemble.histories
        self.comparison_ = self._compare(rows, ensemble)
        if self.verbose and self.verbose != "silent":
            print(self.comparison_, flush=True)  # noqa: T201
        if not self.comparison_.network_is_best:
            verdict = f"{type(self).__name__}: {self.comparison_.verdict}"
            warnings.warn(verdict, BaselineWarning, stacklevel=4)

    @property
    def history_(self) -> History:
        """What was recorded in the training of the first network."""
        return self.histories_[0]

    def _check(self) -> None:
        """Refuse wrong parameters, before anything is read or drawn."""
        who = f"{type(self).__name__}, "
        for name in ("ensemble", "epochs"):
            positive_integer(getattr(self, name), who + name)
        if self.batch_size != "auto":
            positive_integer(self.batch_size, f"{who}batch_size", 'Or "auto".')
        if isinstance(self.hidden, str) or not isinstance(self.hidden, Sequence):
            refuse(ArgumentTypeError, f"{who}hidden", "a list of numbers of neurons", self.hidden)
        for neurons in self.hidden:
            positive_integer(neurons, f"{who}hidden")
        one_of(self.activation, ACTIVATIONS, f"{who}activation")
        if real_number(self.dropout, f"{who}dropout", above=0.0, or_equal=True) >= 1.0:
            expected = "a number of at least 0, less than 1"
            refuse(ArgumentError, f"{who}dropout", expected, self.dropout)
        real_number(self.lr, f"{who}lr", above=0.0)
        real_number(self.weight_decay, f"{who}weight_decay", above=0.0, or_equal=True)
        as_engine(self.engine, f"{who}engine")
        as_callbacks(self.callbacks, f"{who}callbacks")
        if self.checkpoint is not None:
            as_path(self.checkpoint, f"{who}checkpoint")
        if not isinstance(self.verbose, bool):
            one_of(self.verbose, dict.fromkeys(("lines", "bar", "silent")), f"{who}verbose")

    def _training(self, rows: int) -> Training:
        """Return how to train on so many rows."""
        batch_size = self.batch_size
        if isinstance(batch_size, str):
            wanted = 2 ** round(math.log2(max(rows / _STEPS, 1.0)))
            batch_size = min(max(wanted, _SMALLEST_BATCH), _LARGEST_BATCH)
        return Training(
            make=self._new_network,
            optimizer=self._new_optimizer,
            epochs=self.epochs,
            batch_size=batch_size,
            engine=self.engine,
            callbacks=self.callbacks,
            folder=None if self.checkpoint is None else Path(self.checkpoint),
            verbose=self.verbose,
        )

    def _new_network(self, seed: int) -> NeuralNetwork:
        layers = table_layers(
            self.features_,
            self._outputs(),
            hidden=self.hidden,
            activation=self.activation,
            dropout=self.dropout,
        )
        return NeuralNetwork(layers, self._new_loss(), rng=seed)

    def _new_optimizer(self) -> Optimizer:
        return AdamW(CosineDecay(self.lr), weight_decay=self.weight_decay)

    def _said_of(self, X: Any, method: str) -> Array:
        """Return the mean of what the networks say of the rows of a table."""
        check_is_fitted(self, "networks_")
        columns = given_features(self, X, method)
        matrix = self.features_.encode(columns, f"{type(self).__name__}.{method}")
        return Ensemble(self.networks_).predict(matrix.astype(np.float32))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        return tags
