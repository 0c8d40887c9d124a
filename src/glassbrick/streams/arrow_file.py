"""Arrow and Feather files, record batch by record batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from glassbrick.errors import FileError
from glassbrick.streams.blocks import Block, BlockReader, first_line, rows_at_once
from glassbrick.tables.arrow_start import require_arrow

if TYPE_CHECKING:
    import pyarrow

__all__ = ["ArrowReader"]

_LARGE = 16 << 20  # bytes of a batch, above which it is mapped instead of read


class ArrowReader(BlockReader):
    """Reads record batches."""

    unit = "record batch"

    def schema(self, file: int) -> pyarrow.Schema:
        """Return names and types of the columns of a file."""
        with self._opened(file) as opened:
            return opened.schema

    def blocks(self, file: int) -> Iterator[Block]:
        """Iterate over the record batches of a file."""
        with self._opened(file) as opened:
            batches = opened.num_record_batches
        size = self.files.files[file].size // max(batches, 1)
        yield from (Block(file, number, size=size) for number in range(batches))

    def decode(
        self,
        block: Block,
        columns: Sequence[str],
        *,
        threads: bool,
    ) -> Iterator[pyarrow.RecordBatch]:
        """Iterate over the rows of a record batch."""
        with self._opened(block.file, columns, threads=threads) as opened:
            batch = opened.get_batch(block.number)
            batch.validate(full=True)
            most = rows_at_once(len(columns))
            for start in range(0, batch.num_rows, most):
                yield batch.slice(start, most)

    def memory(self, columns: Sequence[str]) -> int:
        """Return how many bytes a record batch takes, about: the first where they are largest."""
        largest, where = 0, -1
        for file in range(len(self.files.files)):
            with self._opened(file) as opened:
                if opened.num_record_batches and self._mean(file, opened) > largest:
                    largest, where = self._mean(file, opened), file
        if where < 0:
            return 0
        stored = [name for name in columns if name in self.schema(where).names]
        with self._opened(where, stored) as opened:
            batch = opened.get_batch(0)
            if not self._is_mapped(where, opened):
                return int(batch.nbytes)
            # What is not compressed stays in the file, and is not written to.
            buffers = [buffer for column in batch.columns for buffer in column.buffers()]
            return sum(buffer.size for buffer in buffers if buffer and buffer.is_mutable)

    def row_count(self) -> int:
        """Return about how many rows there are: as many in each batch as in the first."""
        total, each = 0, None
        for file in range(len(self.files.files)):
            with self._opened(file) as opened:
                if each is None and opened.num_record_batches:
                    each = opened.get_batch(0).num_rows
                total += opened.num_record_batches * (each or 0)
        return total

    @contextmanager
    def _opened(
        self, file: int, columns: Sequence[str] | None = None, *, threads: bool = False
    ) -> Iterator[Any]:
        """Open a file.

        Raises
        ------
        FileError
            If it cannot be opened, or is no Arrow file.
        """
        import pyarrow
        from pyarrow import ipc

        told, place = self.files.files[file], self.place(file)
        try:
            source = self._source(told.path)
        except (OSError, pyarrow.ArrowException) as error:
            raise FileError(f"{place}: cannot be read: {first_line(error)}.") from None
        with closing(source):
            require_arrow(source, place)
            try:
                opened = ipc.open_file(source)
                if columns is not None:
                    wanted = [opened.schema.get_field_index(name) for name in columns]
                    options = ipc.IpcReadOptions(included_fields=wanted, use_threads=threads)
                    if self._is_mapped(file, opened):
                        source = pyarrow.memory_map(told.path)
                    source.seek(0)
                    opened = ipc.open_file(source, options=options)
            except (OSError, pyarrow.ArrowException) as error:
                raise FileError(f"{place}: cannot be read: {first_line(error)}.") from None
            yield opened

    def _mean(self, file: int, opened: Any) -> int:
        """Return how many bytes of a file a record batch has, about."""
        return self.files.files[file].size // max(int(opened.num_record_batches), 1)

    def _is_mapped(self, file: int, opened: Any) -> bool:
        return self._mean(file, opened) > _LARGE and self.files.is_local

    def _source(self, path: str) -> Any:
        return self.files.system.open_input_file(path)
