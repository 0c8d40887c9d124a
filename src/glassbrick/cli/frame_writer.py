"""Writes frames as they come: as CSV to the terminal or a file, or into a Parquet file."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from glassbrick.cli.frames import evenly
from glassbrick.files import told_as_ours, whole_file
from glassbrick.tables import PARQUET_ENDINGS

if TYPE_CHECKING:
    import polars

__all__ = ["print_frames", "write_frames"]

_GROUP_ROWS = 1 << 16  # of a row group
_GROUP_NUMBERS = 1 << 22  # in a row group with many columns


def print_frames(frames: Iterable[polars.DataFrame]) -> None:
    """Print frames with the same columns as one CSV file."""
    is_first = True
    for frame in frames:
        sys.stdout.write(frame.write_csv(include_header=is_first))
        sys.stdout.flush()
        is_first = False


def write_frames(frames: Iterable[polars.DataFrame], out: Path, *, overwrite: bool) -> int:
    """Write frames with the same columns to a file, all of them or none; return how many rows.

    Parameters
    ----------
    frames : iterable of polars.DataFrame
        Each is asked for when the one before is written.
    out : Path
        Of a file that ends in .csv, .tsv, .parquet or .pq.
    overwrite : bool
        Whether to replace a file that is there.

    Raises
    ------
    FileError
        If it cannot be written.
    """
    ending = out.suffix.lower()
    rows = 0
    if ending in PARQUET_ENDINGS:
        frames = evenly(frames, _GROUP_ROWS, _GROUP_NUMBERS)
    with whole_file(out, "--out", overwrite=overwrite) as file:
        writer: _Writer | None = None
        try:
            for frame in frames:
                with told_as_ours("--out", f"cannot write {out}"):
                    writer = writer or _writer_of(ending, file, frame)
                    writer.write(frame)
                rows += len(frame)
            if writer is not None:
                with told_as_ours("--out", f"cannot write {out}"):
                    writer.close()
        except BaseException:
            if writer is not None:
                writer.give_up()
            raise
    return rows


class _Writer(ABC):
    """Writes frames into an open file."""

    def __init__(self, file: BinaryIO):
        self.file = file

    @abstractmethod
    def write(self, frame: polars.DataFrame) -> None:
        """Write the next rows."""

    def close(self) -> None:
        """Write what stands at the end."""
        self.file.flush()

    def give_up(self) -> None:
        """Let go of a file that is not wanted any more."""
        with suppress(Exception):
            self.close()


class _CSVWriter(_Writer):
    def __init__(self, file: BinaryIO, separator: str):
        super().__init__(file)
        self._separator, self._is_first = separator, True

    def write(self, frame: polars.DataFrame) -> None:
        text = frame.write_csv(include_header=self._is_first, separator=self._separator)
        self.file.write(text.encode())
        self._is_first = False


class _ParquetWriter(_Writer):
    """Writes each frame as a row group, by pyarrow, for polars writes all at once."""

    def __init__(self, file: BinaryIO, schema: Any):
        from pyarrow import types
        from pyarrow.parquet import ParquetWriter

        super().__init__(file)
        texts = [column.name for column in schema if types.is_large_string(column.type)]
        # Each number once in a dictionary would take more room than it saves.
        self._writer = ParquetWriter(file, schema, compression="zstd", use_dictionary=texts)

    def write(self, frame: polars.DataFrame) -> None:
        self._writer.write_table(frame.to_arrow())

    def close(self) -> None:
        self._writer.close()


class _WholeWriter(_Writer):
    """Keeps all frames until the end, where there is no pyarrow, or no such type in it."""

    def __init__(self, file: BinaryIO):
        super().__init__(file)
        self._frames: list[polars.DataFrame] = []

    def write(self, frame: polars.DataFrame) -> None:
        self._frames.append(frame)

    def close(self) -> None:
        import polars

        polars.concat(self._frames).write_parquet(self.file)

    def give_up(self) -> None:
        self._frames.clear()


def _writer_of(ending: str, file: BinaryIO, first: polars.DataFrame) -> _Writer:
    """Return what writes frames such as the first."""
    if ending not in PARQUET_ENDINGS:
        return _CSVWriter(file, "\t" if ending == ".tsv" else ",")
    try:
        import pyarrow
    except ImportError:
        return _WholeWriter(file)
    try:
        return _ParquetWriter(file, first.head(0).to_arrow().schema)
    except pyarrow.ArrowException:
        return _WholeWriter(file)
