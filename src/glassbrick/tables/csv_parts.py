"""CSV files read some rows at a time, each column as what all of its values in the file are."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassbrick.errors import FileError
from glassbrick.tables.csv_cuts import BOM, MISSING, MOST_SLICES, mere_letters, whole_lines
from glassbrick.tables.csv_lines import misfit_of

if TYPE_CHECKING:
    import polars

__all__ = ["CSVParts"]

_SLICE = 4 << 20  # bytes that are read at a time
_PRIVATE = range(0xE000, 0xF900)  # letters that no text should have
_HEADER = 16 << 20  # bytes in which the names of the columns have to end
# Others are not safe to read: 02/01/2021 is another day on either side of the ocean.
_DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?P<time>[T ].*)?")


class CSVParts:
    """A CSV file, whose rows are read in slices.

    It is read twice: a first text may come late, and so may the first line that is wrong. The
    first pass finds the types of the columns, and whether all of it can be read.

    Parameters
    ----------
    path : Path
        Of a file with commas, or with tabs if it ends in ".tsv".
    who : str
        What to call whoever reads, in errors.
    look : callable, optional
        Told in the first pass how many bytes were read.

    Attributes
    ----------
    rows : int
        How many there are.
    types : dict of str to polars.DataType
        Of each column, by name.

    Raises
    ------
    FileError
        If it cannot be read as a table; with the line, where it is known.
    """

    def __init__(self, path: Path, who: str, look: Callable[[int], None] | None = None):
        self.path, self.who = path, who
        self.rows = 0
        self._separator = "\t" if path.suffix.lower() == ".tsv" else ","
        self._found: dict[str, _Found] = {}
        with self._told_as_ours():
            self._state = _state_of(path)
            self._header, self._start = _header_of(path)
            if not self._header:
                raise FileError(f"{who}: the file is empty. Its first line is to name the columns.")
            for data, end in self._slices():
                self._see(self._parsed(data))
                if look is not None:
                    look(end)
        self._written = {name: found.written for name, found in self._found.items()}
        types = [found.type for found in self._found.values()]
        self.types = dict(zip(self._names(), types, strict=True))

    def frames(self) -> Iterator[polars.DataFrame]:
        """Iterate over the rows, those of a slice at a time.

        Raises
        ------
        FileError
            If the file is not any more what it was.
        """
        with self._told_as_ours():
            for data, _ in self._slices():
                if _state_of(self.path) != self._state:
                    raise FileError(
                        f"{self.who}: the file was changed since it was first read. "
                        "Start again, with files that stay as they are."
                    )
                frame = self._parsed(data, self._written)
                dates = [f.as_dates(frame[name]) for name, f in self._found.items() if f.is_date]
                frame = frame.with_columns(dates)
                frame.columns = list(self.types)
                yield frame

    def _names(self) -> list[str]:
        """Return the names of the columns, of which polars leaves doubled quotes as they are."""
        names = next(csv.reader([self._header.decode()], delimiter=self._separator))
        return names if len(set(names)) == len(self._found) else list(self._found)

    def _see(self, frame: polars.DataFrame) -> None:
        """Take note of the types of a slice."""
        self.rows += len(frame)
        for values in frame:
            self._found.setdefault(values.name, _Found()).see(values)

    def _parsed(self, data: bytes, types: dict[str, Any] | None = None) -> polars.DataFrame:
        if mere_letters(self._header + data, self._separator):
            return self._parsed_with_stand_ins(data, types)
        return self._read(self._header + data, types)

    def _read(self, text: bytes, types: dict[str, Any] | None) -> polars.DataFrame:
        import polars

        return polars.read_csv(
            text,
            separator=self._separator,
            schema=types,
            infer_schema_length=None,  # all rows
            null_values=[*MISSING],
        )

    def _parsed_with_stand_ins(self, data: bytes, types: dict[str, Any] | None) -> polars.DataFrame:
        """Parse with another letter in the place of quotes that are letters: polars knows none."""
        import polars

        stand_in = next(c for c in map(chr, _PRIVATE) if c.encode() not in self._header + data)
        header, rest = (
            _replaced(text, mere_letters(text, self._separator), stand_in.encode())
            for text in (self._header, data)
        )
        if types is not None:  # which polars wants by the names that it reads
            types = dict(zip(self._read(header, None).columns, types.values(), strict=True))
        frame = self._read(header + rest, types)
        frame.columns = [name.replace(stand_in, '"') for name in frame.columns]
        texts = polars.col(polars.String)
        return frame.with_columns(texts.str.replace_all(stand_in, '"', literal=True))

    def _slices(self) -> Iterator[tuple[bytes, int]]:
        """Iterate over whole lines, and where they end: at least once, for a file without rows."""
        start, rest, is_empty = self._start, b"", True
        with self.path.open("rb") as file:
            file.seek(start)
            while read := file.read(_SLICE):
                data = rest + read
                size = whole_lines(data, self._separator)
                start, rest = start + size, data[size:]
                if size:
                    yield data[:size], start
                    is_empty = False
                if len(rest) > MOST_SLICES * _SLICE:
                    raise csv.Error("a quote is never closed")
        if rest or is_empty:
            yield rest, start + len(rest)

    @contextmanager
    def _told_as_ours(self) -> Iterator[None]:
        import polars

        try:
            yield
        except FileError:
            raise
        except (OSError, UnicodeDecodeError, csv.Error, polars.exceptions.PolarsError) as error:
            problem = str(error).strip().splitlines()[0]
            if not isinstance(error, OSError):
                problem = misfit_of(self.path, self._separator) or problem
            raise FileError(f"{self.who}: cannot be read as a table: {problem}.") from None


@dataclass
class _Found:
    """What the values of a column have been so far.

    Attributes
    ----------
    types : set of polars.DataType
        Of slices in which it has values.
    first : str or None
        The first text.
    is_date : bool
        Whether all texts are dates, as the first is.
    type : polars.DataType
        What all of its values are; texts if there are none.
    """

    types: set[Any] = field(default_factory=set)
    first: str | None = None
    is_date: bool = False
    type: Any = None

    def see(self, values: polars.Series) -> None:
        """Take note of the values of a slice."""
        import polars

        self.type = self.type or polars.String()
        if values.null_count() == len(values):
            return
        self.types.add(values.dtype)
        self.type = self.written
        if self.type != polars.String or len(self.types) > 1:
            self.is_date = False  # texts among numbers are none
            return
        if self.first is None:
            self.first = str(values.drop_nulls()[0])
            self.is_date = _DATE.fullmatch(self.first) is not None
        if self.is_date:
            try:
                self.type = self.as_dates(values).dtype
            except polars.exceptions.PolarsError:
                self.is_date = False

    @property
    def written(self) -> Any:
        """What the values are as they are written, where dates are texts."""
        import polars

        if len(self.types) == 1:
            return next(iter(self.types))
        if self.types and all(one.is_numeric() for one in self.types):
            fractions = [one for one in self.types if one.is_float()]
            return fractions[0] if fractions else next(t for t in self.types if t != polars.Int64)
        return polars.String()

    def as_dates(self, texts: polars.Series) -> polars.Series:
        """Return texts as dates, written as the first is.

        polars can look for dates itself, but does so in each cell of each text: ten times slower.
        """
        import polars

        assert self.first is not None  # noqa: S101
        told = _DATE.fullmatch(self.first)
        # The first stands before all others, for polars goes by it.
        given = polars.concat([polars.Series(texts.name, [self.first]), texts])
        has_time = told is not None and told["time"]
        return (given.str.to_datetime() if has_time else given.str.to_date())[1:]


def _replaced(text: bytes, places: list[int], by: bytes) -> bytes:
    """Return a text in which bytes are replaced."""
    ends = [-1, *places, len(text)]
    return by.join(text[start + 1 : end] for start, end in itertools.pairwise(ends))


def _state_of(path: Path) -> tuple[int, int]:
    told = path.stat()
    return told.st_size, told.st_mtime_ns


def _header_of(path: Path) -> tuple[bytes, int]:
    """Return the first line that is not empty, and where the next begins."""
    with path.open("rb") as file:
        if file.read(len(BOM)) != BOM:
            file.seek(0)
        line = file.readline(_HEADER)
        while line and not line.strip(b"\r\n"):
            line = file.readline(_HEADER)
        while line.count(b'"') % 2 and len(line) < _HEADER and (more := file.readline(_HEADER)):
            line += more
        return line, file.tell()
