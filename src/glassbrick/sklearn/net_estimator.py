"""NetEstimator: what the regressor and the classifier around a user's own network share."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from glassbrick import losses
from glassbrick.arrays import Array
from glassbrick.checks import (
    instance_of,
    one_of,
    positive_integer,
    real_number,
    refuse,
    true_or_false,
)
from glassbrick.errors import ArgumentError, ArgumentTypeError
from glassbrick.layers import Dense, Layer
from glassbrick.losses import Loss, RowLoss
from glassbrick.names import snake_case
from glassbrick.network import NeuralNetwork
from glassbrick.operations import Operation
from glassbrick.optimizers import (
    LBFGS,
    SGD,
    Adagrad,
    Adam,
    AdamW,
    Lion,
    NAdam,
    Optimizer,
    RMSProp,
)
from glassbrick.sklearn.fitted import history_from, only_network
from glassbrick.sklearn.fitting import Fitting, Trainee
from glassbrick.sklearn.order import rows_ordered_by
from glassbrick.sklearn.rows import Split, outputs_of, split_off, weights_of_rows
from glassbrick.sklearn.saved import SavedEstimator
from glassbrick.sklearn.settings import as_callbacks, as_engine
from glassbrick.training import History, Trainer

__all__ = ["Build", "NetEstimator", "small_network"]

Build: TypeAlias = Callable[[int, int], Sequence[Layer | Operation] | NeuralNetwork]
"""Makes layers, or a whole network, for so many features and outputs."""

_RULES = (SGD, Adam, AdamW, NAdam, Lion, RMSProp, Adagrad)
_OPTIMIZERS: dict[str, type[Optimizer]] = {rule.__name__.lower(): rule for rule in _RULES}
_LOSSES = {
    snake_case(name): getattr(losses, name)
    for name in losses.__all__
    if name not in ("Loss", "RowLoss")
}


def small_network(n_features: int, n_outputs: int) -> list[Layer | Operation]:  # noqa: ARG001
    """Return two hidden layers of 64 neurons, and an output layer.

    Parameters
    ----------
    n_features, n_outputs : int
        Columns of the data, and numbers that are wanted for a row.
    """
    return [Dense(64, "relu"), Dense(64, "relu"), Dense(n_outputs, "linear")]


class NetEstimator(SavedEstimator, BaseEstimator, ABC):
    """A network of the user's own; see `NetRegressor`."""

    build: Build | NeuralNetwork | None
    loss: Any
    optimizer: Any
    lr: float | None
    epochs: int
    batch_size: int
    shuffle: bool
    validation_fraction: float
    patience: int | None
    callbacks: Any
    engine: Any
    random_state: Any
    verbose: bool | str
    class_weight: ClassVar[Any] = None  # a parameter of the classifier

    net_: NeuralNetwork
    history_: History

    @abstractmethod
    def _learn_targets(self, y: Any, dtype: np.dtype[Any], loss: Loss | None) -> tuple[Loss, int]:
        """Learn what there is to predict; return the loss and the number of outputs for it."""

    @abstractmethod
    def _targets(self, y: Any, dtype: np.dtype[Any], loss: Loss) -> Array:
        """Return targets as the loss wants them."""

    @property
    def _stratifies(self) -> bool:
        return False

    def _fitting(self, X: Any, y: Any = None, sample_weight: Any = None) -> Fitting[Self]:
        """Prepare a new network, let it be trained, and keep it."""
        share = self._share()
        self._check_how()
        optimizer, loss = self._new_optimizer(), self._new_loss()
        dtypes = (np.float64, np.float32)
        X, y = validate_data(
            self, X, y, accept_sparse=["csr", "csc"], multi_output=True, dtype=dtypes
        )
        who = type(self).__name__
        weights = weights_of_rows(sample_weight, self.class_weight, y, X.shape[0], who)
        loss, outputs = self._learn_targets(y, X.dtype, loss)
        source = check_random_state(self.random_state)
        net = self._new_network(X.shape[1], outputs, loss, source)
        targets = self._targets(y, X.dtype, net.loss)
        stratify = share is not None and self._stratifies
        rows = split_off(X, targets, weights, share, source, stratify=stratify)
        (self.history_,) = yield [self._trainee(net, optimizer, rows, source)]
        self.net_, self.n_iter_ = net, self.history_.epochs
        return self

    def _trainee(
        self, net: NeuralNetwork, optimizer: Optimizer, rows: Split, source: np.random.RandomState
    ) -> Trainee:
        return Trainee(
            Trainer(net, optimizer, engine=self.engine),
            rows,
            epochs=self.epochs,
            batch_size=self.batch_size,
            patience=self.patience,
            callbacks=self.callbacks,
            verbose=self.verbose,
            order=rows_ordered_by(net, source if self.shuffle else None),
        )

    def _check_how(self) -> None:
        """Refuse wrong parameters of the training, before random numbers are drawn."""
        who = f"{type(self).__name__}, "
        for name in ("epochs", "batch_size"):
            positive_integer(getattr(self, name), who + name)
        true_or_false(self.shuffle, f"{who}shuffle")
        as_engine(self.engine, f"{who}engine")
        as_callbacks(self.callbacks, f"{who}callbacks")
        if not isinstance(self.verbose, bool):
            one_of(self.verbose, dict.fromkeys(("lines", "bar", "silent")), f"{who}verbose")

    def _share(self) -> float | None:
        """Return the share of the rows to validate on; None for none."""
        who = f"{type(self).__name__}, "
        given = self.validation_fraction
        share = real_number(given, f"{who}validation_fraction", above=0.0, or_equal=True)
        if share >= 1.0:
            expected = "a number of at least 0, less than 1"
            refuse(ArgumentError, f"{who}validation_fraction", expected, given)
        if self.patience is not None:
            positive_integer(self.patience, f"{who}patience", "Or None.")
            if not share:
                expected = "None without rows to validate on"
                advice = "Set validation_fraction=0.1, for example."
                refuse(ArgumentError, f"{who}patience", expected, self.patience, advice)
        return share or None

    def _new_optimizer(self) -> Optimizer:
        given, lr, who = self.optimizer, self.lr, type(self).__name__
        if not isinstance(given, str):
            example = '"adam" or Adam(0.001)'
            given = copy.deepcopy(instance_of(given, Optimizer, f"{who}, optimizer", example))
        else:
            choices = _OPTIMIZERS | {"lbfgs": LBFGS}
            rule = one_of(given, choices, f"{who}, optimizer")
            if lr is not None and rule is not LBFGS:
                return rule(real_number(lr, f"{who}, lr", above=0.0))
            given = rule()
        if lr is not None:
            refuse(ArgumentError, f"{who}, lr", "None with this optimizer", lr)
        return given

    def _new_loss(self) -> Loss | None:
        """Return a loss; None for that of the network, or the usual one."""
        who = f"{type(self).__name__}, loss"
        if self.loss is None:
            return None
        if isinstance(self.loss, str):
            kind: type[RowLoss] = one_of(self.loss, _LOSSES, who)
            return kind()
        return copy.deepcopy(instance_of(self.loss, Loss, who, '"huber" or Huber()'))

    def _new_network(
        self, features: int, outputs: int, loss: Loss, source: np.random.RandomState
    ) -> NeuralNetwork:
        """Make the network of what `build` is, or makes."""
        who = f"{type(self).__name__}, build"
        built: Any = small_network if self.build is None else self.build
        if isinstance(built, NeuralNetwork):
            built = copy.deepcopy(built)
        elif callable(built):
            built = built(features, outputs)
        else:
            expected = "a function of the numbers of features and outputs, or a network"
            refuse(ArgumentTypeError, who, expected, built)
        if not isinstance(built, NeuralNetwork):
            if not isinstance(built, Sequence) or isinstance(built, str):
                refuse(ArgumentTypeError, who, "to make a list of layers or a network", built)
            return NeuralNetwork(built, loss, rng=int(source.randint(2**31 - 1)))
        if self.loss is not None:
            advice = "Give the loss to the network, or let build make a list of layers."
            received = self.loss
            refuse(ArgumentError, f"{who}, loss", "None with a network", received, advice)
        return built

    def _outputs(self, X: Any) -> Array:
        """Return what the network says."""
        check_is_fitted(self, "net_")
        dtypes = (np.float64, np.float32)
        X = validate_data(self, X, accept_sparse=["csr", "csc"], dtype=dtypes, reset=False)
        return outputs_of(self.net_, X)

    def _networks(self) -> list[NeuralNetwork]:
        check_is_fitted(self, "net_")
        return [self.net_]

    def _fitted_state(self) -> dict[str, Any]:
        return {"history": asdict(self.history_)}

    def _restore(
        self,
        networks: Sequence[NeuralNetwork],
        told: Mapping[str, Any],
        arrays: Mapping[str, Array],
    ) -> None:
        self.net_ = only_network(networks, arrays, self.n_features_in_)
        self.history_ = history_from(told["history"])
        self.n_iter_ = self.history_.epochs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
