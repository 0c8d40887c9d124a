"""Recorder: records all that a fit does again and again: steps, and the loss on validation data."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassbrick.engines.engine import Job
from glassbrick.engines.xla.program import EpochProgram
from glassbrick.engines.xla.recording import Layout, Recording, record
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

        return record(self.roots, step, self.job.X[:rows], self.job.y[:rows])

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
        rest = len(job.X) % job.batch_size
        has_full = len(job.X) >= job.batch_size
        short = self.step(rest) if rest and has_full else step if rest else None
        block, tail, loss = self._validation()
        parts = [part for part in (step, short, block, tail, loss) if part is not None]
        for part in parts:
            self._require_no_trace(part, step)
        changed = set().union(*(part.changed for part in parts))
        changed -= set().union(*(part.scratch for part in parts))
        params = {id(param) for param in job.net.params()}
        return EpochProgram(
            step=step if has_full else None,
            short=short,
            block=block,
            tail=tail,
            loss=loss,
            carried=tuple(sorted(changed)),
            fixed=tuple(sorted(set().union(*(part.read for part in parts)) - changed)),
            params=frozenset(n for n, array in enumerate(held) if id(array) in params),
            batch_size=job.batch_size,
            block_size=_BLOCK,
        )

    def _validation(self) -> tuple[Recording | None, Recording | None, Recording | None]:
        """Record the prediction of a block of validation rows, of the rest, and the loss."""
        if self.job.validation is None:
            return None, None, None
        net = self.job.net
        X_val, y_val = self.job.validation

        def forward(rows: Any) -> Any:
            for layer in net.layers:
                rows = layer.forward(rows)
            return rows

        rest = len(X_val) % _BLOCK
        block = record(self.roots, forward, X_val[:_BLOCK]) if len(X_val) >= _BLOCK else None
        tail = record(self.roots, forward, X_val[:rest]) if rest else None
        _, *outputs = (tail or block).result.shape  # type: ignore[union-attr]
        predicted = np.empty((len(X_val), *outputs), (tail or block).result.dtype)  # type: ignore[union-attr]
        return block, tail, record(self.roots, net.loss.forward, predicted, y_val)

    def _require_no_trace(self, part: Recording, step: Recording) -> None:
        """Refuse a call that leaves behind what would change the recorded step.

        A loss may keep the number of rows, say, if it does so anew with each batch.
        """
        if not part.differences:
            return
        part.enter()
        try:
            again = self.step(min(self.job.batch_size, len(self.job.X)))
        finally:
            part.leave()
        if again.text != step.text or again.after.differences(step.after):
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
