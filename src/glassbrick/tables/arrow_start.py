"""How a file in Arrow's file format begins, of which Feather is another name."""

from __future__ import annotations

from typing import BinaryIO

from glassbrick.errors import FileError

__all__ = ["require_arrow"]

_MAGIC = b"ARROW1"


def require_arrow(file: BinaryIO, who: str) -> None:
    """Refuse a file in another format; it is left where it was, at its beginning.

    Raises
    ------
    FileError
        If it begins otherwise.
    OSError
        If it cannot be read.
    """
    if file.read(len(_MAGIC)) != _MAGIC:
        raise FileError(
            f"{who}: expected a file in Arrow's file format; received something else. "
            "Its stream format can be read from the beginning only: write it as a "
            "Feather or Parquet file."
        )
    file.seek(0)
