"""Several fits on the NumPy engine, run together: small networks that are alike, stacked."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from contextlib import ExitStack
from typing import cast

import numpy as np

from glassbrick.arrays import Array
from glassbrick.batches import cut
from glassbrick.engines.engine import BatchSession, Job, Member
from glassbrick.engines.epoch_losses import EpochLosses
from glassbrick.engines.facts import are_the_same
from glassbrick.engines.stacked_blocks import make_of
from glassbrick.engines.stacked_optimizers import StackedOptimizers, settings_of
from glassbrick.engines.stacked_rows import StackedRows
from glassbrick.engines.stacked_step import StackedStep
from glassbrick.network import NeuralNetwork

__all__ = ["run_together"]

_MOST_WORK = 2**18  # multiplications of a step forward, beyond which stacking saves no time


def run_together(
    members: Sequence[Member],
    start: Callable[[Job], BatchSession],
    epoch_losses: Callable[[Job, list[float]], EpochLosses],
) -> None:
    """Run several fits, each with the result that it has alone.

    Those that can be stacked take their steps together. Others are run one after the other, and
    so are those that are left over when the others of their kind have ended.

    Parameters
    ----------
    members : sequence of Member
        Who ask for epochs, and are told of them.
    start : callable
        Returns a session that trains one alone.
    epoch_losses : callable
        Returns what an epoch has to tell, from the losses of its batches.
    """
    kinds: dict[Hashable, list[_Place]] = {}
    for place in map(_Place, members):
        kinds.setdefault(place.kind, []).append(place)
    for kind, places in kinds.items():
        if kind is not None:
            company = _Company(places, epoch_losses)
            try:
                while company.go_on():
                    company.train_an_epoch()
            finally:
                company.part()
        for place in places:
            if place.ahead():
                start(place.job).run(place.ahead, place.member.next_order, place.told)


class _Place:
    """A member, and for how many epochs nobody has to look at it."""

    def __init__(self, member: Member):
        self.member, self.job = member, member.job
        self.kind, self._seen = _kind(member.job), _glance(member.job.net)
        self._remaining = 0

    def ahead(self) -> int:
        """Return how many epochs may be trained before it looks at its network; 0: enough."""
        if not self._remaining:
            self._remaining = self.member.ahead()
        return self._remaining

    def is_as_it_was(self) -> bool:
        """Whether nobody made another network of it."""
        return are_the_same(self._seen, _glance(self.job.net))

    def told(self, losses: EpochLosses) -> None:
        """Hand on what is told of an epoch."""
        self._remaining = self._remaining - 1 if losses.is_finite else 0
        self.member.epoch_done(losses)


class _Company:
    """Places whose networks take their steps together, until one or none of them is left."""

    def __init__(
        self, places: Sequence[_Place], epoch_losses: Callable[[Job, list[float]], EpochLosses]
    ):
        self._places, self._epoch_losses = list(places), epoch_losses
        self._rows = StackedRows([place.job for place in places])
        self._number = {id(place): number for number, place in enumerate(places)}
        job = places[0].job
        validation = 0 if job.validation is None else len(job.validation.X)
        self._validates_alone = _work(job, validation) > _MOST_WORK
        self._step: StackedStep | None = None
        self._optimizers: StackedOptimizers | None = None

    def go_on(self) -> bool:
        """Ask who wants more; return whether any are together."""
        staying = [place for place in self._places if place.ahead() and place.is_as_it_was()]
        self._stay(staying if len(staying) > 1 else [])
        return bool(self._places)

    def train_an_epoch(self) -> None:
        """Train all for an epoch, and tell them. Who diverges leaves after that very batch."""
        places = self._places
        numbers = [self._number[id(place)] for place in places]
        orders = self._rows.place(numbers, [place.member.next_order() for place in places])
        told = np.empty((len(places), 0))
        for batch in cut(orders.shape[1], places[0].job.batch_size):
            losses = self._make_step(orders[:, batch])
            told, finite = np.column_stack([told, losses]), np.isfinite(losses)
            if not finite.all():
                self._stay([place for place, stays in zip(places, finite, strict=True) if stays])
                for place, stays, own in zip(places, finite, told.tolist(), strict=True):
                    if not stays:
                        place.told(EpochLosses(own, None, finite=False))
                rows = [places.index(place) for place in self._places]
                places, orders, told = self._places, orders[rows], told[rows]
                if not places:
                    break
        if self._optimizers is not None:
            self._optimizers.tell()
        for place, epoch in zip(places, self._epochs(told.tolist()), strict=True):
            place.told(epoch)

    def part(self) -> None:
        """Give all networks and optimizers their own arrays back."""
        if self._optimizers is not None:
            self._optimizers.let_go()
        if self._step is not None:
            self._step.let_go()
        self._step = self._optimizers = None

    @np.errstate(all="ignore")
    def _make_step(self, rows: Array) -> Array:
        """Compute the losses of a batch for each, and make the step of those that are finite."""
        step, optimizers = cast(StackedStep, self._step), cast(StackedOptimizers, self._optimizers)
        losses = step(*self._rows.take(rows))
        optimizers.step(np.isfinite(losses).tolist())
        return losses

    @np.errstate(all="ignore")
    def _epochs(self, told: list[list[float]]) -> list[EpochLosses]:
        """Add the validation loss of each to the losses of an epoch."""
        jobs = [place.job for place in self._places]
        given = [job.validation for job in jobs if job.validation is not None]
        if not given or self._step is None or self._validates_alone:
            return [self._epoch_losses(*each) for each in zip(jobs, told, strict=True)]
        with ExitStack() as averages:
            for job in jobs:
                averages.enter_context(job.optim.averaged())
            rows = [
                np.stack(arrays) for arrays in zip(*given, strict=True) if arrays[0] is not None
            ]
            found = self._step.evaluate(*rows).tolist()
        return [EpochLosses(*each, finite=True) for each in zip(told, found, strict=True)]

    def _stay(self, staying: list[_Place]) -> None:
        """Let the others leave, and stack those that stay, if they are not as they were."""
        step, optimizers, same = self._step, self._optimizers, len(staying) == len(self._places)
        if step is not None and optimizers is not None and same and optimizers.fit_still():
            step.take_over()
            return
        self.part()
        alike: dict[Hashable, list[_Place]] = {}
        for place in staying:
            alike.setdefault(settings_of(place.job.optim), []).append(place)
        self._places = [place for some in alike.values() for place in some]
        if staying:
            jobs = [place.job for place in self._places]
            self._step = step = StackedStep([job.net for job in jobs])
            step.take_over()
            optims = [job.optim for job in jobs]
            self._optimizers = StackedOptimizers(optims, step.params, step.grads)


def _kind(job: Job) -> Hashable | None:
    """Return what members have in common that can be stacked; None if it repays for none."""
    kind = make_of(job.net)
    if kind is None or job.hooks is not None or _work(job, job.rows_a_step) > _MOST_WORK:
        return None
    arrays = [job.X, job.y, job.weights, *(job.validation or ())]
    given = [None if a is None else (a.shape, a.dtype) for a in arrays]
    return (kind, job.batch_size, *given) if job.X.ndim == 2 else None


def _work(job: Job, rows: int) -> int:
    """Return how many multiplications so many rows take forward."""
    return rows * sum(param.size for param in job.net.params())


def _glance(net: NeuralNetwork) -> list[object]:
    """List what may be exchanged between two epochs, but for parameters."""
    values: list[object] = [net.layers, net.loss]
    for block in (net.loss, *net.layers, *net.operations()):
        memory = block.memory
        values += [v for k, v in vars(block).items() if k not in memory and k != "param"]
    return values
