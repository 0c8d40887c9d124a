"""Doctor: looks at a training once an epoch, and says what goes wrong."""

from __future__ import annotations

import copy
import textwrap
from dataclasses import asdict
from typing import Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import true_or_false
from glassbrick.doctor import HealthReport, Remark
from glassbrick.doctor.chart import Chart
from glassbrick.doctor.pass_through import sample_of
from glassbrick.network import NeuralNetwork
from glassbrick.training.callbacks.callback import Callback, Logs

__all__ = ["Doctor"]

_WIDTH = 80


class Doctor(Callback):
    """Say when a loss does not fall, gradients grow, units die, steps are too large or too small.

    And when a network overfits: the validation loss rises while the other falls. It says each
    thing once a fit. After each epoch a copy of the network is passed some training rows, 256 at
    most, forward and back; the network stays as it is.

    Parameters
    ----------
    verbose : bool, default True
        Whether to print remarks when they are made.

    Attributes
    ----------
    report : HealthReport
        All remarks of the latest fit.

    Raises
    ------
    ArgumentTypeError
        If `verbose` is neither True nor False.

    Examples
    --------
    >>> from glassbrick import SGD, Dense, Doctor, MeanSquaredError, NeuralNetwork, Trainer
    >>> net = NeuralNetwork([Dense(1, "linear")], MeanSquaredError(), rng=0)
    >>> trainer, data = Trainer(net, SGD(lr=1e-9)), ([[1.0], [2.0], [4.0]], [3.0, 5.0, 9.0])
    >>> history = trainer.fit(*data, epochs=4, verbose=False, callbacks=[Doctor()])
    Doctor, epoch 3: warning: weights: Each of the first 3 epochs changed ... of their size
    at most. Take a higher learning rate (Trainer.find_lr), or scale the features.
    """

    is_for_first = True

    def __init__(self, verbose: bool = True):
        self.verbose = true_or_false(verbose, "Doctor, verbose")
        self._begin()

    def _begin(self) -> None:
        self._chart = Chart()
        self._twin: NeuralNetwork | None = None
        self._sample: tuple[Array, Array] | None = None

    @property
    def report(self) -> HealthReport:
        """All remarks of the latest fit, worst first."""
        return HealthReport.of(f"{len(self._chart.losses)} epochs", self._chart.remarks)

    def on_train_begin(self, logs: Logs | None = None) -> None:  # noqa: ARG002
        """Begin a new chart."""
        self._begin()
        rows = self.trainer.training_rows
        self._sample = sample_of(rows.X), sample_of(rows.y)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:  # noqa: ARG002
        """Take a copy of the network, before the first epoch."""
        if self._twin is None:
            self._twin = copy.deepcopy(self.net)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:  # noqa: ARG002
        """Look, and say what was not said before."""
        if self._twin is None or self._sample is None:
            return
        chart = self._chart
        chart.losses, chart.val_losses = self.history.loss, self.history.val_loss
        with np.errstate(all="ignore"):
            chart.look(self._twin, self.net, *self._sample)
        new = chart.judge()
        if self.verbose:
            for remark in new:
                text = textwrap.fill(f"Doctor, epoch {epoch}: {remark}", _WIDTH)
                print(text, flush=True)  # noqa: T201

    def close(self) -> None:
        """Let the copy and the rows go."""
        self._twin, self._sample = None, None
        self._chart.losses, self._chart.val_losses = (
            [*self._chart.losses],
            [*self._chart.val_losses],
        )

    def get_state(self) -> dict[str, Any]:
        """Return the chart and the remarks so far."""
        return {
            "gradients": self._chart.gradients,
            "moved": self._chart.moved,
            "remarks": [asdict(remark) for remark in self._chart.remarks],
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on with them."""
        self._chart.gradients, self._chart.moved = state["gradients"], state["moved"]
        self._chart.epochs = len(self._chart.moved)
        self._chart.remarks = [Remark(**remark) for remark in state["remarks"]]

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"_twin": None, "_sample": None}
