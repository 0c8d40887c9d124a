"""Member: a fit among several, which ends by itself, whatever becomes of the others."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from glassbrick.arrays import Array
from glassbrick.checks import errors_within
from glassbrick.engines import Engine, EpochLosses, Job, Session, SoundEpochs
from glassbrick.errors import DivergenceError
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

    def next_orders(self, epochs: int) -> list[Array]:
        """Return the row numbers in the orders of its next epochs."""
        return self.fit.next_orders(epochs)

    def epoch_done(self, losses: EpochLosses) -> None:
        """Take note of an epoch."""
        self._note(lambda: self.fit.epoch_done(losses))

    def epochs_done(self, told: SoundEpochs) -> None:
        """Take note of several epochs."""
        self._note(lambda: self.fit.epochs_done(told))

    def _note(self, note: Callable[[], None]) -> None:
        if self.outcome is not None:
            return
        with self._named():
            try:
                note()
            except DivergenceError as error:
                self.leave(error)
            else:
                self._told(self)

    def search(self, session: Session) -> None:
        """Run a session of its own that writes into the network until it has returned."""

        def done(losses: EpochLosses) -> None:
            self.fit.epoch_done(losses)
            self._told(self)

        with self._named():
            try:
                reason = session.run(self.fit.ahead, self.next_order, done)
            except DivergenceError as error:
                self.leave(error)
            else:
                self.finish(reason)

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
        self._fitting.__exit__(kind, error, trace)
        self.outcome = error if isinstance(error, DivergenceError) else self.history.copy()
        self._told(self)

    def _named(self) -> AbstractContextManager[None]:
        return errors_within(f"member {self.number}")
