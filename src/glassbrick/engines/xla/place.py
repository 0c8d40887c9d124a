"""Place: what one member of a population holds, and what it was told."""

from __future__ import annotations

import math
from collections.abc import Hashable

import numpy as np

from glassbrick.arrays import Array
from glassbrick.engines.engine import Member
from glassbrick.engines.epoch_losses import EpochLosses, SoundEpochs
from glassbrick.engines.facts import are_the_same
from glassbrick.engines.xla.layout import Layout
from glassbrick.engines.xla.survey import Survey

__all__ = ["Place"]


class Place:
    """One member: its state as the program takes it and gives it back.

    Parameters
    ----------
    member : Member
        Who asks for epochs, and is told of them.

    Attributes
    ----------
    survey, layout : Survey, Layout
        The arrays that it holds, and all else.
    head : list of float
        The losses of the first batches of the next epoch, if it was trained on them already.
    remaining : int
        How many epochs may be trained before it looks at its network.
    is_busy, is_over : bool
        Whether a thread trains it now, and whether it wants no more.
    """

    def __init__(self, member: Member):
        self.member, self.job = member, member.job
        self.survey: Survey
        self.layout: Layout
        self.head: list[float] = []
        self.remaining = 0
        self.is_busy = self.is_over = False
        self._orders: list[Array] = []
        self._seen: list[object] = []
        self._varying: frozenset[str] = frozenset()

    @property
    def most_ahead(self) -> int:
        """How many batches can be trained on before the others of their epoch."""
        return max(1, len(self.job.X) // self.job.batch_size)

    def wants_more(self) -> bool:
        """Whether it wants more epochs; how many is then `remaining`."""
        if not self.remaining and not self.is_over:
            self.remaining = self.member.ahead()
            self.is_over = not self.remaining
        return not self.is_over

    def is_changed(self) -> bool:
        """Whether its objects hold others than those that were found."""
        if self.is_busy:
            return False
        if are_the_same(self._seen, self.job.held()):
            return False
        before = self.layout
        self.look(self._varying)
        return bool(self.layout.differences(before))

    def look(self, varying: frozenset[str]) -> None:
        """Find all arrays, and the numbers that are state like arrays."""
        self._varying = varying
        roots = {"network": self.job.net, "optimizer": self.job.optim}
        self.survey, self._seen = Survey(roots, varying), self.job.held()
        self.layout = Layout.of(self.survey)

    def kind(self) -> Hashable:
        """Return what two members have in common that one program can train side by side."""
        job, layout, floats = self.job, self.layout, self.floats
        arrays = [job.X, job.y, job.weights, *(job.validation or ())]
        shapes = [None if a is None else (a.shape, a.dtype) for a in arrays]
        return (
            frozenset(fact for fact in layout.facts.items() if fact[0] not in floats),
            frozenset(layout.places.items()),
            frozenset(floats),
            (layout.arrays, *shapes, job.batch_size, len(self.head)),
        )

    @property
    def floats(self) -> dict[str, Hashable]:
        """Python numbers with a fraction, by their paths, but for those that vary."""
        return {
            path: fact
            for path, fact in self.layout.facts.items()
            if isinstance(fact, tuple) and len(fact) == 2 and fact[0] is float
        }

    def next_orders(self, epochs: int) -> list[Array]:
        """Return the orders of the next epochs, and forget them."""
        found, self._orders = self.peek(epochs)[:epochs], self._orders[epochs:]
        return found

    def peek(self, epochs: int) -> list[Array]:
        """Return the orders of the next epochs."""
        self._orders += self.member.next_orders(max(0, epochs - len(self._orders)))
        return self._orders

    @np.errstate(all="ignore")
    def step_eagerly(self) -> float:
        """Make a step of the next epoch, which makes state; return the loss of its batch."""
        (order, *_), number = self.peek(1), len(self.head)
        loss = float(self.job.net.train_batch(*self.job.batch(order, number)))
        if math.isfinite(loss):
            self.job.optim.step()
        self.head.append(loss)
        return loss

    def write(self, values: dict[int, Array]) -> None:
        """Write what has changed into the arrays that the objects hold."""
        is_moved = False
        for number, value in values.items():
            held, _, put = self.survey.found[number]
            if isinstance(held, np.ndarray) and held.flags.writeable:
                held[...] = value
                continue
            put(value.copy() if isinstance(held, np.ndarray) else type(held)(value))
            is_moved = True
        if is_moved:
            self.look(self._varying)

    def told(self, losses: EpochLosses) -> None:
        """Hand on what is told of an epoch."""
        self.remaining -= 1
        self.member.epoch_done(losses)
        if not losses.is_finite:
            self.remaining = 0

    def told_all(self, epochs: SoundEpochs) -> None:
        """Hand on what is told of several epochs."""
        self.remaining -= epochs.epochs
        self.member.epochs_done(epochs)
