"""What a network and an optimizer hold, as the compiled program takes it and gives it back."""

from __future__ import annotations

import operator
from typing import Any

import jax
import numpy as np

from glassbrick.arrays import Array
from glassbrick.engines.engine import Job
from glassbrick.engines.xla.program import Data, Part, run_once
from glassbrick.engines.xla.pure_call import abstract
from glassbrick.engines.xla.recorder import Recorder
from glassbrick.engines.xla.recording import Layout, Recording
from glassbrick.engines.xla.survey import Survey

__all__ = ["TrainingState"]


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
    """

    def __init__(self, job: Job, data: Data, capacity: int):
        self.job, self.data, self.capacity = job, data, capacity
        self._recorder = Recorder(job)
        self._layout: Layout | None = None
        self._seen: list[Any] = []

    def settle(self, x_batch: Array, y_batch: Array) -> list[float]:
        """Find all arrays, and compile for them, unless that was done and nothing has changed.

        Where the first step makes state (velocities, say), that step is run by itself, on the
        batch given, and its loss is returned.
        """
        seen = self._glance()
        if len(seen) == len(self._seen) and all(map(operator.is_, seen, self._seen)):
            return []
        self._look()
        layout = Layout.of(self._survey)
        losses = []
        if self._layout is None or layout.differences(self._layout):
            step = self._recorder.step(len(x_batch))
            if step.differences:
                losses = [self._first_step(step, x_batch, y_batch)]
            else:
                self._compile(step)
            self._layout = Layout.of(self._survey)
        self._seen = self._glance()
        return losses

    def _glance(self) -> list[Any]:
        """List what is most likely to be exchanged between two calls, by a schedule say."""
        return [*vars(self.job.optim).values(), *self.job.net.params()]

    def run(self, orders: Array, part: Part) -> Array:
        """Run a part of the epochs; return what the `EpochProgram` tells of each."""
        carry, told = self._program(
            self._chosen(self._carried),
            self._chosen(self._fixed),
            self.data,
            orders,
            np.array(part, np.int32),
        )
        values = [np.asarray(value) for value in carry]
        self._write(dict(zip(self._carried, values, strict=True)))
        return np.asarray(told)

    def _look(self) -> None:
        self._survey = Survey.of(**self._recorder.roots)
        self._held = self._survey.by_number()

    def _chosen(self, numbers: tuple[int, ...]) -> list[Any]:
        return [np.asarray(self._held[number]) for number in numbers]

    def _first_step(self, first: Recording, x_batch: Array, y_batch: Array) -> float:
        """Make the state that the first step makes, by running it."""
        read = tuple(sorted(first.pure.read))
        values = self._chosen(read)
        unchanged = [a for n, a in enumerate(self._held) if n not in first.pure.changed]
        arrays = first.enter()
        made = [n for n, array in enumerate(arrays) if not any(array is old for old in unchanged)]
        try:
            self._look()
            self._compile(self._recorder.step(len(x_batch)))
            step = first.pure.between(read, made)
            loss, new = jax.device_get(run_once(step, values, x_batch, y_batch))
        except BaseException:
            first.leave()
            raise
        self._write(dict(zip(made, new, strict=True)))
        return float(loss)

    def _compile(self, step: Recording) -> None:
        program = self._recorder.program(step, self._held)
        self._carried, self._fixed = program.carried, program.fixed
        self._program = program.compile(
            [abstract(array) for array in self._chosen(program.carried)],
            [abstract(array) for array in self._chosen(program.fixed)],
            jax.tree.map(abstract, self.data),
            abstract(np.zeros((self.capacity, len(self.job.X)), np.int32)),
            abstract(np.zeros(len(Part._fields), np.int32)),
        )

    def _write(self, values: dict[int, Array]) -> None:
        """Write into the arrays that the objects hold."""
        try:
            for number, value in values.items():
                held = self._held[number]
                if isinstance(held, np.ndarray):
                    held[...] = value
                else:  # a learning rate
                    self._exchange(number, float(value))
        except KeyboardInterrupt:
            self._write(values)  # all of it, or the arrays would be of different moments
            raise

    def _exchange(self, number: int, rate: float) -> None:
        before = self._held[number]
        self._survey.replace(lambda held: rate if held is before else held)
        self._look()
        self._seen = self._glance()
