"""JoinedTexts: several CSV files as one table, each column as what it is in all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from glassbrick.errors import DataError
from glassbrick.streams.files import Files
from glassbrick.tables import CSVParts, open_csv

if TYPE_CHECKING:
    import polars

__all__ = ["JoinedTexts", "Look"]

Look: TypeAlias = Callable[[float, Path], None]
"""Told how much of a first pass through the files is done, from 0 to 1, and which is read."""


class JoinedTexts:
    """CSV files with the same columns, and what the names of their folders say.

    Parameters
    ----------
    files : Files
        On this computer.
    command : str
        What to call whoever reads, in errors.
    look : callable
        See `Look`.

    Attributes
    ----------
    paths : list of Path
        Of the files.
    rows : int
        How many there are in all files.

    Raises
    ------
    FileError
        If one cannot be read.
    DataError
        If they have different columns.
    """

    def __init__(self, files: Files, command: str, look: Look):
        self._tables: dict[Path, CSVParts] = {}
        self._keys = {Path(file.path): dict(file.keys) for file in files.files}
        done = 0
        for file in files.files:
            path, before = Path(file.path), done

            def told(read: int, before: int = before, path: Path = path) -> None:
                look((before + read) / max(files.size, 1), path)

            self._tables[path] = open_csv(path, f"{command}, {path}", told)
            done += file.size
        self.paths = list(self._tables)
        self.rows = sum(table.rows for table in self._tables.values())
        self._types = self._types_of_all(command)

    def frames(self, path: Path) -> Iterator[polars.DataFrame]:
        """Iterate over the rows of a file."""
        import polars

        table, keys = self._tables[path], self._keys[path]
        texts = [
            polars.lit(keys[name], polars.String()).alias(name)
            for name in self._types
            if name not in table.types
        ]
        for frame in table.frames():
            yield (
                frame.with_columns(texts).select(list(self._types)).cast(polars.Schema(self._types))
            )

    def _types_of_all(self, command: str) -> dict[str, Any]:
        """Return the type of each column, in the order of the first file."""
        import polars

        own = {
            path: table.types | {n: polars.String() for n in self._keys[path]} | table.types
            for path, table in self._tables.items()
        }
        first, types = next(iter(own.items()))
        for path, others in own.items():
            if set(others) != set(types):
                odd = min(set(others) ^ set(types))
                told = "a column {}, unlike" if odd in others else "no column {}, as there is"
                raise DataError(f"{command}, {path}: there is {told.format(repr(odd))} in {first}.")
        # A file without rows has no say.
        there = [own[path] for path, table in self._tables.items() if table.rows] or [types]
        found = {name: _joint([one[name] for one in there]) for name in types}
        for name in found:
            if not any(name in table.types for table in self._tables.values()):
                found[name] = _of_folders([keys.get(name) for keys in self._keys.values()])
        return found


def _joint(types: Sequence[Any]) -> Any:
    """Return the type that holds the values of all: numbers, if all are; else texts."""
    import polars

    if len(set(types)) > 1 and not all(one.is_numeric() for one in types):
        return polars.String()
    frames = [polars.DataFrame(schema={"": one}) for one in types]
    return polars.concat(frames, how="vertical_relaxed").schema[""]


def _of_folders(names: Sequence[str | None]) -> Any:
    """Return the type of what folders are called: numbers, if all are."""
    import polars

    texts = polars.Series(names, dtype=polars.String())
    numbers = texts.cast(polars.Float64(), strict=False)
    return polars.Float64() if numbers.null_count() == texts.null_count() else polars.String()
