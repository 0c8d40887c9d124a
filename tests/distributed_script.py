"""One process of several that train together: told by JSON what to do, it writes what came of it.

Of each training it keeps all numbers; of an error that ends it, kind and message.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
from pathlib import Path

import numpy as np

import glassbrick as gb
from glassbrick.stream import ArrayStream
from networks import make_data


def arrays_of(trainer):
    """All numbers of a network and its optimizer."""
    parts = [*trainer.net._parts(), trainer.optim]
    found = [value for part in parts for _, value in sorted(vars(part).items())]
    found += [array for value in found if isinstance(value, list) for array in value]
    return [value for value in found if isinstance(value, np.ndarray) and value.dtype.kind == "f"]


def fit(net, optim, data, engine, **how):
    """Train, and return all numbers that come of it."""
    trainer = gb.Trainer(net, optim, engine=engine)
    history = trainer.fit(*data, **({"patience": None} | how))
    numbers = [*arrays_of(trainer), *history.history.values(), [history.best_epoch or 0]]
    return [np.asarray(number).tolist() for number in numbers]


def everything(engine, **how):
    """53 rows in batches of 13: nothing divides them, and the last batch has a single row."""
    layers = [
        gb.Dense(6, "tanh"),
        gb.BatchNorm(),
        gb.Dropout(0.8),
        gb.Residual([gb.Dense(6, "relu")]),
        gb.Dense(1),
    ]
    optim = gb.Adam(gb.CosineDecay(0.02), ema=0.9, clip_global_norm=0.5, weight_decay=1e-3)
    net = gb.NeuralNetwork(layers, gb.MeanSquaredError(), rng=3)
    data = (*make_data(rows=53, seed=1), *make_data(rows=21, seed=2))
    weights = {"sample_weight": np.linspace(0.1, 2.0, 53)}
    return fit(net, optim, data, engine, batch_size=13, epochs=6, **weights, **how)


def stopped(engine, process):
    """Return after which epochs, and why, a training ends that process 1 alone wants to stop."""

    class Stop(gb.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if (epoch, process) == (3, 1):
                self.stop("enough")

    trainer = gb.Trainer(linear(), gb.SGD(), engine=engine)
    history = trainer.fit(*make_data(), epochs=9, callbacks=[Stop()], verbose=False)
    return [history.epochs, history.stop_reason]


def linear(start=None):
    layers = [gb.Dense(1, "linear", bias_init=start)]
    return gb.NeuralNetwork(layers, gb.MeanSquaredError(), seed=3)


class Told(gb.Initializer):
    """Starts at the number of the process, which nobody sees in the settings."""

    def __init__(self, number):
        self._number = number

    def __call__(self, shape, rng):
        return np.full(shape, float(self._number))


def refusals(engine, process, folder):
    """What is said of trainings in which the processes do not do the same."""
    is_first = process == 0
    cases = [
        {"batch_size": 4 + process},
        {"seed": process},
        {"seed": None},
        {"start": Told(process)},
        {"epochs": 2 + process},
        {"eval_every": 2 + process},
        {"patience": 2 + process},
        {"metrics": [] if is_first else ["mae"]},
        {"callbacks": [gb.EarlyStopping("loss", restore_best=is_first)]},
        {"callbacks": [gb.EarlyStopping("loss", 1)] * is_first, "patience": 1},
        {"callbacks": [gb.ReduceLROnPlateau("loss", patience=1 + process)]},
        {"callbacks": [gb.Checkpoint(folder / "refused")] * is_first},
        {"callbacks": [gb.Checkpoint(folder / "refused")] * (not is_first)},
    ]
    said = []
    for case in cases:
        how = {"epochs": 1} | case
        try:
            fit(linear(how.pop("start", None)), gb.SGD(), make_data(), engine, **how)
        except gb.DistributedError as error:
            said.append(str(error))
    return said


def devices():
    """What is said of a device of process 0 alone; where all are placed that are told backwards."""
    import jax  # whose import draws random numbers, if it is the test that imports this

    try:
        alone = gb.XLA(jax.devices()[:1]).count_devices()
    except gb.ArgumentError as error:
        alone = str(error)
    return [alone, repr(gb.XLA(jax.devices()[::-1])._placement())]


class Pace(gb.Callback):
    """Tells after each epoch that it is done; waits, or does something, after some of them."""

    def __init__(self, folder, process, act_after, act):
        self.place, self.act_after, self.act = Path(folder, f"at-{process}"), act_after, act

    def on_epoch_end(self, epoch, logs=None):
        self.reach(epoch)

    def on_progress(self, batch, logs=None):
        if 4 <= batch < logs["batches"]:
            self.reach(f"within {self.history.epochs + 1}")

    def reach(self, place):
        self.place.write_text(str(place))
        if place in self.act_after:
            self.act()


def slow(engine, folder, *callbacks, epochs=12):
    """A training with a checkpoint after each epoch."""
    net = gb.NeuralNetwork(
        [gb.Dense(5, "tanh"), gb.Dropout(0.8), gb.Dense(1)], gb.MeanSquaredError(), rng=3
    )
    how = {"batch_size": 6, "epochs": epochs, "verbose": False}
    callbacks = [gb.Checkpoint(folder), *callbacks]
    return fit(net, gb.Adam(0.01), make_data(rows=21), engine, callbacks=callbacks, **how)


def streamed(engine, folder=None, *callbacks, rows=57):
    """A training on a stream, with checkpoints within its epochs if there is a folder."""
    net = gb.NeuralNetwork(
        [gb.Dense(5, "tanh"), gb.Dropout(0.8), gb.Dense(1)], gb.MeanSquaredError(), rng=4
    )
    stream = ArrayStream(*make_data(rows=rows), seed=2, blocks=9, buffer=16)
    test = dict(zip(("X_test", "y_test"), make_data(rows=21, seed=2), strict=True))
    kept = [] if folder is None else [gb.Checkpoint(folder, minutes=1e-9)]
    how = {"batch_size": 4, "epochs": 3, "verbose": False, "callbacks": [*kept, *callbacks]}
    return fit(net, gb.Adam(0.01), (stream,), engine, **test, **how)


def endless(engine, folder, process):
    """A training that computes nearly all the time."""
    trainer = gb.Trainer(
        gb.NeuralNetwork([gb.Dense(1)], gb.MeanSquaredError(), rng=3), gb.SGD(1e-6), engine=engine
    )
    pace = gb.LambdaCallback(
        on_epoch_end=lambda epoch, logs: Path(folder, f"at-{process}").write_text(str(epoch > 0))
    )
    data, how = make_data(rows=2000), {"batch_size": 2, "epochs": 10**6, "verbose": False}
    trainer.fit(*data, callbacks=[pace], **how)


def wait():
    """Wait to be killed, stopped, or left alone."""
    time.sleep(600)


def fill_the_disk():
    """Let no file be longer than a few bytes from now on."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, resource.RLIM_INFINITY))


def fail_to_read():
    raise gb.FileError("cannot read part-7.parquet: Input/output error.")


def send(number):
    return lambda: os.kill(os.getpid(), number)


ACTS = {
    "wait": wait,
    "fill the disk": fill_the_disk,
    "fail to read": fail_to_read,
    "interrupt": send(signal.SIGINT),
    "stop": send(signal.SIGSTOP),
    None: None,
}


def work(told, engine):
    """Do what was asked for."""
    process, folder = told["process"], Path(told["folder"])
    if told["what"] == "same numbers":
        log = gb.CSVLogger(folder / f"log-{process}.csv")
        kept = gb.Checkpoint(folder / "kept")
        found = {"everything": everything(engine, callbacks=[log, kept])}
        found["streamed"] = streamed(engine)
        found["stopped"] = stopped(engine, process)
        found["refused"] = refusals(engine, process, folder)
        return found | {"devices": devices()}
    if told["what"] == "go on for ever":
        return endless(engine, folder, process)
    pace = Pace(folder, process, told.get("after", ()), ACTS[told.get("act")])
    found = {"slow": slow(engine, folder / "kept", pace)}
    if "stream" in told["what"]:
        found["streamed"] = streamed(engine, folder / "kept-stream", pace)
    if told["what"] == "stream, and do it all again":
        found["whole"] = slow(engine, folder / "whole")
        found["streamed whole"] = streamed(engine)
    return found


def main():
    told = json.loads(sys.argv[1])
    place = Path(told["folder"], f"result-{told['process']}.json")
    cluster = gb.distributed.start(
        told["coordinator"],
        processes=told["processes"],
        process=told["process"],
        silence=told.get("silence", 60.0),
    )
    try:
        found = work(told, gb.XLA(devices="all"))
    except gb.GlassbrickError as error:
        found = {"error": type(error).__name__, "message": str(error)}
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        place.write_text(json.dumps(found))
        raise
    place.write_text(json.dumps(found | {"hosts": cluster.hosts}))


if __name__ == "__main__":
    main()
