"""The workloads: what every peer trains, with the same numbers and the same arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

CHECK_STEPS, CHECK_ROWS = 100, 512
BETAS, EPS = (0.9, 0.999), 1e-8  # Adam's, in all peers
_BOSTON = Path(__file__).parents[1] / "src/glassbrick/datasets/boston_house_prices.csv"


@dataclass(frozen=True)
class Workload:
    """A network with a linear end, and how it is trained in float32.

    Losses are averaged over rows. A squared error is summed over outputs, as Glassbrick does
    it; peers with another factor before it make up for that, see `for_loss`. The cross entropy
    is that of softmax, from labels.
    """

    sizes: tuple[int, ...]
    batch: int
    rows: int
    hidden: str  # "sigmoid" or "relu"
    lr: float
    optimizer: str = "SGD"  # plain, or "Adam"
    loss: str = "squared error"  # or "cross entropy"

    @property
    def network(self) -> str:
        return "-".join(map(str, self.sizes))

    @property
    def name(self) -> str:
        """What it is called on the command line."""
        return self.network if self.optimizer == "SGD" else f"{self.network}-adam"

    @property
    def outputs(self) -> int:
        return self.sizes[-1]

    @property
    def classifies(self) -> bool:
        return self.loss == "cross entropy"

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
        """Draw features, and targets that can be learned only in part; labels are one column."""
        rng = np.random.default_rng(0)
        X = rng.standard_normal((self.rows, self.sizes[0]))
        teacher = rng.standard_normal((self.sizes[0], self.outputs)) / np.sqrt(self.sizes[0])
        y = np.tanh(X @ teacher) + 0.1 * rng.standard_normal((self.rows, self.outputs))
        if self.classifies:
            return X.astype(np.float32), y.argmax(axis=1, keepdims=True)
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

    def for_loss(self, factor: float) -> tuple[float, float]:
        """Return the rate, and Adam's eps, that a loss of `factor` times ours needs.

        The steps are then the same. Adam's would be the same at any scale, but for eps.
        """
        if self.optimizer == "SGD":
            return self.lr / factor, EPS
        return self.lr, EPS * factor

    def for_average(self) -> tuple[float, float]:
        """Return both for peers that average a squared error over outputs, too."""
        return self.for_loss(1.0 if self.classifies else 1.0 / self.outputs)

    def means(self, output: np.ndarray) -> np.ndarray:
        """Return the predictions that a network's output means: for classes, probabilities."""
        output = np.asarray(output, np.float64).reshape(-1, self.outputs)
        if not self.classifies:
            return output
        powers = np.exp(output - output.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def error(self, output: np.ndarray, y: np.ndarray) -> float:
        """Return the loss of a network's output."""
        if not self.classifies:
            return squared_error(output, y)
        likely = np.take_along_axis(self.means(output), y, axis=1)
        return float(-np.log(np.maximum(likely, 1e-300)).mean())

    def of_whole_batches(self) -> Workload:
        """Return the same with all rows in one batch, so that their order means nothing."""
        lr = 0.1 if self.optimizer == "SGD" else 0.001
        return replace(self, batch=CHECK_ROWS, rows=CHECK_ROWS, lr=lr)


def _with_adam(workload: Workload) -> Workload:
    """Return the network as it is mostly trained; one of several outputs tells classes apart."""
    loss = "cross entropy" if workload.outputs > 1 else "squared error"
    return replace(workload, hidden="relu", optimizer="Adam", loss=loss, lr=1e-4)


_WITH_SGD = (
    Workload((13, 13, 13, 1), batch=32, rows=3200, hidden="sigmoid", lr=0.01),
    Workload((64, 128, 128, 1), batch=256, rows=5120, hidden="relu", lr=0.01),
    Workload((784, 256, 128, 10), batch=128, rows=2560, hidden="relu", lr=0.001),
    Workload((1024, 2048, 2048, 10), batch=1024, rows=4096, hidden="relu", lr=0.001),
)
# In pairs, which the plot puts side by side.
WORKLOADS = tuple(each for work in _WITH_SGD for each in (work, _with_adam(work)))
SMALLEST = WORKLOADS[0]
CHECKED = ("13-13-13-1", "13-13-13-1-adam", "784-256-128-10-adam")


def named(name: str) -> Workload:
    """Return the workload of that name."""
    return next(workload for workload in WORKLOADS if workload.name == name)


def squared_error(prediction: np.ndarray, y: np.ndarray) -> float:
    """Sum squared errors over outputs and average over rows."""
    error = np.asarray(prediction, np.float64).reshape(y.shape) - y
    return float(np.square(error).sum() / len(y))


def boston() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Read, scale and split the chapter's data without Glassbrick: X and y, X and y to validate."""
    table = np.loadtxt(_BOSTON, delimiter=",", skiprows=2)
    X, y = table[:, :-1], table[:, -1:]
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    order = np.random.default_rng(0).permutation(len(X))
    test, train = order[:152], order[152:]
    return X[train], y[train], X[test], y[test]
