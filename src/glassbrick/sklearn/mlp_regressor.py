"""MLPRegressor: a multi-layer perceptron that predicts numbers."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.metaestimators import available_if

from glassbrick.arrays import Array, as_targets
from glassbrick.checks import complaint, describe, instance_of, one_of
from glassbrick.engines import Engine
from glassbrick.errors import ShapeError
from glassbrick.losses import Loss, PoissonNLL
from glassbrick.losses.scikit_learns import HalfPoissonDeviance, HalfSquaredError
from glassbrick.metrics import r2
from glassbrick.network import NeuralNetwork
from glassbrick.optimizers import Optimizer
from glassbrick.sklearn.arguments import keep_arguments
from glassbrick.sklearn.exported import ExportedRegressor
from glassbrick.sklearn.fitting import fit_alone
from glassbrick.sklearn.multi_layer import MultiLayerPerceptron, can_partial_fit
from glassbrick.sklearn.outputs import as_column, outputs_needed
from glassbrick.sklearn.rows import Split
from glassbrick.training import Callback

__all__ = ["MLPRegressor"]

_LOSSES = {"squared_error": HalfSquaredError, "poisson": HalfPoissonDeviance}


class MLPRegressor(RegressorMixin, MultiLayerPerceptron, ExportedRegressor):
    """scikit-learn's multi-layer perceptron for numbers, on a network that can be looked into.

    The same settings and the same `random_state` give the same network, to rounding.

    Parameters
    ----------
    loss : {"squared_error", "poisson"} or Loss, default "squared_error"
        What to make small: half of the squared error; half of the Poisson deviance, for counts,
        of which the network gives the logarithm; or a loss of Glassbrick's or yours.
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
    callbacks : sequence of Callback, default ()
        What looks on, and may have a say. An `EarlyStopping` also decides which parameters are
        kept.
    engine : {"numpy", "xla", "auto"} or Engine, default "numpy"
        What runs the batches; see `Trainer`.
    clip_norm : float, optional
        The largest norm of each parameter's gradient.

    Attributes
    ----------
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
    With several outputs, the squared error is their sum; scikit-learn trains on the sum too, but
    tells the mean. A loss with several outputs for each column, such as `Quantile`, makes
    `predict` return what its `interpret` does.

    Examples
    --------
    >>> from sklearn.datasets import make_regression
    >>> from glassbrick.sklearn import MLPRegressor
    >>> X, y = make_regression(100, 3, random_state=0)
    >>> model = MLPRegressor(hidden_layer_sizes=20, solver="lbfgs", max_iter=2000, random_state=0)
    >>> model.fit(X, y).score(X, y) > 0.99
    True
    """

    def __init__(
        self,
        loss: str | Loss = "squared_error",
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
        callbacks: Sequence[Callback] = (),
        engine: str | Engine = "numpy",
        clip_norm: float | None = None,
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

    @available_if(can_partial_fit)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for one epoch more; see `fit`."""
        return fit_alone(self._fitting(X, y, sample_weight, partial=True))

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

    def _targets(
        self,
        y: Any,
        dtype: np.dtype[Any],
        *,
        anew: bool,
        partial: bool,  # noqa: ARG002
        classes: Any,  # noqa: ARG002
    ) -> Array:
        targets = as_targets(y, "MLPRegressor, y", dtype)
        if not anew and targets.shape[1] != self.n_outputs_:
            expected = f"{self.n_outputs_} columns, as in the first fit"
            raise ShapeError(complaint("MLPRegressor, y", expected, describe(targets)))
        return targets

    def _new_loss(self, y: Array) -> tuple[Loss, int, str]:
        who = "MLPRegressor, loss"
        if isinstance(self.loss, str):
            loss: Loss = one_of(self.loss, _LOSSES, who)()
        else:
            loss = copy.deepcopy(instance_of(self.loss, Loss, who, '"squared_error" or Huber()'))
        activation = "exp" if isinstance(loss, PoissonNLL) else "identity"
        return loss, outputs_needed(loss, y, who), activation

    def _score_of(self, net: NeuralNetwork, rows: Split) -> float:
        outputs = net.predict(rows.X_val)  # type: ignore[arg-type]
        prediction = net.loss.interpret(outputs)
        assert rows.y_val is not None  # noqa: S101 (for the type checker)
        if prediction.shape != rows.y_val.shape:
            return -float(net.loss_of(outputs, rows.y_val))
        if rows.weights_val is None:
            return r2(rows.y_val, prediction)  # the same, sooner
        return float(r2_score(rows.y_val, prediction, sample_weight=rows.weights_val))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
