"""Costs: what computing, adding up over processes, and reading take here, each for itself.

Reading needs the files that `streaming` writes. From all of these `cost_model` predicts what was
not measured. Each figure is measured in processes of their own, of one thread and on one core
each; of four that add up on two cores, two share one. The best of several repeats counts, for what
is slower was disturbed.

    python benchmarks/costs.py
"""

from __future__ import annotations

import argparse
import json
import time
from itertools import pairwise
from subprocess import Popen
from typing import Any

from one_core import HOST, free_port, keep_to_core, start

NETWORKS = ((64, 128, 128, 1), (784, 256, 128, 10), (1024, 1024, 1024, 10), (1024, 2048, 2048, 10))
BATCHES = (256, 1024)
NUMBERS = (1_000, 25_000, 250_000, 2_000_000, 8_000_000)  # float32, that are added up at once
REPEATS = 5
ROWS_READ = 2_000_000


def measure() -> dict[str, Any]:
    """Measure all; return what is written as JSON."""
    return {
        "steps": _told_by(start(__file__, "steps")),
        "reductions": {str(n): _reductions_of(n) for n in (2, 4)},
        "reading": _told_by(start(__file__, "reading")),
    }


def steps() -> list[dict[str, Any]]:
    """Time a training step of each network and batch size, compiled, in float32."""
    import numpy as np

    import glassbrick as gb

    found = []
    random = np.random.default_rng(0)
    for sizes in NETWORKS:
        for batch in BATCHES:
            hidden = [gb.Dense(size, "relu") for size in sizes[1:-1]]
            layers = [*hidden, gb.Dense(sizes[-1], "linear")]
            net = gb.NeuralNetwork(layers, gb.MeanSquaredError(), rng=0)
            trainer = gb.Trainer(net, gb.SGD(1e-4), engine="xla")
            rows = batch * 8
            X = random.standard_normal((rows, sizes[0])).astype(np.float32)
            y = random.standard_normal((rows, sizes[-1])).astype(np.float32)
            trainer.fit(X, y, epochs=1, batch_size=batch, verbose=False)
            epochs = max(1, int(1e10 / _multiplications(sizes, rows)))
            seconds = []
            for _ in range(REPEATS):
                start = time.perf_counter()
                trainer.fit(X, y, epochs=epochs, batch_size=batch, restart=False, verbose=False)
                seconds.append((time.perf_counter() - start) / (epochs * 8))
            flops = 2 * _multiplications(sizes, batch)
            found.append({"sizes": sizes, "batch": batch, "flops": flops, "seconds": min(seconds)})
    return found


def reductions(processes: int, process: int, port: int) -> list[dict[str, Any]]:
    """Time how long sums over processes take that all of them get."""
    import jax
    import numpy as np
    from jax.sharding import NamedSharding, PartitionSpec

    jax.distributed.initialize(f"{HOST}:{port}", processes, process)
    mesh = jax.make_mesh((processes,), ("rows",))
    spread, same = (NamedSharding(mesh, spec) for spec in (PartitionSpec("rows"), PartitionSpec()))
    found = []
    for numbers in NUMBERS:
        part = np.ones((1, numbers), np.float32)
        parts = jax.make_array_from_process_local_data(spread, part)
        add = jax.jit(lambda array: array.sum(0), out_shardings=same)
        jax.block_until_ready(add(parts))
        seconds = []
        for _ in range(4 * REPEATS):
            start = time.perf_counter()
            jax.block_until_ready(add(parts))
            seconds.append(time.perf_counter() - start)
        found.append({"bytes": 4 * numbers, "seconds": min(seconds)})
    return found


def reading() -> dict[str, float]:
    """Time how long one core takes to read, shuffle and encode rows of the streamed files."""
    import streaming

    from glassbrick.streams import TableStream

    pattern = str(streaming.FOLDER / "*.parquet")
    began = time.perf_counter()
    stream = TableStream(pattern, "y")
    first_pass = time.perf_counter() - began
    batches = stream.batches(0, streaming.BATCH)
    next(batches)  # fills the first windows
    began, rows = time.perf_counter(), 0
    for batch in batches:
        rows += len(batch.X)
        if rows >= ROWS_READ:
            break
    seconds = time.perf_counter() - began
    batches.close()
    return {
        "rows_a_second": rows / seconds,
        "rows_a_second_of_the_first_pass": stream.rows / first_pass,
        "features": streaming.FEATURES,
    }


def _multiplications(sizes: tuple[int, ...], rows: int) -> int:
    """Count those of matrices, forward and twice backward; nobody asks for the data's gradient."""
    weights = [before * after for before, after in pairwise(sizes)]
    return rows * (3 * sum(weights) - weights[0])


def _reductions_of(processes: int) -> Any:
    port = free_port()
    started = [start(__file__, "reductions", processes, n, port) for n in range(processes)]
    first, *_ = [_told_by(process) for process in started]
    return first


def _told_by(process: Popen[str]) -> Any:
    """Return what a process has found, when it has ended well."""
    printed, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"costs: a process ended with status {process.returncode}")
    return json.loads(printed.splitlines()[-1])


def main() -> None:
    """Measure all, or what a process of it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", choices=("steps", "reductions", "reading"))
    parser.add_argument("numbers", nargs="*", type=int)
    options = parser.parse_args()
    if options.what is not None:
        keep_to_core(options.numbers[1] if options.numbers else 0)
    if options.what == "steps":
        print(json.dumps(steps()))
    elif options.what == "reading":
        print(json.dumps(reading()))
    elif options.what == "reductions":
        print(json.dumps(reductions(*options.numbers)))
    else:
        print(json.dumps(measure(), indent=1))


if __name__ == "__main__":
    main()
