"""TabularEstimator: what the regressor and the classifier of tables share."""

from __future__ import annotations

import math
import os
import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

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
from glassbrick.errors import ArgumentError, ArgumentTypeError, DataError, FileError
from glassbrick.files import as_path
from glassbrick.losses import Loss
from glassbrick.network import NeuralNetwork
from glassbrick.operations.by_name import ACTIVATIONS
from glassbrick.optimizers import AdamW, Optimizer
from glassbrick.schedules import CosineDecay
from glassbrick.sklearn.exported import Exported, as_tensor
from glassbrick.sklearn.fitting import Fitting
from glassbrick.sklearn.rows import weights_of_rows
from glassbrick.sklearn.saved import SavedEstimator
from glassbrick.sklearn.settings import as_callbacks, as_engine
from glassbrick.sklearn.tabular.comparison import BaselineWarning, Comparison
from glassbrick.sklearn.tabular.ensemble import Ensemble, Judged, Rows, Training, deal_out
from glassbrick.sklearn.tabular.given import asked_of, given_features, given_rows
from glassbrick.sklearn.tabular.state import state_of
from glassbrick.tables import Column, Features, Target, Task, distinct_rows, table_layers
from glassbrick.tables.onnx_file import onnx_of_table
from glassbrick.training import History

__all__ = ["TabularEstimator"]

_SMALLEST_BATCH, _LARGEST_BATCH = 64, 512
_STEPS = 40  # of an epoch, between these


class TabularEstimator(SavedEstimator, Exported, BaseEstimator, ABC):
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

    task: ClassVar[Task]
    networks_: list[NeuralNetwork]
    histories_: list[History]
    features_: Features
    targets_: tuple[Target, ...]
    comparison_: Comparison
    judged_: Judged

    @abstractmethod
    def _columns_of(self, y: Array, names: Sequence[str], who: str) -> list[Column]:
        """Return what there is to predict as columns, in which nothing is missing."""

    @abstractmethod
    def _learn_targets(self, y: Array, columns: list[Column]) -> tuple[Target, ...]:
        """Learn what there is to predict."""

    @abstractmethod
    def _new_loss(self) -> Loss:
        """Return what to make small."""

    @abstractmethod
    def _outputs(self) -> int:
        """Return how many outputs the loss wants."""

    @abstractmethod
    def _compare(self, rows: Rows, seen: Array, said: Array) -> tuple[Comparison, dict[str, Array]]:
        """Compare the networks with simple models; tell what each says, as the table has it."""

    def _learn_errors(self, ensemble: Ensemble, rows: Rows, judged: Judged) -> None:
        """Learn how far off predictions are, if that is to be foreseen."""

    def _fitting(self, X: Any, y: Any = None, sample_weight: Any = None) -> Fitting[Self]:
        """Prepare new networks, let them be trained, and compare them."""
        self._check()
        self.__dict__.pop("networks_", None)  # which would not fit what is learned from here on
        columns, y, names = given_rows(self, X, y)
        targets = self._columns_of(y, names, f"{type(self).__name__}.fit")
        weights = weights_of_rows(sample_weight, self.class_weight, y, len(y), type(self).__name__)
        chosen, weights = distinct_rows([*columns, *targets], weights)
        if len(chosen) < 2:
            raise DataError(
                f"{type(self).__name__}.fit: expected at least 2 different rows; received "
                "1 sample (n_samples = 1)."
            )
        random = np.random.default_rng(check_random_state(self.random_state).randint(2**31 - 1))
        columns, targets = ([c.at(chosen) for c in given] for given in (columns, targets))
        rows = self._learn(columns, y[chosen], targets, weights, random)
        seeds = [int(seed) for seed in random.integers(2**31 - 1, size=self.ensemble)]
        how = self._training(len(rows.y))
        ensemble, self.histories_ = yield from Ensemble.fitting(rows, how, seeds)
        self.networks_ = ensemble.networks
        judged = self._judge(ensemble, rows)
        self._learn_errors(ensemble, rows, judged)
        self.judged_ = judged._replace(rows=chosen[judged.rows])
        if not self.comparison_.network_is_best:
            verdict = f"{type(self).__name__}: {self.comparison_.verdict}"
            warnings.warn(verdict, BaselineWarning, stacklevel=5)
        return self

    def _learn(
        self,
        columns: list[Column],
        y: Array,
        targets: list[Column],
        weights: Array | None,
        random: np.random.Generator,
    ) -> Rows:
        """Learn what the columns are, and return the rows as numbers."""
        who = f"{type(self).__name__}.fit"
        self.features_ = Features.fit(columns, who)
        self.targets_ = self._learn_targets(y, targets)
        pairs = zip(self.targets_, targets, strict=True)
        numbers = np.hstack([target.encode(column, who) for target, column in pairs])
        by_class = len(targets) == 1 and self.targets_[0].task == "classification"
        fold = deal_out(numbers, self.ensemble, random, by_class=by_class)
        matrix = self.features_.encode(columns, who)
        with np.errstate(under="ignore"):
            return Rows(matrix.astype(np.float32), numbers.astype(np.float32), weights, fold)

    def _judge(self, ensemble: Ensemble, rows: Rows) -> Judged:
        """Compare; return what the networks say of rows that they have not seen."""
        seen, said = ensemble.judge(rows)
        self.comparison_, told = self._compare(rows, seen, said)
        if self.verbose and self.verbose != "silent":
            print(self.comparison_, flush=True)  # noqa: T201
        return Judged(seen, told.pop("network"), told, rows.weights_of(seen))

    def to_onnx(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write an ONNX model that predicts the same, from the columns as they stand in a table.

        Each column is an input of its name, (rows, 1): numbers as double, with NaN where one is
        missing; dates as double, days since 1970-01-01; categories as string, with "" where one
        is missing. A regressor's model returns "prediction", a classifier's "label" and
        "probabilities". The model describes itself, too, in the property "columns".

        Parameters
        ----------
        path : str or path
            Of the file, which by custom ends in ".onnx".
        overwrite : bool, default False
            Whether to replace a file that is there.

        Raises
        ------
        NotFittedError
            If the estimator was not fitted.
        MissingExtraError
            If onnx is not installed.
        TracingError
            If a class is something that ONNX has not.
        FileError
            If there is a file already, or it cannot be written.
        """
        super().to_onnx(path, overwrite=overwrite)

    def _onnx(self, who: str, version: str) -> bytes:
        labels = getattr(self, "classes_", None)
        if labels is not None:
            labels = as_tensor(labels, who)
        doc = f"Predicts as {self!r} does."
        return onnx_of_table(
            self.features_, self.targets_, self.networks_, version, doc, labels, who=who
        )

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
        if self.verbose not in (True, False, "lines", "bar", "silent"):
            expected = 'True, False, "lines", "bar" or "silent"'
            refuse(ArgumentError, f"{who}verbose", expected, self.verbose)
        try:
            check_random_state(self.random_state)
        except ValueError:
            expected = "None, a RandomState, or a whole number from 0 to 2**32 - 1"
            refuse(ArgumentError, f"{who}random_state", expected, self.random_state)

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
            folders=self._folders(),
            verbose=self.verbose,
        )

    def _folders(self) -> list[Path]:
        """Make a folder for the checkpoints of each network, if there are to be some."""
        if self.checkpoint is None:
            return []
        folders = [Path(self.checkpoint, f"network-{k + 1}") for k in range(self.ensemble)]
        try:
            for folder in folders:
                folder.mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as error:
            what = f"{type(self).__name__}, checkpoint: no folder can be made at"
            raise FileError(f"{what} {os.fspath(self.checkpoint)!r}: {error}.") from None
        return folders

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
        matrix = self._matrix(X, method)
        return Ensemble(self.networks_).predict(matrix)

    def _said_with_spread(self, X: Any, method: str) -> tuple[Array, Array]:
        """Return the mean of what the networks say, and their standard deviation."""
        matrix, ensemble = self._matrix(X, method), Ensemble(self.networks_)
        if len(self.networks_) < 2:
            who = f"{type(self).__name__}.{method}, return_std"
            refuse(ArgumentError, who, "an ensemble of at least 2 networks", "one network")
        return ensemble.predict_with_spread(matrix)

    def _matrix(self, X: Any, method: str) -> Array:
        """Return the rows of a table as numbers."""
        check_is_fitted(self, "networks_")
        columns = given_features(self, X, method)
        return self.features_.encode(columns, asked_of(self, method, X))

    def _networks(self) -> list[NeuralNetwork]:
        check_is_fitted(self, "networks_")
        return self.networks_

    def _fitted_state(self) -> dict[str, Any]:
        return state_of(self)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        return tags
