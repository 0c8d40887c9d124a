"""TableFile: the table that a command is given, and how its rows are called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.cli.data_files import DataFiles
from glassbrick.cli.frames import FileFrames, frames_of, joined
from glassbrick.datasets import load_boston
from glassbrick.errors import ArgumentTypeError, DataError
from glassbrick.tables import CSV_ENDINGS, Column, open_table, read_table
from glassbrick.tables.csv_lines import line_of_row

__all__ = ["TableFile"]

_PLACE = re.compile(r'(column ".*?", row )(\d+)(?=: )')


@dataclass(frozen=True)
class TableFile:
    """A table, and where it came from.

    Attributes
    ----------
    name : str
        What to call it.
    path : Path or None
        Of the file; None if there are several, or for the data that come with the package.
    table : DataFrame or dict of lists
        Its contents.
    columns : list of Column
        The same, looked at.
    rows : ndarray of int or None
        Where these rows stand in the file; None if all of them are here.
    """

    name: str
    path: Path | None
    table: Any
    columns: list[Column]
    rows: Array | None = None

    @classmethod
    def read(cls, path: Path, command: str) -> TableFile:
        """Read a file.

        Raises
        ------
        FileError, DataError, MissingExtraError
            If it cannot be read, or no table is in it.
        """
        who = f"{command}, {path}"
        with _called_as_in(path):
            table = open_table(path, command)
            return cls(str(path), path, table, read_table(table, who))

    @classmethod
    def of(cls, data: DataFiles, command: str) -> TableFile:
        """Read what was named: one file, or several as one table.

        Raises
        ------
        FileError, DataError, MissingExtraError
            If something cannot be read, or no table is in it.
        """
        if data.path is not None:
            return cls.read(data.path, command)
        found = [frame for file in frames_of(data, command).files for frame in file.frames]
        table = joined(found, f"{command}, {data.name}")
        with _called_as_in(None):
            return cls(data.name, None, table, read_table(table, f"{command}, {data.name}"))

    @classmethod
    def part(cls, file: FileFrames, frame: Any, first: int, command: str) -> TableFile:
        """Look at some rows of a file.

        Parameters
        ----------
        file : FileFrames
            The file.
        frame : polars.DataFrame
            Its rows from `first` on, which is counted from 0.
        first : int
            See above.
        command : str
            What to call whoever reads, in errors.

        Raises
        ------
        DataError, ArgumentTypeError
            If a value cannot be used.
        """
        rows = np.arange(first, first + len(frame))
        with _called_as_in(file.path, rows):
            columns = read_table(frame, f"{command}, {file.name}")
        return cls(file.name, file.path, frame, columns, rows)

    @classmethod
    def boston(cls) -> TableFile:
        """Return the data that come with the package."""
        boston = load_boston()
        names = [*boston.feature_names.tolist(), "MEDV"]
        values = np.column_stack([boston.data, boston.target])
        table = {name: column.tolist() for name, column in zip(names, values.T, strict=True)}
        return cls("the Boston data", None, table, read_table(table, "train"))

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return [column.name for column in self.columns]

    def __len__(self) -> int:
        return len(self.columns[0])

    def column(self, name: str, command: str) -> Column:
        """Return a column of that name.

        Raises
        ------
        DataError
            If there is none.
        """
        found = next((column for column in self.columns if column.name == name), None)
        who = f"{command}, {self.name}"
        if found is None:
            there = ", ".join(f'"{name}"' for name in self.names)
            raise DataError(f'{who}: there is no column "{name}" among {there}.')
        return found

    def where_known(self, name: str, command: str) -> TableFile:
        """Return the rows in which a column has a value.

        Raises
        ------
        DataError
            If there is no such column, or no such row.
        """
        missing = self.column(name, command).missing
        if missing.all():
            raise DataError(f'{command}, {self.name}, column "{name}": there are no values in it.')
        return self.at(np.flatnonzero(~missing)) if missing.any() else self

    def at(self, rows: Array) -> TableFile:
        """Return some rows alone."""
        if isinstance(self.table, dict):
            table: Any = {n: [values[row] for row in rows] for n, values in self.table.items()}
        else:
            table = self.table[rows.tolist()]
        columns = [column.at(rows) for column in self.columns]
        places = rows if self.rows is None else self.rows[rows]
        return TableFile(self.name, self.path, table, columns, places)

    def without(self, name: str) -> TableFile:
        """Return the other columns."""
        if isinstance(self.table, dict):
            table: Any = {other: values for other, values in self.table.items() if other != name}
        else:
            table = self.table.drop(name)
        columns = [column for column in self.columns if column.name != name]
        return TableFile(self.name, self.path, table, columns, self.rows)

    @contextmanager
    def rows_as_in_file(self) -> Iterator[None]:
        """Let errors name rows as whoever opens the file finds them."""
        with _called_as_in(self.path, self.rows):
            yield


@contextmanager
def _called_as_in(path: Path | None, rows: Array | None = None) -> Iterator[None]:
    """Count rows from 1 in errors, and name lines of text; what raises them counts from 0."""
    try:
        yield
    except (DataError, ArgumentTypeError) as error:

        def told(found: re.Match[str]) -> str:
            row = int(found[2])
            return found[1] + _row(path, row if rows is None else int(rows[row]))

        message = _PLACE.sub(told, str(error), 1)
        raise type(error)(message) from None


def _row(path: Path | None, row: int) -> str:
    if path is None or path.suffix.lower() not in CSV_ENDINGS:
        return f"{row + 1} (the first is row 1)"
    line = line_of_row(path, "\t" if path.suffix.lower() == ".tsv" else ",", row)
    return f"{row + 1} (line {line} of the file)"
