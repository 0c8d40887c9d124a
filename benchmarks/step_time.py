"""Time of a training step: Glassbrick against the chapter's design in its plainest form.

Both run in turns in one process, and the ratio is taken pair by pair, so that a machine
whose speed drifts does not decide. Run it with ``make bench``.
"""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import book_style
import numpy as np
from rich.console import Console
from rich.table import Table

import glassbrick

REPEATS = 11


@dataclass(frozen=True)
class Workload:
    """A network of sigmoid layers with a linear end, and how it is trained."""

    sizes: tuple[int, ...]
    batch: int
    dtype: type
    rows: int
    epochs: int
    goal: float  # the largest ratio to the book's way that is good enough


WORKLOADS = (
    Workload((13, 13, 13, 1), 32, np.float64, 3200, 10, goal=0.6),
    Workload((784, 256, 128, 10), 128, np.float32, 2560, 3, goal=0.5),
)


def ours(work: Workload, X: np.ndarray, y: np.ndarray) -> Callable[[], object]:
    """Prepare a fit with Glassbrick."""
    hidden = [glassbrick.Dense(n) for n in work.sizes[1:-1]]
    layers = [*hidden, glassbrick.Dense(work.sizes[-1], "linear")]
    net = glassbrick.NeuralNetwork(layers, glassbrick.MeanSquaredError(), seed=1)
    trainer = glassbrick.Trainer(net, glassbrick.SGD(lr=1e-4))
    return lambda: trainer.fit(
        X, y, X[:8], y[:8], epochs=work.epochs, eval_every=work.epochs, batch_size=work.batch,
        verbose=False,
    )  # fmt: skip


def book(work: Workload, X: np.ndarray, y: np.ndarray) -> Callable[[], object]:
    """Prepare a fit the book's way."""
    hidden = [book_style.Dense(n, book_style.Sigmoid()) for n in work.sizes[1:-1]]
    layers = [*hidden, book_style.Dense(work.sizes[-1], book_style.Linear())]
    net = book_style.NeuralNetwork(layers, book_style.MeanSquaredError(), seed=1)
    trainer = book_style.Trainer(net, book_style.SGD(lr=1e-4))
    return lambda: trainer.fit(X, y, X[:8], y[:8], work.epochs, work.epochs, work.batch, seed=1)


def microseconds_a_step(prepare: Callable[..., Callable[[], object]], work: Workload) -> float:
    """Time one whole fit, and divide by its steps."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((work.rows, work.sizes[0])).astype(work.dtype)
    y = rng.standard_normal((work.rows, work.sizes[-1])).astype(work.dtype)
    fit = prepare(work, X, y)
    start = time.perf_counter()
    fit()
    return (time.perf_counter() - start) / (work.epochs * -(-work.rows // work.batch)) * 1e6


def main() -> None:
    """Run all workloads and print a table."""
    warnings.simplefilter("ignore")  # the book's sigmoid overflows
    table = Table(title=f"Microseconds a training step, median of {REPEATS}", title_justify="left")
    for column in ("network", "batch", "dtype", "Glassbrick", "book's way", "ratio", "goal"):
        table.add_column(column, justify="left" if column == "network" else "right")
    for work in WORKLOADS:
        pairs = [
            (microseconds_a_step(ours, work), microseconds_a_step(book, work))
            for _ in range(REPEATS)
        ]
        ratio = statistics.median(a / b for a, b in pairs)
        table.add_row(
            "-".join(map(str, work.sizes)),
            str(work.batch),
            np.dtype(work.dtype).name,
            f"{statistics.median(a for a, _ in pairs):.1f}",
            f"{statistics.median(b for _, b in pairs):.1f}",
            f"{ratio:.2f}",
            f"{work.goal:.2f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
