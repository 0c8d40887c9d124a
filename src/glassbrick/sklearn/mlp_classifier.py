"""MLPClassifier: a multi-layer perceptron that predicts classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if

from glassbrick.arrays import Array
from glassbrick.checks import refuse
from glassbrick.engines import Engine
from glassbrick.errors import ArgumentError, DataError
from glassbrick.losses import BinaryCrossEntropy, Loss, SoftmaxCrossEntropy
from glassbrick.network import NeuralNetwork
from glassbrick.optimizers import Optimizer
from glassbrick.sklearn.arguments import keep_arguments
from glassbrick.sklearn.class_predictions import ClassPredictions
from glassbrick.sklearn.exported import ExportedClassifier
from glassbrick.sklearn.fitting import fit_alone
from glassbrick.sklearn.labels import Labels, as_labels
from glassbrick.sklearn.multi_layer import MultiLayerPerceptron, can_partial_fit
from glassbrick.sklearn.rows import Split
from glassbrick.training import Callback

__all__ = ["MLPClassifier"]


class MLPClassifier(ClassifierMixin, MultiLayerPerceptron, ClassPredictions, ExportedClassifier):
    """scikit-learn's multi-layer perceptron for classes, on a network that can be looked into.

    The same settings and the same `random_state` give the same network, to rounding. It makes
    the cross entropy small, computed from logits. A row has one class, or any number of labels
    if `y` is a matrix of 0 and 1.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default (100,)
        Numbers of neurons of the hidden layers; () for none.
    activation : str or sequence of str, default "relu"
        Of the hidden layers, or of each one: "identity", "logistic", "tanh", "relu", or the name
        of any activation that `Dense` takes.
    solver : str or Optimizer, default "adam"
        "sgd", "adam" or "lbfgs", as scikit-learn computes them; "adamw", "nadam", "lion",
        "rmsprop" or "adagrad"; or an optimizer, which is copied, and has all of its settings
        from you.
    alpha : float, default 0.0001
        What weights cost: ``alpha / 2`` times the sum of their squares, divided by the number
        of rows of the batch.
    batch_size : int or "auto", default "auto"
        Rows a step; "auto" is ``min(200, rows)``. L-BFGS takes all at once.
    learning_rate : {"constant", "invscaling", "adaptive"}, default "constant"
        What becomes of the rate of "sgd": it stays; it is `learning_rate_init` divided by the
        power `power_t` of the number of rows that were trained on; it is divided by 5 when
        nothing becomes better.
    learning_rate_init : float, default 0.001
        The learning rate to begin with.
    power_t : float, default 0.5
        See `learning_rate`.
    max_iter : int, default 200
        Epochs at most; iterations of "lbfgs".
    shuffle : bool, default True
        Whether to shuffle the rows before each epoch.
    random_state : int, RandomState or None, default None
        Where initial weights, the validation rows and the order of rows come from, in the order
        in which scikit-learn draws them.
    tol : float, default 0.0001
        By how much the loss, or the score on the validation rows, has to become better. For
        "lbfgs", how small the gradient has to become.
    verbose : bool or int, default False
        Whether to print the loss of each epoch.
    warm_start : bool, default False
        Whether `fit` goes on with the network of the `fit` before.
    momentum : float, default 0.9
        Of "sgd", from 0 to 1.
    nesterovs_momentum : bool, default True
        Whether it looks ahead.
    early_stopping : bool, default False
        Whether to put rows aside, to stop when the score on them does not become better, and to
        keep the parameters with the best one.
    validation_fraction : float, default 0.1
        The share of the rows that is put aside for that.
    beta_1, beta_2 : float, default 0.9 and 0.999
        Of "adam", "adamw" and "nadam".
    epsilon : float, default 1e-8
        Of these, "rmsprop" and "adagrad".
    n_iter_no_change : int or inf, default 10
        After more than so many epochs in which nothing becomes better by `tol`, training stops.
    max_fun : int, default 15000
        How often "lbfgs" may compute the loss.
    dropout : float, default 0
        The share of values that is left out after each hidden layer in training.
    normalization : {"batch", "layer"} or None, default None
        What stands before the activation of each hidden layer.
    class_weight : dict, "balanced", list of dict or None, default None
        What the rows of each class count, in addition to `sample_weight`; see
        ``sklearn.utils.compute_sample_weight``.
    callbacks : sequence of Callback, default ()
        What looks on, and may have a say. An `EarlyStopping` also decides which parameters are
        kept.
    engine : {"numpy", "xla", "auto"} or Engine, default "numpy"
        What runs the batches; see `Trainer`.
    clip_norm : float, optional
        The largest norm of each parameter's gradient.

    Attributes
    ----------
    classes_ : ndarray
        The classes, in the order of the columns of `predict_proba`.
    net_ : NeuralNetwork
        The network.
    history_ : History
        What the trainer recorded of the last fit.
    coefs_, intercepts_ : list of ndarray
        Weights, (inputs, outputs), and biases of the dense layers. What is written into them
        changes the network.
    loss_, best_loss_ : float
        The loss of the last epoch, and the lowest; the latter is None with `early_stopping`.
    loss_curve_, validation_loss_curve_ : list of float
        The losses of all epochs; those on the validation rows are None without any.
    validation_scores_, best_validation_score_ : list of float, float
        The scores on them, and the highest; None without any.
    n_iter_, t_ : int
        Epochs of the last fit; rows trained on in all epochs.
    n_layers_, n_outputs_, out_activation_ : int, int, str
        Layers, with that of the features; outputs; what the last layer's outputs go through.
    n_features_in_, feature_names_in_ : int, ndarray
        Of the data.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        From `fit`, if a parameter cannot be used.
    DivergenceError
        From `fit`, if the loss is no longer finite.

    Notes
    -----
    `sample_weight` scales the loss of each row by what it counts next to the mean of all rows;
    scikit-learn takes the mean of each batch. To be trained on, sparse rows become dense ones.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from glassbrick.sklearn import MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MLPClassifier(10, solver="lbfgs", max_iter=2000, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.95
    True
    """

    classes_: Array
    _labels: Labels

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: str | Sequence[str] = "relu",
        *,
        solver: str | Optimizer = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        dropout: float = 0.0,
        normalization: str | None = None,
        class_weight: Any = None,
        callbacks: Sequence[Callback] = (),
        engine: str | Engine = "numpy",
        clip_norm: float | None = None,
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

    @available_if(can_partial_fit)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """Train for one epoch more.

        Parameters
        ----------
        X, y, sample_weight
            As of `fit`.
        classes : array_like, optional
            All classes that there will ever be; needed in the first call.
        """
        if self.class_weight == "balanced":
            advice = "Give a dict, for these rows may not be all."
            who = "MLPClassifier, class_weight"
            refuse(ArgumentError, who, "None or a dict in partial_fit", self.class_weight, advice)
        return fit_alone(self._fitting(X, y, sample_weight, partial=True, classes=classes))

    @property
    def _stratifies(self) -> bool:
        return not self._labels.is_multilabel and not self._labels.is_multiclass

    def _targets(
        self, y: Any, dtype: np.dtype[Any], *, anew: bool, partial: bool, classes: Any
    ) -> Array:
        y = as_labels(y)
        if anew:
            self._labels = _labels_of_first(y, classes) if partial else Labels(y)
            self.classes_ = self._labels.classes
        elif partial:
            self._require_same(classes)
        elif set(found := Labels(y).classes) != set(self.classes_):
            raise DataError(
                "warm_start can only be used where `y` has the same classes as in the "
                f"previous call to fit. Previously got {self.classes_}, `y` has {found}"
            )
        return self._labels.encode(y, dtype)

    def _require_same(self, classes: Any) -> None:
        """Refuse other classes than those of the first call of `partial_fit`."""
        if classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise DataError(
                f"`classes={classes!r}` is not the same as on last call to partial_fit, was: "
                f"{self.classes_!r}"
            )

    def _new_loss(self, y: Array) -> tuple[Loss, int, str]:
        if self._labels.is_multiclass:
            return SoftmaxCrossEntropy(), y.shape[1], "softmax"
        return BinaryCrossEntropy(), y.shape[1], "logistic"

    def _score_of(self, net: NeuralNetwork, rows: Split) -> float:
        assert rows.y_val is not None  # noqa: S101 (for the type checker)
        outputs = net.predict(rows.X_val)  # type: ignore[arg-type]
        right = self._labels.are_right(net.loss, outputs, rows.y_val)
        return float(np.average(right, weights=rows.weights_val))

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


def _labels_of_first(y: Any, classes: Any) -> Labels:
    """Return the classes that a first call of `partial_fit` was told."""
    if classes is None:
        raise DataError("classes must be passed on the first call to partial_fit.")
    labels = Labels(y)
    return labels if labels.is_multilabel else Labels.of(np.unique(classes))
