"""The reader of each format."""

from __future__ import annotations

from collections.abc import Mapping

from glassbrick.streams.arrow_file import ArrowReader
from glassbrick.streams.blocks import BlockReader
from glassbrick.streams.csv_slices import CSVReader
from glassbrick.streams.files import Files
from glassbrick.streams.parquet import ParquetReader
from glassbrick.tables import Kind

__all__ = ["reader_of"]


def reader_of(files: Files, who: str, kinds: Mapping[str, Kind]) -> BlockReader:
    """Return what reads the blocks of files."""
    if files.format == "csv":
        return CSVReader(files, who, kinds)
    return (ParquetReader if files.format == "parquet" else ArrowReader)(files, who)
