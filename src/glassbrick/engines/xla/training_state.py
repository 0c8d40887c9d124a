"""What a network and an optimizer hold, as the compiled program takes it and gives it back."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.distributed import Cluster
from glassbrick.engines.engine import Job
from glassbrick.engines.facts import are_the_same
from glassbrick.engines.xla.layout import Layout
from glassbrick.engines.xla.placement import Placement
from glassbrick.engines.xla.program import INDEX, NO_PART, Data, EpochProgram, Part
from glassbrick.engines.xla.recorder import STEPS_TO_SETTLE, Recorder
from glassbrick.engines.xla.recording import Recording
from glassbrick.engines.xla.survey import Survey
from glassbrick.errors import LostProcessError

__all__ = ["TrainingState", "together"]


class TrainingState:
    """The arrays of a job's network and optimizer, and the program that changes them.

    Parameters
    ----------
    job : Job
        Whose network and optimizer.
    data : Data
        On the device.
    capacity : int
        Most epochs in a call.
    placement : Placement
        Where all that is.
    """

    def __init__(self, job: Job, data: Data, capacity: int, placement: Placement):
        self.job, self.data, self.capacity, self.placement = job, data, capacity, placement
        self._recorder = Recorder(job)
        self._layout: Layout | None = None
        self._seen: list[object] = []
        self._on_device: list[Any] | None = None
        self._survey: Survey
        self._program: Callable[..., Any]
        self._carried: tuple[int, ...]
        self._fixed: tuple[int, ...]

    def settle(self, batches: Iterable[tuple[Array, ...]]) -> list[float]:
        """Find all arrays, and compile for them, unless that was done and nothing has changed.

        Where the first steps make state (velocities, say), these are run eagerly on the
        batches given, and their losses are returned.
        """
        self.forget()
        if are_the_same(self._seen, self.job.held()):
            return []
        self._look()
        losses: list[float] = []
        if self._layout is None or Layout.of(self._survey).differences(self._layout):
            step = self._recorder.step(self.job.rows_a_step)
            for batch in islice(batches, STEPS_TO_SETTLE):
                if not step.differences:
                    break
                losses.append(self._step_eagerly(*batch))
                if not math.isfinite(losses[-1]):
                    return losses
                step = self._recorder.step(self.job.rows_a_step)
            self._compile(step)
            self._layout = Layout.of(self._survey)
        return losses

    def run(self, orders: Array, part: Part) -> Array:
        """Run a part of the epochs; return what the `EpochProgram` tells of each.

        What changes stays on the device until `write` or `forget`, because handing over the
        arrays of large networks takes a tenth of their step.
        """
        return self._call(self.data, orders, part.given())

    def _call(self, *inputs: Any) -> Array:
        carry = self._chosen(self._carried) if self._on_device is None else self._on_device
        self._on_device, told = self._program(carry, self._chosen(self._fixed), *inputs)
        return np.asarray(told)

    def forget(self) -> None:
        """Go on from what the objects hold."""
        self._on_device = None

    def write(self) -> None:
        """Write what has changed into the arrays that the objects hold."""
        if self._on_device is not None:
            self._write(dict(zip(self._carried, map(np.asarray, self._on_device), strict=True)))

    def _write(self, values: dict[int, Array]) -> None:
        try:
            for number, value in values.items():
                held, _, put = self._survey.found[number]
                if _is_writeable(held):
                    held[...] = value
                elif isinstance(held, np.ndarray):
                    put(value.copy())
                else:
                    put(type(held)(value))
        except KeyboardInterrupt:
            self._write(values)  # all of it, or the arrays would be of different moments
            raise
        if not all(_is_writeable(self._survey.found[n].held) for n in values):
            self._look()

    @np.errstate(all="ignore")
    def try_eagerly(self, *batch: Array) -> float:
        """Return the loss of a batch, and leave in the network what it leaves there."""
        return float(self.job.net.train_batch(*batch))

    def _look(self) -> None:
        self._survey = self._recorder.survey()
        self._seen = self.job.held()

    def _chosen(self, numbers: tuple[int, ...]) -> list[Any]:
        return [np.asarray(self._survey.found[number].held) for number in numbers]

    def _step_eagerly(self, *batch: Array) -> float:
        """Make the state that the first steps make."""
        loss = self.try_eagerly(*batch)
        if math.isfinite(loss):
            self.job.optim.step()
        return loss

    def _compile(self, step: Recording) -> None:
        program = self._recorder.program(step)
        self._look()
        self._carried, self._fixed = program.carried, program.fixed
        held = self._chosen(program.carried), self._chosen(program.fixed)
        self._program = self._compiled(program, held)

    def _compiled(self, program: EpochProgram, held: tuple[Any, ...]) -> Callable[..., Any]:
        """Compile for arrays of the state like these, and for all that `_call` is given."""
        orders = np.zeros((self.capacity, len(self.job.X)), INDEX)
        given = self.data, orders, NO_PART
        return program.compile(self.placement, *self.placement.abstract((*held, *given)))


@contextmanager
def together(cluster: Cluster | None, state: TrainingState) -> Iterator[None]:
    """Enclose what all processes of a cluster compute together, if there is one."""
    if cluster is None:
        yield
        return
    try:
        with cluster.computing():
            yield
    except LostProcessError:
        state.forget()  # what is on the devices cannot be had any more
        raise


def _is_writeable(held: Any) -> bool:
    return isinstance(held, np.ndarray) and held.flags.writeable
