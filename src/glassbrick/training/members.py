"""Together: several fits, and which engine runs which of them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from glassbrick.engines import Engine, LBFGSSession
from glassbrick.errors import DivergenceError
from glassbrick.optimizers import LBFGS
from glassbrick.training.fit import Fit
from glassbrick.training.history import History
from glassbrick.training.member import Member
from glassbrick.training.members_progress import MembersProgress

__all__ = ["Together"]


class Together:
    """Fits that are run together; in a ``with`` statement, whose end is the end of all.

    Parameters
    ----------
    progress : MembersProgress
        What is shown meanwhile.
    """

    def __init__(self, progress: MembersProgress):
        self.members: list[Member] = []
        self._progress = progress

    @property
    def outcomes(self) -> list[History | DivergenceError]:
        """How each ended."""
        return [member.outcome for member in self.members if member.outcome is not None]

    def add(self, fitting: AbstractContextManager[Fit]) -> None:
        """Take in a fit."""
        self.members.append(Member(len(self.members), fitting, self._progress.told))

    def train(self, engine: Engine | None) -> None:
        """Train all, each on the engine that it asks for, unless one is given."""
        chosen = []
        for asked_for, members in self._by_engine(engine):
            choice = asked_for.choose_together([member.fit.engine_job for member in members])
            for member in members:
                member.prepare(choice)
            chosen.append((choice[0], members))
        for found, members in chosen:
            in_batches = [m for m in members if not m.fit.is_lbfgs]
            if in_batches:
                found.run_together(in_batches)
            for member in members:
                _search(member, found)

    def _by_engine(self, engine: Engine | None) -> list[tuple[Engine, list[Member]]]:
        """Put those together that ask for the same engine; apart who wants to see each batch."""
        groups: list[tuple[Engine, bool, list[Member]]] = []
        for member in self.members:
            wanted, hooked = engine or member.fit.run.asked_for, member.job.hooks is not None
            for other, other_hooked, members in groups:
                if hooked == other_hooked and _alike(wanted, other):
                    members.append(member)
                    break
            else:
                groups.append((wanted, hooked, [member]))
        return [(wanted, members) for wanted, _, members in groups]

    def __enter__(self) -> Self:
        self._progress.begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Let all leave that are still there, of an interrupt each with what it has."""
        try:
            for member in self.members:
                member.leave(error)
        finally:
            self._progress.close()
        return isinstance(error, KeyboardInterrupt)


def _search(member: Member, engine: Engine) -> None:
    """Run a fit that SciPy leads."""
    optim = member.fit.run.optim
    if isinstance(optim, LBFGS):
        member.search(LBFGSSession(engine, member.job, optim))


def _alike(first: Engine, second: Engine) -> bool:
    return type(first) is type(second) and vars(first) == vars(second)
