"""A training on a stream for tests that kill it, in a process of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

from checkpoint_script import state_of
from glassbrick import (
    Adam,
    BatchNorm,
    Callback,
    Checkpoint,
    CosineDecay,
    Dense,
    Dropout,
    MeanSquaredError,
    NeuralNetwork,
    Trainer,
)
from glassbrick.engines import stream_session
from glassbrick.stream import ArrayStream
from networks import make_data

ROWS, BATCH = 590, 16


class Death(Callback):
    """Ends the process within an epoch, without any tidying up."""

    is_spectator = True

    def __init__(self, epoch, batch):
        self.place = epoch, batch

    def on_progress(self, batch, logs=None):
        if (self.history.epochs + 1, batch) >= self.place:
            os._exit(9)


def make_stream(rows=ROWS, seed=5, kind=ArrayStream, **how):
    X, y = make_data(rows=rows)
    weights = np.linspace(0.5, 1.5, rows)
    return kind(X, y, weights, seed=seed, blocks=50, lanes=4, buffer=64, **how)


def make_trainer(engine):
    layers = [BatchNorm(), Dense(6, "tanh"), Dropout(0.2), Dense(1, "linear")]
    net = NeuralNetwork(layers, MeanSquaredError(), rng=3)
    return Trainer(net, Adam(CosineDecay(0.02), ema=0.9), engine=engine)


def train(folder, engine, *others, stream=None, epochs=3, minutes=1e-9, verbose=False, **how):
    """Train, and return the history and all that the network holds."""
    trainer = make_trainer(engine)
    history = trainer.fit(
        stream or make_stream(),
        None,
        *make_data(rows=23, seed=1),
        epochs=epochs,
        batch_size=BATCH,
        eval_every=1,
        patience=None,
        metrics=["mae"],
        callbacks=[Checkpoint(folder, minutes=minutes), *others],
        verbose=verbose,
        **how,
    )
    return history, state_of(trainer.net)


if __name__ == "__main__":
    stream_session._CHUNK = 1  # so that an epoch has several
    folder, engine, epoch, batch, result = sys.argv[1:]
    history, arrays = train(folder, engine, Death(int(epoch), int(batch)))
    losses = {f"history {name}": np.array(values) for name, values in history.history.items()}
    np.savez(Path(result), *arrays, **losses)
