"""The workloads: what every peer trains, with the same numbers and the same arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

CHECK_STEPS = 100
_BOSTON = Path(__file__).parents[1] / "src/glassbrick/datasets/boston_house_prices.csv"


@dataclass(frozen=True)
class Workload:
    """A network with a linear end, trained by SGD on the mean squared error in float32.

    The error is summed over outputs and averaged over rows, as Glassbrick does it; peers
    that average over outputs scale their learning rate.
    """

    sizes: tuple[int, ...]
    batch: int
    rows: int
    hidden: str  # "sigmoid" or "relu"
    lr: float

    @property
    def name(self) -> str:
        return "-".join(map(str, self.sizes))

    @property
    def outputs(self) -> int:
        return self.sizes[-1]

    @property
    def layers(self) -> list[tuple[int, int]]:
        """Inputs and outputs of each layer."""
        return list(pairwise(self.sizes))

    @property
    def steps_an_epoch(self) -> int:
        return self.rows // self.batch

    @property
    def operations_a_step(self) -> int:
        """Multiplications and additions of a step's matrix products.

        Each layer has three products of the same cost: its output, the gradient of its
        weights and the gradient of its input. The first layer's input needs no gradient.
        """
        costs = [2 * self.batch * inputs * outputs for inputs, outputs in self.layers]
        return 3 * sum(costs) - costs[0]

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """Draw features, and targets that can be learned only in part."""
        rng = np.random.default_rng(0)
        X = rng.standard_normal((self.rows, self.sizes[0]))
        teacher = rng.standard_normal((self.sizes[0], self.outputs)) / np.sqrt(self.sizes[0])
        y = np.tanh(X @ teacher) + 0.1 * rng.standard_normal((self.rows, self.outputs))
        return X.astype(np.float32), y.astype(np.float32)

    def params(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Draw the weights, shape (inputs, outputs), and the biases that every peer starts from."""
        rng = np.random.default_rng(1)
        return [
            (
                (rng.standard_normal((inputs, outputs)) / np.sqrt(inputs)).astype(np.float32),
                np.zeros(outputs, np.float32),
            )
            for inputs, outputs in self.layers
        ]

    def of_whole_batches(self) -> Workload:
        """Return the same with all rows in one batch, so that their order means nothing."""
        return replace(self, batch=self.rows, lr=0.1)


WORKLOADS = (
    Workload((13, 13, 13, 1), batch=32, rows=3200, hidden="sigmoid", lr=0.01),
    Workload((64, 128, 128, 1), batch=256, rows=5120, hidden="relu", lr=0.01),
    Workload((784, 256, 128, 10), batch=128, rows=2560, hidden="relu", lr=0.001),
    Workload((1024, 2048, 2048, 10), batch=1024, rows=4096, hidden="relu", lr=0.001),
)
SMALLEST = WORKLOADS[0]


def named(name: str) -> Workload:
    """Return the workload of that name."""
    return next(workload for workload in WORKLOADS if workload.name == name)


def boston() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Read, scale and split the chapter's data without Glassbrick: X and y, X and y to validate."""
    table = np.loadtxt(_BOSTON, delimiter=",", skiprows=2)
    X, y = table[:, :-1], table[:, -1:]
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    order = np.random.default_rng(0).permutation(len(X))
    test, train = order[:152], order[152:]
    return X[train], y[train], X[test], y[test]
