"""Fitting: an estimator's fit that pauses for its training, so that many can be trained at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Generic, TypeAlias

from glassbrick.checks import T
from glassbrick.errors import DivergenceError
from glassbrick.sklearn.rows import Split
from glassbrick.training import Callback, Checkpoint, EarlyStopping, History, Trainer
from glassbrick.training.together import Outcome, fit_together

__all__ = ["Fitted", "Fitting", "Trainee", "fit_all", "fit_alone"]

_ROOM = 512 * 1024**2  # bytes of rows that may wait for their training


@dataclass(frozen=True, eq=False)
class Trainee:
    """A network, and all that `Trainer.fit` is to be given for it.

    Attributes
    ----------
    trainer : Trainer
        Which has it.
    rows : Split
        Rows to train on, and to validate on.
    epochs, batch_size, eval_every, patience, restart, callbacks, verbose
        As of `Trainer.fit`.
    order : context manager
        Entered while it is trained: what decides the order of rows, if the network does not.
    """

    trainer: Trainer
    rows: Split
    epochs: int
    batch_size: int
    eval_every: int = 1
    patience: int | None = None
    restart: bool = True
    callbacks: Sequence[Callback] = ()
    verbose: bool | str = False
    order: AbstractContextManager[None] = field(default_factory=nullcontext)

    @property
    def settings(self) -> dict[str, Any]:
        """What all that are trained at once have in common."""
        names = ("epochs", "batch_size", "eval_every", "patience", "restart", "verbose")
        return {name: getattr(self, name) for name in names}

    @property
    def _needs_turns(self) -> bool:
        """Whether it has to be trained by itself: what goes on from a file does so to the bit."""
        return any(isinstance(callback, Checkpoint) for callback in self.callbacks)

    def can_join(self, others: Sequence[Trainee]) -> bool:
        """Whether it can be trained together with some others."""
        if self._needs_turns or others[0]._needs_turns or self.settings != others[0].settings:
            return False
        own = {id(c) for c in self.callbacks if not isinstance(c, EarlyStopping)}
        return all(id(callback) not in own for other in others for callback in other.callbacks)


Fitting: TypeAlias = Generator[list[Trainee], list[History], T]
"""A fit in its steps: it prepares, yields what is to be trained, and goes on with what came of it.

It may yield several times. A `DivergenceError` is thrown into it.
"""


@dataclass(frozen=True)
class Fitted(Generic[T]):
    """What came of a fit.

    Attributes
    ----------
    result : object or Exception
        What it returned, or raised.
    seconds : float
        How long it took, of its training its share of the time of all that were trained with it.
    """

    result: T | Exception
    seconds: float


def fit_alone(fitting: Fitting[T]) -> T:
    """Go through one fit; its networks are trained at once."""
    try:
        trainees = next(fitting)
        while True:
            trainees = _answered(fitting, _train(trainees))
    except StopIteration as end:
        result: T = end.value
        return result


def fit_all(makes: Sequence[Callable[[], Fitting[T]]]) -> list[Fitted[T]]:
    """Go through many fits; all of their networks are trained at once.

    Parameters
    ----------
    makes : sequence of callable
        Each begins a fit anew, whenever it is called.

    Returns
    -------
    list of Fitted
        In the order of `makes`. The errors of one do not concern the others.

    Raises
    ------
    KeyboardInterrupt
        If training was interrupted.
    """
    found: list[Fitted[T]] = []
    while len(found) < len(makes):
        members = _as_many_as_fit(makes[len(found) :])
        try:
            _go_through(members)
        except Exception:  # of one of them, which alone will meet it again
            for member in members:
                member.begin_anew()
        found += [Fitted(member.result, member.seconds) for member in members]
    return found


class _Member(Generic[T]):
    """One of several fits.

    Attributes
    ----------
    trainees : list of Trainee
        What it waits for; none when it is done.
    result, seconds : T or Exception, float
        As of `Fitted`.
    """

    result: T | Exception

    def __init__(self, make: Callable[[], Fitting[T]]):
        self._make, self.seconds = make, 0.0
        self._step(self._begin)

    def go_on(self, outcomes: Sequence[Outcome], seconds: float) -> None:
        """Tell it what came of its training, and how long that took."""
        self.seconds += seconds
        self._step(lambda: _answered(self._fitting, outcomes))

    def begin_anew(self) -> None:
        """Begin again, and go through all of it alone."""
        self.seconds = 0.0

        def whole() -> list[Trainee]:
            self.result = fit_alone(self._make())
            return []

        self._step(whole)

    def _begin(self) -> list[Trainee]:
        self._fitting = self._make()
        return next(self._fitting)

    def _step(self, move: Callable[[], list[Trainee]]) -> None:
        """Let it move to its next training, or to its end."""
        began, self.trainees = time.perf_counter(), []
        try:
            self.trainees = move()
        except StopIteration as end:
            self.result = end.value
        except Exception as error:  # whoever asked for the fit is told
            self.result = error
        self.seconds += time.perf_counter() - began


def _as_many_as_fit(makes: Sequence[Callable[[], Fitting[T]]]) -> list[_Member[T]]:
    """Begin fits, until the rows that wait for training take too much room."""
    members: list[_Member[T]] = []
    sizes: dict[int, int] = {}  # of arrays, which several may share
    for make in makes:
        members.append(_Member(make))
        arrays = (a for trainee in members[-1].trainees for a in vars(trainee.rows).values())
        sizes |= {id(array): array.nbytes for array in arrays if array is not None}
        if sum(sizes.values()) > _ROOM:
            break
    return members


def _go_through(members: Sequence[_Member[T]]) -> None:
    """Train what they wait for, until none waits."""
    while waiting := [member for member in members if member.trainees]:
        trainees = [trainee for member in waiting for trainee in member.trainees]
        began = time.perf_counter()
        outcomes = iter(_train(trainees))
        share = (time.perf_counter() - began) / len(trainees)
        for member in waiting:
            own = len(member.trainees)
            member.go_on(list(islice(outcomes, own)), own * share)


def _answered(fitting: Fitting[T], outcomes: Sequence[Outcome]) -> list[Trainee]:
    """Tell a fit what came of its training; return what it wants trained next."""
    for outcome in outcomes:
        if not isinstance(outcome, History):
            return fitting.throw(outcome)
    return fitting.send([outcome for outcome in outcomes if isinstance(outcome, History)])


def _train(trainees: Sequence[Trainee]) -> list[Outcome]:
    """Train, all that can be at once."""
    outcomes: dict[int, Outcome] = {}
    for group in _groups(trainees):
        members = [trainees[k] for k in group]
        outcomes |= zip(group, _train_at_once(members), strict=True)
        stopped = (o.stop_reason for o in outcomes.values() if isinstance(o, History))
        if len(trainees) > 1 and "interrupted" in stopped:
            raise KeyboardInterrupt  # which ended some fits, and is meant for all of them
    return [outcomes[k] for k in range(len(trainees))]


def _groups(trainees: Sequence[Trainee]) -> list[list[int]]:
    """Say which can be trained at once, by their numbers."""
    groups: list[list[int]] = []
    for k, trainee in enumerate(trainees):
        for group in groups:
            if trainee.can_join([trainees[other] for other in group]):
                group.append(k)
                break
        else:
            groups.append([k])
    return groups


def _train_at_once(trainees: Sequence[Trainee]) -> list[Outcome]:
    first = trainees[0]
    with ExitStack() as stack:
        for trainee in trainees:
            stack.enter_context(trainee.order)
        if len(trainees) == 1:
            return [_train_one(first)]
        return fit_together(
            [trainee.trainer for trainee in trainees],
            [trainee.rows.given for trainee in trainees],
            callbacks=lambda k: trainees[k].callbacks,
            **first.settings,
        )


def _train_one(trainee: Trainee) -> Outcome:
    rows = trainee.rows
    try:
        return trainee.trainer.fit(
            *(rows.X, rows.y, rows.X_val, rows.y_val),
            sample_weight=rows.weights,
            sample_weight_test=rows.weights_val,
            callbacks=trainee.callbacks,
            **trainee.settings,
        )
    except DivergenceError as error:
        return error
