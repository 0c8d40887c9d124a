"""Parquet files, row group by row group; of a large one only the pages at hand are in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from glassbrick.errors import FileError
from glassbrick.streams.blocks import Block, BlockReader, first_line, rows_at_once
from glassbrick.streams.files import Files

if TYPE_CHECKING:
    import pyarrow
    from pyarrow.parquet import ParquetFile

__all__ = ["ParquetReader"]

_BUFFER, _FAR_BUFFER = 1 << 15, 1 << 20  # bytes of a column read at once, here and elsewhere
_FOOTERS = 4 << 20  # bytes of those that are kept, which take eight times as much in memory
_PAGE = 1 << 20  # bytes of a page, unless it ends after so many rows
_PAGE_ROWS = 20_000
_ENDS_PAGES = re.compile(r"parquet-(mr|rs)|parquet-cpp-arrow version (2[2-9]|[3-9]\d)")


class ParquetReader(BlockReader):
    """Reads row groups."""

    unit = "row group"

    def __init__(self, files: Files, who: str):
        super().__init__(files, who)
        self._footers: dict[int, Any] = {}  # the last ones, for they take long to read

    def schema(self, file: int) -> pyarrow.Schema:
        """Return names and types of the columns of a file."""
        with self._opened(file) as opened:
            return opened.schema_arrow

    def blocks(self, file: int) -> Iterator[Block]:
        """Iterate over the row groups of a file."""
        with self._opened(file) as opened:
            groups = opened.metadata.num_row_groups
        size = self.files.files[file].size // max(groups, 1)
        yield from (Block(file, number, size=size) for number in range(groups))

    def decode(
        self, block: Block, columns: Sequence[str], *, threads: bool
    ) -> Iterator[pyarrow.RecordBatch]:
        """Iterate over the rows of a row group."""
        with self._opened(block.file) as opened:
            yield from opened.iter_batches(
                rows_at_once(len(columns)), [block.number], list(columns), use_threads=threads
            )

    def memory(self, columns: Sequence[str]) -> int:
        """Return how many bytes an open row group takes, about; of the largest in each file."""
        return max(self._memory_of(file, set(columns)) for file in range(len(self.files.files)))

    def row_count(self) -> int:
        """Return how many rows there are, as the files say."""
        total = 0
        for file in range(len(self.files.files)):
            with self._opened(file) as opened:
                total += opened.metadata.num_rows
        return total

    def _memory_of(self, file: int, columns: set[str]) -> int:
        with self._opened(file) as opened:
            told = opened.metadata
            if not told.num_row_groups:
                return 0
            groups = (told.row_group(number) for number in range(told.num_row_groups))
            largest = max(groups, key=lambda group: group.num_rows)
            ends_pages = bool(_ENDS_PAGES.search(told.created_by or ""))
            chunks = (largest.column(number) for number in range(largest.num_columns))
            return sum(
                _memory_of_chunk(chunk, largest.num_rows, ends_pages)
                for chunk in chunks
                if chunk.path_in_schema in columns
            )

    def _opened(self, file: int) -> ParquetFile:
        """Open a file.

        Raises
        ------
        FileError
            If it cannot be opened, or is no Parquet file.
        """
        import pyarrow
        from pyarrow.parquet import ParquetFile

        buffer = _BUFFER if self.files.is_local else _FAR_BUFFER
        place = self.place(file)
        try:
            opened = ParquetFile(
                self.files.files[file].path,
                metadata=self._footers.get(file),
                filesystem=self.files.system,
                buffer_size=buffer,
                pre_buffer=False,
                page_checksum_verification=True,
            )
        except (OSError, pyarrow.ArrowException) as error:
            raise FileError(f"{place}: cannot be read: {first_line(error)}.") from None
        self._footers[file] = opened.metadata
        while sum(f.serialized_size for f in [*self._footers.values()][:-1]) > _FOOTERS:
            self._footers.pop(next(iter(self._footers)), None)
        return opened


def _memory_of_chunk(chunk: Any, rows: int, ends_pages: bool) -> int:
    """Return how many bytes a column takes while it is read: a buffer, a page, its dictionary."""
    size = chunk.total_uncompressed_size
    page = min(_PAGE, size)
    if ends_pages and rows:
        page = min(page, size * _PAGE_ROWS // rows)
    dictionary = 0
    if chunk.has_dictionary_page and chunk.dictionary_page_offset is not None:
        stored = max(chunk.data_page_offset - chunk.dictionary_page_offset, 0)
        # Once as it is in the file, and once as values.
        dictionary = 2 * stored * size // max(chunk.total_compressed_size, 1)
    return int(_BUFFER + page + min(dictionary, 2 * _PAGE))
