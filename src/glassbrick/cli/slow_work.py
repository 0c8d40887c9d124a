"""SlowWork: work that shows how far it is once it has taken a while."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

from glassbrick.cli.bar import Bar

__all__ = ["SlowWork"]

_WHILE = 2.0  # seconds, before which nobody wonders


class SlowWork:
    """Draws a bar on the terminal if the work within is slow.

    Parameters
    ----------
    is_seen : bool, default True
        Whether to draw at all.

    Examples
    --------
    >>> with SlowWork() as work:
    ...     work.show(0.5, "500 rows")
    """

    def __init__(self, *, is_seen: bool = True):
        self._bar, self._is_seen = Bar(), is_seen and sys.stderr.isatty()
        self._began = time.monotonic()

    def show(self, share: float, text: str) -> None:
        """Tell how far it is.

        Parameters
        ----------
        share : float
            What part of the work is done, from 0 to 1.
        text : str
            What is done.
        """
        if not self._is_seen:
            return
        if not self._bar.is_drawn and time.monotonic() - self._began > _WHILE:
            self._bar.start(text, 1.0)
        self._bar.show(share, text)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave nothing of the bar on the terminal."""
        self._bar.stop()
