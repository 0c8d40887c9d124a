"""DataFiles: what a command is to read: a file, several, a folder, a pattern or a URI."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassbrick.streams.files import Files, find_files, is_pattern

__all__ = ["DataFiles"]


@dataclass(frozen=True)
class DataFiles:
    """Names of files, as they were typed.

    Attributes
    ----------
    given : tuple of str
        At least one.
    """

    given: tuple[str, ...]

    @property
    def name(self) -> str:
        """What to call them."""
        first, *others = self.given
        return f"{first} and {len(others)} more" if others else first

    @property
    def path(self) -> Path | None:
        """The file, if it is one on this computer by its name; else None."""
        if len(self.given) > 1 or "://" in self.given[0]:
            return None
        path = Path(self.given[0])
        try:
            is_one = path.is_file() or not (path.is_dir() or is_pattern(self.given[0]))
        except OSError:  # such as too long a name, of which whoever reads it tells
            is_one = True
        return path if is_one else None

    def find(self, command: str) -> Files:
        """Find the files.

        Raises
        ------
        FileError
            If there are none, or they are of different formats.
        MissingExtraError
            If pyarrow is not installed.
        """
        return find_files(self.as_data, command)

    @property
    def as_data(self) -> Any:
        """The same, as a stream takes it."""
        return self.given[0] if len(self.given) == 1 else list(self.given)
