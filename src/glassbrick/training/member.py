"""Member: a fit among several, which ends by itself, whatever becomes of the others."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from glassbrick.arrays import Array
from glassbrick.engines import Engine, EpochLosses, Job
from glassbrick.errors import DivergenceError, GlassbrickError
from glassbrick.training.fit import Fit
from glassbrick.training.history import History

__all__ = ["Member"]


class Member:
    """Lets an engine run a fit; it wants no more epochs once it diverged.

    Parameters
    ----------
    number : int
        Its place among the others, from 0, for errors.
    fitting : context manager of Fit
        What comes before and after the fit.
    told : callable
        Is told of each epoch, and when it is over.

    Attributes
    ----------
    fit : Fit
        Which is run.
    outcome : History, DivergenceError or None
        How it ended; None as long as it has not.
    """

    def __init__(
        self,
        number: int,
        fitting: AbstractContextManager[Fit],
        told: Callable[[Member], None],
    ):
        self.number, self._fitting, self._told = number, fitting, told
        self.outcome: History | DivergenceError | None = None
        with self._named():
            self.fit = fitting.__enter__()

    @property
    def job(self) -> Job:
        """What is trained, and on what."""
        return self.fit.job

    @property
    def history(self) -> History:
        """What happened so far."""
        return self.fit.run.history

    def prepare(self, choice: tuple[Engine, str]) -> None:
        """Do all that can be refused before anything is trained."""
        with self._named():
            self.fit.prepare(choice)
            self.fit.begin()

    def ahead(self) -> int:
        """Return how many epochs may be trained before it looks at its network; 0: enough."""
        if self.outcome is not None:
            return 0
        with self._named():
            epochs = self.fit.ahead()
            if not epochs:
                self.finish("")
        return epochs

    def next_order(self) -> Array:
        """Return the row numbers in the order of its next epoch."""
        return self.fit.next_order()  # type: ignore[no-any-return]

    def epoch_done(self, losses: EpochLosses) -> None:
        """Take note of an epoch."""
        if self.outcome is not None:
            return
        try:
            self.fit.epoch_done(losses)
        except DivergenceError as error:
            self.leave(error)
        except GlassbrickError as error:
            error.within(f"member {self.number}")
            raise
        else:
            self._told(self)

    def finish(self, reason: str) -> None:
        """End it as it ends where nothing goes wrong."""
        if self.outcome is not None:
            return
        try:
            self.fit.finish(reason)
        except DivergenceError as error:
            self.leave(error)
        else:
            self.leave()

    def leave(self, error: BaseException | None = None) -> None:
        """Leave the network as `Trainer.fit` does, whatever ended it."""
        if self.outcome is not None:
            return
        kind = None if error is None else type(error)
        trace = None if error is None else error.__traceback__
        if isinstance(error, DivergenceError):
            self.outcome = error
            self._fitting.__exit__(kind, error, trace)
        else:
            self._fitting.__exit__(kind, error, trace)
            self.outcome = self.history.copy()
        self._told(self)

    def _named(self) -> _Named:
        return _Named(self.number)


class _Named:
    """Says in errors which member is meant."""

    def __init__(self, number: int):
        self.number = number

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, GlassbrickError):
            error.within(f"member {self.number}")
