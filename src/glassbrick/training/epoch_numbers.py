"""What is told of an epoch: its loss, the mean of those of its batches by rows, and all else."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.engines import Job

__all__ = ["logs_of", "mean_over_rows", "means_over_rows"]


def mean_over_rows(losses: Sequence[float], job: Job) -> float:
    """Average the losses of an epoch's batches."""
    # Not `sum`, which makes up for rounding in some versions of Python.
    before = functools.reduce(operator.add, losses[:-1], 0.0)
    return _mean(before, losses[-1], len(losses), job)  # type: ignore[no-any-return]


def means_over_rows(batches: Array, job: Job) -> list[float]:
    """Average those of several epochs, from an array of the shape (epochs, batches)."""
    # Added one after the other, as those of one epoch are, not in pairs.
    before = np.add.accumulate(batches, axis=1)[:, -2] if batches.shape[1] > 1 else 0.0
    return _mean(before, batches[:, -1], batches.shape[1], job).tolist()  # type: ignore[no-any-return]


def logs_of(loss: float, validation: float | None, values: dict[str, float]) -> dict[str, float]:
    """Return what callbacks are told of an epoch."""
    return {"loss": loss} | ({} if validation is None else {"val_loss": validation}) | values


def _mean(before: Any, last: Any, batches: int, job: Job) -> Any:
    """Return the mean, from the sum of all but the last loss, and the last one."""
    if batches == 1:
        return last
    in_last = job.rows - job.batch_size * (batches - 1)
    return (before * job.batch_size + last * in_last) / job.rows
