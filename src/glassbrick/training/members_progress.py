"""What a person sees while several networks train: how many are done, and the best so far."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from glassbrick.checks import one_of
from glassbrick.training.history import History

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

    from glassbrick.training.member import Member

__all__ = ["MembersProgress", "progress_of_all"]

_LINES = 10  # in which the whole is told
_SECONDS = 0.1  # between two states of the bar: members may end thousands of epochs in a second


class MembersProgress:
    """Shows nothing; the base of what shows something.

    Parameters
    ----------
    members, epochs : int
        How many there are, and how many epochs each may take.
    """

    def __init__(self, members: int, epochs: int):
        self.members, self.epochs = members, epochs

    def begin(self) -> None:
        """Begin to show."""

    def told(self, member: Member) -> None:
        """Take note of an epoch of a member, or of its end."""

    def close(self) -> None:
        """Stop showing."""


class _Counting(MembersProgress):
    """Counts how far it is."""

    def __init__(self, members: int, epochs: int):
        super().__init__(members, epochs)
        self.over = self.diverged = 0
        self.best = math.inf
        self._done: dict[int, int] = {}
        self._sum = 0

    @property
    def share(self) -> float:
        """Which part of the work is done."""
        return self._sum / (self.members * self.epochs)

    @property
    def state(self) -> str:
        """Say how far it is."""
        text = f"{self.over} of {self.members} networks"
        if math.isfinite(self.best):
            text += f", best loss {self.best:.4g}"
        return text + (f", {self.diverged} diverged" if self.diverged else "")

    def told(self, member: Member) -> None:
        """Take note of an epoch of a member, or of its end."""
        history = member.history
        self.best = min(self.best, history.best_loss)
        before = self._done.get(member.number, 0)
        self._done[member.number] = now = min(history.epochs, self.epochs)
        if member.outcome is not None:
            self._done[member.number] = now = self.epochs
            self.over += 1
            self.diverged += not isinstance(member.outcome, History)
        self._sum += now - before
        self.show()

    def show(self) -> None:
        """Show how far it is."""


class _Lines(_Counting):
    """Prints a line for each tenth of the work."""

    _told = 0

    def show(self) -> None:
        tenth = int(self.share * _LINES + 1e-9)
        if tenth > self._told:
            self._told = tenth
            share = f"{tenth * 100 // _LINES} % of the epochs"
            print(f"{share:>18}: {self.state}", flush=True)  # noqa: T201


class _Bar(_Counting):
    """Shows a progress bar; on something that is no terminal, its last state."""

    _bar: RichProgress | None = None
    _next = 0.0  # when to draw again, by ``time.monotonic()``

    def begin(self) -> None:
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress
        from rich.table import Column

        self._bar = RichProgress(
            BarColumn(bar_width=12),
            TaskProgressColumn(table_column=Column(no_wrap=True)),
            TextColumn("{task.description}", table_column=Column(no_wrap=True)),
            TimeRemainingColumn(table_column=Column(no_wrap=True)),
        )
        self._task = self._bar.add_task(self.state, total=1.0)
        self._bar.start()

    def show(self) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _SECONDS
            self._draw()

    def _draw(self) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=self.share, description=self.state)

    def close(self) -> None:
        if self._bar is not None:
            self._draw()
            self._bar.stop()
            self._bar = None


_KINDS: dict[str, type[MembersProgress]] = {"lines": _Lines, "bar": _Bar, "silent": MembersProgress}


def progress_of_all(verbose: Any, members: int, epochs: int) -> MembersProgress:
    """Return what `verbose` asks for: "bar" or True, "lines", "silent" or False.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If it is none of these.
    """
    if verbose is True or verbose is False:
        verbose = "bar" if verbose else "silent"
    return one_of(verbose, _KINDS, "fit_together, verbose")(members, epochs)
