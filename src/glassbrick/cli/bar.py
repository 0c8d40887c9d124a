"""Bar: how far a command is, drawn on the terminal, for which standard error is taken."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["Bar"]


class Bar:
    """A bar, with what is being done before it, and the time that is left behind it.

    Nothing is drawn before `start`, nor if standard error is no terminal.

    Attributes
    ----------
    is_drawn : bool
        Whether it is there.
    """

    def __init__(self) -> None:
        self._drawn: Progress | None = None

    @property
    def is_drawn(self) -> bool:
        """Whether it is there."""
        return self._drawn is not None

    def start(self, text: str, total: float) -> None:
        """Begin to draw, if there is a terminal.

        Parameters
        ----------
        text : str
            What is being done.
        total : float
            What `show` is told at the end.
        """
        if not sys.stderr.isatty():
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._drawn = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._drawn.add_task(text, total=total)
        self._drawn.start()

    def show(self, done: float, text: str, *, at_once: bool = False) -> None:
        """Draw how far it is; in the next moment, or at once."""
        if self._drawn is not None:
            self._drawn.update(self._task, completed=done, description=text, refresh=at_once)

    def stop(self) -> None:
        """Leave nothing of it on the terminal."""
        if self._drawn is not None:
            self._drawn.stop()
            self._drawn = None
