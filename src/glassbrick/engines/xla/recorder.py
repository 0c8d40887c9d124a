"""Recorder: records all that a fit does again and again: steps, and the loss on validation data."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassbrick.checks import complaint, describe
from glassbrick.engines.engine import Job
from glassbrick.engines.xla.layout import Layout
from glassbrick.engines.xla.program import Calls, EpochProgram
from glassbrick.engines.xla.recording import Recording, Roots, record
from glassbrick.engines.xla.settings import own_settings
from glassbrick.engines.xla.survey import Survey
from glassbrick.errors import TracingError
from glassbrick.modes import predicting

__all__ = ["STEPS_TO_SETTLE", "Recorder"]

STEPS_TO_SETTLE = 4
"""How many steps an optimizer may take to make all that it holds."""

_BLOCK = 4096  # validation rows predicted at a time, which bounds the memory


class Recorder:
    """Runs copies of a job's network and optimizer once, on arrays without numbers.

    Parameters
    ----------
    job : Job
        Whose network and optimizer.
    roots : dict of str to object, optional
        What to copy; the network and the optimizer themselves if not given.

    Attributes
    ----------
    varying : frozenset of str
        The paths of numbers in whose place the steps recorded so far left computed ones.
    """

    def __init__(self, job: Job, roots: Roots | None = None):
        self.job = job
        self.roots = roots or {"network": job.net, "optimizer": job.optim}
        self.varying: frozenset[str] = frozenset()

    def survey(self) -> Survey:
        """Look at what the network and the optimizer hold now."""
        return Survey(self.roots, self.varying)

    def step(self, rows: int) -> Recording:
        """Record the training step of so many rows."""
        arrays = (self.job.X, self.job.y, self.job.weights)
        recording = self._record(_step, *[a[:rows] for a in arrays if a is not None])
        if recording.varying <= self.varying:
            return recording
        self.varying |= recording.varying
        return self.step(rows)

    def require_compilable(self) -> None:
        """Record everything.

        Raises
        ------
        TracingError
            If something cannot be compiled.
        """
        with own_settings():
            recorder = self
            step = self.step(self.job.rows_a_step)
            for _ in range(min(STEPS_TO_SETTLE, max(1, self.job.rows // self.job.batch_size))):
                if not step.differences:
                    break
                recorder = Recorder(self.job, step.left)
                step = recorder.step(self.job.rows_a_step)
            recorder.program(step)

    def program(self, step: Recording) -> EpochProgram:
        """Record all else, and put it together.

        Parameters
        ----------
        step : Recording
            Of a full batch, or of all rows if they are fewer.

        Raises
        ------
        TracingError
            If a call leaves something behind that later calls could depend on, without it
            being in an array.
        """
        parts = self._steps(step)
        step = parts.get("step", step)
        if step.differences:
            _refuse_change(step, step.before, step.after)
        parts |= self._validation()
        for part in parts.values():
            part.require_apart()
            self._require_no_trace(part, step)
        changed = set().union(*(part.pure.changed for part in parts.values()))
        scratch = set().union(*(part.scratch for part in parts.values()))
        read = set().union(*(part.pure.read for part in parts.values()))
        changed -= scratch
        params = {id(param) for param in self.roots["network"].params()}
        held = [found.held for found in self.survey().found]
        return EpochProgram(
            Calls(**{name: part.pure for name, part in parts.items()}),
            carried=tuple(sorted(changed)),
            fixed=tuple(sorted(read - changed)),
            params=frozenset(n for n, array in enumerate(held) if id(array) in params),
            batch_size=self.job.batch_size,
            block_size=_BLOCK,
        )

    def _steps(self, step: Recording) -> dict[str, Recording]:
        """Record the step of a short last batch, too; both with the same numbers that vary."""
        rest, varying = self.job.rows % self.job.batch_size, self.varying
        if rest == self.job.rows_a_step:  # there is no full batch
            return {"short": step}
        if not rest:
            return {"step": step}
        short = self.step(rest)
        if self.varying != varying:
            return self._steps(self.step(self.job.rows_a_step))
        return {"step": step, "short": short}

    def _validation(self) -> dict[str, Recording]:
        """Record the prediction of a block of validation rows, of the rest, and the loss."""
        if self.job.validation is None:
            return {}
        X_val, y_val, weights = self.job.validation
        parts = {}
        if len(X_val) >= _BLOCK:
            parts["block"] = predict = self._record(_predict, X_val[:_BLOCK])
        if rest := len(X_val) % _BLOCK:
            parts["tail"] = predict = self._record(_predict, X_val[:rest])
        _, *outputs = predict.pure.result.shape
        predicted = np.empty((len(X_val), *outputs), predict.pure.result.dtype)
        given = [] if weights is None else [weights]
        parts["loss"] = self._record(_loss, predicted, y_val, *given)
        return parts

    def _record(self, call: Any, *inputs: Any) -> Recording:
        return record(self.roots, call, *inputs, varying=self.varying)

    def _require_no_trace(self, part: Recording, step: Recording) -> None:
        """Refuse a call that leaves behind what would change the recorded step.

        A loss may keep the number of rows, say, if it does so anew with each batch.
        """
        if not part.before.differences(part.after):
            return
        again = Recorder(self.job, part.left).step(self.job.rows_a_step)
        if again.pure.essence != step.pure.essence or again.after.differences(step.after):
            _refuse_change(part, step.after, again.after)


def _step(roots: Roots, *batch: Any) -> Any:
    loss = roots["network"].train_batch(*batch)
    if loss is None or np.shape(loss) != ():
        who = f"{type(roots['network']).__name__}.train_batch"
        raise TracingError(complaint(who, "the loss, one number", describe(loss)))
    roots["optimizer"].step()
    return loss


def _predict(roots: Roots, rows: Any) -> Any:
    with predicting(), roots["optimizer"].averaged():
        for layer in roots["network"].layers:
            rows = layer.forward(rows)
    return rows


def _loss(roots: Roots, *given: Any) -> Any:
    with roots["optimizer"].averaged():
        return roots["network"].loss_of(*given)


def _refuse_change(part: Recording, first: Layout, second: Layout) -> None:
    path = (first.differences(second) or part.before.differences(part.after))[0]
    was, now = first.describe(path), second.describe(path)
    raise TracingError(
        f"{path}: expected to be the same after each training step, because Python numbers, texts "
        f"and lengths are compiled in; received {now} after {was}. Hold a number that changes as "
        "an array, self.t = np.zeros(()), and change it in place, self.t += 1; know parameters by "
        'their place in a list, not by id(param). Or train with engine="numpy".'
    )
