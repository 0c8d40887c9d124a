"""TableParts: the table that a command is given, some rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from glassbrick.cli.data_files import DataFiles
from glassbrick.cli.frames import evenly, frames_of
from glassbrick.cli.slow_work import SlowWork
from glassbrick.cli.table_file import TableFile
from glassbrick.errors import DataError

__all__ = ["TableParts"]

_ROWS = 16_384  # of a part
_NUMBERS = 1 << 21  # in a part with many columns


class TableParts:
    """A table of any length, of which no more than a part is in memory.

    Columns are what they are in all rows. A part has rows of one file.

    Parameters
    ----------
    data : DataFiles
        What was named.
    command : str
        What to call whoever reads, in errors.
    work : SlowWork
        Told how far it is.

    Attributes
    ----------
    name : str
        What to call it.

    Raises
    ------
    FileError, DataError, MissingExtraError
        If something cannot be read.
    """

    def __init__(self, data: DataFiles, command: str, work: SlowWork):
        self.name, self._command, self._work = data.name, command, work
        self._frames = frames_of(data, command, self._look)

    def _look(self, share: float, path: Path) -> None:
        self._work.show(share, f"Looking at {path.name[-20:]}")

    def __iter__(self) -> Iterator[TableFile]:
        """Iterate over the parts, once.

        Raises
        ------
        FileError, DataError, ArgumentTypeError
            If something cannot be read or used, or there are no rows.
        """
        done = 0
        for file in self._frames.files:
            first = 0
            for frame in evenly(file.frames, _ROWS, _NUMBERS):
                yield TableFile.part(file, frame, first, self._command)
                first, done = first + len(frame), done + len(frame)
                total = max(self._frames.rows, done)
                self._work.show(done / total, f"{done:,} of {total:,} rows")
        if not done:
            raise DataError(
                f"{self._command}, {self.name}: expected a table with at least one row and one "
                "column."
            )
