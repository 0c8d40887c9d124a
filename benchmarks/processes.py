"""What a second process brings: steps of a large network by one process, and by two.

Each process has one thread and a core of its own, if there are so many. 1024-2048-2048-10 is
trained in float32 with batches of 1024 and SGD, through ``Trainer.fit`` with
``XLA(devices="all")``: by one process, and by two that have found each other through
`glassbrick.distributed`. Both groups stay alive and take turns, round after round, and ratios are
those of a round.

    python benchmarks/processes.py [--rounds 7] [--processes 2]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import time
from typing import Any

from one_core import HOST, free_port, keep_to_core, start

SIZES, BATCH, STEPS = (1024, 2048, 2048, 10), 1024, 6


def measure(rounds: int = 7, processes: int = 2) -> dict[str, Any]:
    """Measure everything; return it as JSON.

    Parameters
    ----------
    rounds : int
        How often each group measures.
    processes : int
        How many the larger group has; no more than there are cores.
    """
    alone, together = Group(1), Group(processes)
    try:
        found = [{"one": alone.ask(), "several": together.ask()} for _ in range(rounds)]
    finally:
        alone.close()
        together.close()
    ratios = {
        clock: [each["one"][clock] / each["several"][clock] for each in found]
        for clock in ("wall", "processor")
    }
    return {
        "network": "-".join(map(str, SIZES)),
        "batch": BATCH,
        "processes": processes,
        "seconds_a_step": found,
        "times_as_fast": {clock: statistics.median(each) for clock, each in ratios.items()},
        "times_as_fast_of_rounds": ratios,
        "times_as_fast_at_best": min(each["one"]["wall"] for each in found)
        / min(each["several"]["wall"] for each in found),
    }


class Group:
    """Processes that train an epoch together whenever they are asked to."""

    def __init__(self, count: int):
        told = "--child", f"{HOST}:{free_port()}", count
        self._processes = [
            start(__file__, *told, number, stdin=subprocess.PIPE) for number in range(count)
        ]

    def ask(self) -> dict[str, float]:
        """Let them train; return the seconds of a step that the first one has measured."""
        first = self._processes[0]
        assert first.stdin is not None
        assert first.stdout is not None
        first.stdin.write("\n")
        first.stdin.flush()
        line = first.stdout.readline()
        if not line:
            raise SystemExit(f"processes: the first one ended with status {first.wait()}")
        return json.loads(line)

    def close(self) -> None:
        """End them."""
        for process in self._processes:
            process.kill()
            process.wait()


def child(coordinator: str, count: int, number: int) -> None:
    """Train; the first process does so when asked to through its standard input."""
    keep_to_core(number)
    import numpy as np

    import glassbrick as gb

    if count > 1:
        gb.distributed.start(coordinator, processes=count, process=number)

    class Clock(gb.Callback):
        is_spectator = True
        began: tuple[float, float] | None = None

        def on_epoch_end(self, epoch, logs=None):  # noqa: ARG002
            if number or epoch < 3:  # it compiles, and finds out how much a call should do
                return
            if self.began is not None:
                now = time.perf_counter(), time.process_time()
                wall, processor = ((b - a) / STEPS for a, b in zip(self.began, now, strict=True))
                print(json.dumps({"wall": wall, "processor": processor}), flush=True)
            input()
            self.began = time.perf_counter(), time.process_time()

    rng = np.random.default_rng(0)
    X = rng.standard_normal((STEPS * BATCH, SIZES[0]), np.float32)
    y = rng.integers(SIZES[-1], size=len(X))
    layers = [gb.Dense(size, "relu") for size in SIZES[1:-1]]
    net = gb.NeuralNetwork([*layers, gb.Dense(SIZES[-1])], gb.SoftmaxCrossEntropy(), rng=0)
    trainer = gb.Trainer(net, gb.SGD(0.01), engine=gb.XLA(devices="all"))
    trainer.fit(
        X, y, epochs=10**6, batch_size=BATCH, eval_every=10**6, verbose=False, callbacks=[Clock()]
    )


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        coordinator, count, number = options.child
        child(coordinator, int(count), int(number))
        return
    print(json.dumps(measure(options.rounds, options.processes), indent=1))


if __name__ == "__main__":
    main()
