"""ChunkState: a training state whose compiled program trains on chunks of a stream."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from glassbrick.arrays import Array
from glassbrick.engines.engine import Job
from glassbrick.engines.xla.program import Data, EpochProgram, Epochs, Part
from glassbrick.engines.xla.training_state import TrainingState

__all__ = ["ChunkProgram", "ChunkState"]


class ChunkProgram(EpochProgram):
    """Trains on full batches, on the short last one, and validates, as a `Part` says."""

    is_donating = False  # what there was before a call is wanted if a loss in it is not finite

    def _run(self, carry: list[Any], fixed: list[Any], *given: Any) -> tuple[list[Any], Any]:
        """Run a part of an epoch: of a chunk, a `Part`.

        Returns the arrays that were changed; and one array with the loss of each full batch and
        of the short one, the validation loss, and whether all parameters are finite.
        """
        (full, short, validation), part = given
        told = jnp.zeros((1, len(full[0]) + 3), np.float64)
        data = Data(None, None, None, *validation)
        epochs = _Batches(self, fixed, data, (full, short), Part(*part))
        carry, told = epochs.epoch(jnp.zeros((), np.int32), (carry, told))
        return carry, told[0]


class _Batches(Epochs):
    """One epoch, as JAX sees it, whose `orders` are batches themselves: full ones, a short one."""

    def full_batch(self, number: Any, index: Any) -> list[Any]:  # noqa: ARG002
        full, _ = self.orders
        return [jax.lax.dynamic_index_in_dim(array, index, keepdims=False) for array in full]

    def short_batch(self, number: Any) -> list[Any]:  # noqa: ARG002
        _, short = self.orders
        return [array[0] for array in short]


class ChunkState(TrainingState):
    """The arrays of a job's network and optimizer, and the program that changes them.

    Parameters
    ----------
    job : Job
        Whose network and optimizer.
    example : pytree of jax.Array
        A chunk: full batches, a short one, and validation rows.
    """

    program_type = ChunkProgram

    def __init__(self, job: Job, example: Any):
        super().__init__(job, example, 1)
        self._before: list[Any] | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether the device is ahead of what the objects hold."""
        return self._on_device is not None

    def run_chunk(self, chunk: Any, part: Part) -> Array:
        """Run a part of an epoch; return what the `ChunkProgram` tells of it."""
        self._before = self._on_device
        return self._call(chunk, np.array(part, np.int32))

    def _inputs(self) -> tuple[Any, ...]:
        return self.data, np.zeros(len(Part._fields), np.int32)

    def go_back(self) -> None:
        """Forget the last call."""
        self._on_device = self._before

    def forget(self) -> None:
        """Go on from what the objects hold."""
        super().forget()
        self._before = None
