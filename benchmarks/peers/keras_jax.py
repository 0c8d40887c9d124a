"""Keras 3 on its JAX backend."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "jax"

import jax  # noqa: F401 (the backend)
import keras
import numpy as np
from workloads import BETAS, Workload, boston


class KerasModel:
    def __init__(self, workload: Workload, steps_a_call: int):
        self.X, self.y = workload.data()
        self.batch = workload.batch
        self.net = network(workload.sizes, workload.hidden)
        for layer, params in zip(self.net.layers, workload.params(), strict=True):
            layer.set_weights(params)
        divides = workload.steps_an_epoch % steps_a_call == 0
        lr, eps = workload.for_average()
        self.net.compile(
            optimizer=keras.optimizers.SGD(lr)
            if workload.optimizer == "SGD"
            else keras.optimizers.Adam(lr, *BETAS, epsilon=eps),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            if workload.classifies
            else "mean_squared_error",
            jit_compile=True,
            steps_per_execution=steps_a_call if divides else 1,
        )

    def fit(self, epochs: int) -> None:
        self.net.fit(self.X, self.y, batch_size=self.batch, epochs=epochs, verbose=0)

    def predict(self, X: np.ndarray) -> np.ndarray:
        return self.net.predict(X, verbose=0)

    def predict_on_batch(self, X: np.ndarray) -> np.ndarray:
        return np.asarray(self.net.predict_on_batch(X))


def network(sizes: tuple[int, ...], hidden: str) -> keras.Sequential:
    layers = [keras.layers.Dense(n, hidden) for n in sizes[1:-1]]
    return keras.Sequential([keras.Input((sizes[0],)), *layers, keras.layers.Dense(sizes[-1])])


def prepare(workload: Workload, steps_a_call: int = 1) -> KerasModel:
    return KerasModel(workload, steps_a_call)


def train_chapter_model() -> float:
    X, y, X_val, y_val = boston()
    net = network((13, 13, 13, 1), "sigmoid")
    net.compile(optimizer=keras.optimizers.SGD(0.01), loss="mean_squared_error")
    history = net.fit(
        X,
        y,
        batch_size=32,
        epochs=50,
        verbose=0,
        validation_data=(X_val, y_val),
        validation_freq=10,
    )
    return history.history["val_loss"][-1]
