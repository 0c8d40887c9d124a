"""Recorder: records all that a fit does again and again: steps, and the loss on validation data."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from glassbrick.engines.engine import Job
from glassbrick.engines.xla.program import Calls, EpochProgram
from glassbrick.engines.xla.recording import Layout, Recording, record, record_twice
from glassbrick.engines.xla.survey import Survey
from glassbrick.errors import TracingError

__all__ = ["Recorder"]

_BLOCK = 4096  # validation rows predicted at a time, which bounds the memory


class Recorder:
    """Runs a job's network and optimizer once on arrays without numbers.

    Parameters
    ----------
    job : Job
        Whose network and optimizer.
    """

    def __init__(self, job: Job):
        self.job = job
        self.roots = {"network": job.net, "optimizer": job.optim}

    def step(self, rows: int) -> Recording:
        """Record the training step of so many rows."""
        net, optim = self.job.net, self.job.optim

        def step(x_batch: Any, y_batch: Any) -> Any:
            loss = net.train_batch(x_batch, y_batch)
            optim.step()
            return loss

        return record_twice(self.roots, step, self.job.X[:rows], self.job.y[:rows])

    def require_compilable(self) -> None:
        """Record everything, and leave all as it was.

        Raises
        ------
        TracingError
            If something cannot be compiled.
        """
        with jax.enable_x64(True):
            rows = min(self.job.batch_size, len(self.job.X))
            step = first = self.step(rows)
            try:
                if first.differences:
                    first.enter()
                    step = self.step(rows)
                self.program(step, Survey.of(**self.roots).by_number())
            finally:
                first.leave()

    def program(self, step: Recording, held: list[Any]) -> EpochProgram:
        """Record all else, and put it together.

        Parameters
        ----------
        step : Recording
            Of a full batch, or of all rows if they are fewer.
        held : list of array
            What the network and the optimizer hold, by number.

        Raises
        ------
        TracingError
            If a call leaves something behind that later calls could depend on, without it
            being in an array.
        """
        job = self.job
        if step.differences:
            _refuse_change(step, step.before, step.after)
        parts = self._validation()
        rest = len(job.X) % job.batch_size
        if len(job.X) >= job.batch_size:
            parts["step"] = step
        if rest:
            parts["short"] = self.step(rest) if "step" in parts else step
        for part in parts.values():
            part.require_apart()
            self._require_no_trace(part, step)
        changed = set().union(*(part.pure.changed for part in parts.values()))
        changed -= set().union(*(part.scratch for part in parts.values()))
        read = set().union(*(part.pure.read for part in parts.values()))
        params = {id(param) for param in job.net.params()}
        return EpochProgram(
            Calls(**{name: part.pure for name, part in parts.items()}),
            carried=tuple(sorted(changed)),
            fixed=tuple(sorted(read - changed)),
            params=frozenset(n for n, array in enumerate(held) if id(array) in params),
            batch_size=job.batch_size,
            block_size=_BLOCK,
        )

    def _validation(self) -> dict[str, Recording]:
        """Record the prediction of a block of validation rows, of the rest, and the loss."""
        if self.job.validation is None:
            return {}
        net = self.job.net
        X_val, y_val = self.job.validation

        def forward(rows: Any) -> Any:
            for layer in net.layers:
                rows = layer.forward(rows)
            return rows

        parts = {}
        if len(X_val) >= _BLOCK:
            parts["block"] = predict = record(self.roots, forward, X_val[:_BLOCK])
        if rest := len(X_val) % _BLOCK:
            parts["tail"] = predict = record(self.roots, forward, X_val[:rest])
        _, *outputs = predict.pure.result.shape
        predicted = np.empty((len(X_val), *outputs), predict.pure.result.dtype)
        parts["loss"] = record(self.roots, net.loss.forward, predicted, y_val)
        return parts

    def _require_no_trace(self, part: Recording, step: Recording) -> None:
        """Refuse a call that leaves behind what would change the recorded step.

        A loss may keep the number of rows, say, if it does so anew with each batch.
        """
        if not part.differences:
            return
        part.enter(same_arrays=True)
        try:
            again = self.step(min(self.job.batch_size, len(self.job.X)))
        finally:
            part.leave()
        if again.pure.text != step.pure.text or again.after.differences(step.after):
            _refuse_change(part, step.after, again.after)


def _refuse_change(part: Recording, first: Layout, second: Layout) -> None:
    path = (first.differences(second) or part.differences)[0]
    was, now = (_what(layout, path) for layout in (first, second))
    raise TracingError(
        f"{path}: expected to be the same after each training step, because Python numbers, texts "
        f"and lengths are compiled in; received {now} after {was}. Hold a number that changes as "
        "an array, self.t = np.zeros(()), and change it in place, self.t += 1; know parameters by "
        'their place in a list, not by id(param). Or train with engine="numpy".'
    )


def _what(layout: Layout, path: str) -> str:
    if path in layout.places:
        shape, dtype = layout.arrays[layout.places[path]]
        return f"an array of shape {shape} and dtype {dtype}"
    fact = layout.facts.get(path, "nothing")
    return str(fact[1]) if isinstance(fact, tuple) and len(fact) > 1 else str(fact)
