"""Streams of files: data that need not fit into memory."""

from glassbrick.streams.table_stream import TableStream

__all__ = ["TableStream"]
