"""A training for tests that kill it: run in a process of its own, as a user's script would be."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

from glassbrick import (
    SGD,
    Adam,
    BatchNorm,
    Callback,
    Checkpoint,
    CosineDecay,
    Dense,
    Dropout,
    MeanSquaredError,
    NAdam,
    NeuralNetwork,
    ReduceLROnPlateau,
    Trainer,
)
from networks import make_data

EPOCHS = 14


class Death(Callback):
    """Ends the process in an epoch, without any tidying up."""

    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.epoch:
            os._exit(9)


def trainer_of(engine, kind=0):
    layers = [BatchNorm(), Dense(6, "tanh"), Dropout(0.2), Dense(1, "linear")]
    optim = [
        lambda: Adam(CosineDecay(0.02), ema=0.9),
        lambda: SGD(0.05, momentum=0.9, nesterov=True, clip_norm=1.0),
        lambda: NAdam(0.02, weight_decay=1e-3),
    ][kind]()
    return Trainer(NeuralNetwork(layers, MeanSquaredError(), rng=3), optim, engine=engine)


def train(folder, engine="numpy", kind=0, *others, epochs=EPOCHS, every=2, verbose=False, **how):
    """Train, and return the history and all that the network holds."""
    trainer = trainer_of(engine, kind)
    callbacks = [Checkpoint(folder, every), ReduceLROnPlateau(patience=2), *others]
    how = {"eval_every": 3, "patience": None, "metrics": ["mae"], "batch_size": 16} | how
    history = trainer.fit(
        *(*make_data(rows=70), *make_data(rows=23, seed=1)),
        epochs=epochs,
        callbacks=callbacks,
        sample_weight=np.linspace(0.5, 1.5, 70),
        verbose=verbose,
        **how,
    )
    return history, state_of(trainer.net)


def state_of(net):
    return [
        value.copy()
        for operation in net.operations()
        for value in vars(operation).values()
        if isinstance(value, np.ndarray)
    ]


if __name__ == "__main__":
    folder, engine, kind, epoch, result = sys.argv[1:]
    history, arrays = train(folder, engine, int(kind), Death(int(epoch)))
    losses = {f"history {name}": np.array(values) for name, values in history.history.items()}
    np.savez(Path(result), *arrays, **losses)
