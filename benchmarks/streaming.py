"""What a stream costs: memory and speed of training on 4 GB of Parquet files, beside memory.

A dataset of 64 features and a target, float32, is written once and kept for the next time, unless
asked otherwise. 64-128-128-1 is trained on it with batches of 256, in a process of its own that
reports its largest memory above that after ``import glassbrick``; and in another one on rows of
the same kind in memory. Both take turns, round after round, and ratios are those of a round.

    python benchmarks/streaming.py [--gigabytes 4] [--rounds 5] [--seconds 5] [--epoch]
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FEATURES, BATCH, HIDDEN = 64, 256, (128, 128)
ROWS_A_FILE = 1 << 20
ROWS_IN_MEMORY = 1 << 18
ENGINES = ("xla", "numpy")
FOLDER = Path(tempfile.gettempdir()) / "glassbrick-streaming"


def measure(
    gigabytes: float = 4.0,
    rounds: int = 5,
    seconds: float = 5.0,
    *,
    engines: Sequence[str] = ENGINES,
    dictionaries: bool = True,
    whole_epoch: bool = False,
    keep: bool = True,
) -> dict[str, Any]:
    """Measure everything; return it as JSON.

    Parameters
    ----------
    gigabytes : float
        Of numbers in the dataset, as float32.
    rounds : int
        How often each process measures.
    seconds : float
        Of one measurement.
    engines : sequence of str
        Which to measure.
    dictionaries : bool
        Whether columns have dictionaries in the files, as pyarrow writes them by default.
    whole_epoch : bool
        Whether to end with what is left of the epoch, for the largest memory of all of it.
    keep : bool
        Whether to leave the files for the next time.
    """
    rows = round(gigabytes * 1e9 / (4 * (FEATURES + 1)))
    write(FOLDER, rows, dictionaries=dictionaries)
    try:
        found = [_measure_engine(name, rounds, seconds, whole_epoch) for name in engines]
    finally:
        if not keep:
            shutil.rmtree(FOLDER)
    return {
        "rows": rows,
        "bytes_of_numbers": rows * 4 * (FEATURES + 1),
        "bytes_of_files": sum(path.stat().st_size for path in FOLDER.glob("*.parquet")),
        "network": "-".join(map(str, (FEATURES, *HIDDEN, 1))),
        "batch": BATCH,
        "dictionaries": dictionaries,
        "engines": found,
    }


def write(folder: Path, rows: int, *, dictionaries: bool = True) -> None:
    """Write the dataset, a file at a time, unless it is there."""
    import numpy as np
    import pyarrow
    from pyarrow import parquet

    told, what = folder / "rows", f"{rows}" if dictionaries else f"{rows}, no dictionaries"
    if told.exists() and told.read_text() == what:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if shutil.disk_usage(folder).free < rows * 5 * (FEATURES + 1):
        raise SystemExit(f"streaming: not enough room in {folder}")
    rng = np.random.default_rng(0)
    weights = rng.standard_normal(FEATURES).astype(np.float32) / np.float32(FEATURES**0.5)
    for number, start in enumerate(range(0, rows, ROWS_A_FILE)):
        count = min(ROWS_A_FILE, rows - start)
        columns = [rng.standard_normal(count, np.float32) for _ in range(FEATURES)]
        y = sum(np.tanh(column) * w for column, w in zip(columns, weights, strict=True))
        names = [f"x{column}" for column in range(FEATURES)]
        table = pyarrow.table([*columns, y], [*names, "y"])
        parquet.write_table(
            table, folder / f"part-{number:03}.parquet", use_dictionary=dictionaries
        )
    told.write_text(what)


def _measure_engine(engine: str, rounds: int, seconds: float, whole_epoch: bool) -> dict[str, Any]:
    streaming, memory = Child("stream", engine), Child("memory", engine)
    try:
        found = []
        for _ in range(rounds):
            found.append({"stream": streaming.ask(seconds), "memory": memory.ask(seconds)})
            print(f"streaming, {engine}: {found[-1]}", file=sys.stderr, flush=True)
        told = streaming.ask(-1.0 if whole_epoch else 0.0)
    finally:
        streaming.close()
        memory.close()
    imports = _imports(engine)
    told["megabytes_at_most_beyond_what_it_imports"] = told["megabytes_at_most"] - imports
    ratios = {
        clock: [each["stream"][clock] / each["memory"][clock] for each in found]
        for clock in ("wall", "processors")
    }
    return {
        "engine": engine,
        "megabytes_of_imports": imports,
        "microseconds_a_step": found,
        "times_as_long": {clock: statistics.median(each) for clock, each in ratios.items()},
        "times_as_long_of_rounds": ratios,
        **told,
    }


def _imports(engine: str) -> float:
    """Return the megabytes that JAX and pyarrow take when they are imported, and JAX starts."""
    jax = "import jax; jax.numpy.zeros(1).block_until_ready()" if engine == "xla" else ""
    code = (
        "import streaming, glassbrick\n"
        "before = streaming._megabytes('VmRSS')\n"
        f"import pyarrow.parquet, pyarrow.compute\n{jax}\n"
        "print(streaming._megabytes('VmRSS') - before)"
    )
    here = Path(__file__).parent
    run = subprocess.run([sys.executable, "-c", code], cwd=here, capture_output=True, check=True)
    return float(run.stdout)


class Child:
    """A process that trains for some seconds whenever it is asked to."""

    def __init__(self, kind: str, engine: str):
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--child", kind, engine],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, seconds: float) -> Any:
        """Let it train, and return the microseconds of a step; 0 or less: what it has to tell."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{seconds}\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()


def child(kind: str, engine: str) -> None:
    """Train when asked to through the standard input, and answer through the standard output."""
    import glassbrick as gb

    global _answers
    _answers, sys.stdout = sys.stdout, sys.stderr  # what a fit says is no answer
    imported = _megabytes("VmRSS")
    hidden = [gb.Dense(neurons, "relu") for neurons in HIDDEN]
    net = gb.NeuralNetwork([*hidden, gb.Dense(1, "linear")], gb.MeanSquaredError(), rng=0)
    trainer = gb.Trainer(net, gb.SGD(0.01), engine=engine)
    how = {"batch_size": BATCH, "verbose": False}
    if kind == "memory":
        _train_in_memory(trainer, how)
        return
    from glassbrick.streams import TableStream

    # What the engine itself imports is measured elsewhere, for here it comes in the midst of it.
    began = time.perf_counter()
    stream = TableStream(str(FOLDER / "*.parquet"), "y")
    told = {"first_pass_seconds": time.perf_counter() - began, "megabytes_after_import": imported}
    told["megabytes_of_first_pass"] = _megabytes("VmHWM") - imported
    clock = _clock(gb.Callback)()
    trainer.fit(stream, epochs=1, callbacks=[clock], **how)
    told |= {"megabytes_at_most": _megabytes("VmHWM") - imported, "batches": clock.batch}
    _answer(told)


def _clock(base: type) -> type:
    """Return a callback that measures when it is asked to."""

    class Clock(base):
        is_spectator = True
        batch, wanted, began = 0, 0.0, None

        def on_progress(self, batch, logs=None):  # noqa: ARG002
            self.batch = batch
            if self.wanted < 0.0:
                return
            if self.began is not None:
                start, since = self.began
                if time.perf_counter() - since[0] < self.wanted:
                    return
                _answer(_per_step(since, batch - start))
            if batch < 3000:  # warm up: it compiles, and finds out how much a call should do
                return
            self.wanted = float(input())
            if self.wanted == 0.0:
                raise KeyboardInterrupt
            self.began = batch, _clocks()

    return Clock


def _train_in_memory(trainer: Any, how: dict[str, Any]) -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    X = rng.standard_normal((ROWS_IN_MEMORY, FEATURES), np.float32)
    y = np.tanh(X).sum(axis=1, keepdims=True) / np.float32(FEATURES**0.5)
    trainer.fit(X, y, epochs=2, **how)
    epochs, steps = 1, -(-len(X) // BATCH)
    for line in sys.stdin:
        began = _clocks()
        trainer.fit(X, y, epochs=epochs, restart=False, **how)
        told = _per_step(began, epochs * steps)
        epochs = max(1, round(float(line) * 1e6 / told["wall"] / steps))
        _answer(told)


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _per_step(since: tuple[float, float], steps: int) -> dict[str, float]:
    """Return the microseconds of a step, on the wall and of all processors together."""
    wall, processors = (1e6 * (b - a) / steps for a, b in zip(since, _clocks(), strict=True))
    return {"wall": wall, "processors": processors}


def _answer(told: Any) -> None:
    print(json.dumps(told), file=_answers, flush=True)


def _megabytes(name: str) -> float:
    """Return a number of this process's memory, as Linux tells it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise OSError(f"this system does not tell {name}")


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gigabytes", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0, help="of one measurement")
    parser.add_argument("--epoch", action="store_true", help="train for a whole epoch")
    parser.add_argument(
        "--no-dictionaries", action="store_true", help="write files that take less memory"
    )
    parser.add_argument("--remove", action="store_true", help="remove the files at the end")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(*options.child)
        return
    found = measure(
        options.gigabytes, options.rounds, options.seconds, engines=options.engines,
        dictionaries=not options.no_dictionaries,
        whole_epoch=options.epoch, keep=not options.remove,
    )  # fmt: skip
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
