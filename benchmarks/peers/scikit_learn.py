"""scikit-learn's MLPRegressor."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor
from workloads import BETAS, Workload, boston, squared_error

warnings.simplefilter("ignore")  # each fit ends before it has converged

_HALF = 0.5  # its loss is half the squared error, summed over outputs
_HIDDEN = {"sigmoid": "logistic", "relu": "relu"}


class SklearnModel:
    def __init__(self, workload: Workload):
        self.X, y = workload.data()
        self.y = y.ravel() if y.shape[1] == 1 else y
        kind, factor = (MLPClassifier, 1.0) if workload.classifies else (MLPRegressor, _HALF)
        lr, eps = workload.for_loss(factor)
        self.net = network(workload.sizes, workload.hidden, lr, workload.batch, kind)
        self.net.set_params(
            solver=workload.optimizer.lower(), beta_1=BETAS[0], beta_2=BETAS[1], epsilon=eps
        )
        self.fit(1)  # makes the parameters
        for layer, (weight, bias) in enumerate(workload.params()):
            self.net.coefs_[layer][...] = weight
            self.net.intercepts_[layer][...] = bias

    def fit(self, epochs: int) -> None:
        self.net.set_params(max_iter=epochs)
        self.net.fit(self.X, self.y)

    def predict(self, X: np.ndarray) -> np.ndarray:
        if isinstance(self.net, MLPClassifier):
            return self.net.predict_log_proba(X)
        return self.net.predict(X)


def network(
    sizes: tuple[int, ...],
    hidden: str,
    lr: float,
    batch: int,
    kind: type[MLPRegressor | MLPClassifier] = MLPRegressor,
) -> MLPRegressor | MLPClassifier:
    return kind(
        hidden_layer_sizes=sizes[1:-1],
        activation=_HIDDEN[hidden],
        solver="sgd",
        learning_rate="constant",
        learning_rate_init=lr,
        batch_size=batch,
        momentum=0,
        nesterovs_momentum=False,
        alpha=0,
        tol=0,
        n_iter_no_change=10**9,
        warm_start=True,
    )


def prepare(workload: Workload) -> SklearnModel:
    return SklearnModel(workload)


def train_chapter_model() -> float:
    X, y, X_val, y_val = boston()
    net = network((13, 13, 13, 1), "sigmoid", 2 * 0.01, batch=32)
    loss = 0.0
    for epoch in range(1, 51):
        net.partial_fit(X, y.ravel())
        if epoch % 10 == 0:
            loss = squared_error(net.predict(X_val), y_val)
    return loss
