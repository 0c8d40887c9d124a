"""Blocks: the parts of files that can be read without those before them."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar, NamedTuple, NoReturn

from glassbrick.errors import FileError
from glassbrick.streams.files import Files

if TYPE_CHECKING:
    import pyarrow

__all__ = ["Block", "BlockReader", "first_line", "rows_at_once"]

_MOST_ROWS, _MOST_NUMBERS = 8192, 1 << 20  # decoded at a time


class Block(NamedTuple):
    """Some rows of a file: a row group, a record batch, or some lines.

    Attributes
    ----------
    file, number : int
        Which file, and which of its blocks, from 0.
    start, size : int
        Where its bytes are, if it is found by them; how many there are, about.
    line : int
        The number of its first line, from 1, if it has lines.
    """

    file: int
    number: int
    start: int = 0
    size: int = 0
    line: int = 0


class BlockReader(ABC):
    """Reads the blocks of files of one format.

    Parameters
    ----------
    files : Files
        All of one format.
    who : str
        What to call whoever reads, in errors.
    """

    unit: ClassVar[str]
    """What a block is called."""

    def __init__(self, files: Files, who: str):
        self.files, self.who = files, who

    @abstractmethod
    def schema(self, file: int) -> pyarrow.Schema:
        """Return names and types of the columns of a file."""

    @abstractmethod
    def blocks(self, file: int) -> Iterator[Block]:
        """Iterate over the blocks of a file."""

    @abstractmethod
    def decode(
        self, block: Block, columns: Sequence[str], *, threads: bool
    ) -> Iterator[pyarrow.RecordBatch]:
        """Iterate over the rows of a block, some at a time."""

    @abstractmethod
    def row_count(self) -> int:
        """Return about how many rows there are."""

    def memory(self, columns: Sequence[str]) -> int:  # noqa: ARG002
        """Return how many bytes an open block takes, about."""
        return 0

    def read(
        self, block: Block, columns: Sequence[str], *, threads: bool = False
    ) -> Iterator[pyarrow.RecordBatch]:
        """Iterate over the rows of a block, some at a time.

        Raises
        ------
        FileError
            If it cannot be read; with the file, the block and the column.
        """
        self.files.require_unchanged(block.file, self.place(block.file))
        with self.told_as_ours(block, columns):
            yield from self.decode(block, columns, threads=threads)

    def place(self, file: int) -> str:
        """Return what to call a file in errors."""
        return f"{self.who}, {self.files.files[file].path}"

    def place_of(self, block: Block, column: str | None = None) -> str:
        """Return what to call a block, or a column in it, in errors."""
        told = f"{self.place(block.file)}, {self.unit} {block.number + 1}"
        return told if column is None else f'{told}, column "{column}"'

    def fail(self, block: Block, columns: Sequence[str], error: Exception) -> NoReturn:
        """Raise an error that names the column, which is looked for by reading each alone."""
        for column in columns:
            try:
                for _ in self.decode(block, [column], threads=False):
                    pass
            except Exception as found:  # whatever the decoder of a format raises
                place = self.place_of(block, column)
                raise FileError(f"{place}: cannot be read: {first_line(found)}.") from None
        raise FileError(f"{self.place_of(block)}: cannot be read: {first_line(error)}.") from None

    @contextmanager
    def told_as_ours(self, block: Block, columns: Sequence[str]) -> Iterator[None]:
        """Raise what goes wrong as errors that name the place."""
        import pyarrow

        try:
            yield
        except FileError:
            raise
        except (OSError, EOFError, MemoryError, KeyError, ValueError, pyarrow.ArrowException) as e:
            self.fail(block, columns, e)


def rows_at_once(columns: int) -> int:
    """Return how many rows of so many columns are decoded at a time."""
    return min(_MOST_ROWS, max(_MOST_NUMBERS // max(columns, 1), 1))


def first_line(error: Exception) -> str:
    """Return what an error says, short enough for a line."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return re.sub(r"\. Detail:.*", "", lines[0])[:200].rstrip(".")
