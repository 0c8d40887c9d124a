"""NetRegressor and NetClassifier: a user's own network as an estimator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin

from glassbrick.arrays import Array, as_targets
from glassbrick.checks import complaint
from glassbrick.engines import Engine
from glassbrick.errors import DataError
from glassbrick.losses import BinaryCrossEntropy, Loss, MeanSquaredError, SoftmaxCrossEntropy
from glassbrick.network import NeuralNetwork
from glassbrick.optimizers import Optimizer
from glassbrick.sklearn.arguments import keep_arguments
from glassbrick.sklearn.class_predictions import ClassPredictions
from glassbrick.sklearn.exported import ExportedClassifier, ExportedRegressor
from glassbrick.sklearn.fitting import fit_alone
from glassbrick.sklearn.labels import Labels, as_labels
from glassbrick.sklearn.net_estimator import Build, NetEstimator
from glassbrick.sklearn.outputs import as_column, outputs_needed
from glassbrick.training import Callback

__all__ = ["NetClassifier", "NetRegressor"]


class NetRegressor(RegressorMixin, NetEstimator, ExportedRegressor):
    """A network of yours that predicts numbers.

    Parameters
    ----------
    build : callable or NeuralNetwork, optional
        ``build(n_features, n_outputs)`` returns a list of new layers, or a network; or a network
        to copy. By default two hidden layers of 64 neurons. To be pickled, it has to be a
        function that can be imported.
    loss : str or Loss, optional
        What to make small, as an object or by the name of its class: "huber". By default
        `MeanSquaredError`, or the network's own loss if `build` makes a network.
    optimizer : str or Optimizer, default "adam"
        "sgd", "adam", "adamw", "nadam", "lion", "rmsprop", "adagrad", "lbfgs", or an optimizer,
        which is copied.
    lr : float, optional
        The learning rate of an optimizer that is given by name; by default its own.
    epochs : int, default 100
        Passes through the training rows, at most.
    batch_size : int, default 32
        Rows a step.
    shuffle : bool, default True
        Whether to shuffle the rows before each epoch.
    validation_fraction : float, default 0
        The share of the rows that is put aside. With some, the network ends with the parameters
        of the epoch with the lowest loss on them.
    patience : int, optional
        Stop after so many epochs in which that loss did not become lower.
    callbacks : sequence of Callback, default ()
        What looks on, and may have a say.
    engine : {"numpy", "xla", "auto"} or Engine, default "numpy"
        What runs the batches; see `Trainer`.
    random_state : int, RandomState or None, default None
        Where initial parameters, dropout, the validation rows and the order of rows come from.
        A network that is given or made by `build` has its own seed for the first two.
    verbose : bool or {"lines", "bar", "silent"}, default False
        As of `Trainer.fit`.

    Attributes
    ----------
    net_ : NeuralNetwork
        The network.
    history_ : History
        What the trainer recorded.
    n_iter_ : int
        Epochs that were trained.
    n_features_in_, feature_names_in_ : int, ndarray
        Of the data.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        From `fit`, if a parameter cannot be used.
    DivergenceError
        From `fit`, if the loss is no longer finite.

    Examples
    --------
    >>> from sklearn.datasets import make_regression
    >>> from glassbrick import Dense
    >>> from glassbrick.sklearn import NetRegressor
    >>> X, y = make_regression(100, 3, random_state=0)
    >>> def build(n_features, n_outputs):
    ...     return [Dense(20, "tanh"), Dense(n_outputs, "linear")]
    >>> model = NetRegressor(build, optimizer="lbfgs", epochs=500, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.99
    True
    """

    def __init__(
        self,
        build: Build | NeuralNetwork | None = None,
        *,
        loss: str | Loss | None = None,
        optimizer: str | Optimizer = "adam",
        lr: float | None = None,
        epochs: int = 100,
        batch_size: int = 32,
        shuffle: bool = True,
        validation_fraction: float = 0.0,
        patience: int | None = None,
        callbacks: Sequence[Callback] = (),
        engine: str | Engine = "numpy",
        random_state: int | np.random.RandomState | None = None,
        verbose: bool | str = False,
    ):
        """Keep the arguments; `fit` looks at them."""
        keep_arguments(self, locals())

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on rows of features and what is to be predicted.

        Parameters
        ----------
        X : array_like or sparse matrix, shape (rows, features)
            The features.
        y : array_like, shape (rows,) or (rows, outputs)
            The targets.
        sample_weight : array_like, shape (rows,), optional
            What each row counts.
        """
        return fit_alone(self._fitting(X, y, sample_weight))

    def predict(self, X: Any) -> Array:
        """Predict.

        Parameters
        ----------
        X : array_like or sparse matrix, shape (rows, features)
            The features.

        Returns
        -------
        ndarray, shape (rows,) or (rows, outputs)
            In the dtype of the network.
        """
        outputs = self._outputs(X)  # refuses an estimator that was not fitted
        return as_column(self.net_.loss.interpret(outputs))

    def _learn_targets(self, y: Any, dtype: np.dtype[Any], loss: Loss | None) -> tuple[Loss, int]:
        loss = MeanSquaredError() if loss is None else loss
        targets = self._targets(y, dtype, loss)
        return loss, outputs_needed(loss, targets, "NetRegressor, loss")

    def _targets(self, y: Any, dtype: np.dtype[Any], loss: Loss) -> Array:  # noqa: ARG002
        return as_targets(y, "NetRegressor, y", dtype)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


class NetClassifier(ClassifierMixin, NetEstimator, ClassPredictions, ExportedClassifier):
    """A network of yours that predicts classes.

    A row has one class, or any number of labels if `y` is a matrix of 0 and 1.

    Parameters
    ----------
    build : callable or NeuralNetwork, optional
        ``build(n_features, n_outputs)`` returns a list of new layers, or a network; or a network
        to copy. By default two hidden layers of 64 neurons. To be pickled, it has to be a
        function that can be imported.
    loss : str or Loss, optional
        What to make small, as an object or by the name of its class. By default
        `SoftmaxCrossEntropy`, which wants an output for each class, or for labels
        `BinaryCrossEntropy`, which wants one for each of them, and one for two classes; or the
        network's own loss if `build` makes a network. All want logits: the network ends linear.
    optimizer : str or Optimizer, default "adam"
        "sgd", "adam", "adamw", "nadam", "lion", "rmsprop", "adagrad", "lbfgs", or an optimizer,
        which is copied.
    lr : float, optional
        The learning rate of an optimizer that is given by name; by default its own.
    epochs : int, default 100
        Passes through the training rows, at most.
    batch_size : int, default 32
        Rows a step.
    shuffle : bool, default True
        Whether to shuffle the rows before each epoch.
    validation_fraction : float, default 0
        The share of the rows that is put aside. With some, the network ends with the parameters
        of the epoch with the lowest loss on them.
    patience : int, optional
        Stop after so many epochs in which that loss did not become lower.
    callbacks : sequence of Callback, default ()
        What looks on, and may have a say.
    engine : {"numpy", "xla", "auto"} or Engine, default "numpy"
        What runs the batches; see `Trainer`.
    random_state : int, RandomState or None, default None
        Where initial parameters, dropout, the validation rows and the order of rows come from.
        A network that is given or made by `build` has its own seed for the first two.
    verbose : bool or {"lines", "bar", "silent"}, default False
        As of `Trainer.fit`.
    class_weight : dict, "balanced", list of dict or None, default None
        What the rows of each class count, in addition to `sample_weight`; see
        ``sklearn.utils.compute_sample_weight``.

    Attributes
    ----------
    classes_ : ndarray
        The classes, in the order of the columns of `predict_proba`.
    net_ : NeuralNetwork
        The network.
    history_ : History
        What the trainer recorded.
    n_iter_ : int
        Epochs that were trained.
    n_features_in_, feature_names_in_ : int, ndarray
        Of the data.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        From `fit`, if a parameter cannot be used.
    DivergenceError
        From `fit`, if the loss is no longer finite.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from glassbrick import Dense, LayerNorm
    >>> from glassbrick.sklearn import NetClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> def build(n_features, n_outputs):
    ...     return [Dense(20, "swish"), LayerNorm(), Dense(n_outputs, "linear")]
    >>> NetClassifier(build, random_state=0).fit(X, y).score(X, y) > 0.95
    True
    """

    classes_: Array
    _labels: Labels

    def __init__(
        self,
        build: Build | NeuralNetwork | None = None,
        *,
        loss: str | Loss | None = None,
        optimizer: str | Optimizer = "adam",
        lr: float | None = None,
        epochs: int = 100,
        batch_size: int = 32,
        shuffle: bool = True,
        validation_fraction: float = 0.0,
        patience: int | None = None,
        class_weight: Any = None,
        callbacks: Sequence[Callback] = (),
        engine: str | Engine = "numpy",
        random_state: int | np.random.RandomState | None = None,
        verbose: bool | str = False,
    ):
        """Keep the arguments; `fit` looks at them."""
        keep_arguments(self, locals())

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on rows of features and their classes.

        Parameters
        ----------
        X : array_like or sparse matrix, shape (rows, features)
            The features.
        y : array_like, shape (rows,) or (rows, labels)
            The class of each row, or 1 for each label that it has.
        sample_weight : array_like, shape (rows,), optional
            What each row counts.
        """
        return fit_alone(self._fitting(X, y, sample_weight))

    @property
    def _stratifies(self) -> bool:
        return not self._labels.is_multilabel

    def _learn_targets(self, y: Any, dtype: np.dtype[Any], loss: Loss | None) -> tuple[Loss, int]:  # noqa: ARG002
        self._labels = labels = Labels(as_labels(y))
        self.classes_ = labels.classes
        if len(labels.classes) < 2 and not labels.is_multilabel:
            received = f"one class, {labels.classes[0]!r}"
            raise DataError(complaint("NetClassifier, y", "at least two classes", received))
        if loss is None:
            loss = BinaryCrossEntropy() if labels.is_multilabel else SoftmaxCrossEntropy()
        is_one_column = isinstance(loss, BinaryCrossEntropy) and len(labels.classes) == 2
        outputs = 1 if is_one_column and not labels.is_multilabel else len(labels.classes)
        return loss, outputs

    def _targets(self, y: Any, dtype: np.dtype[Any], loss: Loss) -> Array:
        columns = self._labels.encode(as_labels(y), dtype)
        if isinstance(loss, BinaryCrossEntropy) or self._labels.is_multilabel:
            return columns
        return self._labels.one_hot(columns)

    def _fitted_state(self) -> dict[str, Any]:
        return super()._fitted_state() | {"labels": self._plain_labels()}

    def _restore(
        self,
        networks: Sequence[NeuralNetwork],
        told: Mapping[str, Any],
        arrays: Mapping[str, Array],
    ) -> None:
        super()._restore(networks, told, arrays)
        self._restore_labels(told["labels"])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
