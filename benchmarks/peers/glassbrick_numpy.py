"""Glassbrick on its NumPy engine."""

from __future__ import annotations

import numpy as np
from workloads import BETAS, EPS, Workload

import glassbrick as gb


class GlassbrickModel:
    def __init__(self, workload: Workload, engine: str):
        self.X, self.y = workload.data()
        self.batch = workload.batch
        hidden = [gb.Dense(n, workload.hidden) for n in workload.sizes[1:-1]]
        loss = gb.SoftmaxCrossEntropy() if workload.classifies else gb.MeanSquaredError()
        layers = [*hidden, gb.Dense(workload.outputs, "linear")]
        self.net = gb.NeuralNetwork(layers, loss, rng=1)
        self.net.build(workload.sizes[0], np.float32)
        start = [array for layer in workload.params() for array in layer]
        for param, value in zip(self.net.params(), start, strict=True):
            param[...] = value
        optim = (
            gb.SGD(workload.lr)
            if workload.optimizer == "SGD"
            else gb.Adam(workload.lr, betas=BETAS, eps=EPS)
        )
        self.trainer = gb.Trainer(self.net, optim, engine=engine)

    def fit(self, epochs: int) -> None:
        self.trainer.fit(
            self.X,
            self.y,
            epochs=epochs,
            eval_every=epochs,
            batch_size=self.batch,
            restart=False,
            verbose=False,
        )

    def predict(self, X: np.ndarray) -> np.ndarray:
        return self.net.predict(X)


def prepare(workload: Workload) -> GlassbrickModel:
    return GlassbrickModel(workload, "numpy")


def train_chapter_model(engine: str = "numpy") -> float:
    X, X_val, y, y_val = gb.datasets.load_boston().chapter_split()
    layers = [gb.Dense(13), gb.Dense(13), gb.Dense(1, "linear")]
    net = gb.NeuralNetwork(layers, gb.MeanSquaredError())
    trainer = gb.Trainer(net, gb.SGD(lr=0.01), engine=engine)
    history = trainer.fit(X, y, X_val, y_val, epochs=50, patience=None, verbose=False)
    return history.val_loss[-1]
