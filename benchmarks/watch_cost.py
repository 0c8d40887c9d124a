"""What watching costs: the time of a training with `Watch`, over that of the same one without.

Trainings run in turns in one process: plain, recorded only, and with a page that another process
reads as a browser does. The first tenth of the epochs is not counted, in which an engine compiles.
Told are the ratio of times on the wall, pair by pair, and what part of all processor time of this
process `Watch` and its server's thread take, which other programs disturb less.

    python benchmarks/watch_cost.py [--seconds 3] [--repeats 5]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass

import numpy as np

import glassbrick as gb

READER = "import sys, urllib.request\nfor line in urllib.request.urlopen(sys.argv[1]): pass"
PLAIN, RECORDED, READ = "plain", "recorded", "page and reader"


@dataclass(frozen=True)
class Workload:
    """A network, how it is trained, and on what."""

    sizes: tuple[int, ...]
    batch: int
    dtype: type
    rows: int
    engine: str

    def __str__(self) -> str:
        return f"{'-'.join(map(str, self.sizes))}, {self.batch} a batch, {self.engine}"


WORKLOADS = [
    Workload(sizes, batch, dtype, rows, engine)
    for sizes, batch, dtype, rows in (
        ((13, 13, 13, 1), 32, np.float64, 354),
        ((784, 256, 128, 10), 128, np.float32, 2560),
    )
    for engine in ("numpy", "xla")
]


class Clock(gb.Callback):
    """Notes clocks when a tenth of the epochs is over, and at the end."""

    is_spectator = True

    def __init__(self, epochs: int, watch: TimedWatch | None):
        self.first, self.last, self.watch = max(1, epochs // 10), epochs, watch
        self.seconds = {}

    def on_epoch_end(self, epoch, logs=None):  # noqa: ARG002
        if epoch in (self.first, self.last):
            spent = 0.0 if self.watch is None else self.watch.spent
            clocks = time.perf_counter(), time.process_time(), spent
            self.seconds[epoch] = np.array(clocks)

    @property
    def result(self) -> tuple[float, float]:
        """Seconds an epoch on the wall, and the share of processor time that watching took."""
        wall, processors, spent = self.seconds[self.last] - self.seconds[self.first]
        return wall / (self.last - self.first), spent / processors


class TimedWatch(gb.Watch):
    """Counts the processor time of what it does."""

    looking = 0.0

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self._due:
            began = time.thread_time()
            super().on_epoch_end(epoch, logs)
            self.looking += time.thread_time() - began

    @property
    def spent(self) -> float:
        """Seconds of looks, and of the server's thread."""
        if self._server is None:
            return self.looking
        clock = time.pthread_getcpuclockid(self._server._thread.ident)
        return self.looking + time.clock_gettime(clock)


def train(work: Workload, epochs: int, watch: TimedWatch | None = None) -> tuple[float, float]:
    """Train once; see `Clock.result`."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((work.rows, work.sizes[0])).astype(work.dtype)
    y = rng.standard_normal((work.rows, work.sizes[-1])).astype(work.dtype)
    hidden = [gb.Dense(n, "sigmoid") for n in work.sizes[1:-1]]
    layers = [*hidden, gb.Dense(work.sizes[-1], "linear")]
    net = gb.NeuralNetwork(layers, gb.MeanSquaredError(), rng=1)
    clock = Clock(epochs, watch)
    gb.Trainer(net, gb.SGD(lr=1e-4), engine=work.engine).fit(
        *(X, y, X[:100], y[:100]), epochs=epochs, batch_size=work.batch, patience=None,
        verbose=False, callbacks=[clock] if watch is None else [watch, clock],
    )  # fmt: skip
    return clock.result


def watched(work: Workload, epochs: int, way: str) -> tuple[float, float]:
    """Train in one of three ways; see `Clock.result`."""
    if way == PLAIN:
        return train(work, epochs)
    watch = TimedWatch(None if way == RECORDED else 0, verbose=False)
    if way == RECORDED:
        return train(work, epochs, watch)
    reader = subprocess.Popen([sys.executable, "-c", READER, f"{watch.url}events"])
    while not watch.readers:
        time.sleep(0.01)
    try:
        return train(work, epochs, watch)
    finally:
        watch.shut_down()
        reader.wait(10)


def main() -> None:
    """Measure, and print ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--repeats", type=int, default=5)
    settings = parser.parse_args()
    for work in WORKLOADS:
        trial = train(work, 20)[0]
        epochs = max(20, int(settings.seconds / trial))
        epochs = max(20, int(settings.seconds / train(work, epochs)[0]))
        found: dict[str, list[tuple[float, float]]] = {way: [] for way in (PLAIN, RECORDED, READ)}
        for _ in range(settings.repeats):
            for way, results in found.items():
                results.append(watched(work, epochs, way))
        plain = np.array(found[PLAIN])[:, 0]
        print(f"\n{work}: {epochs} epochs of {1e6 * plain.min():,.0f} µs at best")
        for way in (RECORDED, READ):
            wall, share = np.array(found[way]).T
            print(
                f"  {way:16} {statistics.median(wall / plain):.3f} times the time on the wall "
                f"(best to best {wall.min() / plain.min():.3f}); "
                f"{np.median(share):.1%} of processor time is watching",
                flush=True,
            )


if __name__ == "__main__":
    main()
