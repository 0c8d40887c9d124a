"""ChunkState: a training state whose compiled program trains on chunks of a stream."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from glassbrick.arrays import Array
from glassbrick.engines.engine import Job
from glassbrick.engines.xla.placement import Placement
from glassbrick.engines.xla.program import INDEX, NO_PART, Data, EpochProgram, Epochs, Part
from glassbrick.engines.xla.pure_call import PureCall
from glassbrick.engines.xla.training_state import TrainingState
from glassbrick.memory import give_back

__all__ = ["ChunkData", "ChunkState"]


class ChunkData(NamedTuple):
    """What a chunk has on the devices.

    Attributes
    ----------
    full : list
        Features, targets, and weights if there are any: (batches, rows, columns) of each.
    short : list
        The same of a short batch, (1, rows, columns).
    validation : tuple
        Features, targets and weights; None for what there is not.
    """

    full: list[Any]
    short: list[Any]
    validation: tuple[Any, Any, Any]


class ChunkState(TrainingState):
    """The arrays of a job's network and optimizer, and the program that changes them.

    Parameters
    ----------
    job : Job
        Whose network and optimizer.
    example : ChunkData
        Like all that are to come.
    placement : Placement
        Where all that is.
    """

    def __init__(self, job: Job, example: ChunkData, placement: Placement):
        super().__init__(job, Data(None, None, None, *example.validation), 1, placement)
        self._example = example
        self._before: list[Any] | None = None
        self.before_compiling: Callable[[], None] = give_back  # gives up what takes memory

    @property
    def is_under_way(self) -> bool:
        """Whether the devices are ahead of what the objects hold."""
        return self._on_device is not None

    def run_chunk(self, chunk: ChunkData, part: Part) -> Array:
        """Run a part of an epoch.

        Returns the loss of each full batch and of the short one, the validation loss, and whether
        all parameters are finite.
        """
        self._before = self._on_device
        return self._call(chunk, part.given())

    def go_back(self) -> None:
        """Forget the last call."""
        self._on_device = self._before

    def forget(self) -> None:
        """Go on from what the objects hold."""
        super().forget()
        self._before = None

    def _compiled(self, program: EpochProgram, held: tuple[Any, ...]) -> Callable[..., Any]:
        self.before_compiling()
        given = self._example, NO_PART
        examples = self.placement.abstract((*held, *given))
        run = partial(_run, program, self.placement)
        # Nothing is given away: it is wanted if a loss of the call is not finite.
        return program.compile_for("chunks", run, self.placement, *examples, donated=())


def _run(
    program: EpochProgram,
    placement: Placement,
    carry: list[Any],
    fixed: list[Any],
    chunk: ChunkData,
    part: Any,
) -> tuple[list[Any], Any]:
    """Run a part of an epoch, in a program; see `ChunkState.run_chunk`."""
    told = jnp.zeros((1, len(chunk.full[0]) + 3), np.float64)
    data = Data(None, None, None, *chunk.validation)
    batches = _Batches(program, placement, fixed, data, chunk, Part(*part))
    carry, told = batches.epoch(jnp.zeros((), INDEX), (carry, told))
    return carry, told[0]


class _Batches(Epochs):
    """A part of one epoch, as JAX sees it; in the place of orders, it has the batches."""

    def _full_batches(self, number: Any, carry: list[Any], told: Any) -> Any:
        def batch(index: Any, held: Any) -> Any:
            carry, told = held
            rows = [jax.lax.dynamic_index_in_dim(a, index, 0, False) for a in self.orders.full]
            carry, loss = self._on_batch(self.program.calls.step, carry, rows)
            return carry, self._noted(told, number, index, loss)

        return jax.lax.fori_loop(self.part.start, self.part.stop, batch, (carry, told))

    def _short_batch(self, number: Any) -> Callable[[list[Any]], tuple[list[Any], Any]]:  # noqa: ARG002
        rows = [array[0] for array in self.orders.short]
        return lambda carry: self._on_batch(self.program.calls.short, carry, rows)

    def _on_batch(
        self, call: PureCall | None, carry: list[Any], rows: list[Any]
    ) -> tuple[list[Any], Any]:
        carry, loss = self._apply(call, carry, *self.placement.spread(rows))
        return carry, jnp.asarray(loss, np.float64)
