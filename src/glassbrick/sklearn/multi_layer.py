"""MultiLayerPerceptron: what the regressor and the classifier share."""

from __future__ import annotations

import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from glassbrick.arrays import Array
from glassbrick.checks import refuse
from glassbrick.errors import ArgumentError
from glassbrick.losses import Loss
from glassbrick.network import NeuralNetwork
from glassbrick.optimizers import LBFGS, Optimizer
from glassbrick.sklearn.fitted import history_from, only_network, require
from glassbrick.sklearn.fitting import Fitting, Trainee
from glassbrick.sklearn.optimizers import optimizer_for
from glassbrick.sklearn.order import rows_ordered_by
from glassbrick.sklearn.perceptron import dense_layers, new_network, penalize_weights
from glassbrick.sklearn.progress import Progress
from glassbrick.sklearn.rows import Split, outputs_of, split_off, weights_of_rows
from glassbrick.sklearn.saved import SavedEstimator
from glassbrick.sklearn.settings import Settings
from glassbrick.training import EarlyStopping, History, Trainer

__all__ = ["MultiLayerPerceptron", "can_partial_fit"]

_ROWS_OF_AUTO = 200


class MultiLayerPerceptron(SavedEstimator, BaseEstimator, ABC):
    """A network whose parameters are those of scikit-learn's; see `MLPRegressor`."""

    random_state: Any
    solver: Any
    warm_start: bool
    class_weight: ClassVar[Any] = None  # a parameter of the classifier

    net_: NeuralNetwork
    history_: History
    out_activation_: str
    n_outputs_: int
    _optimizer: Optimizer | None  # None after loading, for no file has it
    _progress: Progress

    @abstractmethod
    def _targets(
        self, y: Any, dtype: np.dtype[Any], *, anew: bool, partial: bool, classes: Any
    ) -> Array:
        """Return targets as columns of numbers; learn what classes there are, if `anew`."""

    @abstractmethod
    def _new_loss(self, y: Array) -> tuple[Loss, int, str]:
        """Return a loss, how many outputs it needs, and what they become in the end."""

    @abstractmethod
    def _score_of(self, net: NeuralNetwork, rows: Split) -> float:
        """Score a network on validation rows; the more the better."""

    @property
    def _stratifies(self) -> bool:
        return False

    def _fitting(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        partial: bool = False,
        classes: Any = None,
    ) -> Fitting[Self]:
        """Prepare a network, or the one of an earlier fit; let it be trained, and keep it."""
        settings = Settings.of(self)
        if partial and settings.early_stopping:
            raise ArgumentError("partial_fit does not support early_stopping=True")
        anew = not hasattr(self, "net_") or not (settings.warm_start or partial)
        dtypes = (np.float64, np.float32)
        X, y = validate_data(
            self, X, y, accept_sparse=["csr", "csc"], multi_output=True, dtype=dtypes, reset=anew
        )
        targets = self._targets(y, X.dtype, anew=anew, partial=partial, classes=classes)
        who = type(self).__name__
        weights = weights_of_rows(sample_weight, self.class_weight, y, X.shape[0], who)
        source = check_random_state(self.random_state)
        if anew:
            loss, outputs, activation = self._new_loss(targets)
            net = new_network(settings, loss, (X.shape[1], outputs), X.dtype, source)
            progress = Progress()
        else:
            self._require_same_network(settings)
            net, progress, activation = self.net_, self._progress, self.out_activation_
        kept = self._optimizer if partial and not anew else None
        optimizer = optimizer_for(settings) if kept is None else kept
        share = settings.validation_fraction if settings.early_stopping else None
        share = None if settings.is_lbfgs else share
        rows = split_off(X, targets, weights, share, source, stratify=self._stratifies)
        trainee = self._trainee(settings, net, optimizer, progress, rows, source, partial)
        (history,) = yield [trainee]
        progress.end(net, restore_best=not _chooses_epoch(settings))
        _warn(settings, history, partial=partial)
        self.net_, self.history_, self.out_activation_ = net, history, activation
        self._optimizer, self._progress = optimizer, progress
        self._architecture = _architecture(settings)
        self._tell_of(progress, targets.shape[1])
        return self

    def _trainee(
        self,
        settings: Settings,
        net: NeuralNetwork,
        optimizer: Optimizer,
        progress: Progress,
        rows: Split,
        source: np.random.RandomState,
        partial: bool,
    ) -> Trainee:
        penalize_weights(net, settings.alpha, rows.mean_weight)
        validates = rows.X_val is not None
        score = (lambda network: self._score_of(network, rows)) if validates else None
        progress.begin(settings, len(rows.X), score)
        callbacks = [progress, *settings.callbacks]
        if validates and not _chooses_epoch(settings):
            # Else the trainer would keep the parameters of the lowest loss.
            callbacks.append(EarlyStopping("loss", patience=None, restore_best=False))
        epochs = 1 if partial else settings.max_iter
        return Trainee(
            Trainer(net, optimizer, engine=settings.engine),
            rows,
            epochs=epochs,
            batch_size=_batch_size(settings, len(rows.X)),
            eval_every=1 if settings.callbacks else epochs,
            restart=False,
            callbacks=callbacks,
            order=rows_ordered_by(net, source if settings.shuffle else None),
        )

    def _tell_of(self, progress: Progress, outputs: int) -> None:
        """Set the attributes that scikit-learn's networks have."""
        self.n_iter_, self.t_ = progress.epochs, progress.rows_seen
        self.n_outputs_, self.n_layers_ = outputs, len(self.coefs_) + 1
        self.loss_curve_ = progress.losses.copy()
        self.loss_ = progress.losses[-1] if progress.losses else math.nan  # if interrupted at once
        self.validation_loss_curve_ = progress.validation_losses.copy() or None
        self.validation_scores_ = progress.scores.copy() or None
        self.best_validation_score_ = progress.best_score if progress.scores else None
        self.best_loss_ = None if progress.scores else progress.best_loss

    def _require_same_network(self, settings: Settings) -> None:
        """Refuse to go on with other layers than there are."""
        if self._architecture != _architecture(settings):
            advice = "Set them back, or fit anew with warm_start=False."
            who = f"{type(self).__name__}, layers"
            expected = f"those of the network that is trained on, {self._architecture}"
            refuse(ArgumentError, who, expected, _architecture(settings), advice)

    def _outputs(self, X: Any) -> Array:
        """Return what the network says."""
        check_is_fitted(self, "net_")
        X = validate_data(
            self,
            X,
            accept_sparse=["csr", "csc"],
            dtype=(np.float64, np.float32),
            reset=False,
        )
        return outputs_of(self.net_, X)

    @property
    def coefs_(self) -> list[Array]:
        """The weights of the dense layers: what is written into them changes the network."""
        return [layer.params[0] for layer in dense_layers(self._net("coefs_"))]

    @property
    def intercepts_(self) -> list[Array]:
        """The biases of the dense layers: what is written into them changes the network."""
        return [layer.params[1][0] for layer in dense_layers(self._net("intercepts_"))]

    def _networks(self) -> list[NeuralNetwork]:
        check_is_fitted(self, "net_")
        return [self.net_]

    def _fitted_state(self) -> dict[str, Any]:
        return {
            "outputs": self.n_outputs_,
            "out_activation": self.out_activation_,
            "architecture": self._architecture,
            "progress": self._progress.to_plain(),
            "history": asdict(self.history_),
        }

    def _restore(
        self,
        networks: Sequence[NeuralNetwork],
        told: Mapping[str, Any],
        arrays: Mapping[str, Array],
    ) -> None:
        self.net_ = only_network(networks, arrays, self.n_features_in_)
        self.history_ = history_from(told["history"])
        self.out_activation_ = require(told["out_activation"], "out_activation", str)
        self._optimizer, self._progress = None, Progress.from_plain(told["progress"])
        self._architecture = require(told["architecture"], "architecture", tuple)
        self._tell_of(self._progress, require(told["outputs"], "outputs", int))

    def _net(self, name: str) -> NeuralNetwork:
        if "net_" not in vars(self):
            raise AttributeError(f"{type(self).__name__}.{name}: there is none before fit.")
        return self.net_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def can_partial_fit(estimator: Any) -> bool:
    """Whether the solver takes some rows at a time; else say why not."""
    if estimator.solver == "lbfgs" or isinstance(estimator.solver, LBFGS):
        raise AttributeError(
            "partial_fit is only available for stochastic optimizers. lbfgs is not stochastic."
        )
    return True


def _architecture(settings: Settings) -> tuple[Any, ...]:
    return (settings.hidden, settings.activations, settings.normalization, settings.dropout)


def _chooses_epoch(settings: Settings) -> bool:
    """Whether the user has a callback that decides which parameters are kept."""
    return any(isinstance(callback, EarlyStopping) for callback in settings.callbacks)


def _batch_size(settings: Settings, rows: int) -> int:
    if settings.batch_size is None:
        return min(_ROWS_OF_AUTO, rows)
    if settings.batch_size > rows and not settings.is_lbfgs:
        warnings.warn(
            "Got `batch_size` larger than sample size. It is going to be clipped.", stacklevel=6
        )
    return min(settings.batch_size, rows)


def _warn(settings: Settings, history: History, *, partial: bool) -> None:
    """Warn of a training that ended before it converged."""
    if history.stop_reason == "interrupted":
        warnings.warn("Training interrupted by user.", stacklevel=6)
    if partial:
        return
    if history.stop_reason == "completed":
        warnings.warn(
            f"{'L-BFGS' if settings.is_lbfgs else 'Stochastic Optimizer'}: Maximum iterations "
            f"({settings.max_iter}) reached and the optimization hasn't converged yet.",
            ConvergenceWarning,
            stacklevel=6,
        )
    elif history.stop_reason == "evaluations used up":
        warnings.warn(
            f"L-BFGS: Maximum evaluations ({settings.max_fun}) reached and the optimization "
            "hasn't converged yet.",
            ConvergenceWarning,
            stacklevel=6,
        )
